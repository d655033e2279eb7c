"""In which blocks the columns of p come, in which rounds, and how a block lies in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pyfftw
from numpy.typing import NDArray

from .grid import PhaseGrid

# Points of a block of columns, so that it stays in the second-level cache, and its least width:
# a row of the block should fill some lines of the cache.
BLOCK, WIDTH = 2**14, 8
# Numbers between two lines of a block. Without them the rows of a lattice of 2^n points compete
# for few lines of the cache, and its transforms take up to three times as long.
PAD = 4
# Points that a rank gets from all ranks in one round: all ranks of a node see its blocks, so that
# they are memory of each. From 2^16 to 2^18 a step takes as long.
ROUND = 2**17
# Rounds that there should be on several nodes, since the way there of the first and the way back of
# the last are not hidden behind work: with few blocks in a round, and with narrower blocks, but
# not narrower than this, as their transforms take longer.
ROUNDS, OF_NARROWER, NARROW = 8, 4, 4


def blocks(n: int, size: int) -> list[slice]:
    """Cut ``n`` points into ``size`` consecutive blocks whose lengths differ by at most one."""
    edges = [n * rank // size for rank in range(size + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def block_width(grid: PhaseGrid) -> int:
    """Columns of a block that fits the cache."""
    return max(WIDTH, BLOCK // grid.nx // WIDTH * WIDTH)


@dataclass(frozen=True)
class Rounds:
    """In which blocks the columns of a rank come, and when; the same on all ranks.

    Attributes
    ----------
    width
        Columns of a block.
    blocks, total
        Blocks of a rank in a round, and in all.
    sets
        So many rounds have memory of their own.
    ahead
        So many rounds may have begun before the one that is transformed, and not ended after it.
    """

    width: int
    blocks: int
    total: int
    sets: int
    ahead: int

    @classmethod
    def of(cls, grid: PhaseGrid, ranks: int, nodes: int) -> Rounds:
        """The rounds of so many ranks on so many nodes."""
        most = -(-grid.np // ranks)
        width = min(most, block_width(grid))
        if nodes > 1:
            width = min(width, max(NARROW, -(-most // OF_NARROWER)))
            width = -(-most // -(-most // width))  # for messages have all columns of each block
        number = -(-most // width)
        if ranks == 1:
            many, sets = 1, 1
        elif nodes == 1:
            # where W goes one way only, one set is filled while a slower rank still reads the other
            many, sets = ROUND // (grid.nx * width), 2
        else:  # one comes, one is transformed, one goes back
            many, sets = min(ROUND // (grid.nx * width), -(-number // ROUNDS)), 3
        return cls(width, min(number, max(1, many)), number, sets, int(nodes > 1))

    @property
    def count(self) -> int:
        """Rounds."""
        return -(-self.total // self.blocks)

    def blocks_in(self, number: int) -> int:
        """Blocks of a round; the last one may have fewer."""
        return min(self.blocks, self.total - number * self.blocks)

    def columns(self, number: int, index: int) -> slice:
        """Columns that a block of a round has, counted from the first column of a rank."""
        start = (number * self.blocks + index) * self.width
        return slice(start, start + self.width)


def buffers(grid: PhaseGrid, ranks: int, nodes: int) -> int:
    """Bytes that a rank needs for the transpose; the nodes are equal."""
    rounds, each = Rounds.of(grid, ranks, nodes), ranks // nodes
    lines = Lines(grid.n_x, slice(0, -(-grid.nx // nodes)), rounds.width)
    total = Lines(grid.n_x, slice(0, grid.nx), rounds.width).size
    if nodes > 1:
        total += -(-(ranks - each) // each) * lines.size
    return 16 * rounds.sets * rounds.blocks * 2 * total


@dataclass(frozen=True)
class Lines:
    """How some rows of the x lattice lie in memory, ``width`` columns of each.

    They are on whole lines of the lattice, which are padded.
    """

    n_x: tuple[int, int]
    rows: slice
    width: int

    @property
    def first(self) -> int:
        """The first line."""
        return self.rows.start // self.n_x[1]

    @property
    def shape(self) -> tuple[int, int]:
        """Lines, and numbers from one to the next."""
        return -(-self.rows.stop // self.n_x[1]) - self.first, self.n_x[1] * self.width + PAD

    @property
    def size(self) -> int:
        """Numbers in all."""
        return self.shape[0] * self.shape[1]

    def view(self, memory: NDArray) -> NDArray:
        """Memory ``(..., size)`` as ``(..., lines, N2, width)``."""
        lines = memory.reshape(*memory.shape[:-1], *self.shape)[..., :-PAD]
        return lines.reshape(*lines.shape[:-1], self.n_x[1], self.width)

    def span(self, rows: slice) -> slice:
        """Which part of the memory, without a gap, has some rows."""
        start, last = (self._place(row) for row in (rows.start, rows.stop - 1))
        return slice(start, last + self.width)

    def _place(self, row: int) -> int:
        x1, x2 = divmod(row, self.n_x[1])
        return (x1 - self.first) * self.shape[1] + x2 * self.width

    def boxes(self, rows: slice) -> Iterator[tuple[slice, slice, slice]]:
        """Cut some rows into at most three rectangles.

        Yields which of the rows they are, their lines of the memory, and their points of a line.
        """
        n2, start = self.n_x[1], rows.start
        while start < rows.stop:
            x1, x2 = divmod(start, n2)
            lines = (rows.stop - start) // n2 if x2 == 0 else 0
            stop = start + lines * n2 if lines else min(start - x2 + n2, rows.stop)
            x1 -= self.first
            points = slice(x2, n2 if lines else x2 + stop - start)
            own = slice(start - rows.start, stop - rows.start)
            yield own, slice(x1, x1 + max(lines, 1)), points
            start = stop


def blocks_of_columns(many: int, n_x: tuple[int, int], width: int) -> NDArray:
    """New blocks ``(many, 2, N1, N2, width)``, lines padded."""
    lines = Lines(n_x, slice(0, n_x[0] * n_x[1]), width)
    return lines.view(pyfftw.zeros_aligned((many, 2, lines.size), dtype=complex))
