"""The commands run, resume and info."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ..case.problem import Problem, build, lattice
from ..case.spec import Case, CaseError, load_case
from ..phase_space.communicator import Communicator
from .estimate import check_count, check_memory
from .info import describe
from .run import execute
from .supervise import FINISHED, Hosts, check_new, complain, run_job


def run(path: Path, overrides: Sequence[str], output: Path, comm: Communicator) -> int:
    """``wigner run``; the exit status."""

    def check(hosts: Hosts) -> tuple[Case, Problem]:
        case = load_case(path, overrides)
        check_new(output)
        return case, _fitting(case, hosts)

    return run_job(check, output, comm, lambda *case: execute(*case, output, comm))


def resume(output: Path, t_end: float | None, overrides: Sequence[str], comm: Communicator) -> int:
    """``wigner resume``; the exit status."""
    end = [] if t_end is None else [f"time.t_end={t_end!r}"]

    def check(hosts: Hosts) -> tuple[Case, Problem]:
        text = output / "case.toml"
        if not text.exists():
            message = "expected the directory of a run; give the one that --output named"
            raise CaseError([("output", str(output), message)])
        case = load_case(text, [*overrides, *end])
        return case, _fitting(case, hosts)

    return run_job(check, output, comm, lambda *case: execute(*case, output, comm, resume=True))


def info(path: Path, overrides: Sequence[str], ranks: int) -> int:
    """``wigner info``; the exit status."""
    try:
        case = load_case(path, overrides)
        check_count(lattice(case), ranks)
        sys.stdout.write(describe(case, build(case), ranks))
    except CaseError as error:
        return complain(error)
    except MemoryError:
        n_x = list(case.grid.n_x)
        message = "expected a lattice whose fields fit into memory; use fewer points"
        return complain(CaseError([("grid.n_x", str(n_x), message)]))
    return FINISHED


def _fitting(case: Case, hosts: Hosts) -> Problem:
    """The problem of a case that fits the machines; raises CaseError if it does not."""
    grid = lattice(case)
    check_count(grid, len(hosts))
    check_memory(case, grid, hosts)
    return build(case)
