"""Tasks: what a study computes, piece by piece, each kept on disk and done once.

A task is a function of plain arguments that returns named arrays. Its file carries a fingerprint
of the function, the arguments and the sources of this project. A study that is started again reads
the files whose fingerprint is still right, and computes the other tasks. On several ranks each task
is computed by one rank.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wigner.errors import WignerError
from wigner.output import files
from wigner.phase_space.communicator import Communicator

Plain = str | int | float | bool | None | Sequence["Plain"] | Mapping[str, "Plain"]
Arrays = dict[str, NDArray]

ROOMS = ("wigner", "macro", "validation")
FINGERPRINT = "fingerprint"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """A piece of a study: ``compute(*arguments)``.

    Attributes
    ----------
    name
        Unique within its study: "prepared/0.02".
    compute
        A function at the top level of a module. It returns arrays, or numbers, by name.
    arguments
        Plain data.
    weight
        Expected cost relative to other tasks; the heavy ones are shared out first.
    """

    name: str
    compute: Callable[..., Mapping[str, NDArray | Sequence[float] | float]]
    arguments: tuple[Plain, ...] = ()
    weight: float = 1.0

    def fingerprint(self) -> str:
        """What the outcome depends on."""
        function = f"{self.compute.__module__}.{self.compute.__qualname__}"
        text = json.dumps([function, self.arguments, sources()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class TaskError(RuntimeError):
    """A task could not be computed.

    Attributes
    ----------
    kind
        The same for errors of one kind; what they say differs in numbers.
    """

    def __init__(self, text: str, kind: str = "") -> None:
        super().__init__(text)
        self.kind = kind or text


Outcomes = dict[str, Arrays]  # of tasks that were computed, by name
Outcome = Arrays | TaskError


@cache
def sources() -> str:
    """Digest of the project's own code."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def compute(tasks: Sequence[Task], directory: Path, comm: Communicator) -> dict[str, Outcome]:
    """What every task gives, by name, on all ranks: arrays, or the TaskError that ended it.

    Raises
    ------
    ValueError
        If two tasks have one name.
    """
    if len({task.name for task in tasks}) < len(tasks):
        raise ValueError(f"tasks: got {[s.name for s in tasks]}, expected different names")
    own = _computed(share(tasks, comm.size)[comm.rank], directory)
    merged = {name: value for part in comm.allgather(own) for name, value in part.items()}
    return {task.name: merged[task.name] for task in tasks}


def share(tasks: Sequence[Task], ranks: int) -> list[list[Task]]:
    """The tasks of every rank: each, the heaviest first, goes to the rank with the least to do."""
    shares: list[list[Task]] = [[] for _ in range(ranks)]
    loads = [0.0] * ranks
    for task in sorted(tasks, key=lambda task: -task.weight):
        rank = loads.index(min(loads))
        shares[rank].append(task)
        loads[rank] += task.weight
    return shares


def _computed(tasks: Sequence[Task], directory: Path) -> dict[str, Outcome]:
    """What this rank's tasks give. Each line of progress says what is left."""
    known = {task.name: load(_path(task, directory), task.fingerprint()) for task in tasks}
    todo = [task for task in tasks if known[task.name] is None]
    if len(todo) < len(tasks):
        log.info("%d of %d tasks taken from %s", len(tasks) - len(todo), len(tasks), directory)
    outcomes: dict[str, Outcome] = {name: found for name, found in known.items() if found}
    clock, done, whole = time.perf_counter(), 0.0, sum(task.weight for task in todo)
    told: set[str] = set()
    for number, task in enumerate(todo, start=1):
        before = time.perf_counter()
        outcome = _outcome(task, directory)
        outcomes[task.name] = outcome
        done += task.weight
        now = time.perf_counter()
        left = _span((now - clock) * (whole - done) / done)
        result = f"{now - before:.1f} s"
        if isinstance(outcome, TaskError):
            result = "failed likewise" if outcome.kind in told else f"failed: {outcome}"
            told.add(outcome.kind)
        log.info("%s: %s (%d of %d, %s left)", task.name, result, number, len(todo), left)
    return outcomes


def _span(seconds: float) -> str:
    """A time to come, in words."""
    return f"about {seconds:.0f} s" if seconds < 100 else f"about {seconds / 60:.0f} min"


def _path(task: Task, directory: Path) -> Path:
    return directory / f"{re.sub(r'[^A-Za-z0-9.=+-]+', '_', task.name)}.npz"


def _outcome(task: Task, directory: Path) -> Outcome:
    """A task computed and kept; the error as a value, so that no rank waits."""
    try:
        arrays = {key: np.asarray(value) for key, value in task.compute(*task.arguments).items()}
    except WignerError as error:
        kind = f"{type(error).__name__}: {error.fault.what}"
        return TaskError(f"{task.name}: {error}", kind)
    except Exception as error:  # whatever it is, the other tasks are done and the report says so
        log.exception("%s: a fault of the program, please report it", task.name)
        return TaskError(f"{task.name}: {type(error).__name__}: {error}")
    try:
        save(_path(task, directory), task.fingerprint(), arrays)
    except OSError as error:  # the outcome is as good as one that is kept
        log.warning("%s: computed, but not kept (%s)", task.name, error)
    return arrays


def save(path: Path, fingerprint: str, arrays: Arrays) -> None:
    """Write a task's file as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = files.beside(path)
    try:
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, **{FINGERPRINT: np.array(fingerprint)} | arrays)
        files.publish(part, path)
    finally:
        part.unlink(missing_ok=True)


def load(path: Path, fingerprint: str) -> Arrays | None:
    """The arrays of a task's file; None if it is missing, damaged or of another task."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    return arrays if str(arrays.pop(FINGERPRINT, "")) == fingerprint else None
