"""The quantum exponential Exp(-K + A), eq. (36), on the phase-space lattice.

exp(-K + A) = S S^dagger with S = (exp(delta A/2) exp(-delta K) exp(delta A/2))^m and
delta = 1/(2m): the two exact flows of ``transport`` in imaginary time, applied to the symbol of
the identity. Here K = |p|^2/2 + eps (Lambda p).sigma and A = a0 sigma_0 + eps a.sigma; the
potential cancels between H and A~ (eq. 28).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pyfftw
from numpy.typing import NDArray

from ..flows import factors
from ..flows.diffusion import Diffusions
from ..flows.factors import Factor
from ..flows.splitting import LIMIT, extrapolation
from ..flows.two_sided import PhaseSpace
from ..phase_space import pauli
from ..phase_space.layout import Layout
from ..phase_space.resampling import Refinement, numbers
from ..phase_space.synthesis import Synthesis, with_few_modes
from .chebyshev_symbol import ChebyshevSymbol


class Exponential:
    """Symbols of exp(-K + A) by Strang steps in imaginary time, extrapolated, or by a series.

    Parameters
    ----------
    space
        The lattice of the symbols.
    error
        What of a thermal state may be left out in eta, relative to its maximum: the products are
        made on so few points of p. With 0 they are made on all.
    n_x
        The lattice of x on which the products are made, coarser than that of the symbols or, when
        None, the same.

    Attributes
    ----------
    waves
        The largest amplitude in eta of each wave in x of the last symbol, ``n_x``; None where the
        lattice of x is that of the symbols.
    """

    def __init__(
        self, space: PhaseSpace, error: float = 0.0, n_x: tuple[int, int] | None = None
    ) -> None:
        layout = space.layout
        few = with_few_modes(layout.grid, error, layout.comm.size)
        coarse = few if n_x is None else replace(few, n_x=n_x)
        if coarse != layout.grid:
            space = PhaseSpace(Layout(coarse, layout.comm), space.physics)
        self._space, self._modes = space, few.np
        shape = 2, space.layout.n_x_local, coarse.np
        many = math.prod(shape)
        self._refinement: Refinement | None = None
        if coarse.n_x == few.n_x:
            memory = pyfftw.empty_aligned(many, dtype=complex)
        else:  # what is worked on is not needed any more when its sum is refined
            memory = pyfftw.empty_aligned(max(many, numbers(space.layout)), dtype=complex)
            self._refinement = Refinement(space.layout, Layout(few, layout.comm), memory)
        self._work = memory[:many].reshape(shape)
        self.waves: NDArray | None = None
        self._diffusion = Diffusions(coarse, space.physics, space.layout.p)
        self._synthesis = Synthesis(few, layout.grid)
        self._error = error
        self._series: ChebyshevSymbol | None = None

    def __call__(self, A: NDArray, steps: Sequence[int], out: NDArray) -> None:
        """Write Exp(-K + A) into x-major ``out``.

        Parameters
        ----------
        A
            Components (a0, eps a) on the lattice of the products, shape ``(4, n1, n2)``.
        steps
            Results of these numbers of steps are extrapolated; ``(LIMIT,)`` for no splitting.
        """
        few = out[:, :, : self._modes]
        total = self._sum(out)
        if tuple(steps) == (LIMIT,):
            self._by_series(A, total)
        else:
            self._by_splitting(A, steps, total)
        if self._refinement is not None:
            self.waves = self._refinement(total, few)
        self._synthesis(out)

    def _sum(self, out: NDArray) -> NDArray:
        """Where coefficients are summed: in ``out``, of which a coarse lattice needs a part."""
        rows = self._space.layout.n_x_local
        if rows <= out.shape[1]:
            return out[:, :rows, : self._modes]
        return self._space.layout.x_major()  # a rank with a point of x less than others

    def _by_splitting(self, A: NDArray, steps: Sequence[int], total: NDArray) -> None:
        """The coefficients in eta of the symbol, extrapolated."""
        position = self._space.position
        refined = position.refined(A)
        for m, weight in zip(steps, extrapolation(steps), strict=True):
            half = factors.multiplier(refined, 0.25 / m)
            self._between(A, half, m, weight)
            position.add_in_eta(self._work, half, total, first=m == steps[0])

    def _by_series(self, A: NDArray, total: NDArray) -> None:
        """The coefficients in eta of the symbol without splitting."""
        if self._series is None:
            self._series = ChebyshevSymbol(self._space, self._diffusion.energy, self._error)
        self._series(A, self._work)
        self._space.position.to_eta(self._work, total)

    def _between(self, A: NDArray, half: Factor, m: int, weight: float) -> None:
        """``weight`` times the symbol of S S^dagger with ``m`` steps, but for the outermost factor.

        ``half`` is exp(delta A/2) where the flows need it, at x + eps eta/2.
        """
        delta, space, work = 0.5 / m, self._space, self._work
        diffusion = self._diffusion(delta)
        # the innermost factors act on the identity: exp(delta A/2) 1 exp(delta A/2) = exp(delta A)
        space.diffuse_field(weight * pauli.pack(pauli.exp(delta * A)), diffusion, work)
        full = half.squared if m > 1 else half
        for _ in range(m - 1):
            space.by_position(work, full)
            space.diffuse(work, diffusion)
