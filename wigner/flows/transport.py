"""The collisionless flow of d_t W = -T W, eq. (25): two exact sub-flows and their composition.

T W = (i/eps)(H # W - W # H), so the flow is W -> U # W # U^dagger. H = K(p) + V(x) splits it into
two conjugations, each exact for a step of any length.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from . import factors
from .splitting import STRANG, Splitting
from .two_sided import PhaseSpace

Flow = Callable[[NDArray], None]


class Transport:
    """exp(-t T) on x-major W, for one potential.

    Parameters
    ----------
    space
        The two-sided products on the distributed lattice.
    alpha
        Scaled Rashba constant.
    V
        Potential on the x lattice, shape ``(N1, N2)``.
    splitting
        Composition of the two sub-flows; its order is the order in the step.
    """

    def __init__(
        self, space: PhaseSpace, alpha: float, V: NDArray, splitting: Splitting = STRANG
    ) -> None:
        self.space, self.alpha, self.V, self.splitting = space, alpha, V, splitting

    def free(self, t: float) -> Flow:
        """The flow of kinetic energy and Rashba coupling over time ``t``, exact, in place."""
        dispersion = factors.parabola(self.space.momentum.q)
        factor = factors.kinetic(dispersion, self.space.epsilon, self.alpha, t)
        return lambda W: self.space.by_momentum(W, factor)

    def kick(self, t: float) -> Flow:
        """The flow of the potential over time ``t``, exact, in place."""
        factor = factors.phase(self.space.position.refined(self.V), self.space.epsilon, t)
        return lambda W: self.space.by_position(W, factor)

    def flow(self, t: float) -> Flow:
        """exp(-t T) over one step: exact without a potential, else of the splitting's order."""
        if np.ptp(self.V) == 0:
            return self.free(t)
        kicks = {c: self.kick(c * t) for c in set(self.splitting.potential)}
        frees = {c: self.free(c * t) for c in set(self.splitting.kinetic)}
        first, *rest = self.splitting.potential

        def step(W: NDArray) -> None:
            kicks[first](W)
            for kinetic, potential in zip(self.splitting.kinetic, rest, strict=True):
                frees[kinetic](W)
                kicks[potential](W)

        return step
