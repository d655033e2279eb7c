"""W -> F(+) W F(-)^dagger: the one operation that every exact sub-flow is made of.

Fourier in x turns a function of p into a factor at ``p + eps xi/2`` on the left and at
``p - eps xi/2`` on the right; Fourier in p turns a function of x into factors at
``x +- eps eta/2``. Real time and imaginary time, kinetic part and potential part differ only in
the factor (see ``factors``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .factors import Factor
from .grid import interpolation, mirror, sums
from .layout import Layout
from .transforms import BACKWARD, FORWARD, Planner

# Phase-space points per pass: the block and its temporaries stay in the second-level cache.
BLOCK = 8192
# Columns per transform in x: long enough for contiguous access, short enough for the cache.
COLUMNS = 256


class PhaseSpace:
    """The two-sided products by functions of p and of x, on x-major W, in place."""

    def __init__(self, layout: Layout, epsilon: float) -> None:
        self.layout, self.epsilon = layout, epsilon
        self.momentum = MomentumSide(layout, epsilon)
        self.position = PositionSide(layout, epsilon)
        self._p_major: NDArray | None = None

    def by_momentum(self, W: NDArray, factor: Factor) -> None:
        """W -> F(p) # W # F(p)^dagger; ``factor`` is tabulated on ``momentum.q``."""
        if self._p_major is None and self.layout.comm.size > 1:
            self._p_major = self.layout.p_major()
        work = W if self._p_major is None else self._p_major
        self.layout.to_p_major(W, work)
        self.momentum.apply(work, factor)
        self.layout.to_x_major(work, W)

    def by_position(self, W: NDArray, factor: Factor) -> None:
        """W -> F(x) # W # F(x)^dagger; ``factor`` is tabulated by ``position.refined``."""
        self.position.apply(W, factor)


