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

# What file systems say to a call that they do not have, shared folders and CIFS for instance.
ABSENT = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


def hdf5(path: Path, mode: str) -> h5py.File:
    """An open HDF5 file, without the locks of HDF5.

    These fail where a file system has none. Nothing here needs them: a file that others read is
    never changed, but replaced, and a directory belongs to one run (see ``logs``).
    """
    return h5py.File(path, mode, locking=False)


def destination(path: Path) -> Path:
    """Where a file is or will be: what a symbolic link names, and else the path itself."""
    return Path(os.path.realpath(path))


def beside(path: Path) -> Path:
    """Where to write what will take the place of a file: on the same file system."""
    final = destination(path)
    return final.with_name(f"{final.name}.part")


def reserve(path: Path, more: int) -> None:
    """Make sure that a file may grow by so many bytes, where the file system can tell.

    HDF5 may end the process when a disk becomes full under it: who is about to write through HDF5
    makes room before.

    Raises
    ------
    OSError
        If the disk has not as much room, or a limit of the file's size is in the way.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    with path.open("r+b") as raw:
        try:
            os.posix_fallocate(raw.fileno(), 0, path.stat().st_size + more)
        except OSError as error:
            if error.errno in ABSENT:
                return
            text = f"{error.strerror} for {more / 1e6:.3g} MB more"
            raise OSError(error.errno, text, str(path)) from None


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
