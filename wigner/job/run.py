"""A run: from a checked problem to a directory of results, on all ranks of a communicator."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from numpy.typing import NDArray

from ..case.problem import Problem
from ..case.spec import Case, CaseError
from ..evolution.evolve import Interval, evolve, schedule
from ..evolution.solver import Solver
from ..evolution.state import State
from ..maxwellian.constraint import ConstraintError
from ..maxwellian.multipliers import ResolutionError
from ..output import checkpoint
from ..output.checkpoint import CheckpointError
from ..output.observer import Observer
from ..output.records import Records
from ..phase_space.communicator import SERIAL, Communicator
from ..phase_space.moments import density, diagnostics, moments
from .agenda import Agenda, stop_requests
from .estimate import FIELD
from .guards import StateError, check_edge, check_moments

log = logging.getLogger(__name__)

# A step whose constraint cannot be solved is done again in so many parts.
PARTS = (2, 4, 8, 16)
# Bytes of a checkpoint that a slow file system takes in a second.
SLOW = 1e8


def execute(
    case: Case,
    problem: Problem,
    directory: Path,
    comm: Communicator = SERIAL,
    *,
    resume: bool = False,
) -> bool:
    """Run a case into an existing directory, or go on with the run that is there.

    A checkpoint is written when the case asks for one, and always at the beginning and at the
    end: whatever ended a run, it can go on, to a later t_end too.

    Returns
    -------
    bool
        True when t_end was reached, False when a signal or the wall-clock limit stopped the run.

    Raises
    ------
    CheckpointError, CaseError
        If there is nothing to resume from, or nothing to resume to; nothing was changed.
    ConstraintError
        If a quantum Maxwellian cannot be computed, in shorter steps neither.
    StateError
        If a state is not finite, lost mass, or does not fit into the p box. In both cases there is
        a checkpoint from before, and what was recorded stays.
    OSError
        If the directory cannot be written; what was recorded stays.
    """
    with stop_requests() as requests:
        run = Run(case, problem, directory, comm)
        if resume:
            run.resume()
        else:
            run.start()
        saving = FIELD * problem.grid.nx * problem.grid.np / SLOW
        clock, t = run.observer.phases.elapsed, run.observer.t
        return run.advance(Agenda(case.output, comm, requests, clock, t, saving))


class Run:
    """A solution on its way, and the directory that it leaves its traces in."""

    def __init__(self, case: Case, problem: Problem, directory: Path, comm: Communicator) -> None:
        self._case, self._checkpoints = case, directory / "checkpoint"
        grid = problem.grid
        heading = "x lattice {} x {}, p lattice {} x {}, P = ({:.4g}, {:.4g})"
        heading = heading.format(*grid.n_x, *grid.n_p, *grid.p_max)
        records = Records(directory / "moments.h5")
        self.observer = Observer(records, case, problem, comm, heading, {})
        self._kept = "there is no checkpoint yet, a new run loses nothing"
        with self.observer.phases("setup"):
            self.solver = Solver(case, problem, comm, self.observer.phases)
        self._W: NDArray | None = None

    def start(self) -> None:
        """Begin at t = 0."""
        self.observer.start()
        with self._located(), self.observer.phases("setup"):
            self._W = self.solver.initial_state()
        self._record()
        self._save()

    def resume(self) -> None:
        """Begin at the newest checkpoint; at t = 0 if the run did not come to write one."""
        layout, t_end = self.solver.layout, self._case.time.t_end
        if not checkpoint.found(self._checkpoints, layout.comm) and self.observer.is_blank():
            return self.start()
        with self.observer.phases("setup"):
            state = self._load()
            if state.t > t_end + 1e-9 * self._case.time.dt:
                message = f"expected at least t = {state.t:g}, which the run has reached"
                raise CaseError([("time.t_end", f"{t_end:g}", message)])
            self.observer.resume(state)

    def advance(self, agenda: Agenda) -> bool:
        """Go on to t_end, or until the agenda says stop; whether t_end was reached."""
        output, solver = self.observer, self.solver
        left = sum(1 for _ in solver.intervals(output.t, output.steps))
        output.expect(left)
        stop = None
        if left:
            stop = agenda.decide(output.t).stop or self._loop(left, agenda)
        maxwellian = solver.maxwellian
        facts = {"levels": maxwellian.levels, "lattice_defect": maxwellian.defect}
        output.finish(stop, facts, "resume goes on")
        return stop is None

    def _loop(self, left: int, agenda: Agenda) -> str | None:
        """The steps that are left, with records and checkpoints; why they were stopped."""
        counts = self.solver.collisions.evaluations
        for interval in self._steps():
            left -= 1
            self.observer.step(interval.end, list(counts))
            counts.clear()
            if interval.landed:
                self._record()
            save, stop = agenda.decide(interval.end)
            if save or stop or not left:
                self._save()
                agenda.saved(interval.end)
            if left and stop:
                return stop
        return None

    def _steps(self) -> Iterator[Interval]:
        """Advance W, in shorter steps where the constraint cannot be solved otherwise."""
        output = self.observer
        with self._located():
            while True:
                failure = None
                intervals = self.solver.intervals(output.t, output.steps)
                try:
                    yield from self._checked(intervals)
                except ResolutionError:
                    raise
                except ConstraintError as error:
                    failure = str(error)
                if failure is None:
                    return
                yield self._retry(failure)
                self._save()  # nobody has to go this way again

    def _checked(self, intervals: Iterator[Interval]) -> Iterator[Interval]:
        """Advance W over the intervals; raises StateError as soon as it is not sound."""
        solver, initial = self.solver, self.solver.problem.N
        for interval in evolve(self._W, intervals, solver.step):
            check_moments(density(solver.layout, self._W), initial, solver.layout.grid)
            yield interval

    def _retry(self, failure: str) -> Interval:
        """The step that failed, in parts, from the checkpoint before and the steps since.

        No second W is kept for this: all steps are done again, to the same bits.
        """
        output, solver = self.observer, self.solver
        interval = next(solver.intervals(output.t, output.steps))
        try:
            self._replay()
            for parts in PARTS:
                if solver.layout.comm.rank == 0:
                    told = "the step to t = %.6g is done again in %d parts: %s"
                    log.warning(told, interval.end, parts, failure)
                try:
                    shorter = schedule([interval.end], interval.length / parts, interval.t)
                    for _ in self._checked(shorter):
                        pass
                    return interval
                except ConstraintError as error:
                    failure = str(error)
                self._load()
        except (CheckpointError, CaseError) as error:
            failure = f"{failure}; the step cannot be done again: {error}"
        raise ConstraintError(f"{failure}; shorter steps failed too, down to dt/{PARTS[-1]}")

    def _replay(self) -> None:
        """Come back to the last step, and keep it."""
        output, solver = self.observer, self.solver
        state = self._load()
        since = solver.intervals(state.t, state.steps)
        for _ in self._checked(islice(since, output.steps - state.steps)):
            pass
        solver.collisions.evaluations.clear()
        if state.steps < output.steps:
            self._save()

    @contextmanager
    def _located(self) -> Iterator[None]:
        """Errors say when they happened, and what there is to go on from."""
        try:
            yield
        except (ConstraintError, StateError) as error:
            where = f"at t = {self.observer.t:.6g}, after {self.observer.steps} steps"
            raise type(error)(f"{where}: {error}; {self._kept}") from None

    def _load(self) -> State:
        """W and all that is known, from the newest checkpoint."""
        solver = self.solver
        self._W = None  # never two of them
        self._W, state = checkpoint.load(self._checkpoints, solver.layout, solver.problem.identity)
        solver.restore(state)
        self._keep(state)
        return state

    def _record(self) -> None:
        """Moments, diagnostics and multipliers of W, given to the observer."""
        solver, problem = self.solver, self.solver.problem
        with self._located(), self.observer.phases("records"):
            fields = moments(solver.layout, self._W, problem.epsilon, problem.alpha)
            scalars = diagnostics(solver.layout, self._W, fields, problem.V, problem.epsilon)
            check_edge(scalars.edge_mass, solver.layout, self._W)
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
            state = solver.snapshot(output.t, output.steps, output.records, output.digest)
            path = checkpoint.save(self._checkpoints, solver.layout, self._W, state)
        self._keep(state)
        output.note(f"{path.name} at t = {output.t:.6g}")

    def _keep(self, state: State) -> None:
        name = checkpoint.name(state.steps)
        self._kept = f"the newest checkpoint, {name} at t = {state.t:.6g}, is from before"
