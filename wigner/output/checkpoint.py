"""Checkpoints: one HDF5 file with W whole, written by all ranks, read by any number of them.

Every rank writes its rows into a dataset allocated beforehand and computes their checksums; the
file counts once it is sealed, synchronised and renamed. The one before is kept.

The seal is a line of text in front of the HDF5 structure, with the checksum of all that is not W:
a damaged file is refused before HDF5 interprets it, and what it holds is W to the last bit.
"""

from __future__ import annotations

import io
import logging
import os
import re
import zlib
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from ..errors import CaseError, CheckpointError, Fault
from ..evolution.state import State
from ..phase_space.communicator import Communicator
from ..phase_space.layout import Layout
from . import files

log = logging.getLogger(__name__)

Result = TypeVar("Result")

# Where checkpoints are in the directory of a run, and how many.
DIRECTORY, KEPT = "checkpoint", 2
# Bytes that the seal may take; HDF5 calls such a room at the beginning a user block.
ROOM = 512
# Bytes of the HDF5 structure at the most.
STRUCTURE = 2**16
SEAL = re.compile(rb"W at (\d+) to (\d+), the rest has crc32 (\d+),")


def save(directory: Path, layout: Layout, W: NDArray, state: State) -> Path:
    """Write x-major ``W`` and the state; the path of the new checkpoint.

    Raises
    ------
    OSError
        On all ranks, if any rank cannot write; the checkpoint before stays.
    """
    final = directory / name(state.steps)
    part = final.with_suffix(".part")
    try:
        places = on_first(layout.comm, lambda: _create(part, layout, state))
        checksums = together(layout.comm, lambda: _write_rows(part, places.W, layout, W))
        on_first(layout.comm, lambda: _complete(part, final, checksums, places))
    except OSError:
        if layout.comm.rank == 0:
            part.unlink(missing_ok=True)
        raise
    return final


def load(directory: Path, layout: Layout, W: NDArray, physics: dict[str, str]) -> State:
    """Read the newest checkpoint whose checksums are right into x-major ``W``; the state.

    Parameters
    ----------
    physics
        What the case solves, by key.

    Raises
    ------
    CheckpointError
        If there is none; the error lists what was refused and why. W has lost its values.
    CaseError
        If it is of another case; the differences are listed.
    """
    comm = layout.comm
    refused = []
    for path in found(directory, comm)[::-1]:
        outcome: State | Exception
        try:
            outcome = _read(path, layout, W, physics)
        except (OSError, KeyError, ValueError, RuntimeError, CheckpointError) as error:
            outcome = error
        failed = outcome if isinstance(outcome, Exception) else None
        complaints = [complaint for complaint in comm.allgather(failed) if complaint is not None]
        if not complaints and isinstance(outcome, State):
            return outcome
        first = complaints[0]
        if isinstance(first, CaseError):
            raise first
        reason = first.fault.got if isinstance(first, CheckpointError) else str(first)
        refused.append(f"{path.name} ({reason})")
        if comm.rank == 0:
            log.warning("checkpoint %s cannot be used: %s", path.name, reason)
    remedy = "put back an undamaged copy, or " if refused else ""
    raise CheckpointError(
        Fault(
            "checkpoint",
            ", ".join(refused) or "none",
            f"a complete one in {directory}",
            f"moments.h5 is not touched; {remedy}run its case.toml anew in another directory",
        )
    )


def name(steps: int) -> str:
    """The file of the checkpoint after so many steps."""
    return f"ck-{steps:09d}.h5"


def found(directory: Path, comm: Communicator) -> list[Path]:
    """:func:`stored`, on all ranks."""
    return comm.bcast(stored(directory))


def stored(directory: Path) -> list[Path]:
    """Files in the place of checkpoints, the newest last."""
    return sorted(directory.glob("ck-*.h5"))


def together(comm: Communicator, action: Callable[[], Result]) -> list[Result]:
    """Results of ``action`` on every rank; if it fails on one, OSError with its message on all.

    HDF5 tells of a full disk by OSError or by RuntimeError.
    """
    return _gathered(comm, action)


def on_first(comm: Communicator, action: Callable[[], Result]) -> Result:
    """Result of ``action`` on rank 0, on all ranks; if it fails, OSError on all."""
    return _gathered(comm, action if comm.rank == 0 else lambda: None)[0]


def _gathered(comm: Communicator, action: Callable[[], object]) -> list[Any]:
    result, complaint = None, None
    try:
        result = action()
    except (OSError, RuntimeError) as error:
        complaint = str(error) if comm.size == 1 else f"rank {comm.rank}: {error}"
    outcomes = comm.allgather((result, complaint))
    complaints = [complaint for _, complaint in outcomes if complaint]
    if complaints:
        raise OSError(complaints[0])
    return [result for result, _ in outcomes]


class _Places(NamedTuple):
    """Where W starts and ends in a file, and where its checksums start."""

    W: int
    end: int
    checksums: int


