"""Stages: what a study computes, piece by piece, each kept on disk and done once.

A stage is a function of plain arguments that returns named arrays. Its file carries a fingerprint
of the function, the arguments and the sources of this project: a study that is started again takes
what fits and computes the rest. On several ranks every rank does whole stages.
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
class Stage:
    """A piece of a study: ``compute(*arguments)``.

    Attributes
    ----------
    name
        Unique within its study: "prepared/0.02".
    compute
        A function at the top level of a module; returns named arrays (or numbers).
    arguments
        Plain data.
    weight
        Expected cost relative to other stages; the heavy ones are shared out first.
    """

    name: str
    compute: Callable[..., Mapping[str, NDArray | float]]
    arguments: tuple[Plain, ...] = ()
    weight: float = 1.0

    def fingerprint(self) -> str:
        """What the outcome depends on."""
        function = f"{self.compute.__module__}.{self.compute.__qualname__}"
        text = json.dumps([function, self.arguments, sources()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class StageError(RuntimeError):
    """A stage could not be computed."""


Outcomes = dict[str, Arrays]


@cache
def sources() -> str:
    """Digest of the project's own code."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def compute(stages: Sequence[Stage], directory: Path, comm: Communicator) -> dict[str, object]:
    """What every stage gives, by name, on all ranks: arrays, or the StageError that ended it.

    Raises
    ------
    ValueError
        If two stages have one name.
    """
    if len({stage.name for stage in stages}) < len(stages):
        raise ValueError(f"stages: got {[s.name for s in stages]}, expected different names")
    own: dict[str, object] = {}
    for stage in share(stages, comm.size)[comm.rank]:
        own[stage.name] = _outcome(stage, directory)
    merged = {name: value for part in comm.allgather(own) for name, value in part.items()}
    return {stage.name: merged[stage.name] for stage in stages}


def share(stages: Sequence[Stage], ranks: int) -> list[list[Stage]]:
    """Whole stages for every rank: the heaviest first, each to who has least to do."""
    shares: list[list[Stage]] = [[] for _ in range(ranks)]
    loads = [0.0] * ranks
    for stage in sorted(stages, key=lambda stage: -stage.weight):
        rank = loads.index(min(loads))
        shares[rank].append(stage)
        loads[rank] += stage.weight
    return shares


def _outcome(stage: Stage, directory: Path) -> Arrays | StageError:
    """A stage taken from its file or computed; the error as a value, so that no rank waits."""
    path = directory / f"{re.sub(r'[^A-Za-z0-9.=+-]+', '_', stage.name)}.npz"
    stored = load(path, stage.fingerprint())
    if stored is not None:
        log.info("%s: taken from %s", stage.name, path.name)
        return stored
    clock = time.perf_counter()
    try:
        arrays = {key: np.asarray(value) for key, value in stage.compute(*stage.arguments).items()}
    except Exception as error:  # whatever it is, the other stages are done and the report says so
        log.exception("%s failed", stage.name)
        return StageError(f"{stage.name}: {type(error).__name__}: {error}")
    save(path, stage.fingerprint(), arrays)
    log.info("%s: %.1f s", stage.name, time.perf_counter() - clock)
    return arrays


def save(path: Path, fingerprint: str, arrays: Arrays) -> None:
    """Write a stage's file as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, **{FINGERPRINT: np.array(fingerprint)}, **arrays)
    files.publish(part, path)


def load(path: Path, fingerprint: str) -> Arrays | None:
    """The arrays of a stage's file; None if it is missing, damaged or of another stage."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    return arrays if str(arrays.pop(FINGERPRINT, "")) == fingerprint else None
