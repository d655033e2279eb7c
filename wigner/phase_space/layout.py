"""Who holds which block of phase space, and the one transpose between the two ways to cut it.

x-major
    A rank owns a block of the flattened x lattice with all of p: ``(2, x block, np)``.
p-major
    A rank owns a block of the flattened p lattice with all of x. It never exists as a whole:
    :meth:`Layout.columns` makes a few columns of p at a time, which stay in the cache.

Fields on x are replicated. This is the only file that talks to other ranks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
import pyfftw
from numpy.typing import NDArray

from ..errors import CaseError, Fault
from .communicator import SERIAL, Communicator, shared_memory
from .grid import PhaseGrid

# Points of a block of columns, so that it stays in the second-level cache, and its least width:
# a row of the block should fill some lines of the cache.
BLOCK, WIDTH = 2**14, 8
# Numbers between two rows of a block. Without them the rows of a lattice of 2^n points compete
# for few lines of the cache, and its transforms take up to three times as long.
PAD = 4
# Points that a rank gets from all ranks in one round of the transpose.
ROUND = 2**18

Summand = TypeVar("Summand", float, NDArray)


def blocks(n: int, size: int) -> list[slice]:
    """Cut ``n`` points into ``size`` consecutive blocks whose lengths differ by at most one."""
    edges = [n * rank // size for rank in range(size + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def check_ranks(grid: PhaseGrid, size: int) -> None:
    """Raise CaseError if there are more ranks than points on either lattice."""
    most = min(grid.nx, grid.np)
    if size > most:
        expected = (
            f"at most {most} (the points of the smaller of the x lattice {grid.n_x} and the p "
            f"lattice {grid.n_p})"
        )
        raise CaseError(Fault("ranks", str(size), expected, "start fewer ranks"))


class Layout:
    """The two cuts of a phase-space grid over the ranks of ``comm``.

    Attributes
    ----------
    x, p
        This rank's block of the flattened x lattice and of the flattened p lattice.

    Raises
    ------
    CaseError
        If there are more ranks than points on either lattice.
    """

    def __init__(self, grid: PhaseGrid, comm: Communicator = SERIAL) -> None:
        check_ranks(grid, comm.size)
        self.grid, self.comm = grid, comm
        self.x_blocks, self.p_blocks = blocks(grid.nx, comm.size), blocks(grid.np, comm.size)
        self.x, self.p = self.x_blocks[comm.rank], self.p_blocks[comm.rank]
        self._transpose: Transpose | None = None

    @property
    def n_x_local(self) -> int:
        """Points of this rank's x block."""
        return self.x.stop - self.x.start

    @property
    def n_p_local(self) -> int:
        """Points of this rank's p block."""
        return self.p.stop - self.p.start

    def x_major(self) -> NDArray:
        """An uninitialised x-major field, aligned for FFTW."""
        return pyfftw.empty_aligned((2, self.n_x_local, self.grid.np), dtype=complex)

    def columns(
        self, W: NDArray, *, there: bool = True, back: bool = True
    ) -> Iterator[tuple[NDArray, slice]]:
        """Pass through p-major W: all of x for some columns of p, block after block.

        Every rank has to go through all of its blocks.

        Parameters
        ----------
        W
            x-major field.
        there
            Whether blocks have what W has; otherwise they have anything.
        back
            Whether what the caller makes of the blocks replaces W.

        Yields
        ------
        NDArray, slice
            A block ``(2, N1, N2, columns)``, a view of a buffer, and which columns of this rank's
            block of p it has.
        """
        if self._transpose is None:
            self._transpose = Transpose(self)
        return self._transpose.columns(W, there=there, back=back)

    def gather(self, field: NDArray) -> NDArray:
        """Replicate a real field on x: ``(k, x block)`` on each rank to ``(k, N1, N2)`` on all."""
        k = field.shape[0]
        whole = np.empty((self.grid.nx, k))
        counts = [k * (b.stop - b.start) for b in self.x_blocks]
        self.comm.Allgatherv(np.ascontiguousarray(field.T), (whole, counts))
        return np.ascontiguousarray(whole.T).reshape(k, *self.grid.n_x)

    def partners(self) -> list[tuple[int, int]]:
        """(dest, source) of each round of an exchange with all others."""
        rank, size = self.comm.rank, self.comm.size
        return [((rank + k) % size, (rank - k) % size) for k in range(1, size)]

    def total(self, value: Summand) -> Summand:
        """Sum over the ranks, in rank order, the same bits on every rank."""
        values: Any = self.comm.allgather(value)
        return sum(values)


