"""The two cuts of phase space and the transpose between them, on several ranks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from wigner.grid import PhaseGrid
from wigner.layout import SERIAL, Layout, blocks

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


@pytest.mark.mpi(n=[1, 2, 3, 4])
def test_transpose_and_back(comm):
    layout = Layout(GRID, comm)
    W = layout.x_major()
    W[:] = whole()[:, layout.x]
    turned = layout.p_major()
    layout.to_p_major(W, turned)
    np.testing.assert_array_equal(turned, whole()[:, :, layout.p])
    W[:] = 0
    layout.to_x_major(turned, W)
    np.testing.assert_array_equal(W, whole()[:, layout.x])


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
