"""Checkpoints: one HDF5 file with W whole, written by all ranks, read by any number of them.

Every rank writes its rows into a dataset allocated beforehand and computes their checksums; the
file counts once it is marked complete, synchronised and renamed. The one before is kept.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from .constraint import Secants
from .layout import Communicator, Layout

KEPT = 2


class CheckpointError(RuntimeError):
    """No usable checkpoint; the message says what was found."""


@dataclass(frozen=True)
class State:
    """What a run needs, besides W, to go on as if it had never stopped.

    Attributes
    ----------
    t, steps
        Time and number of steps done.
    records
        Records written so far.
    levels
        Splittings combined in the quantum exponential.
    past
        Stage, time and multipliers of the last constraint solves.
    secants
        What the constraint solver has learned.
    """

    t: float
    steps: int
    records: int
    levels: int
    past: list[tuple[int, float, NDArray]]
    secants: Secants


def save(directory: Path, layout: Layout, W: NDArray, state: State) -> Path:
    """Write x-major ``W`` and the state; the path of the new checkpoint.

    Raises
    ------
    OSError
        On all ranks, if any rank cannot write; the checkpoint before stays.
    """
    comm = layout.comm
    final = directory / f"ck-{state.steps:09d}.h5"
    part = final.with_suffix(".part")
    offset = together(comm, lambda: _create(part, layout, state) if comm.rank == 0 else None)[0]
    checksums = together(comm, lambda: _write_rows(part, offset, layout, W))
    together(comm, lambda: _complete(part, final, checksums) if comm.rank == 0 else None)
    return final


def load(directory: Path, layout: Layout) -> tuple[NDArray, State]:
    """The newest complete checkpoint whose checksums are right: x-major W and the state.

    Raises
    ------
    CheckpointError
        If there is none; the message lists what was refused and why.
    """
    refused = []
    paths = layout.comm.bcast(sorted(directory.glob("ck-*.h5"), reverse=True))
    for path in paths:
        complaint, W, state = None, None, None
        try:
            W, state = _read(path, layout)
        except (OSError, KeyError, CheckpointError) as error:
            complaint = str(error)
        complaints = [c for c in layout.comm.allgather(complaint) if c]
        if not complaints:
            return W, state
        refused.append(f"{path.name}: {complaints[0]}")
    found = "; ".join(refused) or "the directory has none"
    raise CheckpointError(f"checkpoint: no usable one in {directory}: {found}; start a new run")


def together(comm: Communicator, action: Callable[[], object]) -> list:
    """Results of ``action`` on every rank; if it fails on one, OSError with its message on all."""
    result, complaint = None, None
    try:
        result = action()
    except OSError as error:
        complaint = f"rank {comm.rank}: {error}"
    outcomes = comm.allgather((result, complaint))
    complaints = [complaint for _, complaint in outcomes if complaint]
    if complaints:
        raise OSError(complaints[0])
    return [result for result, _ in outcomes]


def _create(part: Path, layout: Layout, state: State) -> int:
    """The file with W allocated but not written; where W starts in it."""
    part.parent.mkdir(parents=True, exist_ok=True)
    grid = layout.grid
    with h5py.File(part, "w") as file:
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        plan.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        space = h5py.h5s.create_simple((2, grid.nx, grid.np, 2))
        dataset = h5py.h5d.create(file.id, b"W", h5py.h5t.IEEE_F64LE, space, plan)
        offset = dataset.get_offset()
        file.create_dataset("crc32", shape=(2, grid.nx), dtype="u4")
        file["past_stages"] = np.array([stage for stage, _, _ in state.past])
        file["past_times"] = np.array([t for _, t, _ in state.past])
        file["past_A"] = np.array([A for _, _, A in state.past])
        file["secant_steps"] = np.array(state.secants.steps)
        file["secant_changes"] = np.array(state.secants.changes)
        for name in ("t", "steps", "records", "levels"):
            file.attrs[name] = getattr(state, name)
        file.attrs["complete"] = 0
    descriptor = os.open(part, os.O_RDWR)
    try:  # a full disk shows now, not when rows are written
        os.posix_fallocate(descriptor, 0, os.path.getsize(part))
    finally:
        os.close(descriptor)
    return offset


def _write_rows(part: Path, offset: int, layout: Layout, W: NDArray) -> NDArray:
    """Write this rank's rows; their checksums, shape ``(2, x block)``."""
    row = W[0, 0].nbytes
    checksums = np.empty(W.shape[:2], dtype=np.uint32)
    descriptor = os.open(part, os.O_WRONLY)
    try:
        for c in (0, 1):
            start = offset + (c * layout.grid.nx + layout.x.start) * row
            block = memoryview(W[c]).cast("B")
            for k in range(W.shape[1]):
                checksums[c, k] = zlib.crc32(block[k * row : (k + 1) * row])
            written = 0
            while written < len(block):
                written += os.pwrite(descriptor, block[written:], start + written)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return checksums


def _complete(part: Path, final: Path, checksums: list[NDArray]) -> None:
    """Mark the file complete, make it durable, give it its name, drop the ones no longer needed."""
    with h5py.File(part, "r+") as file:
        file["crc32"][...] = np.concatenate(checksums, axis=1)
        file.attrs["complete"] = 1
    _synchronise(part)
    os.replace(part, final)
    _synchronise(final.parent)
    for old in sorted(final.parent.glob("ck-*.h5"))[:-KEPT]:
        old.unlink()


def _synchronise(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path, layout: Layout) -> tuple[NDArray, State]:
    """This rank's rows, checked, and the state."""
    grid, x = layout.grid, layout.x
    with h5py.File(path, "r") as file:
        if file.attrs.get("complete", 0) != 1:
            raise CheckpointError("not complete")
        if file["W"].shape != (2, grid.nx, grid.np, 2):
            raise CheckpointError(f"W has shape {file['W'].shape}, not that of the case's lattice")
        W = layout.x_major()
        file["W"].read_direct(W.view(float).reshape(*W.shape, 2), np.s_[:, x])
        expected = file["crc32"][:, x]
        stages, times = (file[name][:].tolist() for name in ("past_stages", "past_times"))
        past = list(zip(stages, times, file["past_A"][:], strict=True))
        secants = Secants(*(list(file[name][:]) for name in ("secant_steps", "secant_changes")))
        numbers = {name: file.attrs[name].item() for name in ("t", "steps", "records", "levels")}
    for c, k in np.ndindex(W.shape[:2]):
        if zlib.crc32(memoryview(W[c, k]).cast("B")) != expected[c, k]:
            raise CheckpointError(f"checksum of component {c}, x point {x.start + k} is wrong")
    return W, State(**numbers, past=past, secants=secants)
