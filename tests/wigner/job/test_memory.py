"""The memory of a case is counted as it is allocated, and checked before anything is written."""

from __future__ import annotations

import math
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from macro.__main__ import main as solve_model
from macro.memory import TABLES
from tests.support import small
from tests.support.case_texts import MATERIAL
from tests.support.small import sets
from wigner.__main__ import main
from wigner.case.problem import build, lattice
from wigner.case.spec import Case, parse_case
from wigner.errors import CaseError, Fault
from wigner.evolution.solver import Solver
from wigner.flows.splitting import LIMIT
from wigner.job import commands, memory
from wigner.maxwellian.moment_map import MomentMap
from wigner.maxwellian.windows import ROUNDOFF, places_of, window_for
from wigner.phase_space.communicator import First, Serial
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout
from wigner.phase_space.rounds import buffers
from wigner.physics import Physics

# A micrometre of InAs at 300 K in ten boxes of the thermal wavelength: few points, many windows.
DEVICE = small.CASE.replace("epsilon = 0.4\nalpha = 0.5\ntau = 0.1\n", "").replace(
    "[6, 4]", "[16, 16]"
).replace("[6.283185307179586, 5.0]", "[10.0, 10.0]").replace("[16, 18]", "[24, 24]").replace(
    "cos(x1)", "cos(2*pi*x1/10)"
).replace("sin(x1)", "sin(2*pi*x1/10)").replace("richardson = 1\n", "") + MATERIAL.replace(
    "= 77", "= 300"
).replace("= 50e-9", "= 1e-6").replace("1e-13", "1e-12")

NUMBERS = (1, 2, 3)


