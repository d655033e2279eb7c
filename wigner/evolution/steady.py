"""The steady state of V, b, E and phi as they are at t = 0: steps until the moments rest."""

from __future__ import annotations

import logging
import math
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
from .extrapolation import SEEN, Trail, slowest_wave, varying_sides
from .relaxation import Collisions, Step, make_step, order_of

log = logging.getLogger(__name__)

# Changes that are roundoff, relative to the largest n0.
STILL = 1e-12
# What moments may still be away from where they go, in units of the tolerance of M(N).
REST = 10.0
MOST_STEPS = 100_000
# Steps chosen by their errors are as long as they get after so many in a row that are no longer
# than one before, and in which the moments change by less than some errors.
QUIET, LOUD = 8, 10.0
# No more of them are done than this, and they do not grow by a larger factor.
MOST_CHOSEN, MOST_GROWTH = 1000, 1024
# Equal steps after them are halved so often at the most.
MOST_HALVINGS = 12


def settled(
    W: NDArray,
    maxwellian: Maxwellian,
    splitting: Splitting,
    time: TimeSpec,
    between: Callable[[], None] = lambda: None,
) -> NDArray:
    """x-major ``W``, ``(2, x, p)``, advanced in place by equal steps until its moments rest.

    These are its densities, momenta and kinetic energies: in a uniform gas a force changes the
    current and no density. What is left of their way is extrapolated, see
    :class:`.extrapolation.Trail`: a small change may be one of many.

    Steps are of ``time.dt``. Where it is "auto", their length is found on the way, by steps that
    are chosen by their errors, and halved until the moments rest where they did before, to half of
    ``time.tolerance``: errors of a step add up on a slow way.

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
    allowed = REST * maxwellian.tolerance
    if not time.adaptive or time.tolerance is None:
        _rest(way, make(time.dt), time.dt, allowed, between)
        return W
    tolerance, order = time.tolerance, order_of(time.scheme, space.physics)
    allowed = max(allowed, tolerance / 4)  # of each of two rests
    adaptive = Adaptive(collisions, make, order, tolerance, time.dt)
    dt = _chosen(adaptive, way, time.dt, LOUD * tolerance, between)
    del adaptive  # and its fields
    _rest(way, make(dt), dt, allowed, between)
    for _ in range(MOST_HALVINGS):
        dt, before = dt / 2, way.moments
        _rest(way, make(dt), dt, allowed, between)
        apart = way.since(before)
        if apart <= 2 * allowed:
            return W
    raise StateError(
        Fault(
            "initial.state",
            f'"steady", but steps of {2 * dt:.1e} and {dt:.1e} lead to moments that are '
            f"{apart:.1e} of the largest n0 apart",
            f"at most {2 * allowed:.1e}",
            "use a larger time.tolerance, or a time.dt",
        )
    )


def _rest(way: Way, step: Step, dt: float, allowed: float, between: Callable[[], None]) -> None:
    """Equal steps until what is left of the way is within what is allowed.

    It is looked at after the life of the slowest wave and not before: a short way may be the fast
    part of a long one. Moments that do not change at all are at rest, and so are those of a uniform
    gas whose changes would not add up to what is allowed in this life: no barrier makes it longer.

    Raises
    ------
    StateError
        If that takes too many steps.
    """
    trail, stride, still = Trail(way.moments), math.ceil(way.slowest / dt / (SEEN - 1)), 0
    least = max(STILL, allowed * dt / way.slowest) if way.uniform else STILL
    most = MOST_STEPS
    if 2 * (SEEN - 1) * stride > most:  # then nothing is known but of what comes to rest at once
        most = max(2 * SEEN, MOST_STEPS // 100)
    for k in range(1, most + 1):
        between()
        step(way.W, 0.0)
        change = way.change()
        still = still + 1 if change <= least else 0
        if k % stride == 0:
            trail.add(way.moments)
        if way.comm.bcast(trail.left <= allowed or still == SEEN):  # one answer on all ranks
            return
    raise StateError(
        Fault(
            "initial.state",
            f'"steady", but the moments still change by {change:.1e} of the largest n0 in a step '
            f"after {way.steps} of them",
            f"at most {allowed:.1e} left of their way, seen from two lives of the slowest wave, "
            f"t = {2 * way.slowest:.3g}, in {MOST_STEPS} steps",
            "use a longer time.dt, a larger time.tolerance or maxwellian.tolerance, or fields in "
            "which they rest",
        )
    )


def _chosen(
    adaptive: Adaptive, way: Way, dt: float, loud: float, between: Callable[[], None]
) -> float:
    """Advance W by steps chosen by their errors; the length of those that go on where it rests.

    Chosen steps come near the rest fast, but need not end there: steps whose lengths alternate have
    no steady state in common.

    Parameters
    ----------
    dt
        The first step at the most.
    loud
        What moments change by in a step, relative to the largest n0, on the way to their rest.
    """
    times = [k * MOST_GROWTH * dt for k in range(1, MOST_CHOSEN + 1)]
    quiet, longest = 0, 0.0
    between()
    for interval in islice(adaptive.advance(way.W, 0.0, times), MOST_CHOSEN):
        dt = interval.length
        quiet = quiet + 1 if way.change() <= loud and dt <= longest else 0
        longest = max(longest, dt)
        if quiet == QUIET:
            break
        between()
    return dt


class Way:
    """That of x-major W to its rest: how its moments change.

    Attributes
    ----------
    steps
        Number of those that were done.
    moments
        Those of W after them, ``(13, N1, N2)``.
    slowest
        How long the slowest wave lives.
    uniform
        Whether nothing varies in x.
    comm
        The ranks that have W.
    """

    def __init__(self, space: PhaseSpace, W: NDArray) -> None:
        self.W, self.steps, self.moments = W, 0, _moments(space, W)
        sides = varying_sides(space.physics, space.layout.grid, self.moments)
        self.slowest, self.uniform = slowest_wave(space.physics, sides), not sides
        self.comm, self._space, self._told = space.layout.comm, space, np.inf

    def change(self) -> float:
        """That of the moments in the last step, relative to the largest n0."""
        before, self.moments = self.moments, _moments(self._space, self.W)
        change, self.steps = self.since(before), self.steps + 1
        if self._space.layout.comm.rank == 0 and change <= 0.1 * self._told:
            self._told = change
            log.info("settles: the moments change by %.1e in step %d", change, self.steps)
        return change

    def since(self, before: NDArray) -> float:
        """How far they are from earlier ones, ``(13, N1, N2)``, relative to the largest n0."""
        return float(np.abs(self.moments - before).max() / self.moments[0].max())


def _moments(space: PhaseSpace, W: NDArray) -> NDArray:
    """n0 sigma_0 + eps n.sigma, momenta and kinetic energy of x-major W, ``(13, N1, N2)``."""
    found = moments(space.layout, W, space.physics)
    momentum = np.concatenate(np.moveaxis(space.physics.scaled(found.momentum), 1, 0))
    N = space.physics.scaled(found.densities)
    return np.concatenate([N, momentum, found.kinetic_energy[None]])
