"""The quantum exponential Exp(-K + A), eq. (36), on the phase-space lattice.

exp(-K + A) = S S^dagger with S = (exp(delta A/2) exp(-delta K) exp(delta A/2))^m and
delta = 1/(2m): the two exact flows of ``transport`` in imaginary time, applied to the symbol of
the identity. Here K = |p|^2/2 + eps alpha p_perp.sigma and A = a0 sigma_0 + eps a.sigma; the
potential cancels between H and A~ (eq. 28).
"""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import NDArray

from ..flows import factors
from ..flows.diffusion import Diffusions
from ..flows.splitting import extrapolation
from ..flows.two_sided import PhaseSpace
from ..phase_space import pauli


class Exponential:
    """Symbols of exp(-K + A) by Strang steps in imaginary time and Richardson extrapolation."""

    def __init__(self, space: PhaseSpace) -> None:
        self.space = space
        layout = space.layout
        self._diffusion = Diffusions(layout.grid, space.physics, layout.p)
        self._work = space.layout.x_major()

    def __call__(self, A: NDArray, steps: Sequence[int], out: NDArray) -> None:
        """Write Exp(-K + A) into x-major ``out``.

        Parameters
        ----------
        A
            Components (a0, eps a) on the x lattice, shape ``(4, N1, N2)``.
        steps
            Results of these numbers of steps are extrapolated.
        """
        (first, *others), (weight, *weights) = steps, extrapolation(steps)
        refined = self.space.position.refined(A)
        self._strang(A, refined, first, out)
        out *= weight
        for m, weight in zip(others, weights, strict=True):
            self._strang(A, refined, m, self._work)
            for row in range(out.shape[1]):  # in the cache
                out[:, row] += weight * self._work[:, row]

    def _strang(self, A: NDArray, refined: NDArray, m: int, out: NDArray) -> None:
        """Write the symbol of S S^dagger with ``m`` steps into ``out``.

        ``refined`` is A where the flows need it, at x + eps eta/2.
        """
        delta = 0.5 / m
        half = factors.multiplier(refined, delta / 2)
        diffusion = self._diffusion(delta)
        # the innermost factors act on the identity: exp(delta A/2) 1 exp(delta A/2) = exp(delta A)
        self.space.diffuse_field(pauli.pack(pauli.exp(delta * A)), diffusion, out)
        if m > 1:
            full = factors.multiplier(refined, delta)
            for _ in range(m - 1):
                self.space.by_position(out, full)
                self.space.diffuse(out, diffusion)
        self.space.by_position(out, half)
