"""Output directories: whether a new run may use one, and what that would delete."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import BusyError, CaseError, Fault, words
from ..output import checkpoint
from ..output.records import Records
from ..output.run_json import Report

TRACES = ("run.json", "moments.h5", checkpoint.DIRECTORY, "case.toml")


def named(text: str) -> Path:
    """A directory named on a command line; raises ArgumentTypeError for none at all."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a directory; . is this one")
    return Path(text)


@contextmanager
def usable(output: Path, expected: str = "a directory to write in") -> Iterator[None]:
    """What the system refuses within is bad input: a name too long, or a directory without rights.

    Raises
    ------
    CaseError
        With the words of the system.
    """
    try:
        yield
    except BusyError as error:
        raise CaseError(*error.faults) from None
    except OSError as error:
        raise CaseError(Fault("output", str(output), expected, words(error))) from None


def check_new(output: Path, *, overwrite: bool, resumable: bool, unlocked: str = "") -> None:
    """Whether a new run may use a directory: it holds no result, or one that may be deleted.

    A run that failed before its first checkpoint leaves no result. What no run has left is not
    deleted, whatever is asked for.

    Parameters
    ----------
    resumable
        Whether the run that is there can be resumed, for the text of an error.
    unlocked
        Why the directory could not be locked, if so: another run may be at work there.

    Raises
    ------
    CaseError
        If not.
    """
    with usable(output):
        traces, state = list(_traces(output)), Report.read(output).state
        results = _results(output)
    if not traces:
        return
    expected = f"a new directory, but {traces[0]} is there"
    remedy = "use another, or resume" if resumable else "use another"
    if state:
        if overwrite or not (results or (unlocked and state == "running")):
            return
        remedy = f"--overwrite deletes the results in it; {remedy}"
    raise CaseError(Fault("output", str(output), expected, remedy))


def _traces(output: Path) -> Iterator[str]:
    """What only a run, or something that is not to be lost, would have put there."""
    for name in TRACES:
        path = output / name
        empty = name == checkpoint.DIRECTORY and path.is_dir() and not any(path.glob("ck-*"))
        if path.exists() and not empty:
            yield name


def _results(output: Path) -> bool:
    """Whether there is a checkpoint, or more than an initial record."""
    checkpoints, moments = output / checkpoint.DIRECTORY, output / "moments.h5"
    if checkpoints.exists() and (not checkpoints.is_dir() or checkpoint.stored(checkpoints)):
        return True
    try:
        return moments.exists() and len(Records(moments).times()) > 1
    except (OSError, RuntimeError):  # something else, or damaged
        return True
