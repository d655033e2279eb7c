"""Files that are whole at every moment: written beside their place, then put into it.

File systems differ in what they offer: locks, writes that can be waited for, room that can be
reserved. A run does without what there is not, and fails only at what went wrong.
"""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

import h5py

# File systems that let several machines write into one file, as Linux calls them.
PARALLEL = frozenset(
    {"lustre", "gpfs", "beegfs", "pvfs2", "ceph", "panfs", "wekafs", "ocfs2", "gfs2"}
)
# What is mounted, a line each, with its device and after a "-" its kind.
MOUNTS = Path("/proc/self/mountinfo")
# What file systems say to a call that they do not have, shared folders and CIFS for instance.
ABSENT = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


def hdf5(path: Path, mode: str) -> h5py.File:
    """An open HDF5 file, without the locks of HDF5.

    These fail where a file system has none. Nothing here needs them: a file that others read is
    never changed, but replaced, and a directory belongs to one run (see ``logs``).
    """
    return _for_reading(path)[0] if mode == "r" else h5py.File(path, mode, locking=False)


def locks(path: Path) -> bool | None:
    """How a file can be opened for reading; raises OSError if it cannot be."""
    file, locking = _for_reading(path)
    file.close()
    return locking


def _for_reading(path: Path) -> tuple[h5py.File, bool | None]:
    """A file open without locks, or as this process has it open, and what its locks are.

    HDF5 has one answer for all that a process opens of a file.
    """
    for locking in (False, None):
        try:
            return h5py.File(path, "r", locking=locking), locking
        except OSError as error:
            if "flag values don't match" not in str(error):
                raise
    return h5py.File(path, "r", locking=True), True


def destination(path: Path) -> Path:
    """Where a file is or will be: what a symbolic link names, and else the path itself."""
    return Path(os.path.realpath(path))


def beside(path: Path) -> Path:
    """Where to write what will take the place of a file: on the same file system."""
    final = destination(path)
    return final.with_name(f"{final.name}.part")


def reserve(path: Path, start: int, length: int) -> None:
    """Make sure that a file has so many bytes from a place on, where the file system can tell.

    HDF5 may end the process when a disk becomes full under it: who is about to write through HDF5
    makes room before. Where this call is missing, the C library writes into each page instead: it
    is no call for what is large.

    Raises
    ------
    OSError
        If the disk has not as much room, or a limit of the file's size is in the way.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    with path.open("r+b") as raw:
        try:
            os.posix_fallocate(raw.fileno(), start, length)
        except OSError as error:
            if error.errno in ABSENT:
                return
            text = f"{error.strerror} for {length / 1e6:.3g} MB more"
            raise OSError(error.errno, text, str(path)) from None


def check_room(path: Path, more: int) -> None:
    """Raise OSError where a disk has not so many bytes left; a quota may allow still less."""
    disk = shutil.disk_usage(path.parent)
    if disk.total and disk.free < more:  # some file systems cannot tell: they say 0 of 0
        text = f"{os.strerror(errno.ENOSPC)} for {more / 1e6:.3g} MB more"
        raise OSError(errno.ENOSPC, text, str(path))


def is_shared(path: Path) -> bool:
    """Whether processes on several machines may write into a file at the same time.

    That is so on file systems made for it (``PARALLEL``). Others may lose what two of them write
    into the same page, so that it is no for what is not known.
    """
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # another system than Linux
        return False
    device = path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    mounted = [line.split() for line in lines]
    kinds = {line[line.index("-") + 1] for line in mounted if wanted in line[2:3] and "-" in line}
    return bool(kinds) and kinds <= PARALLEL


def replace(part: Path, path: Path) -> None:
    """Give ``part`` the place of a file and its rights; a link to the file goes on to name it."""
    final = destination(path)
    with suppress(OSError):  # there is none before the first time, or there are no rights
        shutil.copymode(final, part)
    os.replace(part, final)


def publish(part: Path, path: Path) -> None:
    """:func:`replace`, durably."""
    synchronise(part)
    replace(part, path)
    synchronise(destination(path).parent)


def write_text(path: Path, text: str) -> None:
    """Replace a text file as a whole; what is not Unicode in it is escaped."""
    part = beside(path)
    try:
        part.write_text(text, encoding="utf-8", errors="backslashreplace")
        publish(part, path)
    finally:
        part.unlink(missing_ok=True)


def printable(text: str) -> str:
    """Text that can be written anywhere: of a name that is not UTF-8, the bytes are escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def synchronise(path: Path) -> None:
    """Wait until a file or a directory is on the disk, where the file system can tell."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        flush(descriptor)
    finally:
        os.close(descriptor)


def flush(descriptor: int) -> None:
    """:func:`synchronise` for an open file."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in ABSENT:
            raise
