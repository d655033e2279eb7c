"""The transpose: from x-major W to blocks of columns of p-major W, and back, in rounds.

Within a node, ranks write their rows into each other's blocks, in shared memory. Between nodes
there are couriers: what the ranks of a node have for a rank elsewhere they write into the memory
of one of them, and this one sends all of it. It arrives in the block itself, and goes back the
same way. So a rank exchanges messages with about as many others as there are other nodes,
whatever the number of ranks. While a round of blocks travels, the one before it is transformed,
and the one before that goes back.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyfftw
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from .communicator import Communicator, Message, Nodes, nodes_of, shared_memory
from .grid import PhaseGrid
from .rounds import Lines, Rounds

# Numbers in a page of memory: each rank's part begins with one.
PAGE = 256


@dataclass(frozen=True)
class Move:
    """Columns of a block that several ranks get, or give back.

    Attributes
    ----------
    memory
        Where they are besides W: ``(ranks, sets, 2, lines, N2, width)``.
    ranks
        Which ranks of it.
    columns
        The first column of each in W.
    count
        Columns of each.
    boxes
        Rows of W, and where they are in the memory, see :meth:`.Lines.boxes`.
    """

    memory: NDArray
    ranks: slice | NDArray
    columns: slice | NDArray
    count: int
    boxes: Sequence[tuple[slice, slice, slice]]

    def there(self, windows: Windows, turn: int) -> None:
        """From W into the memory of a set."""
        for rows, x1, x2 in self.boxes:
            part = windows.of(rows, x2, self.count)[:, :, :, self.columns]
            box = self.memory[:, turn, :, x1, x2, : self.count]
            box[self.ranks] = part.transpose(3, 0, 1, 2, 4)

    def back(self, windows: Windows, turn: int) -> None:
        """From the memory of a set into W."""
        for rows, x1, x2 in self.boxes:
            box = self.memory[:, turn, :, x1, x2, : self.count]
            part = windows.of(rows, x2, self.count)
            part[:, :, :, self.columns] = box[self.ranks].transpose(1, 2, 3, 0, 4)


class Windows:
    """A few neighbouring columns of W, from each column on, as views of W."""

    def __init__(self, W: NDArray) -> None:
        self._W = W
        self._known: dict[tuple[int, int], NDArray] = {}

    def of(self, rows: slice, points: slice, count: int) -> NDArray:
        """Some rows, so many points a line, as ``(2, lines, points, first columns, count)``."""
        key = rows.start, count
        if key not in self._known:
            spin, row, column = self._W.strides
            width = points.stop - points.start
            lines, many = (rows.stop - rows.start) // width, self._W.shape[2] - count + 1
            shape, strides = (
                (2, lines, width, many, count),
                (spin, width * row, row, column, column),
            )
            self._known[key] = as_strided(self._W[:, rows], shape, strides)
        return self._known[key]


@dataclass(frozen=True)
class Station:
    """The memory of a node's ranks.

    Attributes
    ----------
    nodes, rounds
        Those that it is for.
    whole, ours
        How all rows of the x lattice, and those of the node's ranks, lie in memory.
    blocks
        Blocks of the node's ranks, ``(ranks, sets, blocks, 2, whole.size)``.
    carried
        What they carry as couriers, for a rank each: ``(ranks, many, sets, blocks, 2, ours.size)``.
    """

    nodes: Nodes
    rounds: Rounds
    whole: Lines
    ours: Lines
    blocks: NDArray
    carried: NDArray


def rows_of(ranks: range, x_blocks: Sequence[slice]) -> slice:
    """Rows of the x lattice that consecutive ranks have."""
    return slice(x_blocks[ranks[0]].start, x_blocks[ranks[-1]].stop)


def carried(node: range, size: int) -> list[list[int]]:
    """Ranks of other nodes that the ranks of a node are couriers for: one for each, repeatedly."""
    others = [*range(node.start), *range(node.stop, size)]
    return [others[i : i + len(node)] for i in range(0, len(others), len(node))]


def courier(node: range, rank: int) -> int:
    """The rank of a node that is courier for a rank of another one, see :func:`carried`."""
    return node[(rank if rank < node.start else rank - len(node)) % len(node)]


def station(grid: PhaseGrid, comm: Communicator, x_blocks: Sequence[slice]) -> Station:
    """The memory of this rank's node. Where there is none to share, each rank is a node."""
    nodes = nodes_of(comm)
    while True:
        node, rounds = nodes.of(comm.rank), Rounds.of(grid, comm.size, len(nodes.ranks))
        whole = Lines(grid.n_x, slice(0, grid.nx), rounds.width)
        ours = Lines(grid.n_x, rows_of(node, x_blocks), rounds.width)
        each, many = rounds.sets * rounds.blocks * 2, len(carried(node, comm.size))
        cut, end = each * whole.size, each * (whole.size + many * ours.size)
        memory = _claimed(nodes.own, end)
        lacking = [rank for rank, none in enumerate(comm.allgather(memory is None)) if none]
        if memory is not None and not lacking:
            break
        nodes = nodes.without(lacking, comm.rank)
    shape = rounds.sets, rounds.blocks, 2
    blocks = memory[:, :cut].reshape(len(node), *shape, whole.size)
    outside = memory[:, cut:end].reshape(len(node), many, *shape, ours.size)
    return Station(nodes, rounds, whole, ours, blocks, outside)


