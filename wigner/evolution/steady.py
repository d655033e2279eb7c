"""The steady state of V, b, E and phi as they are at t = 0: steps until the moments rest."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, StateError
from ..flows.splitting import Splitting
from ..flows.transport import Transport
from ..flows.two_sided import PhaseSpace
from ..phase_space.moments import moments
from .relaxation import Collisions, make_step

log = logging.getLogger(__name__)

# What moments may still be away from where they go, in units of the tolerance of M(N).
REST = 10.0
# Factor by which changes fall from step to step at the slowest that is believed.
SLOWEST = 0.999
MOST_STEPS = 20_000


def settled(
    W: NDArray,
    collisions: Collisions,
    scheme: str,
    splitting: Splitting,
    dt: float,
    between: Callable[[], None] = lambda: None,
) -> NDArray:
    """x-major ``W``, advanced in place by steps of ``dt`` until its moments rest.

    These are its densities, momenta and kinetic energies: in a uniform gas a force changes the
    current and no density. Changes fall by a factor from step to step, so what is left of the way
    is known from the last two of them.

    Parameters
    ----------
    between
        Is called before every step, and may raise to end this.

    Raises
    ------
    StateError
        If the moments do not come to rest.
    ConstraintError
        If a quantum Maxwellian cannot be computed.
    """
    space = collisions.maxwellian.space
    still = PhaseSpace(space.layout, replace(space.physics, drive=None))
    step = make_step(scheme, Transport(still, splitting), Collisions(collisions.maxwellian), dt)
    allowed = REST * collisions.maxwellian.tolerance
    before, last, told = _moments(still, W), 0.0, np.inf
    for k in range(1, MOST_STEPS + 1):
        between()
        step(W, 0.0)
        now = _moments(still, W)
        change = float(np.abs(now - before).max() / now[0].max())
        if way_left(change, last, SLOWEST) <= allowed:
            return W
        if space.layout.comm.rank == 0 and change <= 0.1 * told:
            told = change
            log.info("settles: the moments change by %.1e in step %d", change, k)
        before, last = now, change
    raise StateError(
        Fault(
            "initial.state",
            f'"steady", but the moments still change by {change:.1e} of the largest n0 in a step '
            f"after {MOST_STEPS} of them",
            f"at most {allowed:.1e}, and changes that fall from step to step",
            "use a longer time.dt, a larger maxwellian.tolerance, or fields in which they rest",
        )
    )


def way_left(change: float, last: float, slowest: float) -> float:
    """How far a state is from its rest at the most, from its last two changes.

    Changes that fall by a factor f add up to change f/(1 - f); not less than the change itself is
    taken.

    Parameters
    ----------
    last
        The change before; 0 where there is none.
    slowest
        The largest f that is believed.
    """
    fall = min(change / last, slowest) if last > 0 else slowest
    return max(change, change * fall / (1 - fall))


def _moments(space: PhaseSpace, W: NDArray) -> NDArray:
    """n0 sigma_0 + eps n.sigma, momenta and kinetic energy of x-major W, ``(13, N1, N2)``."""
    found = moments(space.layout, W, space.physics)
    momentum = np.concatenate(np.moveaxis(space.physics.scaled(found.momentum), 1, 0))
    N = space.physics.scaled(found.densities)
    return np.concatenate([N, momentum, found.kinetic_energy[None]])
