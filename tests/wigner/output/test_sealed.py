"""The file of a checkpoint: what others read in it, who writes it when, and what a rank reads."""

from __future__ import annotations

import errno
import os
import time
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

from tests.support import small
from tests.support.setups import space
from tests.support.small import bytes_read
from wigner.case.dimensions import UNITS, density_unit
from wigner.case.spec import Case, parse_case
from wigner.case.units import scale
from wigner.evolution.state import State
from wigner.maxwellian.memory import Memory
from wigner.output import checkpoint, files, sealed
from wigner.phase_space import pauli
from wigner.phase_space.communicator import NODES
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout

CASE = parse_case(small.CASE)
PHYSICAL = parse_case(
    """
[grid]
n_x = [6, 4]
length = ["300 nm", "250 nm"]
n_p = [16, 18]
[physics]
potential = "0"
[initial]
n0 = "1"
n = ["0", "0", "0"]
[time]
t_end = "1 ps"
dt = "0.1 ps"
[material]
effective_mass = 0.04
temperature = 77
rashba = 7.5e-12
relaxation_time = 1e-13
reference_length = 50e-9
"""
)


def written(directory: Path, layout: Layout, w: np.ndarray, case: Case = CASE) -> Path:
    """A checkpoint of w0 to w3, ``(4, nx, np)``."""
    state = State(0.3, 3, 1, 7, (2, 2), Memory(), {"grid.n_x": "[5, 4]"})
    return checkpoint.save(directory, layout, pauli.pack(w[:, layout.x]), state, case)


def noise(layout: Layout) -> np.ndarray:
    """Any w0 to w3, the same on every rank."""
    grid = layout.grid
    return np.random.default_rng(3).standard_normal((4, grid.nx, grid.np))


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
def test_others_find_w_with_its_coordinates(tmp_path: Path, engine: str) -> None:
    """The points of p are in the middle of their cells; numbers say which component they are."""
    layout = space((5, 4), (6, 8), 0.3, length=(3.0, 2.0)).layout
    grid, w, units = layout.grid, noise(layout), scale(PHYSICAL.material)
    with xarray.open_dataset(written(tmp_path, layout, w, PHYSICAL), engine=engine) as data:
        assert data.W.dims == ("pair", "x1", "x2", "p1", "p2", "part")
        for name, points in zip(("x1", "x2", "p1", "p2"), (*grid.x, *grid.p), strict=True):
            np.testing.assert_array_equal(data[name], points)
        assert float(data.p1[0]) == pytest.approx(-grid.p_max[0] * (1 - 1 / 6))
        for pair, part in np.ndindex(2, 2):
            found = data.W.isel(pair=pair, part=part)
            expected = w[int(found.pauli)].reshape(*grid.n_x, *grid.n_p)
            np.testing.assert_array_equal(found, expected)
        assert sorted(data.pauli.values.ravel()) == [0, 1, 2, 3]
        assert float(data.W.time) == 0.3
        told = data.W.attrs
        assert told["si_units"] == "J-2 s-2"
        assert told["si_factor"] == pytest.approx(density_unit(units) / units.momentum**2)
        assert data.p1.attrs["si_factor"] == units.momentum
        assert data.attrs["case"] == PHYSICAL.text
        assert all("long_name" in each.attrs for each in data.variables.values())


def test_the_unit_of_w_is_that_of_the_densities() -> None:
    """n0 = int w0 dp, and W on (x1, p1) is its integral over x2 and p2."""
    units = scale(PHYSICAL.material)
    W = UNITS["phase space density"].size(units)
    assert W * units.momentum**2 == pytest.approx(UNITS["density"].size(units))
    assert W * units.length * units.momentum == pytest.approx(UNITS["phase density"].size(units))


