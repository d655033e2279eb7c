"""The ranks of a run: what the solver asks of an MPI communicator, one rank, nodes, shared memory.

A node is a set of consecutive ranks that may share memory: those of a machine, unless the variable
WIGNER_NODES says that there are more nodes than that.
"""

from __future__ import annotations

import functools
import itertools
import mmap
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Never, Protocol

import numpy as np

from ..errors import CaseError, Fault

# Where files are memory that the ranks of a machine share.
SHARED = "/dev/shm"
# Says how many nodes there are, or the node of each rank, for tests and for users who debug.
NODES = "WIGNER_NODES"


class Request(Protocol):
    """What a call that does not wait leaves behind."""

    def Test(self) -> bool:
        """Whether it is done."""
        ...


class Message(Protocol):
    """A message that is sent or received again and again, from and to the same memory."""

    def Startall(self, requests: Sequence[Any]) -> None: ...
    def Testall(self, requests: Sequence[Any]) -> bool: ...
    def Waitall(self, requests: Sequence[Any]) -> None: ...
    def Free(self) -> None: ...


class Communicator(Protocol):
    """The part of an mpi4py communicator that the solver uses, whatever the number of ranks."""

    @property
    def rank(self) -> int: ...
    @property
    def size(self) -> int: ...
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


class First(Serial):
    """The first of several ranks, on its own."""

    def __init__(self, size: int) -> None:
        self.size = size

    def Allgatherv(self, sendbuf: Any, recvbuf: Any) -> None:
        """What the others have is of no interest; zeros, as garbage may not be a number."""
        whole = recvbuf[0].reshape(-1)
        whole[sendbuf.size :], whole[: sendbuf.size] = 0.0, sendbuf.ravel()


SERIAL = Serial()


@dataclass(frozen=True)
class Nodes:
    """Which ranks may share memory.

    Attributes
    ----------
    ranks
        The ranks of each node, ``range(first, last + 1)``, in their order.
    own
        A communicator of the ranks of this rank's node, in their order.
    """

    ranks: tuple[range, ...]
    own: Communicator

    def of(self, rank: int) -> range:
        """The ranks of the node of a rank."""
        return next(ranks for ranks in self.ranks if rank in ranks)

    def without(self, lacking: Sequence[int], rank: int) -> Nodes:
        """The same for a rank, but ranks that lack memory to share are nodes of their own."""
        ranks: list[range] = []
        for node in self.ranks:
            single = [range(r, r + 1) for r in node]
            ranks += single if node[0] in lacking else [node]
        return Nodes(tuple(ranks), SERIAL if rank in lacking else self.own)


def nodes_of(comm: Communicator) -> Nodes:
    """The nodes of a communicator's ranks. All ranks have to call it.

    They are found once: the communicator remembers them, as MPI provides for.

    Raises
    ------
    CaseError
        On all ranks, if the variable WIGNER_NODES is not what it should be.
    """
    wish = os.environ.get(NODES, "")
    if isinstance(comm, Serial):
        wished(wish, 1)
        return Nodes((range(1),), SERIAL)
    known = _known(comm)
    if None in known:
        return known[None]
    if wish not in known:
        known[wish] = _split(comm, wished(wish, comm.size))
    return known[wish]


def _known(comm: Any) -> dict[str | None, Nodes]:
    """What a communicator remembers: its nodes by what WIGNER_NODES says; None: in any case."""
    kind: Any = type(comm)
    key = _key(kind)
    if comm.Get_attr(key) is None:
        comm.Set_attr(key, {})
    return comm.Get_attr(key)


def wished(text: str, size: int) -> list[int]:
    """The node of each of ``size`` ranks by the text of WIGNER_NODES; all 0 if it is empty.

    Raises
    ------
    CaseError
        If the text is neither a number of nodes, nor the number of the node of each rank.
    """
    if not text.strip():
        return [0] * size
    numbers = [int(part) if part.strip().isdecimal() else -1 for part in text.split(",")]
    if len(numbers) == 1 and 1 <= numbers[0] <= size:
        return [rank * numbers[0] // size for rank in range(size)]
    if len(numbers) == size > 1 and numbers[0] >= 0 and numbers == sorted(numbers):
        return numbers
    expected = f"a number of nodes from 1 to {size}"
    if size > 1:
        expected += f", or {size} ascending numbers, the node of each rank, such as "
        expected += ",".join(["0"] * (size - 1) + ["1"])
    raise CaseError(Fault(NODES, repr(text), expected, "change or unset this variable"))


def side_by_side(comm: Any) -> Any:
    """The ranks of a communicator of MPI, numbered so that those of a machine are consecutive."""
    found, ranks = hosts(comm), range(comm.size)
    order = sorted(ranks, key=lambda rank: (found[rank], rank))
    return comm if order == list(ranks) else comm.Split(0, order.index(comm.rank))


def hosts(comm: Any) -> list[int]:
    """The first rank on the machine of each rank."""
    from mpi4py import MPI  # noqa: PLC0415 (only under MPI)

    host = comm.Split_type(MPI.COMM_TYPE_SHARED, comm.rank)
    first = host.bcast(comm.rank)
    host.Free()
    return comm.allgather(first)


def _split(comm: Any, numbers: list[int]) -> Nodes:
    """Consecutive ranks of the same machine and of the same number."""
    ranks: list[range] = []
    node = 0
    for _, run in itertools.groupby(zip(hosts(comm), numbers, strict=True)):
        first = ranks[-1].stop if ranks else 0
        ranks.append(range(first, first + sum(1 for _ in run)))
        node += comm.rank >= ranks[-1].stop
    own = comm.Split(node, comm.rank)
    _known(own)[None] = Nodes((range(own.size),), own)  # which is not divided once more
    return Nodes(tuple(ranks), own)


@functools.cache
def _key(kind: Any) -> int:
    """Under which communicators of mpi4py remember their nodes."""
    return kind.Create_keyval()


def shared_memory(comm: Communicator, size: int) -> mmap.mmap | None:
    """``size`` bytes for each rank, in one piece that all ranks reach, or None if there is none.

    A memory file without a name: the system takes it back when the last rank ends, however it
    ends. Each rank claims its own pages here, so that they are near to it, and that a lack of
    them shows now and not as a crash later.
    """
    path, found = None, None
    if comm.rank == 0:
        with suppress(OSError):  # no such place
            file, path = tempfile.mkstemp(dir=SHARED, prefix="wigner-")
            os.close(file)
    path = comm.bcast(path)
    if path is not None:
        # no room, or a container of its own, or not a POSIX system
        with suppress(OSError, AttributeError, ValueError):
            found = _mapped(path, comm.rank * size, size, comm.size * size)
        everyone = all(comm.allgather(found is not None))
        if comm.rank == 0:
            os.unlink(path)
        found = found if everyone else None
    return found


def _mapped(path: str, start: int, size: int, whole: int) -> mmap.mmap:
    """All of a memory file, of which some bytes are claimed."""
    file = os.open(path, os.O_RDWR)
    try:
        os.posix_fallocate(file, start, size)
        if os.fstat(file).st_size < whole:  # a later rank has not claimed its part yet
            os.posix_fallocate(file, whole - 1, 1)
        return mmap.mmap(file, whole)
    finally:
        os.close(file)
