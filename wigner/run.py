"""A run: from a checked problem to a directory of results, on all ranks of a communicator."""

from __future__ import annotations

import logging
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from numpy.typing import NDArray

from . import checkpoint, initial
from .case import Case
from .checkpoint import State
from .constraint import ConstraintError
from .evolve import Interval, evolve, record_times, schedule
from .layout import Communicator, Layout
from .maxwellian import Maxwellian
from .moments import diagnostics, moments
from .observer import Observer, Progress
from .problem import Problem
from .relaxation import TABLEAUS, Collisions, Step, make_step
from .splitting import SPLITTINGS, STRANG
from .transport import Transport
from .twosided import PhaseSpace

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)


class Solver:
    """Everything that one problem needs to be advanced in time."""

    def __init__(self, case: Case, problem: Problem, comm: Communicator) -> None:
        self.case, self.problem = case, problem
        self.layout = Layout(problem.grid, comm)
        self.space = PhaseSpace(self.layout, problem.epsilon)
        spec = case.maxwellian
        self.maxwellian = Maxwellian(
            self.space, problem.alpha, spec.tolerance, spec.max_evaluations, spec.richardson
        )
        self.collisions = Collisions(self.maxwellian)
        tableau = TABLEAUS.get(case.time.scheme)
        fitting = STRANG if tableau is None else tableau.splitting
        splitting = SPLITTINGS.get(case.time.splitting, fitting)
        self.transport = Transport(self.space, problem.alpha, problem.V, splitting)
        self.seconds = {"transport": 0.0, "other": 0.0}

    def initial_state(self) -> NDArray:
        """W at t = 0, x-major."""
        problem = self.problem
        state = self.case.initial.state
        return initial.prepare(state, self.maxwellian, problem.N, problem.V, problem.tau)

    def step(self, dt: float) -> Step:
        """One step of length ``dt``."""
        scheme, tau = self.case.time.scheme, self.problem.tau
        return make_step(scheme, self.transport, self.collisions, tau, dt)

    def intervals(self, state: State | None) -> Iterator[Interval]:
        """The steps of the case, or those that are left after ``state``."""
        times = record_times(self.case.time.t_end, self.case.output.every)
        dt = self.case.time.dt
        if state is None:
            return schedule(times, dt)
        done = list(islice(schedule(times, dt), state.steps))
        if done and len(done) == state.steps and done[-1].end == state.t:
            return islice(schedule(times, dt), state.steps, None)
        return schedule([t for t in times if t > state.t], dt, state.t)


def execute(
    case: Case, problem: Problem, directory: Path, comm: Communicator, *, resume: bool = False
) -> bool:
    """Run a case into ``directory``, or go on with the run that is there.

    Returns
    -------
    bool
        True when t_end was reached, False when a signal or the wall-clock limit stopped the run;
        the state is then in a checkpoint.

    Raises
    ------
    ConstraintError
        If a quantum Maxwellian cannot be computed; what was recorded stays.
    CheckpointError
        If there is nothing to resume from.
    """
    solver = Solver(case, problem, comm)
    observer = Observer(directory, case, problem, comm)
    clock = time.perf_counter()
    if resume:
        W, state = checkpoint.load(directory / "checkpoint", solver.layout)
        solver.maxwellian.levels, solver.maxwellian.secants = state.levels, state.secants
        solver.collisions.past = state.past
        observer.resume(state)
    else:
        state = None
        observer.start()
        W = solver.initial_state()
        _record(solver, observer, W, 0.0)
    observer.spent["setup"] = time.perf_counter() - clock
    return _advance(solver, observer, W, state)


def _advance(solver: Solver, observer: Observer, W: NDArray, state: State | None) -> bool:
    """The time loop with its observations; whether it came to the end."""
    spec, comm = solver.case.output, solver.layout.comm
    steps, t = (0, 0.0) if state is None else (state.steps, state.t)
    intervals = list(solver.intervals(state))
    progress = Progress(t, solver.case.time.t_end, len(intervals))
    saved_t, saved_clock, finished = t, time.monotonic(), True
    with _stop_requests() as requests:
        try:
            for interval in evolve(W, intervals, solver.step):
                steps, t = steps + 1, interval.end
                if interval.landed:
                    _record(solver, observer, W, t)
                observer.progress(progress.line(t, solver.collisions.evaluations))
                late = spec.wall_limit and observer.elapsed() > spec.wall_limit
                due = spec.checkpoint and t - saved_t >= spec.checkpoint * (1 - 1e-9)
                old = spec.checkpoint_wall and time.monotonic() - saved_clock > spec.checkpoint_wall
                votes = comm.allgather((bool(requests) or bool(late), bool(due or old)))
                stop = any(vote for vote, _ in votes) and t < solver.case.time.t_end
                if stop or votes[0][1]:
                    _save(solver, observer, W, t, steps)
                    saved_t, saved_clock = t, time.monotonic()
                if stop:
                    finished = False
                    break
        except ConstraintError as error:
            raise ConstraintError(f"after t = {t:.6g} (step {steps + 1}): {error}") from None
    observer.finish("finished" if finished else "stopped", steps, solver.collisions, _peak(comm))
    return finished


def _record(solver: Solver, observer: Observer, W: NDArray, t: float) -> None:
    """Moments, diagnostics and multipliers of W, given to the observer."""
    problem = solver.problem
    fields = moments(solver.layout, W, problem.epsilon, problem.alpha)
    scalars = diagnostics(solver.layout, W, fields, problem.V, problem.epsilon)
    A = solver.collisions.multipliers(fields.density(problem.epsilon), t)
    observer.record(t, fields, scalars, A, solver.collisions)


def _save(solver: Solver, observer: Observer, W: NDArray, t: float, steps: int) -> None:
    state = State(t, steps, observer.records, solver.maxwellian.levels or 0, solver.collisions.past)
    path = checkpoint.save(observer.directory / "checkpoint", solver.layout, W, state)
    observer.note(f"checkpoint {path.name} at t = {t:.6g}")


@contextmanager
def _stop_requests() -> Iterator[list[int]]:
    """The signals that asked for an end; handlers are put back afterwards."""
    requests: list[int] = []
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, lambda received, _frame: requests.append(received))
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _peak(comm: Communicator) -> int:
    """Largest memory of a rank so far, in bytes."""
    return max(comm.allgather(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)) * 1024