@pytest.mark.mpi(n=3)
def test_the_same_bytes_whoever_writes_when(
    comm: object, shared_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All ranks at once, or those of one node after those of the other; or one rank."""
    layout = space((5, 4), (6, 8), 0.3, comm=comm).layout
    w, turns, together = noise(layout), [], checkpoint.together

    def noted(comm, action, ranks):
        turns.append(ranks)
        return together(comm, action, ranks)

    monkeypatch.setattr(checkpoint, "together", noted)
    monkeypatch.setenv(NODES, "2")
    found = []
    for name, shared in (("turns", False), ("once", True)):
        monkeypatch.setattr(files, "is_shared", lambda _, shared=shared: shared)
        found.append(written(shared_path / name, layout, w).read_bytes())
    assert [range(turn.start, turn.stop) for turn in turns] == [range(2), range(2, 3), range(3)]
    serial = space((5, 4), (6, 8), 0.3).layout
    time.sleep(1)  # files know no time of the day
    found.append(written(shared_path / f"serial{comm.rank}", serial, w).read_bytes())
    assert found[0] == found[1] == found[2]


@pytest.mark.mpi(n=3)
def test_a_rank_that_cannot_write_in_its_turn(
    comm: object, shared_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All know, and nothing is left; in this way none waits for a turn that does not come."""
    layout = space((5, 4), (6, 8), 0.3, comm=comm).layout
    monkeypatch.setenv(NODES, "0,1,2")
    write = sealed.write_rows

    def broken(*arguments):
        if comm.rank == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(*arguments)

    monkeypatch.setattr(sealed, "write_rows", broken)
    with pytest.raises(OSError, match=r"rank 1: .* No space left on device"):
        written(shared_path, layout, noise(layout))
    comm.Barrier()
    assert not [*shared_path.glob("ck-*")]


@pytest.mark.mpi(n=3)
def test_a_rank_reads_its_rows_and_no_more(comm: object, shared_path: Path) -> None:
    """Of a checkpoint of other ranks, or of the files of earlier versions; with no copy of them."""
    serial = space((9, 8), (40, 40), 0.3).layout
    w = noise(serial)
    if comm.rank == 0:
        written(shared_path, serial, w)
    comm.Barrier()
    layout = space((9, 8), (40, 40), 0.3, comm=comm).layout
    W = layout.x_major()
    physics = {"grid.n_x": "[5, 4]"}
    checkpoint.load(shared_path, layout, W, physics)
    np.testing.assert_array_equal(pauli.unpack(W), w[:, layout.x])
    before = bytes_read()
    tracemalloc.start()
    checkpoint.load(shared_path, layout, W, physics)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    read = bytes_read() - before
    assert W.nbytes <= read < 1.1 * W.nbytes
    assert most < 0.2 * W.nbytes
    tracemalloc.start()
    checkpoint.save(shared_path, layout, W, State(0.4, 4, 1, 7, (), Memory(), physics), CASE)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 0.2 * W.nbytes


def test_room_for_w_is_not_claimed_by_one_rank(tmp_path: Path) -> None:
    """Where the call for it is missing the C library writes into all pages, for all ranks."""
    state = State(0.0, 0, 0, 0, (), Memory(), {})
    grid = PhaseGrid((16, 16), (6.0, 6.0), (32, 32), (5.0, 5.0))
    path = tmp_path / "file"
    places = sealed.create(path, grid, state, CASE)
    assert places.end - places.W == 32 * grid.nx * grid.np
    assert path.stat().st_size >= places.end
    assert path.stat().st_blocks * 512 < 0.1 * places.end


def test_no_room_is_told_before_a_byte_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = space((5, 4), (6, 8), 0.3).layout
    usage = type("Usage", (), {"total": 10**9, "free": 30_000})
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OSError, match=r"No space left on device for 0\.03"):
        written(tmp_path, layout, noise(layout))
    assert not list(tmp_path.iterdir())
    usage.total = usage.free = 0  # a file system that cannot tell
    assert written(tmp_path, layout, noise(layout)).exists()


def test_files_that_several_machines_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the device of the file; what is not known is not trusted."""
    device = tmp_path.stat().st_dev
    here, other = f"{os.major(device)}:{os.minor(device)}", "0:9999"
    mounts = tmp_path / "mounts"
    monkeypatch.setattr(files, "MOUNTS", mounts)
    for lines, expected in (
        ([(here, "lustre"), (other, "nfs4")], True),
        ([(here, "nfs4"), (other, "lustre")], False),
        ([(other, "lustre")], False),
    ):
        text = "36 35 {} / /work rw,noatime master:1 - {} server:/work rw\n"
        mounts.write_text("".join(text.format(*line) for line in lines))
        assert files.is_shared(tmp_path) is expected
    mounts.unlink()
    assert files.is_shared(tmp_path) is False


def test_checkpoints_of_earlier_versions_are_read(tmp_path: Path) -> None:
    """They had W on (2, nx, np, 2), and no axes."""
    layout = space((5, 4), (6, 8), 0.3).layout
    grid, w = layout.grid, noise(layout)
    path = written(tmp_path, layout, w)
    with h5py.File(path) as file:
        crc32, state = file["crc32"][()], {k: v[()] for k, v in file["state"].items()}
    with h5py.File(path, "w", userblock_size=512) as file:
        file["W"] = pauli.pack(w).view(float).reshape(2, grid.nx, grid.np, 2)
        file["crc32"] = crc32.reshape(2, grid.nx)
        for name, array in state.items():
            file[f"state/{name}"] = array
        start = file["W"].id.get_offset()
        places = sealed.Places(start, start + 32 * grid.nx * grid.np, file["crc32"].id.get_offset())
    sealed.seal(path, crc32.reshape(2, -1), places)
    W = layout.x_major()
    assert checkpoint.load(tmp_path, layout, W, {"grid.n_x": "[5, 4]"}).t == 0.3
    np.testing.assert_array_equal(pauli.unpack(W), w)
    _, rows = checkpoint.read_rows(path, np.array([7, 3]))
    np.testing.assert_array_equal(pauli.unpack(rows), w[:, [7, 3]])