def _create(part: Path, layout: Layout, state: State) -> _Places:
    """The file with W allocated but not written."""
    part.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in part.parent.glob("ck-*.part"):
        abandoned.unlink()
    grid, arrays = layout.grid, state.arrays()
    size = 32 * grid.nx * grid.np
    empty = io.BytesIO()
    h5py.File(empty, "w", userblock_size=ROOM).close()
    part.write_bytes(empty.getvalue())
    beside = 8 * grid.nx + sum(array.nbytes for array in arrays.values())
    files.reserve(part, size + beside + STRUCTURE)
    with files.hdf5(part, "r+") as file:
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        plan.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        space = h5py.h5s.create_simple((2, grid.nx, grid.np, 2))
        dataset = h5py.h5d.create(file.id, b"W", h5py.h5t.IEEE_F64LE, space, plan)
        offset = dataset.get_offset()
        file["crc32"] = np.zeros((2, grid.nx), dtype="<u4")
        for name, array in arrays.items():
            file[f"state/{name}"] = array
        return _Places(offset, offset + size, file["crc32"].id.get_offset())


def _write_rows(part: Path, offset: int, layout: Layout, W: NDArray) -> NDArray:
    """Write this rank's rows; their checksums, shape ``(2, x block)``."""
    row = W[0, 0].nbytes
    checksums = np.empty(W.shape[:2], dtype=np.uint32)
    with part.open("r+b", buffering=0) as raw:
        for c in (0, 1):
            start = offset + (c * layout.grid.nx + layout.x.start) * row
            block = memoryview(W[c]).cast("B")
            for k in range(W.shape[1]):
                checksums[c, k] = zlib.crc32(block[k * row : (k + 1) * row])
            written = 0
            while written < len(block):
                written += os.pwrite(raw.fileno(), block[written:], start + written)
        files.flush(raw.fileno())
    return checksums


def _complete(part: Path, final: Path, checksums: list[NDArray], places: _Places) -> None:
    """Seal the file, make it durable, give it its name, drop the ones no longer needed."""
    with part.open("r+b") as raw:
        raw.seek(places.checksums)
        raw.write(np.concatenate(checksums, axis=1).astype("<u4").tobytes())
        raw.flush()
        raw.seek(0)
        raw.write(_seal(places.W, places.end, _rest(part, places.W, places.end)))
    files.publish(part, final)
    for old in stored(final.parent)[:-KEPT]:
        old.unlink()


def _seal(start: int, end: int, checksum: int) -> bytes:
    """Where W is in the file, the checksum of the rest, and that of this line itself."""
    line = f"wigner-bgk checkpoint 2: W at {start} to {end}, the rest has crc32 {checksum}"
    return f"{line}, this line {zlib.crc32(line.encode())}\n".encode()


def _rest(path: Path, start: int, end: int) -> int:
    """Checksum of a file but for its seal and its bytes ``start`` to ``end``."""
    with path.open("rb") as raw:
        raw.seek(ROOM)
        before = raw.read(start - ROOM)
        raw.seek(end)
        return zlib.crc32(raw.read(), zlib.crc32(before))


def _check_seal(path: Path) -> None:
    """Raise CheckpointError unless all of a file but W is as it was written."""
    with path.open("rb") as raw:
        line = raw.readline(ROOM)
    numbers = [int(number) for group in SEAL.findall(line) for number in group]
    if not numbers or line != _seal(*numbers):
        raise _unusable(path, "not complete, or its first line is damaged")
    start, end, checksum = numbers
    if _rest(path, start, end) != checksum:
        raise _unusable(path, "checksum of what is beside W is wrong")


def _unusable(path: Path, reason: str) -> CheckpointError:
    return CheckpointError(Fault(f"checkpoint {path.name}", reason))


def _read(path: Path, layout: Layout, W: NDArray, physics: dict[str, str]) -> State:
    """Read this rank's rows into ``W``, and check them; the state."""
    x = layout.x
    _check_seal(path)
    with files.hdf5(path, "r") as file:
        state = State.from_arrays({name: array[()] for name, array in file["state"].items()})
        _check_physics(state.physics, physics)
        file["W"].read_direct(W.view(float).reshape(*W.shape, 2), np.s_[:, x])
        expected = file["crc32"][:, x]
    for c, k in np.ndindex(W.shape[:2]):
        if zlib.crc32(W[c, k].tobytes()) != expected[c, k]:
            raise _unusable(path, f"checksum of component {c}, x point {x.start + k} is wrong")
    return state


def read_rows(path: Path, rows: NDArray) -> tuple[State, NDArray]:
    """The state of a checkpoint, and W on some rows of the x lattice, ``(2, rows, np)``, checked.

    For who looks at a run from outside: no layout is needed, and nothing else is read.

    Raises
    ------
    CheckpointError
        If it is damaged, or of another format.
    OSError
        If it cannot be read.
    """
    _check_seal(path)
    with files.hdf5(path, "r") as file:
        state = State.from_arrays({name: array[()] for name, array in file["state"].items()})
        data, expected = file["W"], file["crc32"][:]
        W = np.stack([[data[c, row] for row in rows] for c in (0, 1)]).view(complex)[..., 0]
    for c, (k, row) in product((0, 1), enumerate(rows)):
        if zlib.crc32(np.ascontiguousarray(W[c, k]).tobytes()) != expected[c, row]:
            raise _unusable(path, f"checksum of component {c}, x point {row} is wrong")
    return state, W


def _check_physics(then: dict[str, str], now: dict[str, str]) -> None:
    """Raise CaseError unless a case solves what was solved then."""
    changed = sorted(key for key in then.keys() | now.keys() if then.get(key) != now.get(key))
    if changed:
        remedy = "undo the change, or start a new run in another directory"
        raise CaseError(
            *(
                Fault(
                    key,
                    now.get(key, "nothing"),
                    f"{then.get(key, 'nothing')}, with which this run began",
                    remedy,
                )
                for key in changed
            )
        )
