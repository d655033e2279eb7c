"""What is seen of M(N) from a few of its columns is what a run chooses."""

from __future__ import annotations

import pytest

from wigner.case.problem import build
from wigner.case.spec import Case, parse_case
from wigner.flows.splitting import LIMIT
from wigner.job.example import HOME
from wigner.job.likely import likely_numbers
from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.phase_space.layout import Layout

# 95 % polarised on one wavelength: no splitting reaches the tolerance.
STEEP = [
    "grid.length=[6.283185307179586, 1.0]",
    "physics.epsilon=1.5",
    "physics.potential=0",
    'physics.zeeman=["0", "0", "0"]',
    'initial.n=["0", "0", "0.95*cos(x1)/1.5"]',
    "maxwellian.tolerance=1e-10",
]


@pytest.mark.parametrize(
    ("name", "changes"),
    [("barrier", []), ("gate", []), ("barrier", ["maxwellian.tolerance=1e-10"])],
)
def test_a_run_chooses_what_was_likely(name: str, changes: list[str]) -> None:
    case = parse_case(text(name), changes)
    assert likely_numbers(case, build(case)) == chosen(case)


def test_where_no_splitting_will_do() -> None:
    case = parse_case(text("barrier"), STEEP)
    assert likely_numbers(case, build(case)) == (LIMIT,)


def test_given_numbers_stay() -> None:
    case = parse_case(text("gate"), ["maxwellian.richardson=3"])
    assert likely_numbers(case, build(case)) == (1, 2, 3) == chosen(case)


def text(name: str) -> str:
    """An example."""
    return (HOME / f"{name}.toml").read_text("utf-8")


def chosen(case: Case) -> tuple[int, ...]:
    """The numbers of steps that a solver has chosen for N at t = 0."""
    problem, spec = build(case), case.maxwellian
    solver = MultiplierSolver(
        Layout(problem.grid), problem.physics, spec.tolerance, spec.max_evaluations, spec.richardson
    )
    solver.solve(problem.N)
    return solver.steps
