"""How a job starts: its processes, their communicator, and the arguments that commands share."""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NoReturn

from ..phase_space.communicator import SERIAL, Communicator, side_by_side
from .directories import named
from .supervise import BAD_INPUT

# What launchers tell the processes they start: how many there are, and which this one is.
SRUN = "SLURM_STEP_NUM_TASKS"
SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE", SRUN)
RANKS = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK", "SLURM_PROCID")
# What a launcher sets that speaks PMIx.
PMIX = ("PMIX_NAMESPACE", "PMIX_RANK")
# What makes an mpi4py for the MPI whose mpicc is found first.
BUILD = "pip install --force-reinstall --no-deps --no-binary mpi4py mpi4py"


def world() -> Communicator:
    """All ranks of the job, those of a machine side by side, or one rank where there is no MPI.

    Raises
    ------
    SystemExit
        With status 2, if a launcher started several processes that cannot find each other.
    """
    comm: Communicator
    try:
        import mpi4py  # noqa: PLC0415 (optional, and only a run needs it)

        if SRUN in os.environ and launched() == 1:  # where Open MPI without PMIx ends the process
            return SERIAL
        careful = "mpi4py.MPI" not in sys.modules and any(name in os.environ for name in PMIX)
        if careful:  # an MPI that cannot find its ranks ends the process when it is initialised
            mpi4py.rc.initialize, mpi4py.rc.finalize = False, True
        from mpi4py import MPI  # noqa: PLC0415

        if careful:
            _check_pmix(MPI.Get_library_version())
            MPI.Init_thread(MPI.THREAD_MULTIPLE)
        comm, got = MPI.COMM_WORLD, "an mpi4py for another MPI"
    except (ImportError, RuntimeError) as error:  # none, or one that finds no MPI library
        reason = str(error).replace("\n", ", ")
        comm, got = SERIAL, f"no mpi4py that works ({reason})" if _has_mpi4py() else "no mpi4py"
    if comm.size == 1 and launched() > 1:
        _refuse(got, f"that of the launcher, which started {launched()} processes")
    return side_by_side(comm) if comm.size > 1 else SERIAL


def _has_mpi4py() -> bool:
    """Whether mpi4py is installed, working or not."""
    return sys.modules.get("mpi4py") is not None


def _check_pmix(library: str) -> None:
    """Refuse an MPI, by its own description, that the launcher's PMIx cannot start."""
    if "MPICH" in library and "pmix" not in library.lower():
        _refuse(
            f"an mpi4py for {' '.join(library.split()[:3])} without PMIx",
            "one for the launcher, which speaks PMIx as Open MPI's mpiexec and srun --mpi=pmix do",
        )


def _refuse(got: str, expected: str) -> NoReturn:
    """End the process, with a message from the first one."""
    if is_first():
        remedy = f"use the mpiexec beside this python, or the MPI of the launcher: {BUILD}"
        sys.stderr.write(f"error: ranks: got {got}, expected {expected}; {remedy}\n")
    else:
        time.sleep(0.5)  # the launcher may end all as soon as one has ended
    raise SystemExit(BAD_INPUT)


def launched() -> int:
    """How many processes the launcher says it has started."""
    found = (os.environ.get(name, "") for name in SIZES)
    return max((int(size) for size in found if size.isdecimal()), default=1)


def is_first() -> bool:
    """Whether this is the first of the launcher's processes."""
    return all(os.environ.get(name, "0") == "0" for name in RANKS)


def add_case(parser: argparse.ArgumentParser) -> None:
    """The case file."""
    parser.add_argument("case", type=Path, metavar="CASE.toml", help="case file")


def add_output(parser: argparse.ArgumentParser) -> None:
    """The directory of a new run."""
    parser.add_argument(
        "--output", type=named, required=True, metavar="DIR", help="directory for the results"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="delete the results of an earlier run in DIR"
    )


def add_set(parser: argparse.ArgumentParser) -> None:
    """Changes to entries of the case."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="section.key=value",
        help="change an entry of the case; may be repeated",
    )


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Less on the terminal."""
    parser.add_argument("--quiet", action="store_true", help="show warnings and errors only")


def count(text: str) -> int:
    """A positive integer from a command line; raises ArgumentTypeError for anything else."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a positive integer")
    return int(text)


def counts(text: str) -> tuple[int, ...]:
    """Positive integers with commas between them, ascending, each once; as :func:`count`."""
    return tuple(sorted({count(part.strip()) for part in text.split(",")}))


def parse(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; help and errors are printed once, whatever the number of ranks.

    From here on the process can print the name of any file.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
    if is_first():
        return _parsed(parser, argv)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return _parsed(parser, argv)


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; where some are unknown, SystemExit with the usage of the command typed."""
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        subs = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
        typed = [each.choices[getattr(arguments, each.dest)] for each in subs]
        (typed or [parser])[0].error(f"unrecognized arguments: {' '.join(unknown)}")
    return arguments
