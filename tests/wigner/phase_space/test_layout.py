"""The two cuts of phase space and the transpose between them, on several ranks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from wigner.phase_space.communicator import SERIAL, shared_memory
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout, blocks

GRID = PhaseGrid((5, 3), (1.0, 1.0), (4, 7), (1.0, 1.0))


def whole():
    """Every entry of W knows where it stands."""
    index = np.arange(2 * GRID.nx * GRID.np, dtype=float).reshape(2, GRID.nx, GRID.np)
    return index + 1j * (index + 0.5)


def test_blocks_are_consecutive_and_even():
    cut = blocks(11, 4)
    assert [b.stop - b.start for b in cut] == [2, 3, 3, 3]
    assert cut[0].start == 0
    assert all(a.stop == b.start for a, b in itertools.pairwise(cut))


def cut_small(monkeypatch, tmp_path, way):
    """Several blocks in a round and several rounds, by shared memory or by messages."""
    monkeypatch.setattr("wigner.phase_space.layout.BLOCK", 2 * GRID.nx)
    monkeypatch.setattr("wigner.phase_space.layout.WIDTH", 1)
    monkeypatch.setattr("wigner.phase_space.layout.ROUND", 4 * GRID.nx)
    shared = tmp_path if way == "shared memory" else tmp_path / "nowhere"
    monkeypatch.setattr("wigner.phase_space.communicator.SHARED", str(shared))


@pytest.mark.mpi(n=[1, 2, 3, 4])
@pytest.mark.parametrize("way", ["shared memory", "messages"])
def test_columns_are_all_of_x_and_go_back(comm, monkeypatch, shared_path, way):
    cut_small(monkeypatch, shared_path, way)
    layout = Layout(GRID, comm)
    W = layout.x_major()
    expected = whole()
    for _ in range(3):  # what is left in the buffers must not matter
        W[:] = expected[:, layout.x]
        met = np.zeros(layout.n_p_local, dtype=int)
        for block, columns in layout.columns(W):
            met[columns] += 1
            part = expected[:, :, layout.p][:, :, columns]
            np.testing.assert_array_equal(block, part.reshape(block.shape))
            block *= 1 + np.arange(layout.p.start, layout.p.stop)[columns]
        assert np.all(met == 1)
        expected *= 1 + np.arange(GRID.np)
        np.testing.assert_array_equal(W, expected[:, layout.x])
    assert not list(shared_path.iterdir())  # no trace of the memory's file


@pytest.mark.mpi(n=[1, 2, 3])
@pytest.mark.parametrize("way", ["shared memory", "messages"])
def test_columns_that_do_not_go_back_leave_the_field(comm, monkeypatch, shared_path, way):
    cut_small(monkeypatch, shared_path, way)
    layout = Layout(GRID, comm)
    W = layout.x_major()
    W[:] = whole()[:, layout.x]
    for block, _ in layout.columns(W, back=False):
        block[:] = np.nan
    np.testing.assert_array_equal(W, whole()[:, layout.x])


@pytest.mark.mpi(n=[1, 2, 3])
@pytest.mark.parametrize("way", ["shared memory", "messages"])
def test_columns_from_nothing(comm, monkeypatch, shared_path, way):
    cut_small(monkeypatch, shared_path, way)
    layout = Layout(GRID, comm)
    W = layout.x_major()
    for turn in range(1, 5):
        W[:] = np.nan
        for block, columns in layout.columns(W, there=False):
            block[:] = (turn * whole())[:, :, layout.p][:, :, columns].reshape(block.shape)
        np.testing.assert_array_equal(W, turn * whole()[:, layout.x])


@pytest.mark.mpi(n=2)
def test_memory_is_shared_only_if_every_rank_reaches_it(comm, monkeypatch, shared_path):
    place = shared_path / ("nowhere" * comm.rank)
    monkeypatch.setattr("wigner.phase_space.communicator.SHARED", str(place))
    assert shared_memory(comm, 4096) is None
    monkeypatch.setattr("wigner.phase_space.communicator.SHARED", str(shared_path))
    assert shared_memory(comm, 2**62) is None  # no room
    memory = shared_memory(comm, 4096)
    memory[comm.rank][7] = 1 + comm.rank
    comm.Barrier()
    assert [memory[rank][7] for rank in (0, 1)] == [1, 2]
    assert not list(shared_path.iterdir())


@pytest.mark.mpi(n=[1, 3])
def test_gather_replicates_in_lattice_order(comm):
    layout = Layout(GRID, comm)
    field = np.arange(2.0 * GRID.nx).reshape(2, GRID.nx)
    found = layout.gather(field[:, layout.x])
    np.testing.assert_array_equal(found, field.reshape(2, 5, 3))
    assert layout.total(1.5) == 1.5 * comm.size


def test_gather_without_mpi():
    field = np.arange(15.0).reshape(1, 15)
    np.testing.assert_array_equal(Layout(GRID).gather(field), field.reshape(1, 5, 3))
    assert SERIAL.bcast("x") == "x"


def test_more_ranks_than_points_are_refused():
    class Sixteen:
        rank, size = 0, 16

    with pytest.raises(ValueError, match=r"ranks: got 16, expected at most 15 .*start fewer"):
        Layout(GRID, Sixteen())
