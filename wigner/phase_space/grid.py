"""The phase-space lattice, its dual lattices, and the points that two lattices reach together.

Axis order, stated once: fields on x have shape ``(N1, N2)``; on phase space both lattices are
flattened in C order, ``(x, p) = (N1*N2, M1*M2)``. The dual of x is xi, the dual of p is eta.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

Pair = tuple[float, float]

# A thermal state exp(-|p|^2/2) is 2e-16 of its maximum at |p| = 8.5, and so is its transform at
# |eta| = 8.5: neither box needs to reach farther.
THERMAL_REACH = 8.5


def thermal_reach(error: float) -> float:
    """Where a thermal state, in p or in eta, is so small in units of its maximum."""
    return math.sqrt(-2 * math.log(error))


@dataclass(frozen=True)
class PhaseGrid:
    """Periodic box [0, L1) x [0, L2) in x times the box [-P1, P1] x [-P2, P2] in p.

    Points of p are in the middle of their cells, so that the lattice is its own mirror image.

    Attributes
    ----------
    n_x, n_p
        Points per axis of x and of p. One point on an x axis means that nothing varies along it.
    length
        L1, L2 in units of the reference length x0.
    p_max
        P1, P2 in units of the thermal momentum p0.

    Raises
    ------
    ValueError
        If a count is not a positive integer or a size is not positive and finite.
    """

    n_x: tuple[int, int]
    length: Pair
    n_p: tuple[int, int]
    p_max: Pair

    def __post_init__(self) -> None:
        for name, least in (("n_x", 1), ("n_p", 2)):
            counts = getattr(self, name)
            if len(counts) != 2 or any(not isinstance(n, Integral) or n < least for n in counts):
                raise ValueError(f"{name}: got {counts}, expected two integers of at least {least}")
        for name in ("length", "p_max"):
            sizes = getattr(self, name)
            if len(sizes) != 2 or any(not (s > 0 and math.isfinite(s)) for s in sizes):
                raise ValueError(f"{name}: got {sizes}, expected two positive finite numbers")

    @property
    def nx(self) -> int:
        """Number of points of the x lattice."""
        return self.n_x[0] * self.n_x[1]

    @property
    def np(self) -> int:
        """Number of points of the p lattice."""
        return self.n_p[0] * self.n_p[1]

    @cached_property
    def x(self) -> tuple[NDArray, NDArray]:
        """The two x axes, ``x_j = j L / N``, shapes ``(N1,)`` and ``(N2,)``."""
        x1, x2 = (np.arange(n) * (L / n) for n, L in zip(self.n_x, self.length, strict=True))
        return x1, x2

    @cached_property
    def p(self) -> tuple[NDArray, NDArray]:
        """The two p axes, ``p_k = -P + (k + 1/2) 2P / n_p``, shapes ``(n_p1,)`` and ``(n_p2,)``.

        Each is its own mirror image.
        """
        sizes = zip(self.n_p, self.p_max, strict=True)
        p1, p2 = ((np.arange(n) - 0.5 * (n - 1)) * (2 * P / n) for n, P in sizes)
        return p1, p2

    @cached_property
    def xi(self) -> tuple[NDArray, NDArray]:
        """The duals of the x axes, ``(N1,)`` and ``(N2,)``, in FFT order (see :func:`dual`)."""
        xi1, xi2 = (dual(n, L / n) for n, L in zip(self.n_x, self.length, strict=True))
        return xi1, xi2

    @cached_property
    def eta(self) -> tuple[NDArray, NDArray]:
        """The duals of the p axes, ``(n_p1,)`` and ``(n_p2,)``, in FFT order (see :func:`dual`)."""
        eta1, eta2 = (dual(n, 2 * P / n) for n, P in zip(self.n_p, self.p_max, strict=True))
        return eta1, eta2

    @property
    def eta_max(self) -> Pair:
        """pi/dp: how far the lattice reaches in eta; 6 to 8.5 resolves a thermal state."""
        first, second = (math.pi * n / (2 * P) for n, P in zip(self.n_p, self.p_max, strict=True))
        return first, second

    @cached_property
    def p_flat(self) -> tuple[NDArray, NDArray]:
        """p1 and p2 on the flattened p lattice, shapes ``(np,)``."""
        p1, p2 = np.meshgrid(*self.p, indexing="ij")
        return p1.ravel(), p2.ravel()

    @property
    def dx(self) -> float:
        """Area of an x cell."""
        return self.length[0] * self.length[1] / self.nx

    @property
    def dp(self) -> float:
        """Area of a p cell, so that ``<f> = dp * f.sum(over p)``."""
        return 4 * self.p_max[0] * self.p_max[1] / self.np


def frequencies(n: int, spacing: float) -> NDArray:
    """Angular frequencies of ``n`` points in FFT order, ``(n,)``, the Nyquist entry as it is."""
    return 2 * np.pi * np.fft.fftfreq(n, spacing)


def dual(n: int, spacing: float) -> NDArray:
    """Angular frequencies of ``n`` points in FFT order, ``(n,)``, the Nyquist entry set to zero.

    The Nyquist mode of an even lattice stands for +k and -k at once. With zero in its place the
    lattice is its own mirror image, so that a multiplier with ``m(-k) = conj(m(k))`` keeps real
    fields exactly real and unitary flows unitary.
    """
    k = frequencies(n, spacing)
    if n % 2 == 0:
        k[n // 2] = 0.0
    return k


def shared_waves(n: int, m: int) -> tuple[slice, slice]:
    """Where the waves that axes of ``n`` and ``m`` points share are: from 0 on, and those below.

    The same slices are good for either axis, in FFT order. The Nyquist mode of an even number is
    left out where the axes differ, since it is two in the longer one.
    """
    least = min(n, m)
    below = least // 2 if least % 2 or n == m else least // 2 - 1
    return slice(0, (least + 1) // 2), slice(-below or max(n, m), None)


def wave_numbers(n: tuple[int, int], length: Pair) -> tuple[NDArray, NDArray]:
    """Those of spectra of real fields, ``(n1,)`` and ``(n2//2 + 1,)``, Nyquist entries as they are.

    For multipliers that damp or amplify; derivatives take :func:`dual`.
    """
    k1, k2 = (frequencies(m, L / m) for m, L in zip(n, length, strict=True))
    return k1, k2[: n[1] // 2 + 1]


def beyond(n: tuple[int, int], share: float = 2 / 3) -> NDArray:
    """Which modes of a two-dimensional FFT-ordered lattice are beyond a share of Nyquist.

    True for these, shape ``(n1, n2)``. On an axis of two or three points these are all modes but
    the mean: one more wave would look like one of them. An axis of one point has none.
    """
    far = [np.minimum(np.arange(m), m - np.arange(m)) >= least_beyond(m, share) for m in n]
    return far[0][:, None] | far[1][None, :]


def least_beyond(n: int, share: float) -> int:
    """The least index of a mode that :func:`beyond` takes, on an axis of ``n`` points."""
    first = math.floor(0.5 * share * n * (1 + 1e-12)) + 1
    return max(min(first, n // 2), 1)


def place_of(index: Sequence[np.intp], n_x: Sequence[int], length: Pair) -> Pair:
    """Coordinates (x1, x2) of a point of the x lattice."""
    x1, x2 = (float(j * L / n) for j, n, L in zip(index, n_x, length, strict=True))
    return x1, x2


def mirror(n: tuple[int, int]) -> NDArray:
    """Index of -k for every k of a flattened FFT-ordered lattice, shape ``(n[0]*n[1],)``."""
    minus = [-np.arange(m) % m for m in n]
    return (minus[0][:, None] * n[1] + minus[1][None, :]).ravel()


@dataclass(frozen=True)
class Sums:
    """The distinct values among all ``base[j] + shift[m]``, and which of them each pair hits.

    When the two lattices are commensurate few values are distinct, so whatever depends on the
    sum alone is tabulated on a small lattice; when they are not, every pair has its own value
    and nothing else changes.

    Attributes
    ----------
    values
        The distinct sums, increasing, shape ``(S,)``.
    index
        Into ``values``, shape ``(J, M)``.
    """

    values: NDArray
    index: NDArray


def sums(base: NDArray, shift: NDArray, period: float | None = None) -> Sums:
    """Distinct sums of two axes, ``(J,)`` and ``(M,)``, modulo ``period`` when one is given.

    Sums that agree to 1e-9 of a step are one.
    """
    total = base[:, None] + shift[None, :]
    step = np.min(np.abs(shift[shift != 0]), initial=np.inf)
    tolerance = 1e-9 * (step if np.isfinite(step) else 1.0)
    if period is not None:
        total = np.mod(total, period)
        total[period - total < tolerance] = 0.0
    order = np.argsort(total, axis=None)
    ascending = total.ravel()[order]
    first = np.r_[True, np.diff(ascending) > tolerance]
    index = np.empty(total.size, dtype=np.intp)
    index[order] = np.cumsum(first) - 1
    return Sums(ascending[first], index.reshape(total.shape))


def interpolation(n: int, length: float, points: NDArray) -> NDArray:
    """Matrix of trigonometric interpolation from ``n`` points of a period, ``(len(points), n)``.

    The Nyquist mode of an even lattice is taken as a cosine, so real data stay real.
    """
    k = 2 * np.pi * np.fft.fftfreq(n, length / n)
    x = np.arange(n) * (length / n)
    return (np.exp(1j * points[:, None] * k) @ np.exp(-1j * k[:, None] * x)).real / n


def commensurate_p_max(wanted: float, n_x: int, length: float, epsilon: float) -> float:
    """A momentum cut near ``wanted`` for which x +- eps eta/2 falls on a refined x lattice.

    The shifts eps eta/2 are multiples of eps pi/(2P). They are r-th parts of q lattice steps when
    P = (r/q) eps pi N/(2L). The refined lattice has r points to a lattice step, so within 5 % of
    ``wanted`` the smallest r wins, for q up to 4 or else for any; none there, and ``wanted`` stays.
    """
    if n_x == 1:
        return wanted
    unit = epsilon * math.pi * n_x / (2 * length)
    for most in (4, 64):
        ratios = [
            (r / q, r) for q in range(1, most + 1) for r in range(1, 65) if math.gcd(r, q) == 1
        ]
        near = [(ratio, r) for ratio, r in ratios if abs(ratio * unit - wanted) <= 0.05 * wanted]
        if near:
            return min(near, key=lambda ratio_r: ratio_r[1])[0] * unit
    return wanted


def automatic_p_max(
    n_x: tuple[int, int],
    length: Pair,
    n_p: tuple[int, int],
    epsilon: float,
    spin_orbit: float,
    drift: Pair = (0.0, 0.0),
) -> Pair:
    """P per axis for ``p_max = "auto"``: thermal tails in p and in eta balanced, cheap shifts.

    Wanted is the smaller of ``8.5 + eps |Lambda|`` (beyond it a thermal state is roundoff)
    and ``sqrt(pi n_p/2)`` (where P = pi/dp, so neither tail dominates), moved by at most 5 % to a
    commensurate value. A uniform force carries the state by ``drift``, which comes on top.
    """
    first, second = (
        commensurate_p_max(
            min(THERMAL_REACH + epsilon * spin_orbit, math.sqrt(math.pi * m / 2)) + d,
            n,
            L,
            epsilon,
        )
        for n, L, m, d in zip(n_x, length, n_p, drift, strict=True)
    )
    return first, second
