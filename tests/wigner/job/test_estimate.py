"""How long a case will take: operations are counted as they are done, and parts as a whole."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from numpy.typing import NDArray

from tests.support import small
from tests.support.small import sets
from wigner.__main__ import main
from wigner.case.problem import build, lattice
from wigner.case.spec import Case, parse_case
from wigner.evolution.evolve import record_times, schedule
from wigner.evolution.solver import Solver
from wigner.flows.two_sided import MomentumSide, PhaseSpace, PositionSide
from wigner.job import estimate
from wigner.job.estimate import numbers_of
from wigner.maxwellian.moment_map import MomentMap
from wigner.maxwellian.windows import window_for
from wigner.phase_space.communicator import SERIAL
from wigner.timing import Phases


def test_work_is_divided() -> None:
    grid = lattice(parse_case(small.CASE))
    found = [estimate.shared(12.0, grid, ranks) for ranks in (1, 2, 100)]
    assert found == pytest.approx([13.5, 8.7, 2.1])
    large = lattice(parse_case(small.CASE, ["grid.n_x=[64, 64]"]))  # has compiled kernels
    assert estimate.shared(12.0, large, 1) == pytest.approx(14.1)


def test_sums_of_fields_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they alone take time, a second each: those of every step."""
    case = parse_case(small.CASE, ["time.scheme=sdirk3"])
    problem, todo = build(case), estimate.work(case, (1,))
    for name in TIMED:
        zero = (0.0, 0.0) if name == "time_moment_map" else 0.0
        monkeypatch.setattr(estimate, name, lambda *_, zero=zero: zero)
    monkeypatch.setattr(estimate, "time_sweep", lambda problem: 1.0)
    assert estimate.seconds(case, problem, todo) == todo.steps * estimate.sweeps(case)


def test_maxwellians_are_counted_on_their_lattice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where products take a second a point of x, and W is on the lattice of the case."""
    case = parse_case(small.MEDIUM, ["maxwellian.richardson=2"])
    problem = build(case)
    found = []
    for n_x in ((24, 24), (12, 18)):
        todo = estimate.work(case, (1, 2), n_x)
        for name in TIMED:
            zero = (0.0, 0.0) if name == "time_moment_map" else 0.0
            monkeypatch.setattr(estimate, name, lambda *_, zero=zero: zero)
        monkeypatch.setattr(estimate, "time_diffusion", lambda problem: float(problem.grid.nx))
        made = todo.steps * todo.solves + 1
        found.append(estimate.seconds(case, problem, todo) / made)
    assert found == pytest.approx([3 * 576, 3 * 216 + 0.5 * 576])


def test_a_sum_is_told_for_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where part of the lattice takes a second, all takes as many as there are parts."""
    problem = build(parse_case(small.MEDIUM))
    monkeypatch.setattr(estimate, "shortest", lambda action: action() or 1.0)
    rows = estimate.part(problem.grid, problem.grid.nx, estimate.ROWS)[1]
    assert rows > 1
    assert estimate.time_sweep(problem) == rows


@pytest.mark.parametrize(
    ("t_end", "dt", "every"), [(1, 0.1, 0.25), (0.4, 0.1, 0.1), (0.7, 0.3, 5), (2, 0.01, 0.3)]
)
def test_steps_and_records_are_counted(t_end: float, dt: float, every: float) -> None:
    overrides = (f"time.t_end={t_end}", f"time.dt={dt}", f"output.every={every}")
    todo = estimate.work(parse_case(small.CASE, overrides), (1,))
    times = record_times(t_end, every)
    assert todo.steps == len(list(schedule(times, dt)))
    assert todo.records == 1 + len(times)


