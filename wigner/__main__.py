"""Command line: python -m wigner run|resume|info|machine|plot|compare|sweep|example.

Exit status: 0 finished, 1 failed, 2 bad input, 3 stopped with a checkpoint, 4 finished, but
unresolved.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

# One thread a rank unless asked for more; BLAS reads this when numpy loads it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from . import __version__
from .job import commands, example, figures, measure
from .job.completion import add_completion
from .job.directories import named
from .job.launch import (
    add_case,
    add_output,
    add_quiet,
    add_set,
    counts,
    is_first,
    launched,
    parse,
    world,
)
from .sweep import commands as sweeping

RUN_HELP = """\
Solve a case. DIR gets moments.h5 (the results: HDF5 and netCDF-4), run.json, run.log, case.toml
and checkpoint/. It must not hold the results of an earlier run, unless --overwrite is given.

    wigner run case.toml --output result
    mpiexec -n 4 wigner run case.toml --output result --set time.dt=0.01

Ctrl-C, SIGTERM, SIGUSR1, output.wall_limit and the end of a batch job that the environment tells
(SLURM_JOB_END_TIME and the like) end the run after the step it is at, with a checkpoint and exit
status 3."""
RESUME_HELP = """\
Go on with a run from its newest checkpoint, on any number of ranks, to its t_end or a later one.
Records later than the checkpoint are replaced. The sections time, maxwellian and output may change,
but not where output records W.

    wigner resume result
    mpiexec -n 2 wigner resume result --t-end 2.0 --set output.every=0.5"""
INFO_HELP = """\
Say what a case needs: lattices, resolution, memory and time. Nothing is run or written. With the
constants of a machine, say how long a step takes there on several numbers of ranks, and what it
spends its time on.

    wigner info case.toml --ranks 8
    wigner info case.toml --ranks 64,256,1024 --machine cluster.toml"""
MACHINE_HELP = """\
Measure the constants of a machine that predictions of scaling need, in less than a minute, and
write them into a new file, for info --machine FILE. Start it on all cores of a node, or of two
nodes, which measures the network between them as well.

    mpiexec -n 128 wigner machine --output cluster.toml"""
EXAMPLE_HELP = """\
Write a commented case to start from, into NAME.toml or where --output says; without NAME, list all.

    wigner example
    wigner example helix
    wigner run helix.toml --output helix"""
EPILOG = """\
for example: wigner example helix; wigner run helix.toml --output helix

exit status: 0 finished, 1 failed, 2 bad input, 3 stopped with a checkpoint, 4 finished, but
unresolved"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command on every rank; the exit status."""
    comm = world() if launched() > 1 else None
    arguments = parse(_parser(), argv)
    if arguments.command in ("plot", "compare"):
        return figures.draw(arguments) if is_first() else 0
    if arguments.command == "sweep":
        return sweeping.typed(arguments) if is_first() else 0
    if arguments.command == "example":
        name = None if arguments.list else arguments.name
        return example.example(name, arguments.output) if is_first() else 0
    if arguments.command == "info":
        ranks = arguments.ranks or (launched(),)
        case, overrides, machine = arguments.case, arguments.set, arguments.machine
        return commands.info(case, overrides, ranks, machine) if is_first() else 0
    comm = world() if comm is None else comm
    if arguments.command == "machine":
        return measure.machine(comm, arguments.output)
    if arguments.command == "run":
        case, overrides, output = arguments.case, arguments.set, arguments.output
        overwrite, quiet = arguments.overwrite, arguments.quiet
        return commands.run(case, overrides, output, comm, overwrite=overwrite, quiet=quiet)
    t_end, overrides, quiet = arguments.t_end, arguments.set, arguments.quiet
    return commands.resume(arguments.output, t_end, overrides, comm, quiet=quiet)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wigner",
        description="Spinor Wigner-BGK equation with spin-orbit coupling.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"wigner-bgk {__version__}")
    add_completion(parser)
    added = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")

    def command(name: str, summary: str, description: str) -> argparse.ArgumentParser:
        plain = argparse.RawDescriptionHelpFormatter
        return added.add_parser(name, help=summary, description=description, formatter_class=plain)

    run = command("run", "solve a case", RUN_HELP)
    resume = command("resume", "go on with a run from its last checkpoint", RESUME_HELP)
    info = command("info", "say what a case needs; run nothing", INFO_HELP)
    for sub in (run, info):
        add_case(sub)
    for sub in (run, resume, info):
        add_set(sub)
    add_output(run)
    for sub in (run, resume):
        add_quiet(sub)
    resume.add_argument("output", type=named, metavar="DIR", help="directory of the run")
    resume.add_argument("--t-end", metavar="T", help='a new end time, such as 2.5 or "3 ps"')
    info.add_argument(
        "--ranks",
        type=counts,
        metavar="P,Q,...",
        help="ranks to assume, one number or several (default: those of this job)",
    )
    info.add_argument(
        "--machine", type=named, metavar="FILE", help="constants of a machine: predict its scaling"
    )
    machine = command("machine", "measure a machine for info --machine", MACHINE_HELP)
    machine.add_argument("--output", type=named, required=True, metavar="FILE", help="a new file")
    figures.add_arguments(
        command("plot", "draw a run", figures.PLOT_HELP),
        command("compare", "compare runs with one another", figures.COMPARE_HELP),
    )
    sweeping.add_arguments(
        command("sweep", "run a case for several values of some keys", sweeping.HELP)
    )
    shipped = command("example", "write a commented case to start from", EXAMPLE_HELP)
    shipped.add_argument("name", nargs="?", metavar="NAME", help="which (default: list them)")
    shipped.add_argument("--list", action="store_true", help="list them")
    shipped.add_argument("--output", type=named, metavar="FILE", help="a new file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
