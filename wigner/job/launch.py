"""How a job starts: its processes, their communicator, and the arguments that commands share."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from ..phase_space.communicator import SERIAL, Communicator
from .directories import named
from .supervise import BAD_INPUT

# What launchers tell the processes they start: how many there are, and which this one is.
SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS")
RANKS = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK", "SLURM_PROCID")


def world() -> Communicator:
    """All ranks of the job, or one rank where there is no MPI.

    Raises
    ------
    SystemExit
        With status 2, if a launcher started several processes that cannot find each other.
    """
    comm: Communicator
    try:
        from mpi4py import MPI  # noqa: PLC0415 (optional, and only a run needs it)

        comm, got = MPI.COMM_WORLD, "an mpi4py for another MPI"
    except (ImportError, RuntimeError) as error:  # none, or one that finds no MPI library
        comm, got = SERIAL, f"no mpi4py ({error})"
    if comm.size == 1 and launched() > 1:
        if is_first():
            sys.stderr.write(
                f"error: ranks: got {got}, expected that of the launcher, which started "
                f"{launched()} processes; install it, or use the mpiexec beside this python\n"
            )
        raise SystemExit(BAD_INPUT)
    return comm if comm.size > 1 else SERIAL


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


def parse(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; help and errors are printed once, whatever the number of ranks."""
    if is_first():
        return parser.parse_args(argv)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return parser.parse_args(argv)