class Ranks(Serial):
    """One of several ranks, which never speaks to the others."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size


@pytest.mark.parametrize(
    ("n_x", "length"),
    [("[8, 8]", "[6, 7]"), ("[9, 5]", "[20, 3]"), ("[16, 1]", "[6, 1]"), ("[1, 12]", "[1, 9]")],
)
@pytest.mark.parametrize("ranks", [1, 2, 3, 5])
@pytest.mark.parametrize("error", [ROUNDOFF, 1e-6])
def test_points_of_windows(n_x: str, length: str, ranks: int, error: float) -> None:
    case = parse_case(
        small.CASE, [f"grid.n_x={n_x}", f"grid.length={length}", "physics.potential=0"]
    )
    grid, physics = lattice(case), case.physics
    window, most = window_for(grid, physics.epsilon, physics.spin_orbit, error), 0
    for rank in range(ranks):
        places = places_of(window, Layout(grid, Ranks(rank, ranks)), 1)
        field, table = np.zeros((4, *grid.n_x)), None
        for strip in places.strips:
            table = places.joined(table, places.refined(field, strip))
            most = max(most, table[0].size)
    lines, counted = memory.strip_of(case, grid, ranks, error)
    assert most <= counted
    if math.ceil(grid.nx / ranks) % grid.n_x[1] == 0:  # shares are whole lines
        assert counted == most
        assert len(places.strips) == math.ceil(math.ceil(grid.nx / ranks) / grid.n_x[1] / lines)


@pytest.mark.parametrize("numbers", [(1,), (2,), (1, 2), (1, 2, 3)])
@pytest.mark.parametrize(
    ("n_x", "epsilon", "least"), [("[2, 100]", 0.001, 1e7), ("[8, 8]", 0.06, 2e6)]
)
def test_factors_of_windows_take_what_is_counted(
    numbers: tuple[int, ...], n_x: str, epsilon: float, least: float
) -> None:
    """Where a line of the x lattice makes a strip, and where all of it does."""
    overrides = [f"grid.n_x={n_x}", f"physics.epsilon={epsilon}", "physics.alpha=0.5"]
    overrides += [f"maxwellian.richardson={len(numbers)}"] if numbers[0] == 1 else []
    case = parse_case(small.CASE, overrides)
    grid, physics = lattice(case), case.physics
    counted = memory.window_tables(case, grid, 1, numbers)
    if numbers == (2,):
        counted = memory.choice_of_windows(case, grid, 1)
    moments = MomentMap(Layout(grid), Physics(physics.epsilon, physics.alpha, 1.0, np.zeros(1)))
    A = np.ones((4, *grid.n_x))
    assert counted > least
    assert 0.9 < _peak(lambda: moments.by_steps(A, numbers)) / counted < 1.1
    twice = TABLES["nonlocal"] * counted
    assert 0.9 < _peak(lambda: moments.derivative(A, A, numbers)) / twice < 1.1


def _peak(action: Callable[[], object]) -> int:
    """The largest number of bytes that the arrays of an action take."""
    action()  # plans are made, and tables of p
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("n_x", "layouts"), [("[14, 14]", 2), ("[16, 16]", 3)])
def test_blocks_of_the_transpose_are_counted(n_x: str, layouts: int) -> None:
    """Those of W, of M(N), and of M(N) on fewer points of x where there may be fewer."""
    case = parse_case(DEVICE, [f"grid.n_x={n_x}"])
    grid = lattice(case)
    one, two = (memory.memory_per_rank(case, grid, 4, NUMBERS, nodes) for nodes in (1, 2))
    assert two - one == layouts * (buffers(grid, 4, 2) - buffers(grid, 4, 1)) != 0
    hosts = [(name, int(4 * max(one, two))) for name in ("a", "a", "b", "b")]
    memory.check_memory(case, grid, hosts, NUMBERS)
    with pytest.raises(CaseError, match="but its 2 rank"):
        memory.check_memory(case, grid, [(name, int(1.99 * two)) for name, _ in hosts], NUMBERS)


def test_what_every_rank_has_does_not_grow_with_phase_space() -> None:
    """A rank of many has some fields on x besides its share, and tables of lines of it.

    So with four times the points of p, two times as many on each axis, it has twice as much.
    """
    _made(24, 256)  # what is loaded once is there now
    few, many, whole = _made(24, 256), _made(48, 256), _made(24, 1)
    assert many < 2.5 * few
    assert whole > 20 * few


def _made(n_p: int, ranks: int) -> int:
    """Bytes of all arrays that the first of some ranks makes for steps, a share of W included."""
    case = parse_case(DEVICE, ["grid.n_x=[32, 32]", f"grid.n_p=[{n_p}, {n_p}]"])
    problem = build(case)
    A = np.zeros((4, *problem.grid.n_x))
    A[1] = 0.1 * np.cos(problem.grid.x[0])[:, None]
    tracemalloc.start()
    try:
        solver = Solver(case, problem, First(ranks))
        step = solver.step(case.time.dt)
        maxwellian = solver.maxwellian.whole
        symbols = maxwellian.exponential
        next(iter(maxwellian.moment_map.columns.local(A, 3)))
        made, _ = tracemalloc.get_traced_memory()
        del step, symbols
        return made
    finally:
        tracemalloc.stop()


def test_memory_follows_the_points_however_large_the_box() -> None:
    case = parse_case(DEVICE)
    grid = lattice(case)
    need = memory.memory_per_rank(case, grid, 1, NUMBERS)
    for length in ("[20.0, 20.0]", "[1000.0, 1000.0]"):
        larger = parse_case(DEVICE, [f"grid.length={length}"])
        assert memory.memory_per_rank(larger, lattice(larger), 1, NUMBERS) == pytest.approx(
            need, rel=0.02
        )
    finer = parse_case(DEVICE, ["grid.n_x=[32, 32]"])
    assert memory.memory_per_rank(finer, lattice(finer), 1, NUMBERS) > 1.5 * need
    memory.check_memory(case, grid, [("host", int(1.01 * need))], NUMBERS)
    with pytest.raises(CaseError) as caught:
        memory.check_memory(case, grid, [("host", int(0.99 * need))], NUMBERS)
    fault = caught.value.fault
    assert (fault.what, fault.remedy) == ("grid", "use fewer points or more machines")


@pytest.mark.parametrize("likely", [(1, 2), (LIMIT,)])
def test_a_run_is_checked_for_what_it_is_likely_to_need(
    likely: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the fields of the series fit, nothing is looked for."""
    case = parse_case(small.CASE, ["maxwellian.richardson=auto", "grid.n_x=[32, 32]"])
    few, many = (memory.memory_per_rank(case, lattice(case), 1, m) for m in ((1, 2), (LIMIT,)))
    asked: list[str] = []
    monkeypatch.setattr(commands, "likely_numbers", lambda *_: asked.append("") or likely)
    commands.checked(case, [("host", int(1.01 * many))])
    assert not asked
    assert 1.1 * few < many
    between = [("host", int(1.05 * few))]
    if likely == (1, 2):
        commands.checked(case, between)
    else:
        with pytest.raises(CaseError, match="but its 1 rank"):
            commands.checked(case, between)
    assert len(asked) == 1


@pytest.mark.parametrize("refused", [(LIMIT,), (2, 3)])
def test_either_method_that_may_need_most_is_looked_at(
    refused: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The series needs most fields, two and three steps most tables of windows."""

    def check(case: Case, grid: PhaseGrid, hosts: object, numbers: tuple[int, ...]) -> None:
        if numbers == refused:
            raise CaseError(Fault("grid", "too little memory"))

    asked: list[str] = []
    monkeypatch.setattr(commands, "check_memory", check)
    monkeypatch.setattr(commands, "likely_numbers", lambda *_: asked.append("") or (1, 2))
    commands.checked(parse_case(small.CASE, ["maxwellian.richardson=auto"]), [("host", 1)])
    assert asked == [""]


@pytest.mark.parametrize(
    ("command", "options"),
    [(main, []), (solve_model, ["--model", "local"]), (solve_model, ["--model", "nonlocal"])],
)
def test_too_much_is_refused_before_anything_is_written(
    case: str, output: Path, command, options: list[str], capsys: pytest.CaptureFixture
) -> None:
    arguments = ["run", case, "--output", str(output), *options]
    assert command([*arguments, *sets("grid.n_x=[20000, 20000]")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: grid: got n_x = [20000, 20000]")
    assert re.search(r"[TG]B; use fewer points or more machines$", line)
    assert not output.parent.exists()
