"""The file of a checkpoint: HDF5 and netCDF-4, with W in one piece and a seal in front.

The seal is a line of text before the HDF5 structure, with the checksum of all that is not W: a
damaged file is refused before HDF5 interprets it. Each row of W has a checksum of its own, so that
who reads some rows can tell that they are right. Rows are written and read at their place, beside
HDF5: by any number of processes at a time, and with no copy in memory.
"""

from __future__ import annotations

import io
import os
import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
from numpy.typing import NDArray

from ..case.spec import Case
from ..errors import CheckpointError, Fault
from ..evolution.state import State
from ..phase_space.grid import PhaseGrid
from ..phase_space.reduced import points
from . import files, netcdf
from .variables import FIXED, STORED, about, described

# Bytes that the seal may take; HDF5 calls such a room at the beginning a user block.
ROOM = 512
# Bytes of the HDF5 structure at the most, before W and behind it.
STRUCTURE = 2**16
# Bytes of a point of W.
POINT = 32
SEAL = re.compile(rb"W at (\d+) to (\d+), the rest has crc32 (\d+),")
# Which component of W each of its four numbers is: w0 + i w3 and w1 + i w2, see ``pauli``.
PAULI = ((0, 3), (1, 2))


class Places(NamedTuple):
    """Where W starts and ends in a file, and where its checksums start."""

    W: int
    end: int
    checksums: int


class Contents(NamedTuple):
    """What a file holds beside W.

    Attributes
    ----------
    state
        All else that a run needs to go on.
    W, row
        Where W starts, and the bytes of each of its rows.
    checksums
        Of its rows, ``(2, nx)``.
    """

    state: State
    W: int
    row: int
    checksums: NDArray


def create(path: Path, grid: PhaseGrid, state: State, case: Case) -> Places:
    """A file with the state, and room for W that is not written, and not claimed either.

    Raises
    ------
    OSError
        If there is not enough room.
    """
    arrays, size = state.arrays(), POINT * grid.nx * grid.np
    beside = 8 * grid.nx + len(case.text) + sum(array.nbytes for array in arrays.values())
    empty = io.BytesIO()
    h5py.File(empty, "w", userblock_size=ROOM).close()
    path.write_bytes(empty.getvalue())
    files.check_room(path, size + beside)
    files.reserve(path, 0, STRUCTURE + len(case.text))
    files.reserve(path, size, beside + 2 * STRUCTURE)
    with files.hdf5(path, "r+") as file:
        _add_axes(file, grid, state.t)
        W = _allocated(file, (2, *grid.n_x, *grid.n_p, 2))
        netcdf.lay(file, W, STORED["W"].axes)
        W.attrs["coordinates"] = "time pauli"
        netcdf.add(file, "crc32", STORED["crc32"].axes, np.zeros((2, *grid.n_x), dtype="<u4"))
        _describe(file, case)
        for name, array in arrays.items():
            file[f"state/{name}"] = array
        start = W.id.get_offset()
        return Places(start, start + size, file["crc32"].id.get_offset())


def _add_axes(file: h5py.File, grid: PhaseGrid, t: float) -> None:
    """The coordinates of W."""
    netcdf.begin(file)
    axes = {"pair": np.arange(2, dtype="i4"), **points(grid), "part": np.arange(2, dtype="i4")}
    for name, values in axes.items():
        netcdf.add_axis(file, name, values)
    netcdf.add(file, "pauli", STORED["pauli"].axes, np.array(PAULI, dtype="i4"))
    file["time"] = t


def _allocated(file: h5py.File, shape: tuple[int, ...]) -> h5py.Dataset:
    """W, with its place in the file but without values."""
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plan.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    plan.set_obj_track_times(False)  # the same W makes the same file at any time
    space = h5py.h5s.create_simple(shape)
    return h5py.Dataset(h5py.h5d.create(file.id, b"W", h5py.h5t.IEEE_F64LE, space, plan))


