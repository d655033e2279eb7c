"""The ranks of a run: what the solver asks of an MPI communicator, one rank, and shared memory."""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from typing import Any, Never, Protocol

import numpy as np

# Where files are memory that the ranks of a machine share.
SHARED = "/dev/shm"


class Request(Protocol):
    """What a call that does not wait leaves behind."""

    def Test(self) -> bool:
        """Whether all ranks made the call."""
        ...


class Communicator(Protocol):
    """The part of an mpi4py communicator that the solver uses."""

    @property
    def rank(self) -> int: ...
    @property
    def size(self) -> int: ...
    def Sendrecv(
        self, sendbuf: Any, dest: int, *, recvbuf: Any = None, source: int = 0
    ) -> None: ...
    def Allgatherv(self, sendbuf: Any, recvbuf: Any) -> None: ...
    def allgather(self, sendobj: Any) -> list[Any]: ...
    def Barrier(self) -> None: ...
    def bcast(self, obj: Any, root: int = 0) -> Any: ...
    def Ibarrier(self) -> Request: ...
    def Abort(self, errorcode: int = 0) -> Never: ...


class Serial:
    """The communicator of a run on one rank; needs no MPI."""

    rank = 0
    size = 1

    def Sendrecv(self, sendbuf: Any, dest: int, *, recvbuf: Any = None, source: int = 0) -> None:
        """Never called: one rank has no partner."""
        raise RuntimeError("a serial run has nobody to exchange with")

    def Barrier(self) -> None:
        """Nobody to wait for."""

    def Allgatherv(self, sendbuf: Any, recvbuf: Any) -> None:
        """Copy the own block, which is the whole."""
        np.copyto(recvbuf[0], sendbuf.reshape(recvbuf[0].shape))

    def allgather(self, sendobj: Any) -> list[Any]:
        """The own object, in a list."""
        return [sendobj]

    def bcast(self, obj: Any, root: int = 0) -> Any:
        """The object itself."""
        return obj

    def Ibarrier(self) -> Request:
        """A request that is met: there is nobody to wait for."""
        return _Met()

    def Abort(self, errorcode: int = 0) -> Never:
        """End the process."""
        sys.exit(errorcode)


class _Met:
    """A request that is met."""

    def Test(self) -> bool:
        """True."""
        return True


SERIAL = Serial()


def shared_memory(comm: Communicator, size: int) -> dict[int, mmap.mmap] | None:
    """``size`` bytes for each rank that all ranks reach, or None where there are none.

    Memory files without a name: the system takes them back when the last rank ends, however it
    ends. Their pages are claimed here, so that a lack of them shows now and not as a crash later.
    """
    path, found = None, None
    try:
        file, path = tempfile.mkstemp(dir=SHARED, prefix="wigner-")
        os.posix_fallocate(file, 0, size)
        os.close(file)
    except (OSError, AttributeError):  # no such place, or no room; or not a POSIX system
        pass
    paths = comm.allgather(path)
    try:
        found = {rank: _mapped(name, size) for rank, name in enumerate(paths)}
    except (OSError, TypeError, ValueError):  # another machine's
        found = None
    everyone = all(comm.allgather(found is not None))
    if path is not None:
        os.unlink(path)
    return found if everyone else None


def _mapped(path: str, size: int) -> mmap.mmap:
    file = os.open(path, os.O_RDWR)
    try:
        return mmap.mmap(file, size)
    finally:
        os.close(file)
