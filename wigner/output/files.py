"""Files that are whole at every moment: written beside their place, then put into it."""

from __future__ import annotations

import os
from pathlib import Path


def reserve(path: Path, more: int) -> None:
    """Make sure that a file may grow by so many bytes.

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
            text = f"{error.strerror} for {more / 1e6:.3g} MB more"
            raise OSError(error.errno, text, str(path)) from None


def publish(part: Path, final: Path) -> None:
    """Make ``part`` durable and give it the name ``final``, in place of what was there."""
    synchronise(part)
    os.replace(part, final)
    synchronise(final.parent)


def write_text(path: Path, text: str) -> None:
    """Replace a text file as a whole."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        publish(part, path)
    finally:
        part.unlink(missing_ok=True)


def synchronise(path: Path) -> None:
    """Wait until a file or a directory is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
