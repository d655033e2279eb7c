"""Energy and spin of a run are what work, heat and torque made of them."""

from __future__ import annotations

import numpy as np
import pytest

from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.evolution.solver import Solver
from wigner.phase_space.moments import diagnostics, moments

CASE = """
[grid]
n_x = [8, 1]
length = [6.283185307179586, 1]
n_p = [22, 20]
[physics]
epsilon = 0.4
alpha = 0.5
beta = 0.2
tau = 0.3
potential = "0.4*cos(x1 - t)"
zeeman = ["0.3*cos(2*t)", "0.2*sin(x1 + t)", "0.4"]
field = ["0.3*cos(3*t)", "-0.2"]
[initial]
n0 = "1 + 0.2*sin(x1)"
n = ["0.3", "0.2*cos(x1)", "-0.4"]
[time]
t_end = 0.2
dt = 0.1
[maxwellian]
tolerance = 1e-7
"""
INTERACTING = ["field.kind=2deg", "field.coupling=0.4"]


def gaps(overrides: list[str]) -> tuple[float, float, np.ndarray]:
    """What the two balances miss at the end, and what was balanced."""
    case = parse_case(CASE, overrides)
    problem = build(case)
    solver = Solver(case, problem)
    W = solver.initial_state()

    def totals(t: float) -> np.ndarray:
        found = moments(solver.layout, W, problem.physics)
        scalars = diagnostics(solver.layout, W, found, problem.physics, t)
        return np.array([scalars.energy, *scalars.spin])

    before = totals(0.0)
    for _ in solver.evolve(W, 0.0, 0):
        pass
    work, heat, *torque = solver.ledger.values
    gap = totals(0.2) - before - np.array([work + heat, *torque])
    return abs(gap[0]), float(np.abs(gap[1:]).max()), solver.ledger.values


@pytest.mark.parametrize(
    ("scheme", "order", "extra"),
    [("sdirk2", 2, []), ("strang", 2, []), ("sdirk3", 3, []), ("sdirk2", 2, INTERACTING)],
)
def test_balances_close_to_the_order_of_the_scheme(scheme, order, extra):
    steps = (0.1, 0.05)
    found = [gaps([f"time.scheme={scheme}", f"time.dt={dt}", *extra]) for dt in steps]
    energy, spin, values = (np.array(part) for part in zip(*found, strict=True))
    assert np.abs(values[-1]).min() > 0.002  # each of the five terms counts
    for gap in (energy, spin):
        orders = np.log2(gap[:-1] / gap[1:])
        assert orders[-1] > order - 0.4, orders  # steps of the size of tau
        assert gap[-1] < 0.1 ** (order + 0.5)


@pytest.mark.parametrize("scheme", ["sdirk2", "sdirk3", "strang"])
def test_formulas_need_no_value_after_the_end(scheme: str) -> None:
    """The square root is real until t_end, where a run comes to."""
    entries = ["physics.potential=0", 'physics.zeeman=["0", "0", "0"]', f"time.scheme={scheme}"]
    work = gaps([*entries, 'physics.field=["0.3*sqrt(0.2 - t)", "0"]', "grid.n_p=[20, 20]"])[2][0]
    assert work > 0
