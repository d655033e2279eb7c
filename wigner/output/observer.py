"""What a run keeps and says: records, run.json, warnings and progress."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..case.problem import Problem
from ..case.spec import Case, as_dict
from ..evolution.state import State
from ..machine import peak_memory
from ..phase_space.communicator import Communicator
from ..timing import Phases
from . import files
from .checkpoint import CheckpointError, on_first
from .logs import PROGRESS
from .records import Records, RecordsError
from .run_json import Report, Session

log = logging.getLogger(__name__)

# What a user should hear about: mass at the edge of the p box, and resolution that runs out.
SIGNS = {
    "edge_mass": (1e-6, "mass at the edge of the p box; use a larger grid.p_max"),
    "tail_eta": (1e-4, "W is losing resolution in p; use more points grid.n_p"),
    "tail_xi": (1e-4, "W is losing resolution in x; use more points grid.n_x"),
}


class Observer:
    """The output side of one run. All ranks call it; only rank 0 touches files and terminal.

    Parameters
    ----------
    moments
        moments.h5, in the directory of the run.
    heading
        What is solved, in a line.
    facts
        Values for run.json from the beginning.
    """

    def __init__(
        self,
        moments: Records,
        case: Case,
        problem: Problem,
        comm: Communicator,
        heading: str,
        facts: Mapping[str, object],
    ) -> None:
        directory = moments.path.parent
        self.directory, self._case, self._problem, self._comm = directory, case, problem, comm
        self._heading, self._facts = heading, dict(facts)
        self.phases, self.t, self.steps, self.records = Phases(), 0.0, 0, 0
        self._moments = moments
        self._report = Report(directory)
        self._session: Session | None = None
        self._progress: Progress | None = None
        self._first: tuple[float, NDArray] | None = None
        self._since_record: list[int] = []
        self._warned: set[str] = set()

    def start(self) -> None:
        """A new run: make the directory's files.

        Raises
        ------
        OSError
            On all ranks, if the directory cannot be written.
        """
        on_first(self._comm, self._create)

    def is_blank(self) -> bool:
        """Whether the run left no records but perhaps the first, on all ranks."""
        return on_first(self._comm, self._moments.is_blank)

    def resume(self, state: State) -> None:
        """Go on from a checkpoint: the records that it does not know of are cut off.

        Raises
        ------
        CheckpointError
            On all ranks and with nothing changed, if the records are not those of the checkpoint.
        OSError
            As :meth:`start`.
        """
        complaint = on_first(self._comm, lambda: self._mismatch(state))
        if complaint:
            raise CheckpointError(complaint)
        self.t, self.steps, self.records = state.t, state.steps, state.records
        on_first(self._comm, lambda: self._continue(state))

    @property
    def digest(self) -> int:
        """Checksum of the records; on rank 0."""
        return self._moments.digest

    def expect(self, steps: int | None) -> None:
        """The run has so many steps before it; None if only time will tell."""
        self._progress = Progress(self.t, self._case.time.t_end, steps)

    def step(self, t: float, evaluations: list[int]) -> None:
        """A step to ``t`` is done; it took these evaluations, one entry a constraint solve."""
        self.t, self.steps = t, self.steps + 1
        self._since_record += evaluations
        if self._comm.rank:
            return
        self._session.steps += 1
        self._session.solves += len(evaluations)
        self._session.evaluations += sum(evaluations)
        log.info(self._progress.line(t, evaluations), extra=PROGRESS)

    def record(self, values: Mapping[str, ArrayLike]) -> None:
        """Append the state at ``self.t`` to moments.h5, and warn of what goes wrong in it.

        ``values`` has all variables of the file but the evaluations, which are counted here.
        """
        mean = sum(self._since_record) / max(1, len(self._since_record))
        self._since_record = []
        self.records += 1

        def write() -> None:
            self._moments.append(self.t, {**values, "evaluations": mean})
            self._session.spent(self.phases)
            self._report.update(self._session, self._totals(values))
            self._warn(values)

        on_first(self._comm, write)

    def before_checkpoint(self) -> None:
        """Put on the disk what the checkpoint will count on."""
        on_first(self._comm, self._moments.synchronise)

    def note(self, line: str) -> None:
        """A line for terminal and log."""
        if not self._comm.rank:
            log.info(line)

    def finish(self, reason: str | None, facts: Mapping[str, object], advice: str) -> None:
        """The last word of a session that came to t_end, or was stopped for a reason.

        ``facts`` are values for run.json that the solver knows, ``advice`` says how a run that
        was stopped can go on.
        """
        peaks = self._comm.allgather(peak_memory())
        on_first(self._comm, lambda: self._finish(reason, max(peaks), facts, advice))

    def _create(self) -> None:
        files.write_text(self.directory / "case.toml", self._case.text)
        self._begin()
        self._moments.create(self._problem, self._attributes())

    def _continue(self, state: State) -> None:
        self._report = Report.read(self.directory)
        self._begin()
        self._moments.truncate(state.records, self._attributes())
        files.write_text(self.directory / "case.toml", self._case.text)
        self._first = self._moments.totals(0)
        log.info("resumed at t = %.6g after %d steps", state.t, state.steps)

    def _begin(self) -> None:
        ranks = self._comm.size
        self._session = Session(ranks, self.t)
        case = {"t": self.t, "t_end": self._case.time.t_end, "case": as_dict(self._case)}
        self._report.begin(self._session, self._facts | case)
        log.info("%s, %d rank(s)", self._heading, ranks)

    def _attributes(self) -> dict[str, str | int]:
        return {"case": self._case.text} | self._session.attributes()

    def _mismatch(self, state: State) -> str | None:
        """What is wrong with the records, if anything."""
        try:
            found = self._moments.resume(state.records)
        except RecordsError as error:
            found = str(error)
        if found == state.digest:
            return None
        got = "records of another run" if isinstance(found, int) else found
        return (
            f"moments.h5: got {got}, expected the {state.records} up to the checkpoint at t = "
            f"{state.t:g}, which is whole; put back the file of this run, or start a new one"
        )

    def _totals(self, values: Mapping[str, ArrayLike]) -> dict[str, object]:
        """Values of run.json that follow from the last record."""
        now = values["mass"], np.array(values["spin_total"])
        self._first = self._first or now
        mass, spin = self._first
        totals = {
            "t": self.t,
            "steps": self.steps,
            "records": self.records,
            "mass_drift": abs(now[0] / mass - 1),
            "spin_drift": (now[1] - spin).tolist(),
        }
        return totals | {name: values[name] for name in ("edge_mass",) if name in values}

    def _finish(
        self, reason: str | None, peak: int, facts: Mapping[str, object], advice: str
    ) -> None:
        session, state = self._session, "stopped" if reason else "finished"
        session.peak_memory_bytes_per_rank = peak
        session.spent(self.phases)
        values = {**facts, "state": state, "t": self.t, "steps": self.steps}
        values |= {"message": f"stopped by {reason}; {advice}"} if reason else {}
        self._report.update(session, values)
        each = session.evaluations / max(1, session.solves)
        solves = f"{each:.3g} evaluations a solve, " if session.solves else ""
        log.info(
            f"{state} at t = {self.t:.6g}{f' by {reason}' if reason else ''}: {session.steps} "
            f"steps in {session.wall_seconds:.3g} s, {solves}"
            f"{peak / 1e6:.0f} MB a rank"
        )

    def _warn(self, values: Mapping[str, ArrayLike]) -> None:
        """Say once what the diagnostics show to go wrong."""
        for name, (limit, meaning) in SIGNS.items():
            value = values.get(name, 0.0)
            if value > limit and name not in self._warned:
                self._warned.add(name)
                log.warning("%s = %.1e: %s", name, value, meaning)


class Progress:
    """How far a run is and when it will be done."""

    def __init__(self, t: float, t_end: float, steps: int | None) -> None:
        self._t, self._t_end, self._steps, self._done = t, t_end, steps, 0
        self._clock = time.perf_counter()

    def line(self, t: float, evaluations: list[int]) -> str:
        """One more step is done and the time is ``t``."""
        self._done += 1
        spent = time.perf_counter() - self._clock
        each = spent / self._done
        if self._steps is None:
            whole, left = "", spent * (self._t_end - t) / (t - self._t)
        else:
            whole, left = f" of {self._steps}", each * (self._steps - self._done)
        counts = "+".join(str(count) for count in evaluations)
        evaluated = f"{counts} evaluations, " if counts else ""
        return (
            f"t = {t:.6g} of {self._t_end:g}, step {self._done}{whole}, "
            f"{each:.3g} s a step, {evaluated}{left:.0f} s left"
        )
