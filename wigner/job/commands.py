"""The commands run, resume and info."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ..case.problem import Problem, build, lattice
from ..case.spec import Case, load_case
from ..errors import CaseError, Fault
from ..flows.splitting import LIMIT
from ..machine import shadowed
from ..output.checkpoint import DIRECTORY, extent
from ..phase_space.communicator import Communicator
from ..phase_space.layout import check_ranks
from .constants import load
from .directories import check_new, usable
from .foresight import foreseen
from .info import describe
from .likely import likely_lattice, likely_numbers
from .memory import check_memory
from .run import execute
from .scaling_tables import tables
from .supervise import FINISHED, Hosts, Ready, complain, run_job, say

# Numbers of splitting steps that need least memory, and those that need most fields and tables.
LEAST: tuple[int, ...] = (1,)
MOST: tuple[tuple[int, ...], ...] = ((LIMIT,), (2, 3))


def run(
    path: Path,
    overrides: Sequence[str],
    output: Path,
    comm: Communicator,
    *,
    overwrite: bool,
    quiet: bool = False,
) -> int:
    """``wigner run``; the exit status."""

    def ready(unlocked: str = "") -> None:
        check_new(output, overwrite=overwrite, resumable=True, unlocked=unlocked)

    def new_case() -> Case:
        case = load_case(path, overrides)
        ready()
        return case

    return _run_job(new_case, output, comm, ready, resume=False, quiet=quiet)


def resume(
    output: Path,
    t_end: str | None,
    overrides: Sequence[str],
    comm: Communicator,
    *,
    quiet: bool = False,
) -> int:
    """``wigner resume``; the exit status."""
    end = [] if t_end is None else [f"time.t_end={t_end}"]

    def known_case() -> Case:
        text, expected = output / "case.toml", "the directory of a run"
        with usable(output, expected):
            known = text.exists()
        if not known:
            remedy = "give the one that --output named"
            raise CaseError(Fault("output", str(output), expected, remedy))
        case = load_case(text, [*overrides, *end])
        p_max = None if case.grid.p_max else extent(output / DIRECTORY)
        if p_max is None:
            return case
        # A force carries W further until a later end, and "auto" would say so: the lattice stays.
        return replace(case, grid=replace(case.grid, p_max=p_max))

    return _run_job(known_case, output, comm, lambda unlocked: None, resume=True, quiet=quiet)


def info(path: Path, overrides: Sequence[str], ranks: Sequence[int], machine: Path | None) -> int:
    """``wigner info``; the exit status."""
    try:
        case = load_case(path, overrides)
        grid, constants = lattice(case), None if machine is None else load(machine)
        check_ranks(grid, max(ranks))
        problem = build(case)
        numbers, on = likely_numbers(case, problem), likely_lattice(case, problem, max(ranks))
        hidden = "".join(f"warning: {warning}\n" for warning in shadowed())
        told = describe(case, _warned(case, problem), ranks, numbers, on) + hidden
        if constants is not None:
            told += "\n" + tables(case, grid, ranks, constants, numbers, on)
        say(told)
    except CaseError as error:
        return complain(error)
    except MemoryError:
        n_x, expected = list(case.grid.n_x), "a lattice whose fields fit into memory"
        return complain(CaseError(Fault("grid.n_x", str(n_x), expected, "use fewer points")))
    return FINISHED


def checked(case: Case, hosts: Hosts) -> Problem:
    """The problem of a case, with warnings of what is foreseen.

    Raises
    ------
    CaseError
        If it cannot be run on these ranks.
    """
    grid = lattice(case)
    check_ranks(grid, len(hosts))
    check_memory(case, grid, hosts, LEAST)  # before there are fields
    problem = build(case)
    try:
        for numbers in MOST:
            check_memory(case, grid, hosts, numbers)
    except CaseError:  # likely numbers are looked for only where they decide
        check_memory(case, grid, hosts, likely_numbers(case, problem))
    return _warned(case, problem)


def _warned(case: Case, problem: Problem) -> Problem:
    """The problem with warnings of what is foreseen."""
    return replace(problem, warnings=(*problem.warnings, *map(str, foreseen(case, problem))))


def _run_job(
    read: Callable[[], Case],
    output: Path,
    comm: Communicator,
    ready: Ready,
    *,
    resume: bool,
    quiet: bool,
) -> int:
    """Run the case that ``read`` finds, after its checks on rank 0; the exit status."""

    def check(hosts: Hosts) -> tuple[Case, Problem]:
        case = read()
        return case, checked(case, hosts)

    def solve(case: Case, problem: Problem) -> int:
        return execute(case, problem, output, comm, resume=resume)

    return run_job(check, output, comm, solve, ready, quiet=quiet)
