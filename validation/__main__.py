"""Command line: python -m validation STUDY [CASE.toml] --output DIR [--size small|full].

Exit status: 0 no claim fails, 1 a claim fails or a task cannot be computed, 2 bad input, 3
interrupted, with what was computed kept.
"""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

# One thread a rank unless asked for more; BLAS reads this when numpy loads it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

try:
    from wigner import __version__
    from wigner.machine import shadowed
except ImportError as error:
    sys.exit(f"error: {error}; does another file hide wigner? wigner-validate finds it")

from wigner.case.problem import build
from wigner.case.spec import Case, load_case
from wigner.errors import CaseError, Fault
from wigner.job.completion import add_completion
from wigner.job.directories import named
from wigner.job.directories import usable as usable_directory
from wigner.job.launch import add_quiet, add_set, parse, world
from wigner.job.supervise import say
from wigner.output import files
from wigner.phase_space.communicator import Communicator

from .formulas.corrections import CORRECTIONS
from .harness.claims import Result, number
from .harness.study import SIZES, Setting, Study, compute, conclude

HOLDS, FAILS, BAD_INPUT, INTERRUPTED = 0, 1, 2, 3

if hidden := [told for told in shadowed() if told.startswith("macro: ")]:
    print(f"error: {hidden[0]}", file=sys.stderr)
    sys.exit(BAD_INPUT)
try:
    from .harness import report
    from .studies.catalogue import STUDIES
except ModuleNotFoundError as missing:
    if missing.name not in ("matplotlib", "jinja2"):
        raise
    told = f"error: {missing.name} is not installed; pip install 'wigner-bgk[report]'"
    print(told, file=sys.stderr)
    sys.exit(BAD_INPUT)

log = logging.getLogger("validation")

HELP = """\
Check the claims about the equations, the models and the solver. DIR gets report.html (one
self-contained page), report.json (every number), figures/ and tasks/. What is computed stays in
tasks/: started again, a study takes it from there.

    wigner-validate all --output report
    wigner-validate tau case.toml --output mine --set physics.tau=0.02
    mpiexec -n 4 wigner-validate all --output report"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run studies on all ranks, each doing whole tasks; the exit status."""
    comm = world()
    arguments = parse(_parser(), argv)
    usable, case = _agree(arguments, comm)
    if not usable:
        return BAD_INPUT
    _log_to_terminal(comm, logging.WARNING if arguments.quiet else logging.INFO)
    with _terminated_as_interrupted():
        try:
            return _studied(arguments, case, comm)
        except KeyboardInterrupt:
            if comm.rank == 0:
                kept = f"what was computed is kept in {arguments.output / 'tasks'}"
                print(f"interrupted: {kept}; the same command goes on", file=sys.stderr)
            if comm.size > 1:  # the others may be waiting for this rank
                comm.Abort(INTERRUPTED)
            return INTERRUPTED


def _studied(arguments: argparse.Namespace, case: Case | None, comm: Communicator) -> int:
    """Compute, conclude and report; the exit status, on every rank."""
    clock = time.perf_counter()
    studies, setting = _chosen(arguments), Setting(arguments.size, case)
    try:
        outcomes = compute(studies, setting, arguments.output, comm)
    except CaseError as error:  # on every rank: all ask for more than the case allows
        if comm.rank == 0:
            _complain(error)
        return BAD_INPUT
    status = FAILS
    if comm.rank == 0:
        try:
            results = conclude(studies, setting, outcomes)
            page = _write(studies, results, arguments, comm.size, time.perf_counter() - clock)
            _tell(results, page, own=case is not None)
            status = HOLDS if all(result.holds for result in results) else FAILS
        except OSError as error:
            _complain(error, "what was computed is in tasks/: correct the cause, and run again")
        except Exception:  # the other ranks wait for the status, whatever happened
            log.exception("the studies were computed, but not reported; tasks/ is whole")
    return comm.bcast(status)


def _chosen(arguments: argparse.Namespace) -> list[Study]:
    """The studies that are asked for."""
    return [study for study in STUDIES if arguments.study in (study.name, "all")]


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends a study as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _write(
    studies: Sequence[Study],
    results: Sequence[Result],
    arguments: argparse.Namespace,
    ranks: int,
    seconds: float,
) -> Path:
    """The report of the studies; the path of its page."""
    chapters = [
        report.Chapter(study, result, command(study.name, arguments))
        for study, result in zip(studies, results, strict=True)
    ]
    case = str(arguments.case or "shipped with the studies")
    whole = command(arguments.study, arguments)
    source = report.origin(whole, arguments.size, files.printable(case), ranks, seconds)
    return report.write(chapters, CORRECTIONS, source, arguments.output)


