"""The collisionless flow of d_t W = -T W, eq. (25): two exact sub-flows and their composition.

T W = (i/eps)(H # W - W # H), so the flow is W -> U # W # U^dagger. H = K(p) + F(x) splits it into
two conjugations, each exact for a step of any length: K = |p|^2/2 + eps (Lambda p).sigma, and
F = V + eps b.sigma - E.x.

Where F varies in time, time goes on with the flow of K and stands still in that of F. This is the
splitting of K + p_t and F(x, t), where t is one more coordinate and p_t its momentum, so any
composition keeps its order. A potential phi[n0] does not change while it acts, as the flow of F
leaves n0 as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..phase_space.moments import density
from ..physics import Physics
from . import factors
from .splitting import STRANG, Splitting
from .two_sided import PhaseSpace


class Flow(Protocol):
    """Advances states in place, all by the H of one of them, or of their sum."""

    def __call__(self, *fields: NDArray, t: float = 0.0, weights: Sequence[float] = (1.0,)) -> None:
        """Advance x-major ``fields`` from time ``t`` on.

        Parameters
        ----------
        weights
            The state whose density makes phi is the sum of the fields with these weights.
        """
        ...


class Transport:
    """exp(-t T) on x-major W.

    Parameters
    ----------
    space
        The two-sided products on the distributed lattice, with the physics.
    splitting
        Composition of the two sub-flows; its order is the order in the step.
    """

    def __init__(self, space: PhaseSpace, splitting: Splitting = STRANG) -> None:
        self.space, self.splitting = space, splitting

    def free(self, length: float) -> Free:
        """The flow of kinetic energy and spin-orbit coupling over a time, exact."""
        K = factors.parabola(self.space.momentum.q)
        return Free(self.space, factors.kinetic(K, self.space.physics, length))

    def kick(self, length: float) -> Kick:
        """The flow of the fields on x over a time in which they stand still, exact."""
        return Kick(self.space, length)

    def flow(self, length: float) -> Flow:
        """exp(-t T) over one step: exact without fields on x, else of the splitting's order."""
        if self.space.physics.is_free:
            return self.free(length)
        kicks = {c: self.kick(c * length) for c in set(self.splitting.potential)}
        frees = {c: self.free(c * length) for c in set(self.splitting.kinetic)}
        return Composition(
            tuple(kicks[c] for c in self.splitting.potential),
            tuple(frees[c] for c in self.splitting.kinetic),
            tuple(accumulate((c * length for c in self.splitting.kinetic), initial=0.0)),
        )


@dataclass(frozen=True)
class Free:
    """The flow of K, a product by a function of p."""

    space: PhaseSpace
    factor: factors.Factor

    def __call__(self, *fields: NDArray, t: float = 0.0, weights: Sequence[float] = (1.0,)) -> None:
        """As of :class:`Flow`."""
        for W in fields:
            self.space.by_momentum(W, self.factor)


class Kick:
    """The flow of V, b and E, a product by a function of x and one of eta."""

    def __init__(self, space: PhaseSpace, length: float) -> None:
        self._space, self._length = space, length
        self._always = None if space.physics.varies else self._product(space.physics)

    def __call__(self, *fields: NDArray, t: float = 0.0, weights: Sequence[float] = (1.0,)) -> None:
        """As of :class:`Flow`."""
        product = self._always
        if product is None:
            product = self._product(self._physics(fields, t, weights))
        for W in fields:
            product(W)

    def _physics(self, fields: Sequence[NDArray], t: float, weights: Sequence[float]) -> Physics:
        """The physics of this time and of these states."""
        physics, layout = self._space.physics, self._space.layout
        if physics.mean_field is None:
            return physics.at(t)
        parts = (w * density(layout, W)[0] for w, W in zip(weights, fields, strict=True))
        return physics.at(t, sum(parts, start=np.zeros(layout.grid.n_x)))

    def _product(self, physics: Physics) -> Callable[[NDArray], None]:
        position, length = self._space.position, self._length
        b = position.refined(np.asarray(physics.b)) if np.any(physics.b) else None
        factor = factors.external(position.refined(physics.V), b, physics.epsilon, length)
        boost = None
        if any(physics.E):
            eta = self._space.layout.grid.eta
            boost = np.multiply.outer(
                *(np.exp(1j * length * E * axis) for E, axis in zip(physics.E, eta, strict=True))
            )
        return partial(self._space.by_position, factor=factor, boost=boost)


@dataclass(frozen=True)
class Composition:
    """One step of a splitting: kick, free flow, kick, ..., kick; each kick at its time."""

    kicks: tuple[Kick, ...]
    frees: tuple[Free, ...]
    times: tuple[float, ...]

    def __call__(self, *fields: NDArray, t: float = 0.0, weights: Sequence[float] = (1.0,)) -> None:
        """As of :class:`Flow`."""
        first, *rest = zip(self.kicks, self.times, strict=True)
        kick, time = first
        kick(*fields, t=t + time, weights=weights)
        for free, (kick, time) in zip(self.frees, rest, strict=True):
            free(*fields)
            kick(*fields, t=t + time, weights=weights)