class Transpose:
    """From x-major W to blocks of columns of p-major W, and back, in rounds of a few blocks.

    Ranks of one machine write into and read from each other's blocks, in shared memory; otherwise
    they send messages in pairs.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout, grid, size = layout, layout.grid, layout.comm.size
        most = -(-grid.np // size)
        self._width = min(most, block_width(grid))
        per_round = min(-(-most // self._width), max(1, ROUND // (grid.nx * self._width)))
        self._per_round = 1 if size == 1 else per_round
        self._rounds = -(-most // (self._width * self._per_round))
        # two sets of blocks: one is filled while a slower rank still reads the other
        many = (2 if size > 1 else 1) * self._per_round
        bytes_each = 16 * math.prod(_padded(many, grid.n_x, self._width))
        memory = shared_memory(layout.comm, bytes_each) if size > 1 else None
        self._in_shared_memory = memory is not None
        if memory is None:
            memory = {layout.comm.rank: pyfftw.empty_aligned(bytes_each, dtype="uint8")}
        self._blocks = {
            rank: blocks_of_columns(many, grid.n_x, self._width, part)
            for rank, part in memory.items()
        }
        self._turn = 0

    def columns(self, W: NDArray, *, there: bool, back: bool) -> Iterator[tuple[NDArray, slice]]:
        """As :meth:`Layout.columns`."""
        rank, first = self._layout.comm.rank, self._layout.p.start
        for number in range(self._rounds):
            if there:
                self._collect(W, number)
            for block, columns in self._pieces(rank, number):
                yield block, slice(columns.start - first, columns.stop - first)
            if back:
                self._distribute(W, number)
            if self._in_shared_memory:
                self._turn = self._per_round - self._turn

    def _collect(self, W: NDArray, number: int) -> None:
        """Fill the blocks of a round on all ranks."""
        x, comm = self._layout.x, self._layout.comm
        for rank in self._blocks:
            for part, block in self._parts(W, x, rank, number):
                block[:] = part
        if self._in_shared_memory:
            comm.Barrier()
            return
        for dest, source in self._layout.partners():
            send = np.ascontiguousarray(W[:, :, self._span(dest, number)])
            received = self._empty(self._layout.x_blocks[source], comm.rank, number)
            comm.Sendrecv(send, dest, recvbuf=received, source=source)
            rows = self._layout.x_blocks[source]
            for part, block in self._parts(received, rows, comm.rank, number):
                block[:] = part

    def _distribute(self, W: NDArray, number: int) -> None:
        """Put the blocks of a round back into W on all ranks."""
        x, comm = self._layout.x, self._layout.comm
        if self._in_shared_memory:
            comm.Barrier()
        for rank in self._blocks:
            for part, block in self._parts(W, x, rank, number):
                part[:] = block
        if self._in_shared_memory:
            return
        for dest, source in self._layout.partners():
            rows = self._layout.x_blocks[dest]
            send = self._empty(rows, comm.rank, number)
            for part, block in self._parts(send, rows, comm.rank, number):
                part[:] = block
            received = self._empty(x, source, number)
            comm.Sendrecv(send, dest, recvbuf=received, source=source)
            W[:, :, self._span(source, number)] = received

    def _empty(self, rows: slice, rank: int, number: int) -> NDArray:
        """A message of some rows of the x lattice and the columns of a rank in a round."""
        span = self._span(rank, number)
        return np.empty((2, rows.stop - rows.start, span.stop - span.start), dtype=complex)

    def _parts(
        self, field: NDArray, rows: slice, rank: int, number: int
    ) -> Iterator[tuple[NDArray, NDArray]]:
        """Parts of a field and of the blocks of a rank in a round that stand for the same points.

        ``field`` has some rows of the x lattice, and all columns or those of the round.
        """
        span = self._span(rank, number)
        first = 0 if field.shape[2] == self._layout.grid.np else span.start
        for block, columns in self._pieces(rank, number):
            own = field[:, :, columns.start - first : columns.stop - first]
            for at, x in self._rectangles(rows):
                yield own[:, at].reshape(block[x].shape), block[x]

    def _pieces(self, rank: int, number: int) -> Iterator[tuple[NDArray, slice]]:
        """Blocks of a rank in a round and their columns of the p lattice."""
        span = self._span(rank, number)
        for index, start in enumerate(range(span.start, span.stop, self._width)):
            stop = min(start + self._width, span.stop)
            yield self._blocks[rank][self._turn + index, ..., : stop - start], slice(start, stop)

    def _span(self, rank: int, number: int) -> slice:
        """Columns of the p lattice that a rank gets in a round."""
        p, many = self._layout.p_blocks[rank], self._width * self._per_round
        start = min(p.start + number * many, p.stop)
        return slice(start, min(start + many, p.stop))

    def _rectangles(self, rows: slice) -> Iterator[tuple[slice, tuple]]:
        """Cut a block of the flattened x lattice into at most three rectangles.

        Yields where they are in the block of rows, and in blocks of columns.
        """
        n2, start = self._layout.grid.n_x[1], rows.start
        while start < rows.stop:
            x1, x2 = divmod(start, n2)
            lines = (rows.stop - start) // n2 if x2 == 0 else 0
            stop = start + lines * n2 if lines else min(start - x2 + n2, rows.stop)
            own = slice(start - rows.start, stop - rows.start)
            yield own, np.s_[:, x1 : x1 + max(lines, 1), x2 : n2 if lines else x2 + stop - start]
            start = stop


def passes(W: NDArray) -> Iterator[slice]:
    """Rows of an x-major field, as many at a time as stay in the second-level cache."""
    step = max(1, BLOCK // W.shape[2])
    return (slice(start, start + step) for start in range(0, W.shape[1], step))


def block_width(grid: PhaseGrid) -> int:
    """Columns of a block that fits the cache."""
    return max(WIDTH, BLOCK // grid.nx // WIDTH * WIDTH)


def blocks_of_columns(many: int, n_x: tuple[int, int], width: int, memory: Any = None) -> NDArray:
    """Blocks ``(many, 2, N1, N2, width)``, rows padded, in some memory or in new."""
    shape = _padded(many, n_x, width)
    if memory is None:
        memory = pyfftw.zeros_aligned(shape, dtype=complex)
    rows = np.frombuffer(memory, dtype=complex).reshape(shape)[..., :-PAD]
    return rows.reshape(*shape[:-1], n_x[1], width)


def _padded(many: int, n_x: tuple[int, int], width: int) -> tuple[int, ...]:
    return many, 2, n_x[0], n_x[1] * width + PAD
