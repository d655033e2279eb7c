"""The two cuts of phase space, and fields on x, on several ranks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from wigner.phase_space.communicator import SERIAL
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout
from wigner.phase_space.rounds import blocks

GRID = PhaseGrid((5, 3), (1.0, 1.0), (4, 7), (1.0, 1.0))


def test_blocks_are_consecutive_and_even():
    cut = blocks(11, 4)
    assert [b.stop - b.start for b in cut] == [2, 3, 3, 3]
    assert cut[0].start == 0
    assert all(a.stop == b.start for a, b in itertools.pairwise(cut))


@pytest.mark.mpi(n=3)
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
