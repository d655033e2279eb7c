"""Command line: python -m macro run CASE.toml --model MODEL --output DIR.

Exit status: 0 finished, 1 failed, 2 bad input, 3 stopped with its records kept, 4 finished, but
unresolved.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

# One thread a rank unless asked for more; BLAS reads this when numpy loads it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

try:
    from wigner import __version__
    from wigner.job.launch import add_case, add_output, add_quiet, add_set, parse, world
except ImportError as error:
    sys.exit(f"error: {error}; does another file hide wigner? the command wigner-macro finds it")

from .catalogue import MODELS
from .run import TOLERANCE, run

RUN_HELP = f"""\
Solve a macroscopic model of a case: the same case file as for the kinetic solver. DIR gets
moments.h5, run.json, run.log and case.toml. It must not hold the results of an
earlier run, unless --overwrite is given.

    python -m macro run case.toml --model local --output result

MODEL is one of {", ".join(MODELS)}.
The time step is set by --tolerance; time.dt is the first one. Ctrl-C, SIGTERM, SIGUSR1 and
output.wall_limit end the run after the step it is at, with exit status 3."""


EPILOG = """\
for example: wigner-macro run case.toml --model local --output result; see wigner-macro run --help

exit status: 0 finished, 1 failed, 2 bad input, 3 stopped with its records kept, 4 finished, but
unresolved"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command on every rank; the exit status."""
    comm = world()
    arguments = parse(_parser(), argv)
    return run(
        arguments.case,
        arguments.set,
        arguments.model,
        arguments.tolerance,
        arguments.output,
        comm,
        overwrite=arguments.overwrite,
        quiet=arguments.quiet,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wigner-macro",
        description="Macroscopic models of the spinor Wigner-BGK equation.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"wigner-bgk {__version__}")
    added = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    plain = argparse.RawDescriptionHelpFormatter
    command = added.add_parser(
        "run", help="solve a model of a case", description=RUN_HELP, formatter_class=plain
    )
    add_case(command)
    command.add_argument(
        "--model", required=True, choices=MODELS, metavar="MODEL", help="which equations"
    )
    add_output(command)
    add_set(command)
    add_quiet(command)
    command.add_argument(
        "--tolerance",
        type=_tolerance,
        default=TOLERANCE,
        metavar="E",
        help="error allowed in a time step, relative to the largest density (default: %(default)s)",
    )
    return parser


def _tolerance(text: str) -> float:
    """A number from 1e-13 to 1e-2."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 1e-13 <= number <= 1e-2:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a number from 1e-13 to 1e-2")
    return number


if __name__ == "__main__":
    sys.exit(main())
