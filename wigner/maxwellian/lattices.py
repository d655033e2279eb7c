"""On how few points of x M(N) can be made, without being off by more than the tolerance.

W needs the x lattice that its fine structure in phase space asks for. Its densities are smoother,
and so is M(N): at 1e-6 half the points of an axis are often enough, which is a quarter of the work.

For small eps the symbol of exp(-K + A) is exp(A(x + eps eta/2)/2) exp(A(x - eps eta/2)/2)
exp(-|eta|^2/2) in eta. Its waves in x at a few eta tell beforehand where those of M(N) end.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..phase_space import pauli
from ..phase_space.grid import Pair, PhaseGrid
from ..phase_space.resampling import Counts, left_out
from .constraint import classical

# Shares of the points of an axis that a coarser lattice may have, and the fewest points of an axis
# and in all: nothing would be gained with less, and there is a point for each rank.
SHARES = ((1, 4), (1, 3), (3, 8), (1, 2), (2, 3), (3, 4), (1, 1))
FEWEST_OF_AXIS, FEWEST = 8, 64
# Share of the tolerance that the last waves of a coarser lattice may have when it is chosen, and
# when it has been used. M(N) is off by some four times their amplitude.
CHOSEN, KEPT = 0.1, 0.15
# Where the symbol is looked at, on either axis of eta.
ETA = (-3.0, -1.5, 0.0, 1.5, 3.0)


def lattices(n_x: Counts, ranks: int) -> list[Counts]:
    """The lattices for M(N) where W has ``n_x`` points, fewest points first, ``n_x`` last."""
    axes = [
        [n * a // b for a, b in SHARES if n * a % b == 0 and n * a // b >= min(n, FEWEST_OF_AXIS)]
        for n in n_x
    ]
    least = max(FEWEST, ranks)
    pairs = {(n1, n2) for n1, n2 in product(*axes) if n1 * n2 >= least} | {n_x}
    return sorted(pairs, key=lambda n: (n[0] * n[1], n))


def coarsest(N: NDArray, grid: PhaseGrid, epsilon: float, tolerance: float, ranks: int) -> Counts:
    """The lattice with the fewest points on which M(N) is likely to be right.

    Parameters
    ----------
    N
        Components (n0, eps n) on the lattice of ``grid``, ``(4, N1, N2)``.
    tolerance
        Of M(N), relative to its maximum.
    ranks
        There are no fewer points.
    """
    possible = lattices(grid.n_x, ranks)
    if len(possible) == 1 or not pauli.is_positive(N):
        return grid.n_x
    waves, bound = likely_waves(N, grid, epsilon), CHOSEN * tolerance
    return next(
        n for n in possible if fits(N, n, tolerance) and max(ends(waves, n, grid.n_x)) <= bound
    )


def holding(n: Counts, n_x: Counts, ranks: int) -> Counts:
    """The lattice with the fewest points that has no fewer than ``n`` on any axis."""
    possible = lattices(n_x, ranks)
    return next((m for m in possible if m[0] >= n[0] and m[1] >= n[1]), n_x)


def finer(n: Counts, n_x: Counts, ranks: int) -> list[Counts]:
    """The lattices with more points on an axis and no fewer on the other, ``n_x`` last."""
    possible = lattices(n_x, ranks)
    return [m for m in possible if m != n and m[0] >= n[0] and m[1] >= n[1]]


def fits(N: NDArray, n: Counts, tolerance: float) -> bool:
    """Whether N, ``(4, N1, N2)``, loses nothing that counts on ``n`` points."""
    if N.shape[1:] == n:
        return True
    return left_out(N, n) <= CHOSEN * tolerance * float(N[0].max())


def ends(waves: NDArray, n: Counts, n_x: Counts) -> Pair:
    """The largest of the last waves of ``n`` points by axis, as shares of the largest of all.

    Parameters
    ----------
    waves
        Amplitudes ``(m1, m2)`` in FFT order, of ``n`` or of more points.
    n_x
        An axis that has as many points as here has nothing to lose.
    """
    last = [
        np.minimum(np.arange(m), m - np.arange(m)) >= few // 2 - 1
        for m, few in zip(waves.shape, n, strict=True)
    ]
    first, second = (
        float(part.max() / waves.max()) if few < most else 0.0
        for part, few, most in zip((waves[last[0]], waves[:, last[1]]), n, n_x, strict=True)
    )
    return first, second


def likely_waves(N: NDArray, grid: PhaseGrid, epsilon: float) -> NDArray:
    """The largest amplitude of each wave of M(N), ``(N1, N2)`` in FFT order, for small eps."""
    A = classical(N)
    A[0] -= A[0].max()
    largest = np.zeros(grid.n_x)
    for weight, left, right in _at_both_sides(A, grid, epsilon):
        symbol = pauli.product(pauli.exp(0.5 * left), pauli.exp(0.5 * right))
        amplitude = np.abs(np.fft.fft2(weight * symbol)).max(axis=0)
        np.maximum(largest, amplitude, out=largest)
    return largest


def _at_both_sides(
    A: NDArray, grid: PhaseGrid, epsilon: float
) -> Iterator[tuple[float, NDArray, NDArray]]:
    """exp(-|eta|^2/2), A(x + eps eta/2) and A(x - eps eta/2) for some eta."""
    spectrum, (xi1, xi2) = np.fft.fft2(A), grid.xi
    for eta1, eta2 in product(ETA, ETA):
        shift = np.exp(0.5j * epsilon * np.add.outer(eta1 * xi1, eta2 * xi2))
        left, right = (np.fft.ifft2(spectrum * s).real for s in (shift, shift.conj()))
        yield float(np.exp(-0.5 * (eta1**2 + eta2**2))), left, right
