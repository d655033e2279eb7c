"""What a run says: lines on the terminal and in run.log, and one line of progress.

A record logged with ``extra=PROGRESS`` is a line of progress. On a terminal it is rewritten in
place, elsewhere one appears every now and then.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import BusyError, Fault

PROGRESS = {"progress": True}
# Seconds between lines of progress where there is no terminal to rewrite one on.
QUIET = 10.0
CLEAR = "\r\x1b[K"


class Sparse(logging.Filter):
    """Lets a line of progress pass at the beginning and then every ``QUIET`` seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = -QUIET

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        if not hasattr(record, "progress"):
            return True
        now = time.monotonic()
        if now - self._shown < QUIET:
            return False
        self._shown = now
        return True


class Plain(logging.Formatter):
    """Just the message, warnings marked as such."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        mark = "" if record.levelno < logging.WARNING else f"{record.levelname.lower()}: "
        return mark + super().format(record)


class Patient(logging.StreamHandler):
    """A stream that may fail, on a full disk for instance: a run goes on without its log."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Leave out a line that cannot be written; other errors are told by logging itself."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)

    def close(self) -> None:
        """Close the stream, whatever is still to be written."""
        with suppress(OSError):
            super().close()


class LogFile(Patient, logging.FileHandler):
    """A file of lines."""


class Terminal(Patient):
    """A terminal whose last line is the progress until something else is said."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or rewrite the line of progress."""
        line, end = self.format(record), self.terminator
        if hasattr(record, "progress"):
            line, end = line[: shutil.get_terminal_size().columns - 1], ""
        self.stream.write(f"{CLEAR}{line}{end}")
        self.flush()

    def close(self) -> None:
        """Wipe the line of progress."""
        with suppress(OSError):
            self.stream.write(CLEAR)
            self.flush()
        super().close()


@contextmanager
def logging_to(directory: Path, name: str = "run.log", *, quiet: bool = False) -> Iterator[str]:
    """Log into a file of the directory and on standard error; nobody else may do so meanwhile.

    On standard error there are only warnings and errors if ``quiet``; the file has all.

    Gives what the file system says if it has no locks; nobody else can be kept away then.

    Raises
    ------
    BusyError
        If another process does.
    OSError
        If the file cannot be written.
    """
    path, logger = directory / name, logging.getLogger("wigner")
    with _locked(path) as unlocked:
        file = LogFile(path, encoding="utf-8", errors="backslashreplace")
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        file.addFilter(Sparse())
        handlers, before = [file, _terminal(quiet=quiet)], logger.level
        try:
            logger.handlers += handlers
            logger.setLevel(logging.INFO)
            if unlocked:
                told = "%s cannot be locked (%s): make sure that no other run uses this directory"
                logger.warning(told, directory, unlocked)
            yield unlocked
        finally:
            logger.setLevel(before)
            for handler in handlers:
                logger.removeHandler(handler)
                handler.close()


def _terminal(*, quiet: bool) -> logging.Handler:
    """Standard error, which may be a terminal or not."""
    terminal = Terminal() if sys.stderr.isatty() else Patient()
    terminal.setFormatter(Plain())
    terminal.setLevel(logging.WARNING if quiet else logging.INFO)
    if not isinstance(terminal, Terminal):
        terminal.addFilter(Sparse())
    return terminal


@contextmanager
def _locked(path: Path) -> Iterator[str]:
    """Hold a file, made if need be; the kernel lets go of it if the process is killed.

    Gives what a file system without locks says.
    """
    unlocked = ""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        expected, remedy = "a directory that no run is using", "wait for the end of that run"
        raise BusyError(Fault("output", str(path.parent), expected, remedy)) from None
    except OSError as error:
        unlocked = str(error.strerror or error)
    try:
        yield unlocked
    finally:
        os.close(descriptor)
