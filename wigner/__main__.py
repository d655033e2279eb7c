"""Command line: python -m wigner run|resume|info.

Exit status: 0 finished, 1 failed, 2 bad input, 3 stopped with a checkpoint.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from .case import Case, CaseError, load_case
from .checkpoint import CheckpointError
from .constraint import ConstraintError
from .info import describe
from .layout import SERIAL, Communicator, check_ranks
from .problem import build
from .records import Report
from .run import execute

FINISHED, FAILED, BAD_INPUT, STOPPED = 0, 1, 2, 3

log = logging.getLogger("wigner")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command on every rank; the exit status."""
    arguments = _parser().parse_args(argv)
    comm = world()
    try:
        return arguments.command(arguments, comm)
    except Exception:  # whatever one rank alone runs into must end all of them
        traceback.print_exc()
        if comm.size > 1:
            comm.Abort(FAILED)
        return FAILED


def world() -> Communicator:
    """All ranks of the job, or one rank where there is no mpi4py.

    Raises
    ------
    SystemExit
        If a launcher started several processes that could not find each other.
    """
    try:
        from mpi4py import MPI  # noqa: PLC0415 (optional, and only a run needs it)
    except ImportError:
        sizes = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "SLURM_NTASKS")
        if any(os.environ.get(name, "1") not in ("", "1") for name in sizes):
            sys.exit("error: started as several ranks, but mpi4py is missing; install mpi4py")
        return SERIAL
    return MPI.COMM_WORLD if MPI.COMM_WORLD.size > 1 else SERIAL


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wigner", description="Spinor Wigner-BGK equation with Rashba coupling."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    case = argparse.ArgumentParser(add_help=False)
    case.add_argument("case", type=Path, help="case file (TOML)")
    case.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="section.key=value",
        help="change an entry of the case; may be repeated",
    )
    run = commands.add_parser("run", parents=[case], help="solve a case")
    run.add_argument("--output", type=Path, required=True, help="directory for the results")
    run.set_defaults(command=run_command)
    resume = commands.add_parser("resume", help="go on with a run from its last checkpoint")
    resume.add_argument("output", type=Path, help="directory of the run")
    resume.add_argument("--t-end", type=float, help="a new end time")
    resume.set_defaults(command=resume_command)
    info = commands.add_parser("info", parents=[case], help="say what a case needs; run nothing")
    info.add_argument("--ranks", type=int, default=None, help="ranks to assume (default: this job)")
    info.set_defaults(command=info_command)
    return parser


def run_command(arguments: argparse.Namespace, comm: Communicator) -> int:
    """``wigner run``."""

    def check() -> Case:
        case = load_case(arguments.case, arguments.set)
        _refuse_used(arguments.output)
        return case

    return _solve(check, arguments.output, comm, resume=False)


def resume_command(arguments: argparse.Namespace, comm: Communicator) -> int:
    """``wigner resume``."""

    def check() -> Case:
        text = arguments.output / "case.toml"
        if not text.exists():
            message = "expected the directory of a run; give the one that --output named"
            raise CaseError([("output", str(arguments.output), message)])
        overrides = [] if arguments.t_end is None else [f"time.t_end={arguments.t_end!r}"]
        return load_case(text, overrides)

    return _solve(check, arguments.output, comm, resume=True)


def info_command(arguments: argparse.Namespace, comm: Communicator) -> int:
    """``wigner info``."""
    if comm.rank:
        return FINISHED
    try:
        case = load_case(arguments.case, arguments.set)
        print(describe(case, build(case), arguments.ranks or comm.size))
    except CaseError as error:
        return _complain(error, comm.rank)
    return FINISHED


def _solve(check: Callable[[], Case], output: Path, comm: Communicator, *, resume: bool) -> int:
    """Check the input on rank 0, then run on all ranks."""
    case = problem = complaint = None
    if comm.rank == 0:
        try:
            case = check()
            problem = build(case)
            check_ranks(problem.grid, comm.size)
            output.mkdir(parents=True, exist_ok=True)
        except ValueError as error:
            complaint = error
        except OSError as error:
            complaint = CaseError(
                [("output", str(output), f"expected a directory to write in; {error}")]
            )
    case, problem, complaint = comm.bcast((case, problem, complaint))
    if complaint is not None:
        return _complain(complaint, comm.rank)
    _log_to(output, comm)
    for warning in problem.warnings if comm.rank == 0 else ():
        log.warning(warning)
    _watch_threads(comm)
    try:
        return FINISHED if execute(case, problem, output, comm, resume=resume) else STOPPED
    except (ConstraintError, CheckpointError, OSError) as error:
        if comm.rank == 0:
            log.error("error: %s", error)
            Report.read(output / "run.json").update({"state": "failed", "error": str(error)})
        return FAILED


def _refuse_used(output: Path) -> None:
    """Nothing of an earlier run is overwritten."""
    for name in ("run.json", "moments.h5"):
        if (output / name).exists():
            message = f"expected a new directory, but {name} is there; use another, or resume"
            raise CaseError([("output", str(output), message)])


def _complain(error: ValueError, rank: int) -> int:
    if rank == 0:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
    return BAD_INPUT


def _log_to(output: Path, comm: Communicator) -> None:
    """Plain lines in run.log, the same on the terminal; ranks other than 0 keep quiet."""
    logger = logging.getLogger("wigner")
    logger.setLevel(logging.INFO if comm.rank == 0 else logging.CRITICAL)
    if comm.rank == 0:
        terminal, file = logging.StreamHandler(), logging.FileHandler(output / "run.log")
        terminal.setFormatter(logging.Formatter("%(message)s"))
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.handlers = [terminal, file]


def _watch_threads(comm: Communicator) -> None:
    """Warn when the ranks of this machine have more threads than it has cores."""
    threads = int(os.environ.get("OMP_NUM_THREADS", "1") or "1")
    neighbours = comm.allgather(platform.node()).count(platform.node())
    cores = os.cpu_count() or 1
    if comm.rank == 0 and neighbours * threads > cores:
        log.warning(
            "%d rank(s) x %d thread(s) on %d cores: start fewer, or set OMP_NUM_THREADS=1",
            neighbours,
            threads,
            cores,
        )


if __name__ == "__main__":
    sys.exit(main())
