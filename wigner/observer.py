"""What a run keeps and says: records, run.json, warnings and progress."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import files
from .case import Case, as_dict
from .checkpoint import CheckpointError, State, on_first
from .layout import Communicator
from .logs import PROGRESS
from .moments import Diagnostics, Moments
from .problem import Problem
from .records import Records
from .report import Phases, Report, Session, peak_memory

log = logging.getLogger(__name__)

# What a user should hear about: mass at the edge of the p box, and resolution that runs out.
SIGNS = {
    "edge_mass": (1e-6, "mass at the edge of the p box; use a larger grid.p_max"),
    "tail_eta": (1e-4, "W is losing resolution in p; use more points grid.n_p"),
    "tail_xi": (1e-4, "W is losing resolution in x; use more points grid.n_x"),
}


class Observer:
    """The output side of one run. All ranks call it; only rank 0 touches files and terminal."""

    def __init__(self, directory: Path, case: Case, problem: Problem, comm: Communicator) -> None:
        self.directory, self._case, self._problem, self._comm = directory, case, problem, comm
        self.phases, self.t, self.steps, self.records = Phases(), 0.0, 0, 0
        self._moments = Records(directory / "moments.h5")
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

    def expect(self, steps: int) -> None:
        """The run has so many steps before it."""
        self._progress = Progress(self._case.time.t_end, steps)

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

    def record(self, fields: Moments, scalars: Diagnostics, A: NDArray) -> None:
        """Append the state at ``self.t`` to moments.h5, and warn of what goes wrong in it."""
        mean = sum(self._since_record) / max(1, len(self._since_record))
        self._since_record = []
        self.records += 1

        def write() -> None:
            self._moments.append(self.t, fields, scalars, A, self._problem.epsilon, mean)
            self._session.spent(self.phases)
            self._report.update(self._session, self._totals(scalars))
            self._warn(scalars)

        on_first(self._comm, write)

    def before_checkpoint(self) -> None:
        """Put on the disk what the checkpoint will count on."""
        on_first(self._comm, self._moments.synchronise)

    def note(self, line: str) -> None:
        """A line for terminal and log."""
        if not self._comm.rank:
            log.info(line)

    def finish(self, reason: str | None, facts: dict[str, object]) -> None:
        """The last word of a session that came to t_end, or was stopped for a reason.

        ``facts`` are values for run.json that the solver knows.
        """
        peaks = self._comm.allgather(peak_memory())
        on_first(self._comm, lambda: self._finish(reason, max(peaks), facts))

    def _create(self) -> None:
        self._begin()
        self._moments.create(self._problem, self._attributes())
        files.write_text(self.directory / "case.toml", self._case.text)

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
        self._report.begin(self._session, case)
        grid = self._problem.grid
        lattices = "x lattice {} x {}, p lattice {} x {}, P = ({:.4g}, {:.4g})"
        log.info(f"{lattices.format(*grid.n_x, *grid.n_p, *grid.p_max)}, {ranks} rank(s)")

    def _attributes(self) -> dict[str, str | int]:
        return {"case": self._case.text} | self._session.attributes()

    def _mismatch(self, state: State) -> str | None:
        """What is wrong with the records, if anything."""
        try:
            times = self._moments.times()
        except OSError as error:
            return f"moments.h5: got no records ({error}), expected those of the checkpoint"
        if len(times) < state.records or np.any(times[: state.records] > state.t * (1 + 1e-12)):
            return (
                f"moments.h5: got {len(times)} records, expected {state.records} up to the "
                f"checkpoint at t = {state.t:g}; put back the file of this run"
            )
        return None

    def _totals(self, scalars: Diagnostics) -> dict[str, object]:
        """Values of run.json that follow from the last record."""
        if self._first is None:
            self._first = scalars.mass, np.array(scalars.spin)
        mass, spin = self._first
        return {
            "t": self.t,
            "steps": self.steps,
            "records": self.records,
            "mass_drift": abs(scalars.mass / mass - 1),
            "spin_drift": (np.array(scalars.spin) - spin).tolist(),
            "edge_mass": scalars.edge_mass,
        }

    def _finish(self, reason: str | None, peak: int, facts: dict[str, object]) -> None:
        session, state = self._session, "stopped" if reason else "finished"
        session.peak_memory_bytes_per_rank = peak
        session.spent(self.phases)
        values = facts | {"state": state, "t": self.t, "steps": self.steps}
        values |= {"message": f"stopped by {reason}; resume goes on"} if reason else {}
        self._report.update(session, values)
        log.info(
            f"{state} at t = {self.t:.6g}{f' by {reason}' if reason else ''}: {session.steps} "
            f"steps in {session.wall_seconds:.3g} s, "
            f"{session.evaluations / max(1, session.solves):.3g} evaluations a solve, "
            f"{peak / 1e6:.0f} MB a rank"
        )

    def _warn(self, scalars: Diagnostics) -> None:
        """Say once what the diagnostics show to go wrong."""
        for name, (limit, meaning) in SIGNS.items():
            value = getattr(scalars, name)
            if value > limit and name not in self._warned:
                self._warned.add(name)
                log.warning("%s = %.1e: %s", name, value, meaning)


class Progress:
    """How far a run is and when it will be done."""

    def __init__(self, t_end: float, steps: int) -> None:
        self._t_end, self._steps, self._done = t_end, steps, 0
        self._clock = time.perf_counter()

    def line(self, t: float, evaluations: list[int]) -> str:
        """One more step is done and the time is ``t``."""
        self._done += 1
        each = (time.perf_counter() - self._clock) / self._done
        left = each * (self._steps - self._done)
        counts = "+".join(str(count) for count in evaluations)
        return (
            f"t = {t:.6g} of {self._t_end:g}, step {self._done} of {self._steps}, "
            f"{each:.3g} s a step, {counts} evaluations, {left:.0f} s left"
        )
