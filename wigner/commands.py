"""The commands run, resume and info: input is checked before anything is done, failures end all."""

from __future__ import annotations

import logging
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from .case import Case, CaseError, load_case
from .checkpoint import CheckpointError
from .constraint import ConstraintError
from .estimate import check_count, check_memory, machine_memory
from .info import describe
from .layout import Communicator
from .logs import BusyError, logging_to
from .problem import Problem, build, lattice
from .report import Report
from .run import execute

FINISHED, FAILED, BAD_INPUT, STOPPED = 0, 1, 2, 3
# Seconds that the other ranks have to fail as well before one of them ends all.
GRACE = 2.0
REPORT = "This is a fault of the program, not of the input: please report it with all the above."
INTACT = "is whole up to its last record and checkpoint: correct the cause, then resume"
RESULTS = ("run.json", "moments.h5", "checkpoint", "case.toml")

log = logging.getLogger(__name__)


def run(path: Path, overrides: Sequence[str], output: Path, comm: Communicator) -> int:
    """``wigner run``; the exit status."""

    def check() -> Case:
        case = load_case(path, overrides)
        for name in RESULTS:
            if (output / name).exists():
                message = f"expected a new directory, but {name} is there; use another, or resume"
                raise CaseError([("output", str(output), message)])
        return case

    return _solve(check, output, comm, resume=False)


def resume(output: Path, t_end: float | None, comm: Communicator) -> int:
    """``wigner resume``; the exit status."""

    def check() -> Case:
        text = output / "case.toml"
        if not text.exists():
            message = "expected the directory of a run; give the one that --output named"
            raise CaseError([("output", str(output), message)])
        return load_case(text, [] if t_end is None else [f"time.t_end={t_end!r}"])

    return _solve(check, output, comm, resume=True)


def info(path: Path, overrides: Sequence[str], ranks: int) -> int:
    """``wigner info``; the exit status."""
    try:
        case = load_case(path, overrides)
        check_count(lattice(case), ranks)
        sys.stdout.write(describe(case, build(case), ranks))
    except CaseError as error:
        return _complain(error)
    except MemoryError:
        n_x = list(case.grid.n_x)
        message = "expected a lattice whose fields fit into memory; use fewer points"
        return _complain(CaseError([("grid.n_x", str(n_x), message)]))
    return FINISHED


def _solve(check: Callable[[], Case], output: Path, comm: Communicator, *, resume: bool) -> int:
    """Check the input on rank 0, then run on all ranks."""
    ours: Path | None = None  # the directory, once it is sure that it is this run's
    try:
        with ExitStack() as stack:
            case, problem = _agree(check, output, comm, stack)
            ours = output
            done = execute(case, problem, output, comm, resume=resume)
            return FINISHED if done else STOPPED
    except (CaseError, CheckpointError) as error:  # on all ranks, and nothing was changed
        return _complain(error) if comm.rank == 0 else BAD_INPUT
    except ConstraintError as error:
        return _fail(str(error), ours, comm)
    except OSError as error:
        return _fail(f"{error}; {output} {INTACT}" if ours else str(error), ours, comm)
    except KeyboardInterrupt:  # before the run took over the signals
        return _fail("interrupted before the run began", ours, comm)
    except Exception as error:  # whatever one rank alone runs into must end all of them
        what = f"{type(error).__name__}: {error}"
        return _fail(f"{what}\n{traceback.format_exc()}{REPORT}", ours, comm)


def _agree(
    check: Callable[[], Case], output: Path, comm: Communicator, stack: ExitStack
) -> tuple[Case, Problem]:
    """What rank 0 finds in the input, on all ranks; the log is open afterwards.

    Raises
    ------
    CaseError
        On all ranks, if the input is bad.
    """
    hosts = comm.allgather((platform.node(), machine_memory()))
    case = problem = complaint = None
    if comm.rank == 0:
        try:
            case = check()
            check_count(lattice(case), comm.size)
            check_memory(case, lattice(case), hosts)
            problem = build(case)
            _open(output, stack)
            for warning in (*problem.warnings, *_threads(hosts)):
                log.warning(warning)
        except CaseError as error:
            complaint = error
    case, problem, complaint = comm.bcast((case, problem, complaint))
    if complaint is not None:
        raise complaint
    return case, problem


def _open(output: Path, stack: ExitStack) -> None:
    """Make the directory and log into it."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        stack.enter_context(logging_to(output))
    except BusyError as error:
        message = f"expected a directory that no run is using; {error}"
        raise CaseError([("output", str(output), message)]) from None
    except OSError as error:
        message = f"expected a directory to write in; {error}"
        raise CaseError([("output", str(output), message)]) from None


def _complain(error: Exception) -> int:
    """Bad input, told once."""
    for line in str(error).splitlines():
        _tell(line)
    return BAD_INPUT


def _tell(message: str) -> None:
    sys.stderr.write(f"error: {message}\n")
    sys.stderr.flush()


def _fail(message: str, output: Path | None, comm: Communicator) -> int:
    """End all ranks, with the message told once.

    What all ranks run into is told by rank 0. A rank that is alone with its trouble tells it and
    aborts the others, which may be waiting for it.
    """
    alone = not _all_failed(comm)
    if alone or comm.rank == 0:
        who = f"rank {comm.rank}: " if alone else ""
        _tell(f"{who}{message}")
        if output is not None:
            _note_failure(f"{who}{message}", output)
    if alone:
        time.sleep(0.5)  # for the message to get through
        comm.Abort(FAILED)
    return FAILED


def _all_failed(comm: Communicator) -> bool:
    """Whether all ranks come here within a short time; the lower ranks give up first."""
    if comm.size == 1:
        return True
    request, end = comm.Ibarrier(), time.monotonic() + GRACE + min(0.05 * comm.rank, 2.0)
    while not request.Test():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def _note_failure(message: str, output: Path) -> None:
    """Failure in run.log and run.json, if they can be written."""
    try:
        with (output / "run.log").open("a", encoding="utf-8") as file:
            file.write(f"error: {message}\n")
        Report.read(output).fail(message)
    except OSError as error:
        _tell(str(error))


def _threads(hosts: list[tuple[str, int]]) -> list[str]:
    """A warning when the ranks of this machine have more threads than it has cores."""
    asked = os.environ.get("OMP_NUM_THREADS", "1").split(",")[0]
    threads, cores = int(asked) if asked.isdecimal() else 1, os.cpu_count() or 1
    ranks = [host for host, _ in hosts].count(platform.node())
    if ranks * threads <= cores:
        return []
    return [
        f"{ranks} rank(s) x {threads} thread(s) on {cores} cores: "
        "start fewer, or set OMP_NUM_THREADS=1"
    ]
