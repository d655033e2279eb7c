"""What a run shows and keeps: records, run.json, run.log and lines of progress; rank 0 only."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from numpy.typing import NDArray

from .case import Case, as_dict
from .checkpoint import State, together
from .layout import Communicator
from .moments import Diagnostics, Moments
from .problem import Problem
from .records import Records, Report, provenance
from .relaxation import Collisions

log = logging.getLogger(__name__)

# Seconds between lines of progress where there is no terminal to rewrite one on.
QUIET = 5.0
# What a user should hear about: mass at the edge of the p box, and resolution that runs out.
EDGE_MASS, TAIL = 1e-6, 1e-4


class Progress:
    """Lines that tell how far a run is and when it will be done."""

    def __init__(self, start: float, t_end: float, steps: int) -> None:
        self._start, self._t_end, self._steps, self._done = start, t_end, steps, 0
        self._clock = time.perf_counter()

    def line(self, t: float, evaluations: list[int]) -> str:
        """One more step is done and the time is ``t``."""
        self._done += 1
        each = (time.perf_counter() - self._clock) / self._done
        left = each * (self._steps - self._done)
        return (
            f"t = {t:.6g} of {self._t_end:g}, step {self._done} of {self._steps}, "
            f"{each:.3g} s a step, {evaluations[-1]} evaluations, {left:.0f} s left"
        )


class Observer:
    """The output side of one run. All ranks call it; only rank 0 touches files and terminal."""

    def __init__(self, directory: Path, case: Case, problem: Problem, comm: Communicator) -> None:
        self.directory, self._case, self._problem, self._comm = directory, case, problem, comm
        self._moments = Records(directory / "moments.h5")
        self._report = Report(directory / "run.json", {})
        self._clock, self._shown = time.perf_counter(), 0.0
        self._first: Diagnostics | None = None
        self._last: Diagnostics | None = None
        self._counted = 0
        self._warned: set[str] = set()
        self.records = 0
        self.spent: dict[str, float] = {}

    def start(self) -> None:
        """A new run: make the directory's files.

        Raises
        ------
        OSError
            On all ranks, if the directory cannot be written.
        """
        together(self._comm, lambda: self._begin() if self._comm.rank == 0 else None)

    def resume(self, state: State) -> None:
        """Go on with the records that the checkpoint knows of; later ones are cut off."""
        self.records = state.records
        together(self._comm, lambda: self._continue(state) if self._comm.rank == 0 else None)

    def record(
        self, t: float, fields: Moments, scalars: Diagnostics, A: NDArray, collisions: Collisions
    ) -> None:
        """Append to moments.h5 and warn of what goes wrong in the state."""
        clock = time.perf_counter()
        counts = collisions.evaluations[self._counted :]
        self._counted = len(collisions.evaluations)
        mean = sum(counts) / max(1, len(counts))
        self._first, self._last = self._first or scalars, scalars
        self.records += 1
        epsilon = self._problem.epsilon

        def write() -> None:
            self._moments.append(t, fields, scalars, A, epsilon, mean)
            self._report.update({"t": t, "records": self.records})

        together(self._comm, lambda: write() if self._comm.rank == 0 else None)
        self._warn(scalars)
        self.spent["records"] = self.spent.get("records", 0.0) + time.perf_counter() - clock

    def progress(self, line: str) -> None:
        """Show a line of progress: rewritten on a terminal, now and then otherwise."""
        if self._comm.rank:
            return
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
        elif time.perf_counter() - self._shown > QUIET:
            self._shown = time.perf_counter()
            log.info(line)

    def note(self, line: str) -> None:
        """A line for terminal and log."""
        if not self._comm.rank:
            log.info(line)

    def elapsed(self) -> float:
        """Wall-clock seconds since the run began."""
        return time.perf_counter() - self._clock

    def finish(self, state: str, steps: int, collisions: Collisions, peak: int) -> None:
        """Write the final run.json and say how it went."""
        if self._comm.rank:
            return
        seconds = self.elapsed()
        self.spent |= collisions.seconds
        self.spent["transport and relaxation"] = seconds - sum(self.spent.values())
        counts = collisions.evaluations
        first, last = self._first, self._last
        values = {
            "state": state,
            "steps": steps,
            "wall_seconds": round(seconds, 3),
            "wall_seconds_by_phase": {k: round(v, 3) for k, v in self.spent.items()},
            "peak_memory_bytes_per_rank": peak,
            "evaluations_per_solve": sum(counts) / max(1, len(counts)),
            "evaluations": counts,
            "levels": collisions.maxwellian.levels,
        }
        if first and last:
            values["mass_drift"] = abs(last.mass / first.mass - 1)
            values["spin_change"] = [b - a for a, b in zip(first.spin, last.spin, strict=True)]
            values["edge_mass"] = last.edge_mass
        self._report.update(values)
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
        log.info(
            "%s: %d steps in %.3g s, %.3g evaluations a solve, mass drift %.1e, edge mass %.1e",
            state,
            steps,
            seconds,
            values["evaluations_per_solve"],
            values.get("mass_drift", 0.0),
            values.get("edge_mass", 0.0),
        )

    def _begin(self) -> None:
        source = provenance(self._comm.size)
        self._moments.create(self._problem, {"case": self._case.text} | source)
        (self.directory / "case.toml").write_text(self._case.text)
        self._report.update(
            {"state": "running", "case": as_dict(self._case), **source, "ranks": self._comm.size}
        )
        grid = self._problem.grid
        log.info(
            "x lattice %d x %d, p lattice %d x %d, P = (%.4g, %.4g), %d rank(s)",
            *grid.n_x,
            *grid.n_p,
            *grid.p_max,
            self._comm.size,
        )

    def _continue(self, state: State) -> None:
        self._moments.truncate(state.records)
        self._report = Report.read(self.directory / "run.json")
        self._report.update({"state": "running", "ranks": self._comm.size})
        log.info("resumed at t = %.6g after %d steps", state.t, state.steps)

    def _warn(self, scalars: Diagnostics) -> None:
        """Say once what the diagnostics show to go wrong."""
        signs = {
            "edge_mass": (EDGE_MASS, "mass at the edge of the p box; use a larger p_max"),
            "tail_eta": (TAIL, "W is losing resolution in p; use more points n_p"),
            "tail_xi": (TAIL, "W is losing resolution in x; use more points n_x"),
        }
        for name, (limit, meaning) in signs.items():
            value = getattr(scalars, name)
            if value > limit and name not in self._warned and not self._comm.rank:
                self._warned.add(name)
                log.warning("%s = %.1e: %s", name, value, meaning)