class MomentumSide:
    """F(p + eps xi/2) W^ F(p - eps xi/2)^dagger with ^ the Fourier transform in x; p-major."""

    def __init__(self, layout: Layout, epsilon: float) -> None:
        grid = layout.grid
        self._n_x = grid.n_x
        self._fft = Planner()
        rows, columns = np.divmod(np.arange(layout.p.start, layout.p.stop), grid.n_p[1])
        first = np.unique(rows)
        q1 = sums(grid.p[0][first], 0.5 * epsilon * grid.xi[0])
        q2 = sums(grid.p[1], 0.5 * epsilon * grid.xi[1])
        self.q = (q1.values, q2.values)
        # position of p + eps xi/2 in the flattened table is at1[xi1, p] + at2[xi2, p]
        self._at1 = q1.index[rows - first[0]].T * len(q2.values)
        self._at2 = q2.index[columns].T
        self._pairs = half_of_pairs(grid.n_x)

    def apply(self, W: NDArray, factor: Factor) -> None:
        """Conjugate p-major ``W`` by ``factor`` (tabulated on ``self.q``), in place."""
        n1, n2 = self._n_x
        for start in range(0, W.shape[2], COLUMNS):
            columns = slice(start, start + COLUMNS)
            block = W[:, :, columns]
            cube = W.reshape(2, n1, n2, -1)[..., columns]
            self._fft(cube, (1, 2), FORWARD)  # (x, p) -> (xi, p)
            step = max(1, BLOCK // block.shape[2])
            for k in range(0, len(self._pairs[0]), step):
                h, g = (half[k : k + step] for half in self._pairs)
                plus = self._at1[h // n2, columns] + self._at2[h % n2, columns]
                minus = self._at1[g // n2, columns] + self._at2[g % n2, columns]
                block[:, h], block[:, g] = conjugate(
                    block[:, h], block[:, g], factor, plus, minus, 1 / (n1 * n2)
                )
            self._fft(cube, (1, 2), BACKWARD)  # (xi, p) -> (x, p)


class PositionSide:
    """F(x + eps eta/2) W~ F(x - eps eta/2)^dagger with ~ the Fourier transform in p; x-major."""

    def __init__(self, layout: Layout, epsilon: float) -> None:
        grid = layout.grid
        self._n_p = grid.n_p
        self._fft = Planner()
        rows, columns = np.divmod(np.arange(layout.x.start, layout.x.stop), grid.n_x[1])
        first = np.unique(rows)
        y = [
            sums(points, 0.5 * epsilon * eta, L) if n > 1 else sums(points, np.zeros(len(eta)))
            for points, eta, L, n in zip(
                (grid.x[0][first], grid.x[1]), grid.eta, grid.length, grid.n_x, strict=True
            )
        ]
        # position of x + eps eta/2 in the flattened table is at1[x, eta1] + at2[x, eta2]
        self._at1 = y[0].index[rows - first[0]] * len(y[1].values)
        self._at2 = y[1].index[columns]
        self.refinement = [
            interpolation(n, L, axis.values)
            for n, L, axis in zip(grid.n_x, grid.length, y, strict=True)
        ]
        self._mirror = mirror(grid.n_p)
        self._pairs = half_of_pairs(grid.n_p)

    def refined(self, field: NDArray) -> NDArray:
        """``field`` of shape ``(..., N1, N2)`` interpolated to the lattice of shifted points."""
        return self.refinement[0] @ field @ self.refinement[1].T

    def shifted(self, rows: slice, of: NDArray | None = None) -> tuple[NDArray, NDArray]:
        """Table positions of x + eps eta/2 and x - eps eta/2 for some x and the given (all) eta."""
        m1, m2 = self._n_p
        h = np.arange(m1 * m2) if of is None else of
        g = self._mirror[h]
        at1, at2 = self._at1[rows], self._at2[rows]
        return at1[:, h // m2] + at2[:, h % m2], at1[:, g // m2] + at2[:, g % m2]

    def apply(self, W: NDArray, factor: Factor) -> None:
        """Conjugate x-major ``W`` by ``factor`` (tabulated on the refined lattice), in place."""
        m1, m2 = self._n_p
        h, g = self._pairs
        step = max(1, BLOCK // (m1 * m2))
        for start in range(0, W.shape[1], step):
            rows = slice(start, start + step)
            block = W[:, rows]
            cube = block.reshape(2, -1, m1, m2)
            self._fft(cube, (2, 3), BACKWARD)  # (x, p) -> (x, eta)
            plus, minus = self.shifted(rows, h)
            block[:, :, h], block[:, :, g] = conjugate(
                block[:, :, h], block[:, :, g], factor, plus, minus, 1 / (m1 * m2)
            )
            self._fft(cube, (2, 3), FORWARD)  # (x, eta) -> (x, p)


def half_of_pairs(n: tuple[int, int]) -> tuple[NDArray, NDArray]:
    """Indices (h, g) with g the mirror image of h, one of each pair; self-paired points once."""
    g = mirror(n)
    h = np.flatnonzero(np.arange(len(g)) <= g)
    return h, g[h]


def conjugate(
    at_h: NDArray, at_g: NDArray, F: Factor, plus: NDArray, minus: NDArray, scale: float
) -> tuple[NDArray, NDArray]:
    """Spectra at k and at -k of ``scale * F(+) W F(-)^dagger``, from those of W.

    The spectrum of a Hermitian field obeys ``W^(-k) = W^(k)^dagger``, so a pair of packed values
    gives the whole 2x2 matrix at k, and the result at k gives both values back.
    """
    U, V = at_h
    Uc, Vc = np.conj(at_g)
    if F.spin is None:
        s = F.scalar.ravel()
        s = s.take(plus) * np.conj(s.take(minus)) * scale
        return np.stack([U * s, V * s]), np.conj(np.stack([Uc * s, Vc * s]))
    # W11, W22 = w0 +- w3 with w0 = (U + Uc)/2, w3 = (U - Uc)/2i;  W21 = V, W12 = Vc
    w0, w3 = U + Uc, -1j * (U - Uc)
    half = 0.5 * scale
    W11, W22, W12, W21 = half * (w0 + w3), half * (w0 - w3), scale * Vc, scale * V
    # X = F(+) W
    a, b, c, d = _entries_at(F, plus)
    X11, X12 = a * W11 + b * W21, a * W12 + b * W22
    X21, X22 = c * W11 + d * W21, c * W12 + d * W22
    # Y = X F(-)^dagger
    a, b, c, d = (np.conj(entry) for entry in _entries_at(F, minus))
    Y11, Y12 = X11 * a + X12 * b, X11 * c + X12 * d
    Y21, Y22 = X21 * a + X22 * b, X21 * c + X22 * d
    w0, w3 = 0.5 * (Y11 + Y22), 0.5j * (Y11 - Y22)
    return np.stack([w0 + w3, Y21]), np.conj(np.stack([w0 - w3, Y12]))


def _entries_at(F: Factor, at: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Entries (11, 12, 21, 22) at table positions; equal diagonals are read once."""
    F11, F12, F21, F22 = F.spin
    a, b, c = (entry.ravel().take(at) for entry in (F11, F12, F21))
    return a, b, c, a if F22 is F11 else F22.ravel().take(at)
