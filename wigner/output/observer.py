"""What a run keeps and says: records, run.json, warnings and progress."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..case.dimensions import moment
from ..case.problem import Problem
from ..case.spec import Case, as_dict
from ..errors import CheckpointError, Fault, RecordsError
from ..evolution.quality import Quality, Winding
from ..evolution.state import Reached, State
from ..machine import peak_memory
from ..phase_space.communicator import Communicator
from ..timing import Phases
from . import checkpoint, files
from .checkpoint import on_first
from .logs import PROGRESS
from .progress import Progress
from .records import Records
from .run_json import Report, Session
from .variables import Attributes, about, places

log = logging.getLogger(__name__)

# Mass and total spin.
Totals = tuple[float, NDArray]


@dataclass(frozen=True)
class Directory:
    """The directory of a run that has yet to begin, or to go on.

    Attributes
    ----------
    moments
        moments.h5, in the directory of the run.
    heading
        What is solved, in a line.
    facts
        Values for run.json from the beginning.
    """

    moments: Records
    case: Case
    problem: Problem
    comm: Communicator
    heading: str
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.moments.path.parent

    def is_blank(self) -> bool:
        """Whether a run left no records but perhaps the first, on all ranks."""
        return on_first(self.comm, self.moments.is_blank)

    def start(self, phases: Phases) -> Observer:
        """Begin a new run: make the directory's files, in place of those of an earlier run.

        Raises
        ------
        OSError
            On all ranks, if the directory cannot be written.
        """

        def create() -> Begun:
            self._discard()
            files.write_text(self.path / "case.toml", self.case.text)
            begun = self._begin(Report(self.path), 0.0, None)
            axes = places(self.problem.grid, self.case.output)
            self.moments.create(self.problem, self.attributes(begun.session), self.case.units, axes)
            return begun

        return Observer(self, phases, on_first(self.comm, create), 0.0, 0, 0)

    def resume(self, phases: Phases, state: State) -> Observer:
        """Go on from a checkpoint: the records that it does not know of are cut off.

        Raises
        ------
        CheckpointError
            On all ranks and with nothing changed, if the records are not those of the checkpoint.
        OSError
            As :meth:`start`.
        """

        def go_on() -> Begun:
            report = Report.read(self.path)
            if report.killed:
                log.info("the session before did not come to its end: %s", report.killed)
            begun = self._begin(report, state.t, self.moments.totals(0))
            self.moments.truncate(state.records, self.attributes(begun.session))
            files.write_text(self.path / "case.toml", self.case.text)
            log.info("resumed at %s after %d steps", moment(self.case.units, state.t), state.steps)
            return begun

        fault = on_first(self.comm, lambda: self._mismatch(state))
        if fault is not None:
            raise CheckpointError(fault)
        begun = on_first(self.comm, go_on)
        observer = Observer(self, phases, begun, state.t, state.steps, state.records)
        observer.since_record, observer.quality = list(state.since_record), state.quality
        return observer

    def attributes(self, session: Session) -> Attributes:
        """Attributes of moments.h5."""
        model = str(self.facts.get("model", "kinetic"))
        return about(self.case, model) | session.attributes()

    def _discard(self) -> None:
        """Delete the checkpoints of an earlier run, and say so; other files will be replaced."""
        checkpoints = checkpoint.stored(self.path / checkpoint.DIRECTORY)
        moments = self.moments.path
        results = [path for path in (moments, *checkpoints) if path.exists()]
        if results:
            told = [f"{path.name} ({path.stat().st_size / 1e6:.3g} MB)" for path in results]
            log.info("deletes the results of an earlier run in %s: %s", self.path, ", ".join(told))
        for path in checkpoints:
            path.unlink()

    def _begin(self, report: Report, t: float, first: Totals | None) -> Begun:
        """Enter a session into a report; rank 0 only."""
        session = Session(self.comm.size, t)
        case = {"t": t, "t_end": self.case.time.t_end, "case": as_dict(self.case)}
        report.begin(session, {**self.facts, **case})
        log.info("%s, %d rank(s)", self.heading, self.comm.size)
        return Begun(session, report, first)

    def _mismatch(self, state: State) -> Fault | None:
        """What is wrong with the records, if anything."""
        try:
            if self.moments.resume(state.records) == state.digest:
                return None
            got = "records of another run"
        except RecordsError as error:
            got = error.fault.got
        expected = f"the {state.records} up to the checkpoint at t = {state.t:g}, which is whole"
        remedy = "put back the file of this run, or start a new one"
        return Fault("moments.h5", got, expected, remedy)


class Begun(NamedTuple):
    """A session in its report, and mass and spin of the first record if there is one."""

    session: Session
    report: Report
    first: Totals | None


class Observer:
    """The output side of a run in progress. All ranks call it; only rank 0 touches its files.

    It is made by :class:`Directory`. All ranks have a session and a report, but only those of rank
    0 are kept up to date.

    Attributes
    ----------
    phases
        Wall time by phase.
    t, steps, records
        Time of the run, and its steps and records so far.
    since_record
        Evaluations of each constraint solve since the last record.
    quality
        The worst of the run so far.
    """

    def __init__(
        self,
        directory: Directory,
        phases: Phases,
        begun: Begun,
        t: float,
        steps: int,
        records: int,
    ) -> None:
        self.phases, self.t, self.steps, self.records = phases, t, steps, records
        self._comm, self._moments = directory.comm, directory.moments
        self._session, self._report, self._first = begun
        self._t_end = directory.case.time.t_end
        self._units = directory.case.units
        self.expect(None)
        self.since_record: list[int] = []
        problem = directory.problem
        self.quality, self._winding = Quality(), Winding.on(problem.grid, problem.physics)

    @property
    def reached(self) -> Reached:
        """How far the run is."""
        since = tuple(self.since_record)
        return Reached(self.t, self.steps, self.records, self.digest, since, self.quality)

    def moment(self, t: float | None = None) -> str:
        """A time in words, that of the run if it is left out."""
        return moment(self._units, self.t if t is None else t)

    @property
    def digest(self) -> int:
        """Checksum of the records; on rank 0."""
        return self._moments.digest

    def expect(self, steps: int | None) -> None:
        """The run has so many steps before it; None if only time will tell."""
        self._progress = Progress(self.t, self._t_end, steps, self._units)

    def step(self, t: float, evaluations: list[int]) -> None:
        """A step to ``t`` is done; it took these evaluations, one entry a constraint solve."""
        self.t, self.steps = t, self.steps + 1
        self.since_record += evaluations
        if self._comm.rank:
            return
        self._session.steps += 1
        self._session.solves += len(evaluations)
        self._session.evaluations += sum(evaluations)
        log.info(self._progress.line(t, evaluations), extra=PROGRESS)

    def record(self, values: Mapping[str, ArrayLike]) -> None:
        """Append the state at ``self.t`` to moments.h5.

        ``values`` has all variables of the file but the evaluations, which are counted here.
        """
        mean = sum(self.since_record) / max(1, len(self.since_record))
        self.since_record = []
        self.records += 1

        def write() -> None:
            self._moments.append(self.t, {**values, "evaluations": mean})
            self._session.spent(self.phases)
            self._report.update(self._session, self._totals(values))

        on_first(self._comm, write)

    def watch(self, values: Mapping[str, float]) -> None:
        """Take note of indicators of quality at ``self.t``, and warn of what goes wrong."""
        told = len(self.quality.warnings)
        self.quality = self.quality.after(self.t, values, self._winding, self.moment)
        if not self._comm.rank:
            for warning in self.quality.warnings[told:]:
                log.warning(warning)

    def before_checkpoint(self) -> None:
        """Put on the disk what the checkpoint will count on."""
        on_first(self._comm, self._moments.synchronise)

    def note(self, line: str, level: int = logging.INFO) -> None:
        """A line for terminal and log."""
        if not self._comm.rank:
            log.log(level, line)

    def interrupted(self, name: str, advice: str = "resume goes on") -> None:
        """The signal of this name came; for its handler, so nobody is waited for."""
        if not self._comm.rank:
            message = f"stopped by {name} in the step after {self.moment()}; {advice}"
            with suppress(OSError):
                self._report.interrupt(message)

    def failing(self) -> None:
        """The run is about to fail: run.json has how far it came. Nobody is waited for."""
        if not self._comm.rank:
            self._session.spent(self.phases)
            values = {"t": self.t, "steps": self.steps, "quality": self.quality.as_dict()}
            with suppress(OSError):
                self._report.update(self._session, values)

    def finish(self, reason: str | None, facts: Mapping[str, object], advice: str) -> None:
        """The last word of a session that came to t_end, or was stopped for a reason.

        ``facts`` are values for run.json that the solver knows, ``advice`` says how a run that
        was stopped can go on.
        """
        peaks = self._comm.allgather(peak_memory())
        on_first(self._comm, lambda: self._finish(reason, max(peaks), facts, advice))

    def _totals(self, values: Mapping[str, ArrayLike]) -> dict[str, object]:
        """Values of run.json that follow from the last record."""
        now = _number(values["mass"]), np.array(values["spin_total"])
        mass, spin = self._first = self._first or now
        totals: dict[str, object] = {
            "t": self.t,
            "steps": self.steps,
            "records": self.records,
            "mass_drift": abs(now[0] / mass - 1),
            "spin_drift": (now[1] - spin).tolist(),
            "quality": self.quality.as_dict(),
        }
        return totals | {name: values[name] for name in ("edge_mass",) if name in values}

    def _finish(
        self, reason: str | None, peak: int, facts: Mapping[str, object], advice: str
    ) -> None:
        session, state = self._session, "stopped" if reason else "finished"
        session.peak_memory_bytes_per_rank = peak
        session.spent(self.phases)
        values = {**facts, "state": state, "t": self.t, "steps": self.steps}
        values |= {"quality": self.quality.as_dict()}
        values |= {"message": f"stopped by {reason}; {advice}"} if reason else {}
        self._report.update(session, values)
        each = session.evaluations / max(1, session.solves)
        solves = f"{each:.3g} evaluations a solve, " if session.solves else ""
        log.info(
            f"{state} at {self.moment()}{f' by {reason}' if reason else ''}: {session.steps} "
            f"steps in {session.wall_seconds:.3g} s, {solves}"
            f"{peak / 1e6:.0f} MB a rank; {self.quality.summed_up(self.moment)}"
        )


def _number(value: ArrayLike) -> float:
    return float(np.asarray(value))
