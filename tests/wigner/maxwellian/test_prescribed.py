"""Prescribed numbers of steps say what they miss."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import small
from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.maxwellian.steps import combined
from wigner.phase_space.layout import Layout


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_the_error_of_prescribed_steps(levels: int) -> None:
    """Against eight steps more."""
    problem = build(parse_case(small.CASE))
    solver = MultiplierSolver(Layout(problem.grid), problem.physics, 1e-6, levels=levels)
    A = solver.solve(problem.N).A
    many = range(1, levels + 9)
    moments = dict(zip(many, solver.moment_map.by_steps(A, many), strict=True))
    found, exact = (combined(moments.__getitem__, m) for m in (many[:levels], many[levels + 3 :]))
    true = np.abs(found - exact).max() / exact[0].max()
    assert solver.prescribed_error(A) == pytest.approx(true, rel=0.3)


def test_chosen_steps_have_none() -> None:
    problem = build(parse_case(small.CASE))
    solver = MultiplierSolver(Layout(problem.grid), problem.physics, 1e-6)
    assert solver.prescribed_error(solver.solve(problem.N).A) is None
