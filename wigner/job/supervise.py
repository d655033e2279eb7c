"""A job on all ranks: input is checked before anything is done, failures end all of them."""

from __future__ import annotations

import logging
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

from ..case.dimensions import moment
from ..case.problem import Problem
from ..case.spec import Case
from ..case.units import Scaling
from ..errors import CaseError, CheckpointError, SolveError
from ..machine import machine_memory, shadowed
from ..output.files import printable
from ..output.logs import logging_to
from ..output.run_json import Report
from ..phase_space.communicator import Communicator, nodes_of
from .directories import usable

FINISHED, FAILED, BAD_INPUT, STOPPED, UNRESOLVED = range(5)
# Seconds that the other ranks have to fail as well before one of them ends all.
GRACE = 2.0
REPORT = "This is a fault of the program, not of the input: please report it with all the above."
INTACT = "is whole up to its last record and checkpoint: correct the cause, then resume"
# Where BLAS libraries look for their number of threads.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

log = logging.getLogger(__name__)

# Name and memory in bytes of the machine of each rank.
Hosts = list[tuple[str, int]]
Check = Callable[[Hosts], tuple[Case, Problem]]
# Is told why the directory could not be locked, if so.
Ready = Callable[[str], None]


def run_job(
    check: Check,
    output: Path,
    comm: Communicator,
    execute: Callable[[Case, Problem], int],
    ready: Ready = lambda unlocked: None,
    intact: str = INTACT,
    *,
    quiet: bool = False,
) -> int:
    """Check the input on rank 0, then execute it on all ranks; the exit status.

    Parameters
    ----------
    check
        Reads the case and makes a problem of it; raises CaseError if it cannot be run.
    output
        The run's directory, made when the case is known to be good.
    execute
        Does the work; the exit status, see :func:`status`.
    ready
        Looks at the directory once more when it is locked; raises CaseError if it cannot be used.
    intact
        What is to be said of the directory after an error of the system.
    quiet
        Whether the terminal gets warnings and errors only.
    """
    ours: Path | None = None  # the directory, once it is sure that it is this run's
    units: Scaling | None = None
    try:
        nodes_of(comm)  # what the environment says of them may be wrong
        with ExitStack() as stack:
            case, problem = _agree(check, ready, output, comm, stack, quiet=quiet)
            ours, units = output, case.units
            return execute(case, problem)
    except (CaseError, CheckpointError) as error:  # on all ranks, and nothing was changed
        return complain(error) if comm.rank == 0 else BAD_INPUT
    except SolveError as error:
        return _fail(error.told(partial(moment, units)), ours, comm)
    except OSError as error:
        return _fail(f"{error}; {output} {intact}" if ours else str(error), ours, comm)
    except MemoryError as error:
        what = f"memory: {error or 'none left'}; use more ranks, more machines or fewer points"
        return _fail(f"{what}; {output} {intact}" if ours else what, ours, comm)
    except KeyboardInterrupt:  # before the run took over the signals
        return _fail("interrupted before the run began", ours, comm)
    except Exception as error:  # whatever one rank alone runs into must end all of them
        what = f"{type(error).__name__}: {error}"
        return _fail(f"{what}\n{traceback.format_exc()}{REPORT}", ours, comm)


def _agree(
    check: Check,
    ready: Ready,
    output: Path,
    comm: Communicator,
    stack: ExitStack,
    *,
    quiet: bool,
) -> tuple[Case, Problem]:
    """What rank 0 finds in the input, on all ranks; the log is open afterwards.

    Raises
    ------
    CaseError
        On all ranks, if the input is bad.
    """
    hosts = comm.allgather((platform.node(), machine_memory()))
    places = comm.allgather((platform.node(), _cores()))
    found: tuple[Case, Problem] | CaseError | None = None
    if comm.rank == 0:
        try:
            found = check(hosts)
            with usable(output):
                output.mkdir(parents=True, exist_ok=True)
                unlocked = stack.enter_context(logging_to(output, quiet=quiet))
            ready(unlocked)
            for warning in (*found[1].warnings, *_threads(places), *shadowed()):
                log.warning(warning)
        except CaseError as error:
            found = error
    agreed: tuple[Case, Problem] | CaseError = comm.bcast(found)
    if isinstance(agreed, CaseError):
        raise agreed
    return agreed


def status(stop: str | None, verdict: str) -> int:
    """The exit status of a run that was stopped for a reason, or came to its end.

    ``verdict`` is that of ``Quality``.
    """
    if stop is not None:
        return STOPPED
    return UNRESOLVED if verdict == "unresolved" else FINISHED


def complain(error: Exception) -> int:
    """Bad input, told once."""
    for line in str(error).splitlines():
        _tell(line)
    return BAD_INPUT


def say(text: str) -> None:
    """Text on standard output, if there is still somebody who reads it."""
    try:
        sys.stdout.write(printable(text))
        sys.stdout.flush()
    except BrokenPipeError:  # as for "| head"; what is left of the text must not be tried again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(message: str) -> None:
    with suppress(OSError):  # a full disk may be where standard error goes
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
        log_file = output / "run.log"
        with log_file.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"error: {message}\n")
        Report.read(output).fail(message)
    except OSError as error:
        _tell(f"run.json and run.log may lack this: {error}")


def _cores() -> frozenset[int]:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def _threads(places: list[tuple[str, frozenset[int]]]) -> Iterator[str]:
    """A warning for each machine whose ranks have more threads than cores."""
    said = {name: os.environ.get(name, "").split(",")[0] for name in THREADS}
    asked = {name: int(number) for name, number in said.items() if number.isdecimal()}
    threads = max(asked.values(), default=1)
    many = [f"{name}=1" for name, number in asked.items() if number > 1]
    remedy = f"set {' '.join(many)}" if many else "give them more cores (mpiexec may bind them)"
    for host in dict.fromkeys(name for name, _ in places):
        shares = [cores for name, cores in places if name == host]
        ranks, cores = len(shares), len(frozenset().union(*shares))
        if ranks * threads > cores:
            yield (
                f"{ranks} rank(s) x {threads} thread(s) on {cores} core(s) of {host}: "
                f"start fewer, or {remedy}"
            )
