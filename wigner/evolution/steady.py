"""The steady state of V, b, E and phi as they are at t = 0: steps until the moments rest."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ..case.sections import TimeSpec
from ..errors import Fault, StateError
from ..flows.splitting import Splitting
from ..flows.transport import Transport
from ..flows.two_sided import PhaseSpace
from ..maxwellian.equilibrium import Maxwellian
from ..phase_space.moments import moments
from .adaptive import Adaptive
from .relaxation import Collisions, make_step, order_of

log = logging.getLogger(__name__)

# What moments may still be away from where they go, in units of the tolerance of M(N).
REST = 10.0
# Factor by which changes fall from step to step at the slowest that is believed.
SLOWEST = 0.999
MOST_STEPS = 20_000
# Steps chosen by their errors are as long as they get after so many in a row in which the moments
# change by less than some errors.
QUIET, LOUD = 8, 10.0
# No more of them are done than this, and they do not grow by a larger factor.
MOST_CHOSEN, MOST_GROWTH = 1000, 1024


def settled(
    W: NDArray,
    maxwellian: Maxwellian,
    splitting: Splitting,
    time: TimeSpec,
    between: Callable[[], None] = lambda: None,
) -> NDArray:
    """x-major ``W``, ``(2, x, p)``, advanced in place by equal steps until its moments rest.

    These are its densities, momenta and kinetic energies: in a uniform gas a force changes the
    current and no density. Changes fall by a factor from step to step, so what is left of the way
    is known from the last two of them.

    Steps are of ``time.dt``. Where it is "auto", their length is found on the way, by steps that
    are chosen by their errors, and the moments rest to ``time.tolerance``: a step moves them by as
    much.

    Parameters
    ----------
    splitting
        That of the transport.
    between
        Is called before every step, and may raise to end this.

    Raises
    ------
    StateError
        If the moments do not come to rest.
    SolveError
        If no step meets ``time.tolerance``.
    ConstraintError
        If a quantum Maxwellian cannot be computed.
    """
    space = maxwellian.space
    still = PhaseSpace(space.layout, replace(space.physics, drive=None))
    collisions, way = Collisions(maxwellian), Way(still, W)
    make = partial(make_step, time.scheme, Transport(still, splitting), collisions)
    allowed, dt = REST * maxwellian.tolerance, time.dt
    if time.adaptive and time.tolerance is not None:
        allowed, order = max(allowed, time.tolerance), order_of(time.scheme, space.physics)
        adaptive = Adaptive(collisions, make, order, time.tolerance, dt)
        dt = _chosen(adaptive, way, dt, LOUD * time.tolerance, between)
        del adaptive  # and its fields
    step, last = make(dt), 0.0
    for _ in range(MOST_STEPS):
        between()
        step(W, 0.0)
        change = way.change()
        if way_left(change, last, SLOWEST) <= allowed:
            return W
        last = change
    longer = "larger time.tolerance" if time.adaptive else "longer time.dt"
    raise StateError(
        Fault(
            "initial.state",
            f'"steady", but the moments still change by {change:.1e} of the largest n0 in a step '
            f"after {way.steps} of them",
            f"at most {allowed:.1e}, and changes that fall from step to step",
            f"use a {longer}, a larger maxwellian.tolerance, or fields in which they rest",
        )
    )


def _chosen(
    adaptive: Adaptive, way: Way, dt: float, loud: float, between: Callable[[], None]
) -> float:
    """Advance W by steps chosen by their errors; the length of those that go on where it rests.

    Chosen steps come near the rest fast, but need not end there: steps whose lengths alternate have
    no steady state in common. What a chosen step keeps is its two halves, so half its length is
    the answer.

    Parameters
    ----------
    dt
        The first step at the most.
    loud
        What moments change by in a step, relative to the largest n0, on the way to their rest.
    """
    quiet, times = 0, [k * MOST_GROWTH * dt for k in range(1, MOST_CHOSEN + 1)]
    between()
    for interval in islice(adaptive.advance(way.W, 0.0, times), MOST_CHOSEN):
        dt = interval.length
        quiet = quiet + 1 if way.change() <= loud else 0
        if quiet == QUIET:
            break
        between()
    return 0.5 * dt


class Way:
    """That of x-major W to its rest: how its moments change.

    Attributes
    ----------
    steps
        Number of those that were done.
    """

    def __init__(self, space: PhaseSpace, W: NDArray) -> None:
        self.W, self.steps = W, 0
        self._space, self._before, self._told = space, _moments(space, W), np.inf

    def change(self) -> float:
        """That of the moments in the last step, relative to the largest n0."""
        now = _moments(self._space, self.W)
        change = float(np.abs(now - self._before).max() / now[0].max())
        self.steps, self._before = self.steps + 1, now
        if self._space.layout.comm.rank == 0 and change <= 0.1 * self._told:
            self._told = change
            log.info("settles: the moments change by %.1e in step %d", change, self.steps)
        return change


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