def command(study: str, arguments: argparse.Namespace) -> str:
    """What to type for one study."""
    case = [] if arguments.case is None else [str(arguments.case)]
    options = ["--output", str(arguments.output), "--size", arguments.size]
    options += [part for entry in arguments.set for part in ("--set", entry)]
    return files.printable(shlex.join(["python", "-m", "validation", study, *case, *options]))


def _agree(arguments: argparse.Namespace, comm: Communicator) -> tuple[bool, Case | None]:
    """Whether the input can be used, and the user's case if there is one; alike on all ranks."""
    usable, case = True, None
    if comm.rank == 0:  # the only rank that reads, creates and complains
        try:
            if arguments.case is not None:
                case = load_case(arguments.case, arguments.set)
                build(case)
                if case.time.adaptive:
                    remedy = "give one, with --set time.dt=... for instance"
                    expected = "a number, as studies compare steps"
                    raise CaseError(Fault("time.dt", '"auto"', expected, remedy))
                for study in _chosen(arguments):  # which may ask for more than the case has
                    study.plan(Setting(arguments.size, case))
            elif arguments.set:
                remedy = "give CASE.toml, or leave --set out"
                raise CaseError(Fault("--set", arguments.set[0], "a case to change", remedy))
            with usable_directory(arguments.output):
                (arguments.output / "tasks").mkdir(parents=True, exist_ok=True)
                TemporaryFile(dir=arguments.output).close()
        except CaseError as error:
            usable = False
            _complain(error)
    return comm.bcast((usable, case))


def _complain(error: Exception, remedy: str = "") -> None:
    """Say on standard error what is wrong, line by line."""
    for line in (f"{error}; {remedy}" if remedy else str(error)).splitlines():
        print(f"error: {line}", file=sys.stderr)


def _log_to_terminal(comm: Communicator, level: int) -> None:
    """What every rank says from a level on, progress for one, on standard error."""
    handler = logging.StreamHandler()
    rank = f"[{comm.rank}] " if comm.size > 1 else ""
    handler.setFormatter(logging.Formatter(f"{rank}%(message)s"))
    log.handlers[:] = [handler]
    log.setLevel(level)


def _tell(results: Sequence[Result], page: Path, *, own: bool) -> None:
    """Answers, failing claims, how many there are of each verdict, and where the report is.

    Of a user's ``own`` case every number that could be measured is an answer where there is none.
    """
    for result in results:
        if result.answer:
            say(f"{result.answer}\n")
        for claim in result.claims if own and not result.answer else ():
            if claim.holds:
                say(f"{claim.statement}: {number(claim.measured)}, expected {claim.expected}\n")
    claims = [claim for result in results for claim in result.claims]
    for claim in claims:
        note = f" ({claim.note})" if claim.note else ""
        if claim.fails:
            say(
                f"FAILS {claim.key}: {claim.statement}: measured {claim.measured:.4g}, "
                f"expected {claim.expected}{note}\n"
            )
    others = Counter(claim.undecided for claim in claims if claim.undecided)
    told = "".join(f", {count} {verdict}" for verdict, count in others.items())
    held, decided = sum(claim.holds for claim in claims), len(claims) - others.total()
    counted = f"{held} of {decided} claims hold{told}; " if decided else f"undecided{told}; "
    answered = any(result.answer for result in results)  # that is what was asked
    say(f"{'its checks: ' if answered and claims else ''}{counted if claims else ''}{page}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wigner-validate",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit status: 0 no claim fails, 1 a claim fails, 2 bad input, 3 interrupted",
    )
    parser.add_argument("--version", action="version", version=f"wigner-bgk {__version__}")
    add_completion(parser)
    names = [*(study.name for study in STUDIES), "all"]
    parser.add_argument("study", choices=names, metavar="STUDY", help=", ".join(names))
    parser.add_argument(
        "case", type=Path, nargs="?", metavar="CASE.toml", help="a case instead of those shipped"
    )
    parser.add_argument(
        "--output", type=named, required=True, metavar="DIR", help="directory for the report"
    )
    add_set(parser)
    add_quiet(parser)
    parser.add_argument(
        "--size",
        choices=SIZES,
        default="full",
        help="full (minutes, the default) or small (seconds, with the same claims)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
