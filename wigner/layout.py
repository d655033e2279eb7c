"""Who holds which block of phase space, and the one transpose between the two ways to cut it.

x-major
    A rank owns a block of the flattened x lattice with all of p: ``(2, x block, np)``.
p-major
    A rank owns a block of the flattened p lattice with all of x: ``(2, nx, p block)``.

Fields on x are replicated. This is the only file that talks to other ranks.
"""

from __future__ import annotations

import itertools
from typing import Any, Protocol

import numpy as np
import pyfftw
from numpy.typing import NDArray

from .grid import PhaseGrid


class Communicator(Protocol):
    """The part of an mpi4py communicator that the solver uses."""

    rank: int
    size: int

    def Sendrecv(self, sendbuf: Any, dest: int, recvbuf: Any = None, source: int = 0) -> None: ...
    def Allgatherv(self, sendbuf: Any, recvbuf: Any) -> None: ...
    def allgather(self, sendobj: Any) -> list[Any]: ...
    def bcast(self, obj: Any, root: int = 0) -> Any: ...


class Serial:
    """The communicator of a run on one rank; needs no MPI."""

    rank = 0
    size = 1

    def Sendrecv(self, sendbuf: Any, dest: int, recvbuf: Any = None, source: int = 0) -> None:
        """Never called: one rank has no partner."""
        raise RuntimeError("a serial run has nobody to exchange with")

    def Allgatherv(self, sendbuf: Any, recvbuf: Any) -> None:
        """Copy the own block, which is the whole."""
        np.copyto(recvbuf[0], sendbuf.reshape(recvbuf[0].shape))

    def allgather(self, sendobj: Any) -> list[Any]:
        """The own object, in a list."""
        return [sendobj]

    def bcast(self, obj: Any, root: int = 0) -> Any:
        """The object itself."""
        return obj


SERIAL = Serial()


def blocks(n: int, size: int) -> list[slice]:
    """Cut ``n`` points into ``size`` consecutive blocks whose lengths differ by at most one."""
    edges = [n * rank // size for rank in range(size + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def check_ranks(grid: PhaseGrid, size: int) -> None:
    """Raise ValueError if there are more ranks than points on either lattice."""
    most = min(grid.nx, grid.np)
    if size > most:
        raise ValueError(
            f"ranks: got {size}, expected at most {most} (the points of the smaller of the x "
            f"lattice {grid.n_x} and the p lattice {grid.n_p}); start fewer ranks"
        )


class Layout:
    """The two cuts of a phase-space grid over the ranks of ``comm``.

    Attributes
    ----------
    x, p
        This rank's block of the flattened x lattice and of the flattened p lattice.

    Raises
    ------
    ValueError
        If there are more ranks than points on either lattice.
    """

    def __init__(self, grid: PhaseGrid, comm: Communicator = SERIAL) -> None:
        check_ranks(grid, comm.size)
        self.grid, self.comm = grid, comm
        self.x_blocks, self.p_blocks = blocks(grid.nx, comm.size), blocks(grid.np, comm.size)
        self.x, self.p = self.x_blocks[comm.rank], self.p_blocks[comm.rank]

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

    def p_major(self) -> NDArray:
        """An uninitialised p-major field."""
        return pyfftw.empty_aligned((2, self.grid.nx, self.n_p_local), dtype=complex)

    def to_p_major(self, W: NDArray, out: NDArray) -> None:
        """Transpose x-major ``W`` into p-major ``out``; on one rank a copy, or nothing."""
        if self.comm.size == 1:
            return _copy(W, out)
        for dest, source in self._partners():
            send = np.ascontiguousarray(W[:, :, self.p_blocks[dest]])
            rows = self.x_blocks[source]
            if source == self.comm.rank:
                out[:, rows] = send
                continue
            received = np.empty((2, rows.stop - rows.start, self.n_p_local), dtype=complex)
            self.comm.Sendrecv(send, dest, recvbuf=received, source=source)
            out[:, rows] = received

    def to_x_major(self, W: NDArray, out: NDArray) -> None:
        """Transpose p-major ``W`` into x-major ``out``; on one rank a copy, or nothing."""
        if self.comm.size == 1:
            return _copy(W, out)
        for dest, source in self._partners():
            send = np.ascontiguousarray(W[:, self.x_blocks[dest]])
            columns = self.p_blocks[source]
            if source == self.comm.rank:
                out[:, :, columns] = send
                continue
            received = np.empty((2, self.n_x_local, columns.stop - columns.start), dtype=complex)
            self.comm.Sendrecv(send, dest, recvbuf=received, source=source)
            out[:, :, columns] = received

    def gather(self, field: NDArray) -> NDArray:
        """Replicate a real field on x: ``(k, x block)`` on each rank to ``(k, N1, N2)`` on all."""
        k = field.shape[0]
        whole = np.empty((self.grid.nx, k))
        counts = [k * (b.stop - b.start) for b in self.x_blocks]
        self.comm.Allgatherv(np.ascontiguousarray(field.T), (whole, counts))
        return np.ascontiguousarray(whole.T).reshape(k, *self.grid.n_x)

    def total(self, value: NDArray | float) -> NDArray | float:
        """Sum over the ranks, in rank order, the same bits on every rank."""
        return sum(self.comm.allgather(value))

    def _partners(self) -> list[tuple[int, int]]:
        """(dest, source) of each round of the pairwise exchange, the own block first."""
        rank, size = self.comm.rank, self.comm.size
        return [((rank + k) % size, (rank - k) % size) for k in range(size)]


def _copy(W: NDArray, out: NDArray) -> None:
    """Both layouts are one on one rank."""
    if out is not W:
        np.copyto(out, W)
