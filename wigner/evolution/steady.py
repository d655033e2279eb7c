"""The steady state of V, b, E and phi as they are at t = 0: steps until the densities rest."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, StateError
from ..flows.splitting import Splitting
from ..flows.transport import Transport
from ..flows.two_sided import PhaseSpace
from ..phase_space.moments import density
from .relaxation import Collisions, make_step

log = logging.getLogger(__name__)

# What densities may still be away from where they go, in units of the tolerance of M(N).
REST = 10.0
# Factor by which changes fall from step to step at the slowest that is believed.
SLOWEST = 0.999
MOST_STEPS = 20_000


def settled(
    W: NDArray, collisions: Collisions, scheme: str, splitting: Splitting, dt: float
) -> NDArray:
    """x-major ``W``, advanced in place by steps of ``dt`` until its moments rest.

    Changes of the moments fall by a factor from step to step, so what is left of the way is known
    from the last two of them.

    Raises
    ------
    StateError
        If the moments do not come to rest.
    """
    space = collisions.maxwellian.space
    still = PhaseSpace(space.layout, replace(space.physics, drive=None))
    step = make_step(scheme, Transport(still, splitting), Collisions(collisions.maxwellian), dt)
    allowed = REST * collisions.maxwellian.tolerance
    before, last, told = density(space.layout, W), np.inf, np.inf
    for k in range(1, MOST_STEPS + 1):
        step(W, 0.0)
        N = density(space.layout, W)
        change = float(np.abs(N - before).max() / N[0].max())
        fall = min(change / last, SLOWEST) if last > 0 else 0.0
        left = change * fall / (1 - fall)
        if max(change, left) <= allowed:
            return W
        if space.layout.comm.rank == 0 and change <= 0.1 * told:
            told = change
            log.info("settles: n0 or n change by %.1e in step %d", change, k)
        before, last = N, change
    raise StateError(
        Fault(
            "initial.state",
            f'"steady", but the densities still change by {change:.1e} of the largest in a step '
            f"after {MOST_STEPS} of them",
            f"at most {allowed:.1e}",
            "use a longer time.dt, a larger maxwellian.tolerance, or fields in which they rest",
        )
    )