@pytest.mark.parametrize(
    ("scheme", "solves", "kicks", "frees"),
    [("sdirk2", 2, 4, 2), ("sdirk3", 4, 49, 42), ("strang", 1, 4, 2)],
)
def test_operations_are_counted(
    scheme: str, solves: int, kicks: int, frees: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = parse_case(small.CASE, [f"time.scheme={scheme}"])
    todo = estimate.work(case, (1,))
    assert (todo.solves, todo.kicks, todo.frees) == (solves, kicks, frees)
    counted = count_operations(case, monkeypatch)
    # each exponential begins with a product by a function of p on a field of x, and ends in eta
    expected = {"by_position": kicks, "by_momentum": frees, "diffuse_field": solves}
    assert counted == expected


def count_operations(case: Case, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Two-sided products in a step, with one splitting."""
    solver = Solver(case, build(case), SERIAL, Phases())
    W = solver.initial_state()
    counted: Counter[str] = Counter()

    def counting(name: str) -> Callable:
        original = getattr(PhaseSpace, name)

        def count(*arguments: object, **keywords: object) -> None:
            counted[name] += 1
            original(*arguments, **keywords)

        return count

    for name in ("by_position", "by_momentum", "diffuse", "diffuse_field"):
        monkeypatch.setattr(PhaseSpace, name, counting(name))
    solver.step(0.1)(W)
    return counted


# What is timed, and what of it there is in a run.
TIMED = {
    "time_position": [(PhaseSpace, "by_position"), (PositionSide, "add_in_eta")],
    "time_momentum": [(PhaseSpace, "by_momentum")],
    "time_diffusion": [(PhaseSpace, "diffuse"), (PhaseSpace, "diffuse_field")],
    "time_moment_map": [(MomentMap, "by_steps")],
}


@pytest.mark.parametrize("scheme", ["sdirk2", "sdirk3", "strang"])
@pytest.mark.parametrize("richardson", [1, 3])
def test_a_real_run_does_what_was_estimated(
    case: str, output: Path, scheme: str, richardson: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The estimate, if one kind of operation takes a second and the others nothing: their number.

    Seconds themselves are those of a machine that does nothing else, which tests cannot ask for.
    """
    entries = [f"time.scheme={scheme}", f"maxwellian.richardson={richardson}"]
    entries += ["time.t_end=1", "output.every=1"]
    parsed = parse_case(small.CASE, entries)
    problem, todo, expected = build(parsed), estimate.work(parsed, numbers_of(parsed)), {}
    for name in TIMED:
        for other in TIMED:
            taken = float(other == name)
            pair = (taken, 0.0) if other == "time_moment_map" else taken
            monkeypatch.setattr(estimate, other, lambda *_, pair=pair: pair)
        expected[name] = estimate.seconds(parsed, problem, todo)
    counted: Counter[str] = Counter()
    for name, methods in TIMED.items():
        for owner, method in methods:
            original = getattr(owner, method)

            def count(*arguments, name=name, original=original, **keywords):
                counted[name] += 1
                return original(*arguments, **keywords)

            monkeypatch.setattr(owner, method, count)
    assert main(["run", case, "--output", str(output), *sets(*entries)]) == 0
    for name in TIMED:
        assert 1 / 1.5 < expected[name] / counted[name] < 1.5, name


@pytest.mark.parametrize(
    ("timed", "owner", "method"),
    [
        ("time_position", PositionSide, "apply"),
        ("time_momentum", MomentumSide, "apply"),
        ("time_diffusion", MomentumSide, "diffuse"),
    ],
)
def test_the_time_of_a_part_is_told_for_the_whole(
    timed: str, owner: type, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a cell takes a second, all of phase space takes as many as it has cells."""
    problem, cells = build(parse_case(small.MEDIUM)), []
    original = getattr(owner, method)

    def count(self: object, W: NDArray, *arguments: object) -> None:
        cells.append(W.size / 2)
        original(self, W, *arguments)

    def once(action: Callable[[], object]) -> float:
        action()
        return sum(cells)

    monkeypatch.setattr(owner, method, count)
    monkeypatch.setattr(estimate, "shortest", once)
    whole = problem.grid.nx * problem.grid.np
    assert getattr(estimate, timed)(problem) == pytest.approx(whole, rel=1e-9)
    assert 0 < sum(cells) < whole


def test_the_time_of_some_lines_of_windows_is_told_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Four lines of 24 are timed, 3 s with their tables and 1 s for these alone."""
    problem, told = build(parse_case(small.MEDIUM)), iter([3.0, 1.0])
    monkeypatch.setattr(estimate, "shortest", lambda action: next(told))
    products, table = estimate.time_moment_map(problem, (1, 2), 1e-6)
    physics = problem.physics
    window = window_for(problem.grid, physics.epsilon, physics.spin_orbit, 1e-6)
    assert products == pytest.approx(2 * 24 / 4)
    assert table == pytest.approx(1 / (2 * estimate.refined_points(window, problem.grid, 4)))


def test_the_shortest_time_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 5.0, 5.0, 8.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    assert estimate.shortest(lambda: None) == 3.0
