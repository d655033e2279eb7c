"""A run: from a checked problem to a directory of results, on all ranks of a communicator."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from numpy.typing import NDArray

from . import checkpoint, initial
from .case import Case, CaseError
from .checkpoint import State
from .constraint import ConstraintError, Secants
from .evolve import Interval, evolve, record_times, schedule
from .layout import SERIAL, Communicator, Layout
from .maxwellian import Maxwellian
from .moments import diagnostics, moments
from .observer import Observer
from .problem import Problem
from .records import Records
from .relaxation import TABLEAUS, Collisions, Step, make_step
from .report import Phases
from .splitting import SPLITTINGS, STRANG, Splitting
from .stopping import Agenda, stop_requests
from .transport import Flow, Transport
from .twosided import PhaseSpace


def execute(
    case: Case,
    problem: Problem,
    directory: Path,
    comm: Communicator = SERIAL,
    *,
    resume: bool = False,
) -> bool:
    """Run a case into an existing directory, or go on with the run that is there.

    A checkpoint is written when the case asks for one, and always at the end: whatever ended a
    run, it can go on, to a later t_end too.

    Returns
    -------
    bool
        True when t_end was reached, False when a signal or the wall-clock limit stopped the run.

    Raises
    ------
    CheckpointError, CaseError
        If there is nothing to resume from, or nothing to resume to; nothing was changed.
    ConstraintError
        If a quantum Maxwellian cannot be computed; what was recorded stays.
    OSError
        If the directory cannot be written; what was recorded stays.
    """
    with stop_requests() as requests:
        run = Run(case, problem, directory, comm)
        if resume:
            run.resume()
        else:
            run.start()
        output = run.observer
        agenda = Agenda(case.output, comm, requests, output.phases.elapsed, output.t)
        return run.advance(agenda)


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
        self.space = PhaseSpace(self.layout, problem.epsilon)
        spec = case.maxwellian
        self.maxwellian = Maxwellian(
            self.space, problem.alpha, spec.tolerance, spec.max_evaluations, spec.richardson
        )
        self.collisions = Collisions(self.maxwellian)
        tableau = TABLEAUS.get(case.time.scheme)
        fitting = STRANG if tableau is None else tableau.splitting
        splitting = SPLITTINGS.get(case.time.splitting, fitting)
        self.transport = TimedTransport(self.space, problem, splitting, phases)
        phases.include(self.collisions.seconds)

    def initial_state(self) -> NDArray:
        """W at t = 0, x-major."""
        problem = self.problem
        state = self.case.initial.state
        return initial.prepare(state, self.maxwellian, problem.N, problem.V, problem.tau)

    def step(self, dt: float) -> Step:
        """One step of length ``dt``."""
        scheme, tau = self.case.time.scheme, self.problem.tau
        return make_step(scheme, self.transport, self.collisions, tau, dt)

    def multipliers(self, N: NDArray) -> NDArray:
        """A of M(N), without a trace: how often a run is recorded must not change it."""
        solver = self.maxwellian
        learned, levels = solver.secants, solver.levels
        solver.secants = Secants(list(learned.steps), list(learned.changes))
        try:
            return solver.multipliers(N, self.collisions.latest).A
        finally:
            solver.secants, solver.levels = learned, levels or solver.levels

    def intervals(self, t: float, steps: int) -> Iterator[Interval]:
        """The steps that are left after ``steps`` steps have led to ``t``.

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

    def snapshot(self, t: float, steps: int, records: int) -> State:
        """All but W that goes into a checkpoint."""
        levels, secants = self.maxwellian.levels or 0, self.maxwellian.secants
        latest = self.collisions.latest
        return State(t, steps, records, levels, latest, secants, self.problem.identity)

    def restore(self, state: State) -> None:
        """Know what was known at the checkpoint."""
        self.maxwellian.levels = state.levels or self.case.maxwellian.richardson
        self.maxwellian.secants = state.secants
        self.collisions.latest = state.latest


class TimedTransport(Transport):
    """Transport that measures its wall time."""

    def __init__(
        self, space: PhaseSpace, problem: Problem, splitting: Splitting, phases: Phases
    ) -> None:
        super().__init__(space, problem.alpha, problem.V, splitting)
        self._phases = phases

    def flow(self, t: float) -> Flow:
        """exp(-t T) over one step ``t``."""
        flow = super().flow(t)

        def timed(W: NDArray) -> None:
            with self._phases("transport"):
                flow(W)

        return timed


