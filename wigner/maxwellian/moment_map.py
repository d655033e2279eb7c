"""The moment map A -> <Exp(-K + A)>, its first moments and its derivative.

exp(-K + A) = S S^dagger, with S the splitting of ``exponential``, which is its own adjoint, or
exp(-(K - A)/2) without splitting. So the density matrix at y is the Gram matrix
(S e_y)^dagger (S e_y) of a column: see ``columns`` and ``chebyshev_columns``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..flows import factors
from ..flows.splitting import LIMIT, extrapolation
from ..phase_space import pauli
from ..phase_space.layout import Layout
from ..physics import Physics
from .chebyshev_columns import ChebyshevColumns
from .columns import Columns, inner, squares
from .windows import ROUNDOFF


class MomentMap:
    """<Exp(-K + A)> = n0 sigma_0 + eps n.sigma on the x lattice.

    Parameters
    ----------
    layout
        Each rank works on the columns of its x block.
    physics
        Its epsilon and Lambda matter.
    error
        What the windows may miss, relative to the largest density.
    """

    def __init__(self, layout: Layout, physics: Physics, error: float = ROUNDOFF) -> None:
        self.layout, self.epsilon = layout, physics.epsilon
        self._physics, self._error = physics, error

    def __call__(self, A: NDArray, steps: Sequence[int]) -> NDArray:
        """Components (n0, eps n), shape ``(4, N1, N2)``, the same on every rank.

        Parameters
        ----------
        A
            Components (a0, eps a), shape ``(4, N1, N2)``.
        steps
            Results of these numbers of steps are extrapolated; ``(LIMIT,)`` for no splitting.
        """
        return np.tensordot(extrapolation(steps), self.by_steps(A, steps), axes=1)

    @cached_property
    def columns(self) -> Columns:
        """Columns by the splitting, made when they are asked for."""
        return Columns(self.layout, self._physics, self._error)

    @cached_property
    def unsplit(self) -> ChebyshevColumns:
        """Columns without splitting, likewise."""
        return ChebyshevColumns(self.layout, self._physics, self._error)

    @property
    def _norm(self) -> float:
        return self.columns.window.norm(self.epsilon)

    def by_steps(self, A: NDArray, steps: Sequence[int]) -> NDArray:
        """The moments of S_m S_m^dagger for some numbers m of steps, ``(m, 4, N1, N2)``."""
        density = self._empty(len(steps), 4)
        for m, of_m in zip(steps, density, strict=True):
            if m == LIMIT:
                of_m[:] = self.unsplit.density(A)
                continue
            columns = self.columns
            start = columns.kinetic(m).start
            for block, local in columns.local(A, m):
                of_m[:, block] = squares(columns.kernels, columns.of(start, m, local))
            E = pauli.exp(0.25 / m * self._own(A))
            of_m[:] = self._norm * pauli.conjugation(E, of_m)  # (C E)^dagger (C E)
        return self._gathered(density)

    def momenta(self, A: NDArray, steps: Sequence[int]) -> NDArray:
        """First moments <p_j M_c> of M = Exp(-K + A), shape ``(4, 2, N1, N2)``: component, j.

        <p_j M>(y) is the Hermitian part of (S p_j e_y)^dagger (S e_y) with p_j = -i eps d_j. The
        innermost factor E of S e_y passes through: E p_j = p_j E + i eps (d_j E).
        """
        momentum = self._empty(len(steps), 4, 2)
        slopes, own = [self._own(dA) for dA in self._slopes(A)], self._own(A)
        for m, of_m in zip(steps, momentum, strict=True):
            if m == LIMIT:
                of_m[:] = self.unsplit.momenta(A)
                continue
            columns = self.columns
            kinetic = columns.kinetic(m)
            dE = [factors.multiplier_derivative(own, s, 0.25 / m).matrix for s in slopes]
            for block, local in columns.local(A, m):
                C = columns.of(kinetic.start, m, local).copy()
                E, G = _square(local.own), inner(C, C)
                for j in (0, 1):
                    P = columns.of(kinetic.moving[j], m, local)
                    # (P E + i eps C d_j E)^dagger (C E)
                    bracket = _product(E, inner(P, C), E)
                    bracket -= 1j * self.epsilon * _product(_square(dE[j][:, block]), G, E)
                    of_m[:, j, block] = pauli.components(bracket)
            of_m *= self._norm
        return np.tensordot(extrapolation(steps), self._gathered(momentum), axes=1)

    def derivative(self, A: NDArray, B: NDArray, steps: Sequence[int]) -> NDArray:
        """Derivative of <Exp(-K + A)> in the direction B, ``(4, N1, N2)``, by exact tangents."""
        density = self._empty(len(steps), 4)
        for m, of_m in zip(steps, density, strict=True):
            if m == LIMIT:
                of_m[:] = self.unsplit.derivative(A, B)
                continue
            columns = self.columns
            both = zip(columns.local(A, m), columns.tangent(A, B, m), strict=True)
            for (block, local), (_, tangent) in both:
                C, dC = columns.with_tangent(m, local, tangent)
                E, dE = _square(local.own), _square(tangent.own)
                # (C E)^dagger d(C E) and its adjoint
                half = _product(E, inner(C, dC), E) + _product(E, inner(C, C), dE)
                of_m[:, block] = 2 * pauli.components(half)
            of_m *= self._norm
        return np.tensordot(extrapolation(steps), self._gathered(density), axes=1)

    def _own(self, field: NDArray) -> NDArray:
        """A field on x at the points of this rank, ``(4, x block)``."""
        return field.reshape(4, -1)[:, self.layout.x]

    def _empty(self, *kinds: int) -> NDArray:
        return np.empty((*kinds, self.layout.n_x_local))

    def _gathered(self, traces: NDArray) -> NDArray:
        """What this rank has at its points, from all ranks, on x."""
        whole = self.layout.gather(traces.reshape(-1, traces.shape[-1]))
        return whole.reshape(*traces.shape[:-1], *self.layout.grid.n_x)

    def _slopes(self, A: NDArray) -> list[NDArray]:
        """d_1 A and d_2 A, spectral."""
        spectrum, xi = np.fft.fft2(A), self.layout.grid.xi
        waves = 1j * xi[0][:, None], 1j * xi[1][None, :]
        return [np.fft.ifft2(spectrum * wave).real for wave in waves]


def _square(entries: NDArray) -> NDArray:
    """Entries (11, 12, 21, 22) as matrices ``(2, 2, y)``."""
    return entries.reshape(2, 2, *entries.shape[1:])


def _product(A: NDArray, B: NDArray, C: NDArray) -> NDArray:
    """A B C for matrices ``(2, 2, y)``."""
    return np.einsum("ijy,jky,kly->ily", A, B, C)
