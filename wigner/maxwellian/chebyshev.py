"""exp(-beta H) as a Chebyshev series: no splitting, and no splitting error.

Where the spectrum of H = K - A is in a known interval centre +- half,

    exp(-beta H) = sum_k c_k T_k(X),  X = (H - centre)/half,
    c_k = (2 - delta_k0) (-1)^k I_k(beta half) exp(-beta centre),

with modified Bessel functions I_k, and T_(k+1)(X) = 2 X T_k(X) - T_(k-1)(X). Some
sqrt(2 beta half ln(1/error)) terms are needed, 40 to 60, whatever eps, the coupling and the fields
are. The splitting of ``exponential`` and ``columns`` needs fewer products where eps is small, and
more where it is large.

H. Tal-Ezer, R. Kosloff, J. Chem. Phys. 81 (1984) 3967, have such series for real time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ive

from ..flows import factors
from ..flows.factors import Factor
from ..phase_space import pauli

# An interval of this half-width, times beta, would need some hundreds of terms.
GREATEST = 1e4
# By how much A may exceed its values on the x lattice between them, as a share of their range.
MARGIN = 0.1


@dataclass(frozen=True)
class Series:
    """exp(-beta H) on the interval centre +- half, by coefficients c_k."""

    centre: float
    half: float
    coefficients: NDArray

    def potential(self, A: NDArray) -> Factor:
        """The part -(A + centre)/half of X, for A of components ``(4, n1, n2)`` on any lattice."""
        return factors.field(np.concatenate([-(A[:1] + self.centre), -A[1:]]) / self.half)


def series(kinetic: tuple[float, float], A: NDArray, beta: float, error: float) -> Series:
    """The series for H = K - A, the same on every rank.

    For multipliers that no state has, from an iteration that goes astray, it is not a number.

    Parameters
    ----------
    kinetic
        Bounds of the spectrum of K.
    A
        Components (a0, eps a) on the x lattice, shape ``(4, N1, N2)``.
    error
        What the terms left out may make, as a share of the largest exp(-beta H) for A as it is on
        the x lattice.
    """
    size = pauli.norm(A)
    lowest, highest = float((A[0] - size).min()), float((A[0] + size).max())
    margin = MARGIN * (highest - lowest)
    low, high = kinetic[0] - highest - margin, kinetic[1] - lowest + margin
    centre, half = 0.5 * (low + high), 0.5 * (high - low)
    z, error = beta * half, error * math.exp(-beta * margin) if margin < GREATEST else error
    with np.errstate(over="ignore"):
        largest = np.exp(-beta * low)
    if not (z < GREATEST and np.isfinite(largest)):
        return Series(centre, half, np.full(2, np.nan))
    k = np.arange(40 + math.ceil(10 * math.sqrt(z)))  # I_k exp(-z) is below 1e-20 by then
    sizes = np.where(k > 0, 2.0, 1.0) * ive(k, z)
    left_out = np.cumsum(sizes[::-1])[::-1]
    count = max(2, int(np.count_nonzero(left_out > error)))
    return Series(centre, half, largest * (sizes * (-1.0) ** k)[:count])
