"""Command line: python -m validation STUDY [CASE.toml] --output DIR [--size small|full].

Exit status: 0 all claims hold, 1 a claim fails or a task cannot be computed, 2 bad input.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

# One thread a rank unless asked for more; BLAS reads this when numpy loads it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from wigner.case.problem import build
from wigner.case.spec import Case, load_case
from wigner.errors import CaseError
from wigner.job.launch import world
from wigner.phase_space.communicator import Communicator

from .formulas.corrections import CORRECTIONS
from .harness.claims import Result
from .harness.study import SIZES, Setting, Study, compute, conclude

HOLDS, FAILS, BAD_INPUT = 0, 1, 2

try:
    from .harness import report
    from .studies.catalogue import STUDIES
except ModuleNotFoundError as missing:
    if missing.name not in ("matplotlib", "jinja2"):
        raise
    sys.exit(f"error: {missing.name} is not installed; pip install 'wigner-bgk[report]'")

log = logging.getLogger("validation")

HELP = """\
Check the claims about the equations, the models and the solver. DIR gets report.html (one
self-contained page), report.json (every number), figures/ and tasks/. What is computed stays in
tasks/: started again, a study takes it from there.

    python -m validation all --output report
    python -m validation tau case.toml --output mine
    mpiexec -n 4 python -m validation all --output report"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run studies on all ranks, each doing whole tasks; the exit status."""
    clock = time.perf_counter()
    comm = world()
    arguments = _parse(argv, comm)
    usable, case = _agree(arguments, comm)
    if not usable:
        return BAD_INPUT
    _log_to_terminal(comm)
    names = [study.name for study in STUDIES] if arguments.study == "all" else [arguments.study]
    studies = [study for study in STUDIES if study.name in names]
    setting = Setting(arguments.size, case)
    try:
        outcomes = compute(studies, setting, arguments.output, comm)
    except CaseError as error:  # raised on every rank: a study asks for more than the case allows
        if comm.rank == 0:
            _complain(error)
        return BAD_INPUT
    status = FAILS
    if comm.rank == 0:
        try:
            results = conclude(studies, setting, outcomes)
            page = _write(studies, results, arguments, comm.size, time.perf_counter() - clock)
            _tell(results, page)
            status = HOLDS if all(result.holds for result in results) else FAILS
        except Exception:  # the other ranks wait for the status, whatever happened
            log.exception("the studies were computed, but not reported; tasks/ is whole")
    return comm.bcast(status)


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
    case = "shipped with the studies" if arguments.case is None else str(arguments.case)
    whole = command(arguments.study, arguments)
    source = report.origin(whole, arguments.size, case, ranks, seconds)
    return report.write(chapters, CORRECTIONS, source, arguments.output)


def command(study: str, arguments: argparse.Namespace) -> str:
    """What to type for one study."""
    case = [] if arguments.case is None else [str(arguments.case)]
    options = ["--output", str(arguments.output), "--size", arguments.size]
    return shlex.join(["python", "-m", "validation", study, *case, *options])


def _agree(arguments: argparse.Namespace, comm: Communicator) -> tuple[bool, Case | None]:
    """Whether the input can be used, and the user's case if there is one; alike on all ranks."""
    usable, case = True, None
    if comm.rank == 0:  # the only rank that reads, creates and complains
        try:
            if arguments.case is not None:
                case = load_case(arguments.case)
                build(case)
            arguments.output.mkdir(parents=True, exist_ok=True)
        except (CaseError, OSError) as error:
            usable = False
            _complain(error)
    return comm.bcast((usable, case))


def _complain(error: Exception) -> None:
    """Say on standard error what is wrong with the input, line by line."""
    for line in str(error).splitlines():
        print(f"error: {line}", file=sys.stderr)


def _log_to_terminal(comm: Communicator) -> None:
    """Progress of every rank on standard error."""
    handler = logging.StreamHandler()
    rank = f"[{comm.rank}] " if comm.size > 1 else ""
    handler.setFormatter(logging.Formatter(f"{rank}%(message)s"))
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)


def _tell(results: Sequence[Result], page: Path) -> None:
    """Failing claims, and where the report is."""
    claims = [claim for result in results for claim in result.claims]
    failed = [claim for claim in claims if not claim.holds]
    for claim in failed:
        note = f" ({claim.note})" if claim.note else ""
        print(
            f"FAILS {claim.key}: {claim.statement}: measured {claim.measured:.4g}, "
            f"expected {claim.expected}{note}"
        )
    print(f"{len(claims) - len(failed)} of {len(claims)} claims hold; {page}")


def _parse(argv: Sequence[str] | None, comm: Communicator) -> argparse.Namespace:
    """The arguments; help and errors are printed once, whatever the number of ranks."""
    if comm.rank == 0:
        return _parser().parse_args(argv)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return _parser().parse_args(argv)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wigner-validate",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit status: 0 all claims hold, 1 a claim fails, 2 bad input",
    )
    names = [*(study.name for study in STUDIES), "all"]
    parser.add_argument("study", choices=names, metavar="STUDY", help=", ".join(names))
    parser.add_argument(
        "case", type=Path, nargs="?", metavar="CASE.toml", help="a case instead of those shipped"
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="directory for the report"
    )
    parser.add_argument(
        "--size",
        choices=SIZES,
        default="full",
        help="full (minutes, the default) or small (seconds, with the same claims)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