class Run:
    """A solution on its way, and the directory that it leaves its traces in."""

    def __init__(self, case: Case, problem: Problem, directory: Path, comm: Communicator) -> None:
        self._case, self._checkpoints = case, directory / "checkpoint"
        grid = problem.grid
        heading = "x lattice {} x {}, p lattice {} x {}, P = ({:.4g}, {:.4g})"
        heading = heading.format(*grid.n_x, *grid.n_p, *grid.p_max)
        records = Records(directory / "moments.h5")
        self.observer = Observer(records, case, problem, comm, heading, {})
        with self.observer.phases("setup"):
            self.solver = Solver(case, problem, comm, self.observer.phases)
        self._W: NDArray | None = None

    def start(self) -> None:
        """Begin at t = 0."""
        self.observer.start()
        with self.observer.phases("setup"):
            self._W = self.solver.initial_state()
        self._record()

    def resume(self) -> None:
        """Begin at the newest checkpoint."""
        with self.observer.phases("setup"):
            solver, t_end = self.solver, self._case.time.t_end
            self._W, state = checkpoint.load(
                self._checkpoints, solver.layout, solver.problem.identity
            )
            if state.t > t_end + 1e-9 * self._case.time.dt:
                message = f"expected at least t = {state.t:g}, which the run has reached"
                raise CaseError([("time.t_end", f"{t_end:g}", message)])
            solver.restore(state)
            self.observer.resume(state)

    def advance(self, agenda: Agenda) -> bool:
        """Go on to t_end, or until the agenda says stop; whether t_end was reached."""
        output, solver = self.observer, self.solver
        left = sum(1 for _ in solver.intervals(output.t, output.steps))
        output.expect(left)
        stop = None
        if left:
            stop = agenda.decide(output.t).stop or self._loop(left, agenda)
            self._save()
        maxwellian = solver.maxwellian
        facts = {"levels": maxwellian.levels, "lattice_defect": maxwellian.defect}
        output.finish(stop, facts, "resume goes on")
        return stop is None

    def _loop(self, left: int, agenda: Agenda) -> str | None:
        """The steps that are left, with records and checkpoints; why they were stopped."""
        counts, counted = self.solver.collisions.evaluations, 0
        for interval in self._steps():
            left -= 1
            self.observer.step(interval.end, counts[counted:])
            counted = len(counts)
            if interval.landed:
                self._record()
            save, stop = agenda.decide(interval.end)
            if left and stop:
                return stop
            if left and save:
                self._save()
                agenda.saved(interval.end)
        return None

    def _steps(self) -> Iterator[Interval]:
        """Advance W; an error says when it happened."""
        intervals = self.solver.intervals(self.observer.t, self.observer.steps)
        try:
            yield from evolve(self._W, intervals, self.solver.step)
        except ConstraintError as error:
            t, steps = self.observer.t, self.observer.steps
            raise ConstraintError(f"after t = {t:.6g} (step {steps + 1}): {error}") from None

    def _record(self) -> None:
        """Moments, diagnostics and multipliers of W, given to the observer."""
        solver, problem = self.solver, self.solver.problem
        with self.observer.phases("records"):
            fields = moments(solver.layout, self._W, problem.epsilon, problem.alpha)
            scalars = diagnostics(solver.layout, self._W, fields, problem.V, problem.epsilon)
            A = solver.multipliers(fields.density(problem.epsilon))
            values = vars(fields) | vars(scalars)
            values["spin_total"] = values.pop("spin")
            values |= {"a0": A[0], "a": A[1:] / problem.epsilon}
            self.observer.record(values)

    def _save(self) -> None:
        """A checkpoint of W."""
        output, solver = self.observer, self.solver
        with output.phases("checkpoints"):
            output.before_checkpoint()
            state = solver.snapshot(output.t, output.steps, output.records)
            path = checkpoint.save(self._checkpoints, solver.layout, self._W, state)
        output.note(f"{path.name} at t = {output.t:.6g}")
