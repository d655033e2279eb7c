"""What is seen of M(N) from a few of its columns is what a run chooses."""

from __future__ import annotations

import numpy as np
import pytest

from wigner.case.problem import Problem, build
from wigner.case.spec import Case, parse_case
from wigner.flows.splitting import LIMIT
from wigner.job.example import HOME
from wigner.job.likely import at_first, likely_numbers
from wigner.maxwellian.equilibrium_state import equilibrium_density
from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.phase_space.layout import Layout

# 95 % polarised on one wavelength: no splitting reaches the tolerance.
STEEP = [
    "grid.length=[6.283185307179586, 1.0]",
    "physics.epsilon=1.5",
    "physics.potential=0",
    'physics.zeeman=["0", "0", "0"]',
    'initial.n=["0", "0", "0.95*cos(x1)/1.5"]',
    "initial.state=maxwellian",
    "maxwellian.tolerance=1e-10",
]

# A dense and flat place, and a thin one with steep spins far from it.
APART = [
    "grid.n_x=[16, 12]",
    "grid.n_p=[16, 16]",
    "grid.length=[6.0, 5.0]",
    "physics.potential=0",
    'initial.n0="0.3 + exp(2*cos(2*pi*x1/6) - 2)"',
    'initial.n=["0", "0", "0.8*exp(-8*(1 + cos(2*pi*x1/6)))*cos(2*pi*x2/5)"]',
]
FLAT = 'initial.n=["0", "0", "0"]'
# On the box of one wavelength, so that nothing is refined.
REST = [
    "grid.length=[6.283185307179586, 1.0]",
    'physics.potential="0.5*cos(x1)"',
    "physics.alpha=0",
    "initial.state=equilibrium",
]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("gate", []),
        ("barrier", []),
        ("dot", ["grid.n_x=[12, 12]", "grid.n_p=[12, 12]", "physics.epsilon=0.4"]),
    ],
)
def test_a_run_chooses_what_was_likely(name: str, changes: list[str]) -> None:
    case = parse_case(text(name), changes)
    assert likely_numbers(case, build(case)) == chosen(case)


def test_what_is_likely_is_seen_where_fields_are_steep() -> None:
    """Without the steep spins, which are thin and far away, fewer steps would do.

    A run looks at the solution, too, and may take some more there.
    """
    steep, flat = (parse_case(text("gate"), each) for each in (APART, [*APART, FLAT]))
    found = [likely_numbers(case, build(case)) for case in (steep, flat)]
    assert found[1] == chosen(flat)
    assert 0.8 < sum(found[0]) / sum(chosen(steep)) <= 1
    assert sum(found[0]) > sum(found[1])


def test_a_fine_tolerance_costs_what_was_likely() -> None:
    case = parse_case(text("barrier"), ["maxwellian.tolerance=1e-10"])
    assert 0.8 < sum(likely_numbers(case, build(case))) / sum(chosen(case)) < 1.25


def test_where_no_splitting_will_do() -> None:
    case = parse_case(text("barrier"), STEEP)
    assert likely_numbers(case, build(case)) == (LIMIT,)


def test_given_numbers_stay() -> None:
    case = parse_case(text("gate"), ["maxwellian.richardson=3"])
    assert likely_numbers(case, build(case)) == (1, 2, 3) == chosen(case)


def text(name: str) -> str:
    """An example."""
    return (HOME / f"{name}.toml").read_text("utf-8")


def solver_of(case: Case, problem: Problem) -> MultiplierSolver:
    """That of a run."""
    spec, layout = case.maxwellian, Layout(problem.grid)
    numbers = spec.max_evaluations, spec.richardson
    return MultiplierSolver(layout, problem.physics, spec.tolerance, *numbers)


def chosen(case: Case) -> tuple[int, ...]:
    """The numbers of steps that a solver has chosen for N at t = 0, that of rest if it is so."""
    problem = build(case)
    solver = solver_of(case, problem)
    at_rest = case.initial.state == "equilibrium"
    solver.solve(equilibrium_density(solver, problem.N[0].mean()) if at_rest else problem.N)
    return solver.steps


def test_densities_at_rest_are_the_classical_ones_for_small_epsilon() -> None:
    entries = ["physics.epsilon=0.02", 'physics.zeeman=["0.5*cos(x1)", "0", "9"]', *REST]
    case = parse_case(text("barrier"), entries)
    problem = build(case)
    solver = solver_of(case, problem)
    exact = equilibrium_density(solver, problem.N[0].mean())
    assert np.ptp(exact[0]) > 0.5
    N, A = at_first(case, problem)
    np.testing.assert_allclose(N, exact, atol=2e-3)
    assert A is not None
    np.testing.assert_allclose(solver.moment_map(A, (LIMIT,)), N, atol=2e-3)


def test_phi_is_among_the_fields_at_rest() -> None:
    screened = ["physics.epsilon=0.02", "field.kind=poisson", "field.coupling=5", *REST]
    case = parse_case(text("barrier"), [*screened, 'physics.zeeman=["0", "0", "0"]'])
    problem = build(case)
    solver = solver_of(case, problem)
    exact = equilibrium_density(solver, problem.N[0].mean())
    N, A = at_first(case, problem)
    assert np.ptp(N[0]) < 0.5
    np.testing.assert_allclose(N, exact, atol=3e-3)
    assert A is not None
    np.testing.assert_allclose(solver.moment_map(A, (LIMIT,)), N, atol=3e-3)


def test_other_states_begin_with_what_is_given() -> None:
    case = parse_case(text("gate"))
    problem = build(case)
    N, A = at_first(case, problem)
    assert N is problem.N
    assert A is None


def test_densities_of_the_strongest_fields_are_numbers() -> None:
    strong = ['physics.zeeman=["1e5*cos(x1)", "0", "3"]', 'physics.potential="1e4*cos(x1)"']
    case = parse_case(text("barrier"), [*REST, *strong, FLAT, "initial.state=steady"])
    N, A = at_first(case, build(case))
    assert np.isfinite(N).all()
    assert np.isfinite(A).all()
    assert N[0].mean() == pytest.approx(1, rel=1e-12)
    assert np.linalg.norm(N[1:], axis=0).max() == pytest.approx(N[0].max(), rel=1e-12)