def _claimed(team: Communicator, numbers: int) -> NDArray | None:
    """At least so many numbers for each rank of a node, or None if it cannot share them."""
    each = -(-numbers // PAGE) * PAGE
    if team.size == 1:
        return pyfftw.empty_aligned((1, each), dtype=complex)
    memory = shared_memory(team, 16 * each)
    return None if memory is None else np.frombuffer(memory, complex).reshape(team.size, each)


class Parcels:
    """Messages between this rank and those of other nodes, by sets of blocks, block after block.

    Attributes
    ----------
    there
        What this rank sends as a courier, and what it receives into its own blocks.
    awaited, back
        What comes back to it as a courier, and what it sends back from its own blocks.
    """

    def __init__(self, found: Station, comm: Any, x_blocks: Sequence[slice]) -> None:
        self._comm, sets = comm, range(found.rounds.sets)
        self.there: list[list[Message]] = [[] for _ in sets]
        self.awaited: list[list[Message]] = [[] for _ in sets]
        self.back: list[list[Message]] = [[] for _ in sets]
        node, at = found.nodes.of(comm.rank), found.nodes.own.rank
        ours = found.ours.span(rows_of(node, x_blocks))
        for turn, index, spin in itertools.product(sets, range(found.rounds.blocks), range(2)):
            which, tag = (turn, index, spin), (turn * found.rounds.blocks + index) * 2 + spin
            for number, ranks in enumerate(carried(node, comm.size)):
                if at < len(ranks):
                    part = found.carried[(at, number, *which)][ours]
                    self._carry(part, ranks[at], turn, tag)
            for other in found.nodes.ranks:
                if other != node:
                    part = found.blocks[(at, *which)][found.whole.span(rows_of(other, x_blocks))]
                    self._expect(part, courier(other, comm.rank), turn, tag)
        everything = [*itertools.chain(*self.there, *self.awaited, *self.back)]
        weakref.finalize(self, _free, everything)

    def _carry(self, part: NDArray, rank: int, turn: int, tag: int) -> None:
        """This rank is the courier for a part of a block of another rank."""
        self.there[turn].append(self._comm.Send_init(part, rank, tag))
        self.awaited[turn].append(self._comm.Recv_init(part, rank, tag))

    def _expect(self, part: NDArray, rank: int, turn: int, tag: int) -> None:
        """Another rank is the courier for a part of a block of this one."""
        self.there[turn].append(self._comm.Recv_init(part, rank, tag))
        self.back[turn].append(self._comm.Send_init(part, rank, tag))


class Transpose:
    """From x-major W to blocks of columns of p-major W, and back.

    Parameters
    ----------
    x_blocks, p_blocks
        The block of the x lattice and that of the p lattice of each rank.
    """

    def __init__(
        self,
        grid: PhaseGrid,
        comm: Communicator,
        x_blocks: Sequence[slice],
        p_blocks: Sequence[slice],
    ) -> None:
        found = station(grid, comm, x_blocks)
        self._rounds, self._team, self._turn = found.rounds, found.nodes.own, 0
        self._blocks = found.whole.view(found.blocks[self._team.rank])
        self._columns = p_blocks[comm.rank].stop - p_blocks[comm.rank].start
        targets = list(_targets(found, comm, x_blocks[comm.rank]))
        self._moves = [
            list(_moves(targets, p_blocks, found.rounds, number))
            for number in range(found.rounds.count)
        ]
        self._parcels = Parcels(found, comm, x_blocks)

    def columns(self, W: NDArray, *, there: bool, back: bool) -> Iterator[tuple[NDArray, slice]]:
        """As :meth:`.Layout.columns`."""
        ahead, count, windows = self._rounds.ahead, self._rounds.count, Windows(W)
        for number in range(-ahead, count + ahead):
            if there and number + ahead < count:
                self._depart(windows, number + ahead)
            if 0 <= number < count:
                yield from self._stay(number, there=there, back=back)
            if back and number >= ahead:
                self._return(windows, number - ahead)
        self._turn += count

    def _depart(self, windows: Windows, number: int) -> None:
        """Write W into the blocks of a round; what is for other nodes begins to travel."""
        for move in self._moves[number]:
            move.there(windows, self._set(number))
        self._team.Barrier()
        _start(self._of(self._parcels.there, number))

    def _stay(self, number: int, *, there: bool, back: bool) -> Iterator[tuple[NDArray, slice]]:
        """The blocks of a round when they are there; then they begin to travel back."""
        parcels, turn = self._parcels, self._set(number)
        if there:
            _wait(self._of(parcels.there, number))
        if back:
            _start(self._of(parcels.awaited, number))
        moving = [*parcels.there[self._set(number + 1)]] if there else []
        moving += [*parcels.awaited[self._set(number - 1)], *parcels.back[self._set(number - 1)]]
        for index in range(self._rounds.blocks):
            columns = self._rounds.columns(number, index)
            start, stop = columns.start, min(columns.stop, self._columns)
            if start < stop:
                yield self._blocks[turn, index, ..., : stop - start], slice(start, stop)
                _move(moving)
        if back:
            _start(self._of(parcels.back, number))

    def _return(self, windows: Windows, number: int) -> None:
        """Take W from the blocks of a round, when they are back."""
        _wait(self._of(self._parcels.awaited, number))
        _wait(self._of(self._parcels.back, number))
        self._team.Barrier()
        for move in self._moves[number]:
            move.back(windows, self._set(number))

    def _set(self, number: int) -> int:
        """The set of blocks that a round has."""
        return (self._turn + number) % self._rounds.sets

    def _of(self, messages: Sequence[list[Message]], number: int) -> list[Message]:
        """The messages of a round; the last round may have fewer blocks."""
        found, rounds = messages[self._set(number)], self._rounds
        return found and found[: len(found) // rounds.blocks * rounds.blocks_in(number)]


def _free(messages: Sequence[Message]) -> None:
    for message in messages:
        message.Free()


def _start(messages: Sequence[Message]) -> None:
    if messages:
        messages[0].Startall(messages)


def _wait(messages: Sequence[Message]) -> None:
    if messages:
        messages[0].Waitall(messages)


def _move(messages: Sequence[Message]) -> None:
    """Let messages get on: many an MPI moves them only while it is called."""
    if messages:
        messages[0].Testall(messages)


# Memory with those who have parts of it, ``(ranks, sets, blocks, 2, lines, N2, width)``; who they
# are; and where this rank's rows are in it.
Target = tuple[NDArray, list[int], list[tuple[slice, slice, slice]]]


def _targets(found: Station, comm: Communicator, rows: slice) -> Iterator[Target]:
    """Where some rows of W go to: into the blocks of the node's ranks, and to its couriers."""
    node = found.nodes.of(comm.rank)
    yield found.whole.view(found.blocks), list(node), list(found.whole.boxes(rows))
    for number, ranks in enumerate(carried(node, comm.size)):
        memory = found.carried[: len(ranks), number]
        yield found.ours.view(memory), ranks, list(found.ours.boxes(rows))


def _moves(
    targets: Sequence[Target], p_blocks: Sequence[slice], rounds: Rounds, number: int
) -> Iterator[Move]:
    """What is to be copied in a round."""
    for index, (memory, ranks, boxes) in itertools.product(range(rounds.blocks), targets):
        columns = rounds.columns(number, index)
        starts = np.array([p_blocks[rank].start for rank in ranks]) + columns.start
        stops = np.array([p_blocks[rank].stop for rank in ranks])
        counts = np.clip(stops - starts, 0, rounds.width)
        for count in np.unique(counts[counts > 0]):  # at most two: ranks differ by one column
            which = np.flatnonzero(counts == count)
            part = memory[:, :, index]
            yield Move(part, _regular(which), _regular(starts[which]), int(count), boxes)


def _regular(numbers: NDArray) -> slice | NDArray:
    """Ascending numbers as a slice, with which indexing is fast, if they are equally far apart."""
    step = int(numbers[1] - numbers[0]) if len(numbers) > 1 else 1
    whole = slice(int(numbers[0]), int(numbers[-1]) + 1, step)
    return (
        whole
        if len(range(whole.start, whole.stop, step)) == len(numbers)
        and np.all(np.diff(numbers) == step)
        else numbers
    )
