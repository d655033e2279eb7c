"""The collisionless flow of d_t W = -T W, eq. (25): two exact sub-flows and their composition.

T W = (i/eps)(H # W - W # H), so the flow is W -> U # W # U^dagger. H = K(p) + V(x) splits it into
two conjugations, each exact for a step of any length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

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
        The two-sided products on the distributed lattice, with the physics.
    splitting
        Composition of the two sub-flows; its order is the order in the step.
    """

    def __init__(self, space: PhaseSpace, splitting: Splitting = STRANG) -> None:
        self.space, self.splitting = space, splitting

    def free(self, t: float) -> Flow:
        """The flow of kinetic energy and Rashba coupling over time ``t``, exact, in place."""
        dispersion, physics = factors.parabola(self.space.momentum.q), self.space.physics
        factor = factors.kinetic(dispersion, physics.epsilon, physics.alpha, t)
        return partial(self.space.by_momentum, factor=factor)

    def kick(self, t: float) -> Flow:
        """The flow of the potential over time ``t``, exact, in place."""
        physics = self.space.physics
        factor = factors.phase(self.space.position.refined(physics.V), physics.epsilon, t)
        return partial(self.space.by_position, factor=factor)

    def flow(self, t: float) -> Flow:
        """exp(-t T) over one step: exact without a potential, else of the splitting's order."""
        if np.ptp(self.space.physics.V) == 0:
            return self.free(t)
        kicks = {c: self.kick(c * t) for c in set(self.splitting.potential)}
        frees = {c: self.free(c * t) for c in set(self.splitting.kinetic)}
        return Composition(
            tuple(kicks[c] for c in self.splitting.potential),
            tuple(frees[c] for c in self.splitting.kinetic),
        )


@dataclass(frozen=True)
class Composition:
    """One step of a splitting: kick, free flow, kick, ..., kick, in place."""

    kicks: tuple[Flow, ...]
    frees: tuple[Flow, ...]

    def __call__(self, W: NDArray) -> None:
        first, *rest = self.kicks
        first(W)
        for free, kick in zip(self.frees, rest, strict=True):
            free(W)
            kick(W)
