"""The command sweep."""

from __future__ import annotations

import argparse
import logging
import shlex
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..case.spec import load_swept
from ..errors import CaseError, Fault
from ..job.agenda import Requests, stop_requests
from ..job.directories import named, usable
from ..job.launch import add_case, add_quiet, add_set, count, launched
from ..job.supervise import FAILED, FINISHED, STOPPED, UNRESOLVED, complain, say
from ..output import files
from ..output.logs import logging_to
from . import process
from .gather import gather
from .plan import CASE, Member, Plan, check_zip, commands, machines
from .program import KINETIC, Program
from .states import report, status, told, word
from .table import as_csv
from .varied import read_varied

HELP = """\
Run a case for all combinations of the values of some keys, one after the other. Each run has a
directory of its own in DIR. All cases are checked before the first begins. Started again, a sweep
leaves out what is finished and goes on with what was stopped; more values may be given then. At the
end DIR has sweep.nc, the records of all runs with the keys as dimensions (netCDF-4, for xarray),
and sweep.csv, a row for each run.

    wigner sweep case.toml --vary physics.tau=0.01,0.1 --vary physics.alpha=0.2,0.4 --output taus
    wigner sweep case.toml --vary grid.n_p=24,32 --vary time.dt=0.1,0.05 --zip --output fine
    wigner sweep case.toml --vary physics.tau=0.01,0.03 --ranks 4 --lines --output taus > jobs.txt

Values are those of --set; commas in brackets and quotes do not separate them. A case may have keys
and values in a table [sweep], as physics.tau = [0.01, 0.1], and zip = true there; --vary replaces
the values of a key. Ctrl-C and SIGTERM end the run in progress with a checkpoint, and the sweep
with status 3. A run that fails does not stop the others.

Exit status: 1 if a run failed, else 3 if one was stopped, else 4 if one is unresolved, else 0."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What was typed of a sweep.

    Attributes
    ----------
    vary, overrides
        Each ``--vary`` and each ``--set``.
    zipped, lines, quiet
        Whether keys change together, commands are only printed, and the terminal gets warnings
        and errors only.
    ranks
        MPI ranks of each run.
    """

    vary: Sequence[str]
    overrides: Sequence[str] = ()
    zipped: bool = False
    lines: bool = False
    quiet: bool = False
    ranks: int = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``wigner sweep``."""
    add_case(parser)
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="section.key=value,value,...",
        help="the values of a key; may be repeated; others are those of [sweep] in the case",
    )
    parser.add_argument(
        "--zip", action="store_true", help="first values together, then second ones, and so on"
    )
    parser.add_argument(
        "--output", type=named, required=True, metavar="DIR", help="directory of the sweep"
    )
    parser.add_argument(
        "--ranks", type=count, default=1, metavar="N", help="MPI ranks of each run (default: 1)"
    )
    parser.add_argument(
        "--lines",
        action="store_true",
        help="run nothing: print a command for each run that is left, for an array job",
    )
    add_set(parser)
    add_quiet(parser)


def typed(arguments: argparse.Namespace, program: Program = KINETIC) -> int:
    """The command as it was typed, with what solves the cases; the exit status."""
    wanted = Wanted(
        arguments.vary,
        arguments.set,
        arguments.zip,
        arguments.lines,
        arguments.quiet,
        arguments.ranks,
    )
    return sweep(arguments.case, arguments.output, wanted, program)


def sweep(case: Path, output: Path, wanted: Wanted, program: Program = KINETIC) -> int:
    """``wigner sweep``, with what solves the cases; the exit status."""
    try:
        with ExitStack() as stack:
            plan = _plan(case, output, wanted, program)
            starter = process.launcher(wanted.ranks)
            left = commands(plan, machines(wanted.ranks, here=not wanted.lines))
            with usable(output):
                output.mkdir(parents=True, exist_ok=True)
                if not wanted.lines:
                    stack.enter_context(logging_to(output, "sweep.log", quiet=wanted.quiet))
                if case.resolve() != (output / CASE).resolve():
                    files.write_text(output / CASE, case.read_bytes().decode("utf-8-sig"))
            if wanted.lines:
                return _print(plan, left, wanted)
            return _run(plan, left, starter, wanted)
    except CaseError as error:
        return complain(error)
    except OSError as error:
        remedy = f"correct the cause, then start the sweep again: {output} is whole"
        complain(RuntimeError(f"{error}; {remedy}"))
        return FAILED


def _plan(case: Path, output: Path, wanted: Wanted, program: Program) -> Plan:
    """What was typed as a plan; raises CaseError if it is none."""
    if launched() > 1:
        got, expected = f"{launched()} processes of a launcher", "one, which starts the others"
        raise CaseError(Fault("sweep", got, expected, "use --ranks for the ranks of each run"))
    swept = load_swept(case, wanted.overrides)
    varied = read_varied(wanted.vary, wanted.overrides, swept.values)
    zipped = wanted.zipped or swept.zipped
    if zipped:
        check_zip(varied)
    with usable(output):
        single = next((name for name in ("run.json", "case.toml") if (output / name).exists()), "")
    if single:
        expected = f"a directory for several runs, but {single} of one run is there"
        raise CaseError(Fault("--output", str(output), expected, "use another"))
    return Plan(case, tuple(wanted.overrides), varied, zipped, output, program)


def _print(plan: Plan, left: dict[Member, list[str]], wanted: Wanted) -> int:
    """The commands of what is left to do, one a line."""
    launcher = [] if wanted.ranks == 1 else ["mpiexec", "-n", str(wanted.ranks)]
    quiet = ["--quiet"] if wanted.quiet else []
    for arguments in left.values():
        line = shlex.join([*launcher, plan.program.name, *arguments, *quiet])
        say(f"{line}\n")
    done = len(list(plan.members)) - len(left)
    if done:
        sys.stderr.write(f"{done} of {len(list(plan.members))} runs are finished\n")
    return FINISHED


def _run(plan: Plan, left: dict[Member, list[str]], starter: Sequence[str], wanted: Wanted) -> int:
    """Run what is left to do, one after the other, and gather all; the exit status."""
    began, members = time.time(), list(plan.members)
    quiet = ["--quiet"] if wanted.quiet else []
    failed: set[Member] = set()
    with stop_requests() as requests:
        for number, member in enumerate(members, 1):
            where = f"run {number} of {len(members)}, {member.name}"
            if requests:
                break
            if member not in left:
                log.info("%s: is finished", where)
            elif not _one(plan, member, where, [*left[member], *quiet], starter, requests, began):
                failed.add(member)
        interrupted = bool(requests)
        words = ["failed" if m in failed else word(report(plan, m)) for m in members]
        written, counts = _written(plan), Counter(words)
    again = "; the same command goes on" if interrupted or counts["stopped"] else ""
    log.info("%s; %s in %s%s", told(counts), " and ".join(written), plan.directory, again)
    return status(counts, interrupted=interrupted)


def _written(plan: Plan) -> list[str]:
    """Write the files of all runs; their names.

    Raises
    ------
    OSError
        If one cannot be written.
    """
    files.write_text(plan.directory / "sweep.csv", as_csv(plan))
    try:
        return ["sweep.nc"] * gather(plan, plan.directory / "sweep.nc") + ["sweep.csv"]
    except RuntimeError as error:  # HDF5 says so of a full disk
        raise OSError(f"sweep.nc cannot be written ({error})") from None


def _one(
    plan: Plan,
    member: Member,
    where: str,
    arguments: Sequence[str],
    starter: Sequence[str],
    requests: Requests,
    began: float,
) -> bool:
    """Run or resume one of the runs; whether it did not fail."""
    log.info("%s: %s", where, "begins" if arguments[0] == "run" else "goes on")
    code = process.call(arguments, starter, requests, began, plan.program.module)
    found = report(plan, member)
    if code in (FINISHED, STOPPED, UNRESOLVED) or requests:
        return True
    log.error("%s: failed with status %d; %s", where, code, found.get("message", "see above"))
    return False
