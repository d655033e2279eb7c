"""All that one problem needs to be advanced in time, and what of it goes into a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ..case.problem import Problem
from ..case.spec import Case
from ..flows.splitting import SPLITTINGS, STRANG, Splitting
from ..flows.transport import Flow, Transport
from ..flows.two_sided import PhaseSpace
from ..maxwellian.equilibrium import Maxwellian
from ..phase_space.communicator import SERIAL, Communicator
from ..phase_space.layout import Layout
from ..timing import Phases
from . import initial
from .adaptive import Adaptive
from .balance import Ledger
from .evolve import Interval, evolve, record_times, schedule
from .relaxation import TABLEAUS, Collisions, Step, make_step, order_of
from .state import Reached, State
from .steady import settled


class Solver:
    """Everything that one problem needs to be advanced in time."""

    def __init__(
        self,
        case: Case,
        problem: Problem,
        comm: Communicator = SERIAL,
        phases: Phases | None = None,
    ) -> None:
        self.case, self.problem = case, problem
        phases = Phases() if phases is None else phases
        self.layout = Layout(problem.grid, comm)
        self.space = PhaseSpace(self.layout, problem.physics)
        spec = case.maxwellian
        self.maxwellian = Maxwellian(
            self.space, spec.tolerance, spec.max_evaluations, spec.richardson
        )
        self.ledger = Ledger(self.layout, problem.physics)
        self.collisions = Collisions(self.maxwellian, self.ledger)
        tableau = TABLEAUS.get(case.time.scheme)
        fitting = STRANG if tableau is None else tableau.splitting
        splitting = SPLITTINGS.get(case.time.splitting, fitting)
        self.transport = TimedTransport(self.space, splitting, phases)
        self.adaptive: Adaptive | None = None
        if case.time.adaptive and case.time.tolerance is not None:
            order = order_of(case.time.scheme, problem.physics)
            first, tolerance = case.time.dt, case.time.tolerance
            self.adaptive = Adaptive(self.collisions, self.step, order, tolerance, first)
        phases.include(self.maxwellian.seconds)

    def initial_state(self, between: Callable[[], None] = lambda: None) -> NDArray:
        """W at t = 0, x-major: complex, shape ``(2, x, p)``, w0 + i w3 and w1 + i w2.

        ``between`` is called before every step to a steady state, and may raise to end this.
        """
        case = self.case
        if case.initial.state != "steady":
            return initial.prepare(case.initial.state, self.maxwellian, self.problem.N)
        W = initial.prepare("maxwellian", self.maxwellian, self.problem.N)
        return settled(W, self.maxwellian, self.transport.splitting, case.time, between)

    def step(self, dt: float) -> Step:
        """One step of eq. (29) of length ``dt``: ``step(W, t)`` advances W in place."""
        return make_step(self.case.time.scheme, self.transport, self.collisions, dt)

    def evolve(self, W: NDArray, t: float, steps: int) -> Iterator[Interval]:
        """Advance W in place to t_end from ``t``, to which ``steps`` steps have led; yield each.

        W is x-major, shape ``(2, x, p)``.

        Raises
        ------
        ConstraintError
            If the moment constraint cannot be solved; W is then of no use.
        """
        if self.adaptive is None:
            return evolve(W, self.intervals(t, steps), self.step)
        times = record_times(self.case.time.t_end, self.case.output.every)
        return self.adaptive.advance(W, t, times)

    def intervals(self, t: float, steps: int) -> Iterator[Interval]:
        """The steps of a given length that are left after ``steps`` steps have led to ``t``.

        They are those of a run without interruption where that run comes by ``t``.
        """
        times = record_times(self.case.time.t_end, self.case.output.every)
        dt = self.case.time.dt
        whole, reached, done = schedule(times, dt), 0.0, 0
        for interval in islice(whole, steps):
            reached, done = interval.end, done + 1
        if done == steps and abs(reached - t) <= 1e-9 * dt:
            return whole
        return schedule([time for time in times if time > t + 1e-9 * dt], dt, t)

    def snapshot(self, reached: Reached) -> State:
        """All but W that goes into a checkpoint."""
        memory, identity = self.maxwellian.memory.copy(), self.problem.identity
        dt = 0.0 if self.adaptive is None else self.adaptive.dt
        balance = tuple(self.ledger.values.tolist())
        return State(**reached._asdict(), memory=memory, physics=identity, dt=dt, balance=balance)

    def restore(self, state: State) -> None:
        """Remember what was remembered at the checkpoint."""
        self.maxwellian.restore(state.memory)
        self.ledger.values = np.array(state.balance)
        if self.adaptive is not None and state.dt > 0:
            self.adaptive.dt = state.dt


class TimedTransport(Transport):
    """Transport that measures its wall time."""

    def __init__(self, space: PhaseSpace, splitting: Splitting, phases: Phases) -> None:
        super().__init__(space, splitting)
        self._phases = phases

    def flow(self, length: float) -> Flow:
        """exp(-t T) over one step."""
        return partial(self._timed, super().flow(length))

    def _timed(
        self, flow: Flow, *fields: NDArray, t: float = 0.0, weights: Sequence[float] = (1.0,)
    ) -> None:
        with self._phases("transport"):
            flow(*fields, t=t, weights=weights)