def _describe(file: h5py.File, case: Case) -> None:
    """Say what all of it is, in which units, and of which case."""
    scaling = case.units
    file.attrs.update(about(case, "kinetic"))
    known = {**FIXED, **STORED}
    for name, variable in file.items():
        variable.attrs.update(described(known[name], scaling))


def write_rows(path: Path, start: int, rows: slice, of: int, W: NDArray) -> NDArray:
    """Write rows of W, ``(2, rows, np)``, of so many in all; their checksums, ``(2, rows)``."""
    row = W[0, 0].nbytes
    checksums = np.empty(W.shape[:2], dtype=np.uint32)
    with path.open("r+b", buffering=0) as raw:
        for c in (0, 1):
            place, block = start + (c * of + rows.start) * row, memoryview(W[c]).cast("B")
            checksums[c] = _checksums(block, row)
            written = 0
            while written < len(block):
                written += os.pwrite(raw.fileno(), block[written:], place + written)
        files.flush(raw.fileno())
    return checksums


def read_rows(path: Path, contents: Contents, blocks: Iterable[slice], W: NDArray) -> None:
    """Read blocks of rows, one after the other, into ``W``, ``(2, rows, np)``, and nothing else.

    Raises
    ------
    CheckpointError
        If they are not what was written.
    OSError
        If they cannot be read.
    """
    of, row = contents.checksums.shape[1], contents.row
    with path.open("rb", buffering=0) as raw:
        for c in (0, 1):
            whole, done = memoryview(W[c]).cast("B"), 0
            for rows in blocks:
                block = whole[done : done + (rows.stop - rows.start) * row]
                raw.seek(contents.W + (c * of + rows.start) * row)
                _fill(raw, block)
                wrong = np.flatnonzero(_checksums(block, row) != contents.checksums[c, rows])
                if wrong.size:
                    where = f"component {c}, x point {rows.start + wrong[0]}"
                    raise unusable(path, f"checksum of {where} is wrong")
                done += len(block)


def _fill(raw: io.FileIO, block: memoryview) -> None:
    """Read as much as fits into a block."""
    done = 0
    while done < len(block):
        found = raw.readinto(block[done:])
        if not found:
            raise OSError("the file ends before its last row")
        done += found


def _checksums(block: memoryview, row: int) -> NDArray:
    """Those of the rows of a block."""
    parts = (block[k : k + row] for k in range(0, len(block), row))
    return np.array([zlib.crc32(part) for part in parts], dtype=np.uint32)


def seal(path: Path, checksums: NDArray, places: Places) -> None:
    """Complete a file: the checksums of all rows, ``(2, nx)``, and the line in front."""
    with path.open("r+b") as raw:
        raw.seek(places.checksums)
        raw.write(checksums.astype("<u4").tobytes())
        raw.flush()
        raw.seek(0)
        raw.write(_line(places.W, places.end, _rest(path, places.W, places.end)))


def contents(path: Path) -> Contents:
    """All of a file but W.

    Raises
    ------
    CheckpointError
        If it is not what was written, or of another format.
    OSError, KeyError, ValueError, RuntimeError
        If it cannot be read.
    """
    with path.open("rb") as raw:
        line = raw.readline(ROOM)
    numbers = [int(number) for group in SEAL.findall(line) for number in group]
    if not numbers or line != _line(*numbers):
        raise unusable(path, "not complete, or its first line is damaged")
    start, end, checksum = numbers
    if _rest(path, start, end) != checksum:
        raise unusable(path, "checksum of what is beside W is wrong")
    with files.hdf5(path, "r") as file:
        state = State.from_arrays({name: array[()] for name, array in file["state"].items()})
        checksums = file["crc32"][()].reshape(2, -1)
        return Contents(state, start, (end - start) // checksums.size, checksums)


def _line(start: int, end: int, checksum: int) -> bytes:
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


def unusable(path: Path, reason: str) -> CheckpointError:
    """The error of a file that is not what was written."""
    return CheckpointError(Fault(f"checkpoint {path.name}", reason))
