"""Files that are whole at every moment: written beside their place, then put into it."""

from __future__ import annotations

import os
from pathlib import Path


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
