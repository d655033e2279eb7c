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
    """A task could not be computed."""


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
    own: dict[str, Outcome] = {}
    for task in share(tasks, comm.size)[comm.rank]:
        own[task.name] = _outcome(task, directory)
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


def _outcome(task: Task, directory: Path) -> Outcome:
    """A task taken from its file or computed; the error as a value, so that no rank waits."""
    path = directory / f"{re.sub(r'[^A-Za-z0-9.=+-]+', '_', task.name)}.npz"
    stored = load(path, task.fingerprint())
    if stored is not None:
        log.info("%s: taken from %s", task.name, path.name)
        return stored
    clock = time.perf_counter()
    try:
        arrays = {key: np.asarray(value) for key, value in task.compute(*task.arguments).items()}
    except Exception as error:  # whatever it is, the other tasks are done and the report says so
        log.exception("%s failed", task.name)
        return TaskError(f"{task.name}: {type(error).__name__}: {error}")
    save(path, task.fingerprint(), arrays)
    log.info("%s: %.1f s", task.name, time.perf_counter() - clock)
    return arrays


def save(path: Path, fingerprint: str, arrays: Arrays) -> None:
    """Write a task's file as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, allow_pickle=False, **{FINGERPRINT: np.array(fingerprint)} | arrays)
    files.publish(part, path)


def load(path: Path, fingerprint: str) -> Arrays | None:
    """The arrays of a task's file; None if it is missing, damaged or of another task."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    return arrays if str(arrays.pop(FINGERPRINT, "")) == fingerprint else None
