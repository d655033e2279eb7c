"""run.json: what state a run is in, where it came from and what it cost; rank 0 only.

A run that was stopped and resumed consists of sessions; wall times and evaluations of the run are
sums over them, steps that had to be done again included.
"""

from __future__ import annotations

import json
import platform
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ..machine import command, peak_memory, revision, versions
from ..timing import Phases
from . import files


def contents(directory: Path) -> dict[str, Any]:
    """What run.json of a directory says; nothing if it cannot be read."""
    try:
        found = json.loads((directory / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


@dataclass
class Session:
    """A run between a start or resume and its end.

    Attributes
    ----------
    ranks, t_start
        MPI ranks, and the time from which the session went on.
    command, versions, revision, host, started
        What was typed, and where it came from.
    steps, solves, evaluations
        Time steps, constraint solves in them, and moment-map evaluations of these.
    wall_seconds_by_phase
        Seconds of rank 0; "other" is in no phase.
    peak_memory_bytes_per_rank
        Of the rank that took most.
    end
        "finished", "stopped" or "failed"; empty while it runs, and for ever if it is killed.
    """

    ranks: int
    t_start: float
    command: str = field(default_factory=command)
    versions: dict[str, str] = field(default_factory=versions)
    revision: str = field(default_factory=revision)
    host: str = field(default_factory=platform.node)
    started: str = field(default_factory=_now)
    steps: int = 0
    solves: int = 0
    evaluations: int = 0
    wall_seconds: float = 0.0
    wall_seconds_by_phase: dict[str, float] = field(default_factory=dict)
    peak_memory_bytes_per_rank: int = 0
    end: str = ""

    def spent(self, phases: Phases) -> None:
        """Set the wall time and its parts, and the memory of this rank."""
        parts = phases.seconds()
        self.wall_seconds_by_phase = {name: round(part, 3) for name, part in parts.items()}
        self.wall_seconds = round(sum(parts.values()), 3)
        self.peak_memory_bytes_per_rank = max(self.peak_memory_bytes_per_rank, peak_memory())

    def attributes(self) -> dict[str, str | int]:
        """Where the session came from, as attributes of a file."""
        text = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return {"versions": text, "revision": self.revision, "ranks": self.ranks, "host": self.host}


class Report:
    """run.json of a directory; replaced as a whole at each update."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "run.json"
        self._values: dict[str, Any] = {}
        self._sessions: list[dict[str, Any]] = []
        self._heard: dict[str, str] = {}  # what a signal may be the last to say
        self._over, self._writing = True, False

    @classmethod
    def read(cls, directory: Path) -> Report:
        """The report that earlier sessions left; an empty one if it cannot be read."""
        report, values = cls(directory), contents(directory)
        if "sessions" in values:
            report._sessions = values.pop("sessions")
            report._values = values
        return report

    @property
    def state(self) -> str:
        """The last known state of the run; empty where there is none."""
        return str(self._values.get("state", ""))

    @property
    def killed(self) -> str:
        """What is known of the end of the last session if it was killed; empty if it was not."""
        if not self._sessions:
            return ""
        if self._sessions[-1].get("end", "" if self.state == "running" else self.state):
            return ""
        return str(self._values.get("message", "no word of the cause"))

    def begin(self, session: Session, values: dict[str, Any]) -> None:
        """A session begins: the run is running."""
        if self.killed:
            self._sessions[-1]["end"] = f"killed ({self.killed})"
        self._sessions.append(asdict(session))
        self.update(session, {"state": "running"} | values)

    def update(self, session: Session, values: dict[str, Any]) -> None:
        """Set values, and all that follows from the sessions so far."""
        if "state" in values:
            self._tell(values["state"])
            session.end = "" if values["state"] == "running" else values["state"]
        self._sessions[-1] = asdict(session)
        names = ("command", "versions", "revision", "host", "ranks", "peak_memory_bytes_per_rank")
        self._values |= values | {name: getattr(session, name) for name in names}
        self._write(self._values | _totals(self._sessions))

    def fail(self, message: str) -> None:
        """The run has failed."""
        self._tell("failed")
        if self._sessions:
            self._sessions[-1]["end"] = "failed"
        self._write(self._values | {"state": "failed", "message": message})

    def interrupt(self, message: str) -> None:
        """A signal asks the session to stop. It may be killed before it does.

        This is for handlers of signals, which may come within any other method.
        """
        if not self._over:
            self._heard = {"state": "stopped", "message": message}
            if not self._writing:
                self._write(self._values)

    def _tell(self, state: str) -> None:
        """The session says itself how it is: what signals said no longer counts."""
        self._over = state != "running"
        self._heard = {}
        self._values.pop("message", None)

    def _write(self, values: dict[str, Any]) -> None:
        self._writing = True
        try:
            written = None
            while written is not self._heard:  # a signal may come while the file is written
                written = self._heard
                self._values = values | written
                whole = self._values | {"updated": _now(), "sessions": self._sessions}
                files.write_text(self._path, json.dumps(whole, indent=2) + "\n")
        finally:
            self._writing = False


def _totals(sessions: list[dict[str, Any]]) -> dict[str, Any]:
    """Sums over the sessions."""

    def total(name: str) -> float:
        return sum(session[name] for session in sessions)

    phases: Counter[str] = Counter()
    for session in sessions:
        phases.update(session["wall_seconds_by_phase"])
    return {
        "wall_seconds": round(total("wall_seconds"), 3),
        "wall_seconds_by_phase": {name: round(part, 3) for name, part in phases.items()},
        "evaluations_per_step": total("evaluations") / max(1, total("steps")),
        "evaluations_per_solve": total("evaluations") / max(1, total("solves")),
    }
