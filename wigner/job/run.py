"""A run: from a checked problem to a directory of results, on all ranks of a communicator."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..case.dimensions import moment
from ..case.problem import Problem
from ..case.spec import Case
from ..errors import CaseError, Fault, SolveError, apart
from ..evolution.evolve import Interval
from ..evolution.solver import Solver
from ..maxwellian.steps import prescribed
from ..output import checkpoint
from ..output.alarm import Alarm
from ..output.observer import Directory, Observer
from ..output.records import Records
from ..output.variables import ARRAYS, SCALARS, driven, of_phase_space
from ..phase_space.communicator import SERIAL, Communicator, nodes_of
from ..timing import Phases
from .agenda import Agenda, Requests, Stopped, stop_requests
from .kept import NOTHING_KEPT, KeptState
from .memory import FIELD
from .observed import look, observe, rhythm
from .retry import Retry
from .supervise import STOPPED, status

# What to do after a stop on the way to a steady state.
AGAIN = "nothing of it is kept before it rests: run again, the same directory may be used"
# Bytes of a checkpoint that a slow file system takes in a second.
SLOW = 1e8


def execute(
    case: Case,
    problem: Problem,
    directory: Path,
    comm: Communicator = SERIAL,
    *,
    resume: bool = False,
) -> int:
    """Run a case into an existing directory, or go on with the run that is there.

    A checkpoint is written when the case asks for one, and always at the beginning and at the
    end: whatever ended a run, it can go on, to a later t_end too.

    Returns
    -------
    int
        The exit status: FINISHED, UNRESOLVED or STOPPED.

    Raises
    ------
    CheckpointError, CaseError
        If there is nothing to resume from, or nothing to resume to; nothing was changed.
    ConstraintError
        If a quantum Maxwellian cannot be computed, not even with shorter steps.
    StateError
        If a state is not finite, lost mass, or does not fit into the p box. Unless it was the
        initial one, there is a checkpoint from before; what was recorded stays.
    OSError
        If the directory cannot be written; what was recorded stays.
    """
    with stop_requests() as requests:
        phases = Phases()
        with phases("setup"):
            solver = Solver(case, problem, comm, phases)
        grid = problem.grid
        heading = "x lattice {} x {}, p lattice {} x {}, P = ({:.4g}, {:.4g})"
        heading = heading.format(*grid.n_x, *grid.n_p, *grid.p_max)
        scalars, arrays = driven(case)
        tables = SCALARS | scalars, ARRAYS | arrays, of_phase_space(case.output)
        file = Records(directory / "moments.h5", *tables)
        nodes = [len(ranks) for ranks in nodes_of(comm).ranks]
        if len(nodes) > 1:
            heading += f", {len(nodes)} nodes"
        files = Directory(file, case, problem, comm, heading, {"ranks_by_node": nodes})
        begin = _resumed if resume else _started
        try:
            run = begin(solver, files, phases, requests)
        except Stopped:
            return STOPPED
        saving = FIELD * grid.nx * grid.np / SLOW
        agenda = Agenda(case.output, comm, requests, phases.elapsed, run.observer.t, saving)
        try:
            return run.advance(agenda)
        except Exception:
            run.observer.failing()
            raise


def _started(solver: Solver, directory: Directory, phases: Phases, requests: Requests) -> Run:
    """A run at t = 0, with its first record and checkpoint.

    Raises
    ------
    Stopped
        If it was asked to stop before its initial state was found; its report says so.
    """
    observer = directory.start(phases)
    requests.heard = observer.interrupted
    agenda = Agenda(solver.case.output, solver.layout.comm, requests, phases.elapsed, 0.0)
    try:
        with phases("setup"):
            W = solver.initial_state(agenda.heed)
    except Stopped as stopped:
        observer.finish(str(stopped), {}, AGAIN)
        raise
    except SolveError as error:
        raise error.at(time=0.0, steps=0, kept=NOTHING_KEPT) from None
    run = Run(observer, KeptState(solver, directory.path / checkpoint.DIRECTORY, W))
    run.record()
    run.save()
    return run


def _resumed(solver: Solver, directory: Directory, phases: Phases, requests: Requests) -> Run:
    """A run at its newest checkpoint; at t = 0 if it did not come to write one."""
    layout, time = solver.layout, solver.case.time
    checkpoints = directory.path / checkpoint.DIRECTORY
    if not checkpoint.found(checkpoints, layout.comm) and directory.is_blank():
        return _started(solver, directory, phases, requests)
    with phases("setup"):
        kept = KeptState(solver, checkpoints, layout.x_major())
        state = kept.load()
        if state.t > time.t_end + 1e-9 * time.dt:
            expected = (
                f"at least {moment(directory.case.units, state.t)}, which the run has reached"
            )
            raise CaseError(Fault("time.t_end", apart(time.t_end, state.t, "6g"), expected))
        observer = directory.resume(phases, state)
        requests.heard = observer.interrupted
        return Run(observer, kept)


class Run:
    """A run in progress and its output directory."""

    def __init__(self, observer: Observer, state: KeptState) -> None:
        self.observer, self._state, self._solver = observer, state, state.solver
        self._retry = Retry(state, self.save)
        self._splitting = Alarm(state.solver.case.maxwellian.tolerance)
        self._rhythm = rhythm(state.solver)

    def advance(self, agenda: Agenda) -> int:
        """Go on to t_end, or until the agenda says stop; the exit status."""
        output, solver = self.observer, self._solver
        stop, time = None, solver.case.time
        if time.adaptive:
            output.expect(None)
        else:
            output.expect(sum(1 for _ in solver.intervals(output.t, output.steps)))
        if output.t < time.t_end - 1e-9 * time.dt:
            stop = agenda.decide(output.t).stop or self._loop(agenda)
        memory = solver.maxwellian.memory
        facts = {
            "splitting_steps": None if memory.steps is None else list(memory.steps.numbers),
            "maxwellian_lattice": None if memory.n_x is None else list(memory.n_x),
            "lattice_defect": memory.worst_defect,
            "worst_splitting_error": self._splitting.as_dict(),
        }
        output.finish(stop, facts, "resume goes on")
        return status(stop, output.quality.verdict)

    def _loop(self, agenda: Agenda) -> str | None:
        """The steps that are left, with records and checkpoints; why they were stopped."""
        counts, t_end = self._solver.collisions.evaluations, self._solver.case.time.t_end
        for interval in self._steps():
            left = interval.end < t_end
            self.observer.step(interval.end, list(counts))
            counts.clear()
            if interval.landed:
                self.record()
            elif self.observer.steps % self._rhythm == 0:
                self._watch()
            save, stop = agenda.decide(interval.end)
            if save or stop or not left:
                self.save()
                agenda.saved(interval.end)
            if left and stop:
                return stop
        return None

    def _steps(self) -> Iterator[Interval]:
        """Advance W, in shorter steps where the constraint cannot be solved otherwise."""
        with self._located():
            yield from self._retry.go_on(self.observer.t, self.observer.steps)

    @contextmanager
    def _located(self) -> Iterator[None]:
        """Errors say when they happened, and what there is to go on from."""
        try:
            yield
        except SolveError as error:
            output = self.observer
            raise error.at(time=output.t, steps=output.steps, kept=self._state.kept) from None

    def record(self) -> None:
        """Give moments, diagnostics and multipliers of W to the observer."""
        with self._located(), self.observer.phases("records"):
            found = observe(self._solver, self._state.W, self.observer.t)
            self.observer.watch(found.indicators)
            self.observer.record(found.values)
            self._note_splitting(self._solver.maxwellian.prescribed_error(found.A))

    def _note_splitting(self, error: float | None) -> None:
        """Warn of the error of steps that were prescribed; of those chosen there is none."""
        t = self.observer.t
        if error is not None and self._splitting.rings(t, error):
            self.observer.note(prescribed(error, t), logging.WARNING)

    def _watch(self) -> None:
        """Give the indicators of quality of W to the observer."""
        with self.observer.phases("records"):
            self.observer.watch(look(self._solver, self._state.W))

    def save(self) -> None:
        """Write a checkpoint."""
        output = self.observer
        with output.phases("checkpoints"):
            output.before_checkpoint()
            name = self._state.save(output.reached)
        output.note(f"{name} at {output.moment()}")
