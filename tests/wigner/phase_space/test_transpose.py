"""The transpose within nodes and between them, on few ranks that are made to believe in nodes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from wigner.errors import CaseError
from wigner.phase_space import communicator
from wigner.phase_space.communicator import nodes_of, shared_memory, side_by_side, wished
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout
from wigner.phase_space.rounds import Lines, Rounds, buffers
from wigner.phase_space.transpose import carried, courier, station

# Lines that ranks share, columns that do not divide; then lattices of one line, and of one column.
GRIDS = [
    PhaseGrid((5, 3), (1.0, 1.0), (4, 7), (1.0, 1.0)),
    PhaseGrid((4, 4), (1.0, 1.0), (2, 6), (1.0, 1.0)),
    PhaseGrid((1, 7), (1.0, 1.0), (5, 2), (1.0, 1.0)),
    PhaseGrid((6, 1), (1.0, 1.0), (2, 2), (1.0, 1.0)),
]
# What the variable says, by the number of ranks.
WISHES = {2: ("2", "1"), 3: ("2", "0,1,1", "3"), 4: ("2", "0,0,0,1", "0,1,1,2")}


def whole(grid: PhaseGrid) -> np.ndarray:
    """Every entry of W knows where it stands."""
    index = np.arange(2 * grid.nx * grid.np, dtype=float).reshape(2, grid.nx, grid.np)
    return index + 1j * (index + 0.5)


@pytest.fixture
def small(monkeypatch) -> None:
    """Two blocks in a round, and several rounds."""
    monkeypatch.setattr("wigner.phase_space.rounds.BLOCK", 1)
    monkeypatch.setattr("wigner.phase_space.rounds.WIDTH", 2)
    monkeypatch.setattr("wigner.phase_space.rounds.NARROW", 1)
    monkeypatch.setattr(Rounds, "of", classmethod(two_blocks))


def two_blocks(cls, grid: PhaseGrid, ranks: int, nodes: int, of=Rounds.of.__func__) -> Rounds:
    found = of(cls, grid, ranks, nodes)
    return cls(found.width, 1 + (ranks > 1), found.total, found.sets, found.ahead)


def there_and_back(layout: Layout, turns: int = 3) -> None:
    """Passes both ways, there only and back only; what is left in the buffers must not matter."""
    grid, expected, W = layout.grid, whole(layout.grid), layout.x_major()
    scale = 1 + np.arange(grid.np)
    for _ in range(turns):
        W[:] = expected[:, layout.x]
        met = np.zeros(layout.n_p_local, dtype=int)
        for block, columns in layout.columns(W):
            met[columns] += 1
            part = expected[:, :, layout.p][:, :, columns]
            np.testing.assert_array_equal(block, part.reshape(block.shape))
            block *= scale[layout.p][columns]
        assert np.all(met == 1)
        expected = expected * scale
        np.testing.assert_array_equal(W, expected[:, layout.x])
        for block, columns in layout.columns(W, back=False):
            part = expected[:, :, layout.p][:, :, columns]
            np.testing.assert_array_equal(block, part.reshape(block.shape))
            block[:] = np.nan
        np.testing.assert_array_equal(W, expected[:, layout.x])
        W[:] = np.nan
        expected = whole(grid)
        for block, columns in layout.columns(W, there=False):
            block[:] = expected[:, :, layout.p][:, :, columns].reshape(block.shape)
        np.testing.assert_array_equal(W, expected[:, layout.x])


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: str(grid.n_x))
def test_columns_are_all_of_x_and_go_back_on_one_rank(grid):
    there_and_back(Layout(grid), turns=1)


@pytest.mark.mpi(n=[2, 3, 4])
@pytest.mark.usefixtures("small")
def test_columns_are_all_of_x_and_go_back_whatever_the_nodes(comm, monkeypatch, shared_path):
    monkeypatch.setattr(communicator, "SHARED", str(shared_path))
    for wish, grid in itertools.product(WISHES[comm.size], GRIDS):
        monkeypatch.setenv("WIGNER_NODES", wish)
        there_and_back(Layout(grid, comm))
    assert not list(shared_path.iterdir())  # no trace of the memory's file


@pytest.mark.mpi(n=3)
@pytest.mark.usefixtures("small")
def test_without_room_for_all_ranks_are_nodes_of_their_own(comm, monkeypatch):
    """On one of two nodes only: the other one keeps its memory."""
    monkeypatch.setenv("WIGNER_NODES", "0,0,1")
    if comm.rank < 2:
        monkeypatch.setattr(communicator, "SHARED", "/nowhere")
    assert nodes_of(comm).ranks == (range(2), range(2, 3))
    layout = Layout(GRIDS[0], comm)
    there_and_back(layout, turns=1)
    assert station(GRIDS[0], comm, layout.x_blocks).nodes.ranks == tuple(
        range(rank, rank + 1) for rank in range(3)
    )


@pytest.mark.mpi(n=2)
def test_memory_is_shared_only_if_every_rank_reaches_it(comm, monkeypatch, shared_path):
    monkeypatch.setattr(communicator, "SHARED", str(shared_path / "nowhere"))
    assert shared_memory(comm, 4096) is None
    monkeypatch.setattr(communicator, "SHARED", str(shared_path))
    assert shared_memory(comm, 2**61) is None  # no room
    with monkeypatch.context() as patch:
        if comm.rank == 1:  # as in a container of its own, where the file is another's
            patch.setattr(communicator.os, "open", no_file)
        assert shared_memory(comm, 4096) is None
    memory = shared_memory(comm, 4096)
    memory[4096 * comm.rank + 7] = 1 + comm.rank
    comm.Barrier()
    assert [memory[4096 * rank + 7] for rank in (0, 1)] == [1, 2]
    assert len(memory) == 2 * 4096
    assert not list(shared_path.iterdir())


def no_file(*arguments: object) -> None:
    raise FileNotFoundError


@pytest.mark.mpi(n=3)
def test_nodes_are_found_once_for_each_wish(comm, monkeypatch):
    monkeypatch.setenv("WIGNER_NODES", "0,1,1")
    found = nodes_of(comm)
    assert found.ranks == (range(1), range(1, 3))
    assert (found.own.size, found.own.rank) == [(1, 0), (2, 0), (2, 1)][comm.rank]
    assert nodes_of(comm) is found
    assert nodes_of(found.own).ranks == (range(found.own.size),)  # whatever the variable says
    monkeypatch.delenv("WIGNER_NODES")
    assert nodes_of(comm).ranks == (range(3),)  # this machine is one
    # as a launcher that deals ranks out to machines one by one
    monkeypatch.setattr(communicator, "hosts", lambda comm: [0, 1, 0])
    dealt = side_by_side(comm)
    assert dealt.allgather(comm.rank) == [0, 2, 1]
    monkeypatch.setattr(communicator, "hosts", lambda comm: [0, 0, 2])
    assert side_by_side(comm) is comm


@pytest.mark.parametrize(
    ("text", "size", "nodes"),
    [
        ("", 3, [0, 0, 0]),
        (" ", 1, [0]),
        ("1", 1, [0]),
        ("2", 5, [0, 0, 0, 1, 1]),
        ("5", 5, [0, 1, 2, 3, 4]),
        ("0, 0, 7", 3, [0, 0, 7]),
    ],
)
def test_what_the_variable_says(text, size, nodes):
    assert wished(text, size) == nodes


@pytest.mark.parametrize("text", ["0", "4", "-1", "two", "1.5", "0,1", "0,1,0", "0,0,1,1", "0,,1"])
def test_what_the_variable_may_not_say(text):
    expected = r"WIGNER_NODES: got '.*', expected a number of nodes from 1 to 3, or 3 ascending "
    with pytest.raises(CaseError, match=expected + "numbers, the node of each rank, such as 0,0,1"):
        wished(text, 3)


@pytest.mark.parametrize("nodes", [[range(4), range(4, 8)], [range(1), range(1, 6), range(6, 8)]])
def test_couriers(nodes):
    """Every rank has one courier on each other node, and those of a node have equally much."""
    size = nodes[-1].stop
    for node in nodes:
        deals = carried(node, size)
        load = [sum(len(ranks) > at for ranks in deals) for at in range(len(node))]
        assert max(load) - min(load) <= 1
        for ranks in deals:
            assert [courier(node, rank) for rank in ranks] == list(node)[: len(ranks)]
        assert sorted(itertools.chain(*deals)) == [r for r in range(size) if r not in node]


def test_rounds_on_several_nodes():
    """So many that most of them are hidden, of blocks as wide as possible, in little memory."""
    grid = PhaseGrid((128, 128), (1.0, 1.0), (128, 128), (1.0, 1.0))
    found = {ranks: Rounds.of(grid, ranks, ranks // 64) for ranks in (128, 1024, 4096)}
    shapes = {ranks: (r.width, r.blocks, r.count) for ranks, r in found.items()}
    assert shapes == {128: (8, 1, 16), 1024: (4, 1, 4), 4096: (4, 1, 1)}
    assert all(buffers(grid, ranks, ranks // 64) < 25e6 for ranks in found)


@pytest.mark.mpi(n=4)
@pytest.mark.parametrize("wish", ["1", "2", "4"])
def test_buffers_are_as_large_as_counted(comm, monkeypatch, wish):
    monkeypatch.setenv("WIGNER_NODES", wish)
    grid = PhaseGrid((8, 4), (1.0, 1.0), (8, 16), (1.0, 1.0))
    found = station(grid, comm, Layout(grid, comm).x_blocks)
    used = (found.blocks.nbytes + found.carried.nbytes) / len(found.nodes.of(comm.rank))
    assert used == buffers(grid, 4, int(wish))


@pytest.mark.parametrize("rows", [slice(0, 15), slice(4, 11), slice(5, 6), slice(3, 9)])
def test_rows_of_a_node_are_one_piece_of_memory(rows):
    """What is sent is what the boxes of its ranks have, padding apart."""
    lines = Lines((5, 3), rows, 2)
    memory = np.zeros(lines.size)
    memory[lines.span(rows)] = 1
    view = lines.view(memory)
    for own, x1, x2 in lines.boxes(rows):
        assert np.all(view[x1, x2] == 1)
        view[x1, x2] = 1 + np.arange(own.start, own.stop).reshape(view[x1, x2].shape[:2])[..., None]
    assert np.all(view[view > 0].reshape(-1, 2)[:, 0] == 1 + np.arange(rows.stop - rows.start))
