"""Columns exp(-H/2) e_y by their Chebyshev series, on the windows of ``windows``.

On a window K is a function of momentum and A one of place, so that bounds of their spectra are
known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pyfftw
from numpy.typing import NDArray

from ..flows import factors
from ..flows.kernels import for_windows
from ..phase_space import pauli
from ..phase_space.fft import BACKWARD, FORWARD, Planner
from ..phase_space.layout import Layout
from ..physics import Physics
from .chebyshev import Series, series
from .columns import at_zero, inner, squares
from .windows import ROUNDOFF, UNSPLIT, places_of, window_for

# Window points per pass: the fields of a pass stay in the cache.
BLOCK = 2048
# Share of the error of the moments that the terms left out may make: columns have norm one.
SHARE = 1e-2


class ChebyshevColumns:
    """Columns exp(-H/2) e_y for any A, a pass of them at a time.

    Parameters
    ----------
    layout
        Each rank has the columns of its x block.
    physics
        Its epsilon and Lambda matter.
    error
        What the moments may miss, relative to the largest density.

    Attributes
    ----------
    start, moving
        e_0, and p_1 e_0 and p_2 e_0, on the window, each ``(2, 2, n1, n2)``.
    """

    def __init__(self, layout: Layout, physics: Physics, error: float) -> None:
        window = window_for(layout.grid, physics.epsilon, physics.spin_orbit, error, UNSPLIT)
        self.window, self.kernels = window, for_windows(layout.grid.nx * math.prod(window.n))
        self._norm, self._count = window.norm(physics.epsilon), layout.n_x_local
        self._error = SHARE * max(error, ROUNDOFF)
        self._fft = Planner()
        per_pass = max(1, BLOCK // math.prod(window.n))
        self._places = places_of(window, layout, per_pass)
        self._fields = pyfftw.empty_aligned((8, 2, 2, per_pass, *window.n), dtype=complex)
        K = window.dispersion(physics.epsilon)
        self._kinetic = factors.energy(K, physics).matrix
        centre, spin = self._kinetic[0].real, np.abs(self._kinetic[2])
        self._bounds = float((centre - spin).min()), float((centre + spin).max())
        one = np.array([1, 0, 0, 1])[:, None, None] * np.ones(window.n)
        q1, q2 = K.momentum[0][:, None], K.momentum[1][None, :]
        self.start = at_zero(one)
        self.moving = at_zero(q1 * one), at_zero(q2 * one)

    def series(self, A: NDArray) -> Series:
        """Of exp(-H/2) for A, ``(4, N1, N2)``."""
        return series(self._bounds, A, 0.5, self._error)

    def density(self, A: NDArray) -> NDArray:
        """<Exp(-K + A)> at the points of this rank, ``(4, x block)``."""
        density = self._empty(4)
        for block, (C,) in self.of(A, self.start):
            density[:, block] = squares(self.kernels, C)
        return self._norm * density

    def momenta(self, A: NDArray) -> NDArray:
        """<p_j M_c> of M = Exp(-K + A) at the points of this rank, ``(4, 2, x block)``.

        The Hermitian part of (S p_j e_y)^dagger (S e_y).
        """
        momenta = self._empty(4, 2)
        for block, (C, *moving) in self.of(A, self.start, *self.moving):
            for j, P in enumerate(moving):
                momenta[:, j, block] = pauli.components(inner(P, C))
        return self._norm * momenta

    def derivative(self, A: NDArray, B: NDArray) -> NDArray:
        """Derivative of :meth:`density` in the direction B, ``(4, x block)``."""
        derivative = self._empty(4)
        for block, C, dC in self.with_tangent(A, B):
            derivative[:, block] = 2 * pauli.components(inner(C, dC))
        return self._norm * derivative

    def of(self, A: NDArray, *starts: NDArray) -> Iterator[tuple[slice, list[NDArray]]]:
        """exp(-H/2) applied to some starts, ``(2, 2, n1, n2)``, moved to y, pass by pass.

        Yields
        ------
        slice, list of NDArray
            Which of this rank's points, and for each start ``(row, column, y, s1, s2)``: views of
            buffers, which the next pass overwrites.
        """
        expansion = self.series(A)
        kinetic = self._kinetic_part(expansion)
        for block, X in self._places.passes(lambda a: expansion.potential(a).matrix, A):
            Q, C, P, *sums = (field[:, :, : X.shape[1]] for field in self._fields)
            for start, S in zip(starts, sums, strict=False):
                C[:], P[:] = start[:, :, None], 0.0
                S[:] = expansion.coefficients[0] * C
                for k, c in enumerate(expansion.coefficients[1:]):
                    self._momenta(C, Q, kinetic)
                    self._next(X, Q, C, P, S, c, k)
                    C, P = P, C
            yield block, sums[: len(starts)]

    def with_tangent(self, A: NDArray, B: NDArray) -> Iterator[tuple[slice, NDArray, NDArray]]:
        """Columns from e_0 and their derivatives in the direction B, as in :meth:`of`."""
        expansion = self.series(A)
        kinetic = self._kinetic_part(expansion)

        def table(a: NDArray, b: NDArray) -> NDArray:
            change = factors.field(-b / expansion.half).matrix
            return np.concatenate([expansion.potential(a).matrix, change])

        for block, both in self._places.passes(table, A, B):
            X, dX = both[:4], both[4:]
            Q, C, P, S, dQ, dC, dP, dS = (field[:, :, : X.shape[1]] for field in self._fields)
            C[:], P[:] = self.start[:, :, None], 0.0
            dC[:], dP[:], dS[:] = 0.0, 0.0, 0.0
            S[:] = expansion.coefficients[0] * C
            for k, c in enumerate(expansion.coefficients[1:]):
                self._momenta(C, Q, kinetic)
                self._momenta(dC, dQ, kinetic)
                dQ[0] += dX[0] * C[0] + dX[1] * C[1]
                dQ[1] += dX[2] * C[0] + dX[3] * C[1]
                self._next(X, Q, C, P, S, c, k)
                self._next(X, dQ, dC, dP, dS, c, k)
                C, P, dC, dP = P, C, dP, dC
            yield block, S, dS

    def _empty(self, *kinds: int) -> NDArray:
        return np.empty((*kinds, self._count))

    def _momenta(self, C: NDArray, Q: NDArray, kinetic: NDArray) -> None:
        """Q = the part of X C that K makes."""
        Q[:] = C
        self._fft(Q, (3, 4), FORWARD)  # s -> q
        self.kernels.multiply(kinetic, Q)
        self._fft(Q, (3, 4), BACKWARD)  # q -> s

    def _next(
        self, X: NDArray, Q: NDArray, C: NDArray, P: NDArray, S: NDArray, c: float, k: int
    ) -> None:
        """P = T_(k+1) e_y = 2 X T_k e_y - T_(k-1) e_y from C = T_k e_y, and S + c P."""
        if k > 0:
            self.kernels.chebyshev(X, Q, C, P, S, c)
        else:  # T_1 = X
            self.kernels.chebyshev(X, Q, C, P, S, 0.5 * c)
            P *= 0.5

    def _kinetic_part(self, expansion: Series) -> NDArray:
        """Of X, in momentum, with the factor of a transform there and back."""
        return self._kinetic[:, None] / (expansion.half * math.prod(self.window.n))
