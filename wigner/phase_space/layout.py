"""Who holds which block of phase space, and what ranks tell each other of fields.

x-major
    A rank owns a block of the flattened x lattice with all of p: ``(2, x block, np)``.
p-major
    A rank owns a block of the flattened p lattice with all of x. It never exists as a whole:
    :meth:`Layout.columns` makes a few columns of p at a time, which stay in the cache.

Fields on x are replicated. Apart from how a job begins, ends and writes files, only this file and
``transpose`` talk to other ranks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
import pyfftw
from numpy.typing import NDArray

from ..errors import CaseError, Fault
from .communicator import SERIAL, Communicator, First
from .grid import PhaseGrid
from .rounds import BLOCK, blocks
from .transpose import Transpose

Summand = TypeVar("Summand", float, NDArray)


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
        """An uninitialised x-major field, ``(2, x block, np)``, aligned for FFTW."""
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
            self._transpose = Transpose(self.grid, self.comm, self.x_blocks, self.p_blocks)
        return self._transpose.columns(W, there=there, back=back)

    def gather(self, field: NDArray) -> NDArray:
        """Replicate a real field on x: ``(k, x block)`` on each rank to ``(k, N1, N2)`` on all."""
        k = field.shape[0]
        whole = np.empty((self.grid.nx, k))
        counts = [k * (b.stop - b.start) for b in self.x_blocks]
        self.comm.Allgatherv(np.ascontiguousarray(field.T), (whole, counts))
        return np.ascontiguousarray(whole.T).reshape(k, *self.grid.n_x)

    def total(self, value: Summand) -> Summand:
        """Sum over the ranks, in rank order, the same bits on every rank."""
        values: Any = self.comm.allgather(value)
        return sum(values)


def part(grid: PhaseGrid, points: int, wanted: int) -> tuple[Layout, float]:
    """A layout whose first block has about ``wanted`` of ``points``; how many such there are."""
    ranks = max(1, min(points // max(1, wanted), grid.nx, grid.np))
    return Layout(grid, First(ranks)), float(ranks)


def passes(W: NDArray) -> Iterator[slice]:
    """Rows of an x-major field, as many at a time as stay in the second-level cache."""
    step = max(1, BLOCK // W.shape[2])
    return (slice(start, start + step) for start in range(0, W.shape[1], step))
