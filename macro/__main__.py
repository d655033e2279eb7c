"""Command line: python -m macro run CASE.toml --model MODEL --output DIR.

Exit status: 0 finished, 1 failed, 2 bad input, 3 stopped with its records kept, 4 finished, but
unresolved.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from textwrap import fill

# One thread a rank unless asked for more; BLAS reads this when numpy loads it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

try:
    from wigner import __version__
    from wigner.job.completion import add_completion
    from wigner.job.launch import add_case, add_output, add_quiet, add_set, is_first, parse, world
    from wigner.sweep import commands as sweeping
    from wigner.sweep.program import Program
except ImportError as error:
    sys.exit(f"error: {error}; does another file hide wigner? the command wigner-macro finds it")

from .catalogue import MODELS
from .run import TOLERANCE, checked, run

RUN_HELP = f"""\
Solve a macroscopic model of a case: the same case file as for the kinetic solver. DIR gets
moments.h5, run.json, run.log and case.toml. It must not hold the results of an earlier run, unless
--overwrite is given.

    wigner-macro run case.toml --model local --output result

{fill(f"MODEL is one of {', '.join(MODELS)}.", 100, break_on_hyphens=False)}
The time step is set by --tolerance; time.dt is the first one. Ctrl-C, SIGTERM, SIGUSR1 and
output.wall_limit end the run after the step it is at, with exit status 3."""

SWEEP_HELP = """\
Solve a macroscopic model of a case for all combinations of the values of some keys, as wigner sweep
does with the kinetic equation. DIR gets a directory for each run, and sweep.nc, the records of all
runs with the keys as dimensions, and sweep.csv. Started again, a sweep leaves out what is finished;
what was stopped begins anew.

    wigner-macro sweep case.toml --model local --vary physics.tau=0.01,0.1 --output taus

See wigner sweep --help for --vary, [sweep] in the case, and the exit status."""


EPILOG = """\
for example: wigner-macro run case.toml --model local --output result; see wigner-macro run --help

exit status: 0 finished, 1 failed, 2 bad input, 3 stopped with its records kept, 4 finished, but
unresolved"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command on every rank; the exit status."""
    arguments = parse(_parser(), argv)
    if arguments.command == "sweep":
        return sweeping.typed(arguments, _program(arguments)) if is_first() else 0
    comm = world()
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
    add_completion(parser)
    added = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    plain = argparse.RawDescriptionHelpFormatter
    command = added.add_parser(
        "run", help="solve a model of a case", description=RUN_HELP, formatter_class=plain
    )
    add_case(command)
    add_output(command)
    add_set(command)
    add_quiet(command)
    _add_model(command)
    command = added.add_parser(
        "sweep",
        help="solve it for several values of some keys",
        description=SWEEP_HELP,
        formatter_class=plain,
    )
    sweeping.add_arguments(command)
    _add_model(command)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    """The model, and how exactly it is solved."""
    parser.add_argument(
        "--model", required=True, choices=MODELS, metavar="MODEL", help="which equations"
    )
    parser.add_argument(
        "--tolerance",
        type=_tolerance,
        default=TOLERANCE,
        metavar="E",
        help="error allowed in a time step, relative to the largest density (default: %(default)s)",
    )


def _program(arguments: argparse.Namespace) -> Program:
    """What solves the cases of a sweep."""
    name, tolerance = arguments.model, arguments.tolerance
    return Program(
        "macro",
        "wigner-macro",
        partial(checked, name, tolerance),
        ("--model", name, "--tolerance", repr(tolerance)),
        {"model": name, "tolerance": tolerance},
        resumes=False,
    )


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
