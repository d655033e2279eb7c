"""The map of one splitting step by a convolution, and constraint solves that start from it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import modulated, without_potential
from wigner.maxwellian import constraint
from wigner.maxwellian.moment_map import MomentMap
from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.maxwellian.preconditioner import OneStep
from wigner.maxwellian.response import on_spectra, split_phi
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout


def maps(n, epsilon, alpha, length=(2 * np.pi, 5.0)):
    grid = PhaseGrid(n, length, (8, 8), (7.0, 7.0))
    moment_map = MomentMap(Layout(grid), without_potential(n, epsilon, alpha))
    return grid, moment_map, OneStep(moment_map.columns)


@pytest.mark.parametrize("n", [(20, 21), (1, 24), (24, 1)])
@pytest.mark.parametrize(("epsilon", "alpha"), [(0.1, 0.5), (0.3, -2.0)])
def test_it_is_the_moment_map_of_one_step(n, epsilon, alpha):
    grid, moment_map, one_step = maps(n, epsilon, alpha)
    A = 0.2 * modulated(grid, epsilon)  # few waves: no aliasing
    expected = moment_map(A, (1,))
    scale = np.abs(expected[0]).max()
    np.testing.assert_allclose(one_step(A), expected, atol=1e-12 * scale)


def test_its_equation_is_solved_on_the_whole_and_by_differences():
    grid, _, one_step = maps((12, 10), 0.3, 0.7)
    N = modulated(grid, 0.3)
    A = one_step.start(N)
    assert (
        np.abs(one_step(A) - N).max() < 2e-3 * np.abs(one_step(constraint.classical(N)) - N).max()
    )
    # a missing constant is not filtered: the response to it is the same in the limit
    missing = np.zeros_like(N)
    missing[0] += 1e-3
    found = one_step(A + one_step.near((1, 2)).correction(A, missing)) - one_step(A)
    np.testing.assert_allclose(found, missing, atol=2e-6)


def test_nothing_is_found_where_there_is_nothing():
    grid, _, one_step = maps((12, 10), 0.3, 0.7)
    N = modulated(grid, 0.3)
    A = one_step.start(N)
    assert one_step.near((1, 2)).correction(A, -2 * N) is None  # no positive matrix


@pytest.mark.parametrize(("epsilon", "most"), [(0.2, 5), (0.4, 8)])
def test_it_saves_evaluations_of_the_moment_map(epsilon, most):
    grid, moment_map, one_step = maps((16, 16), epsilon, 0.5, (2 * np.pi, 2 * np.pi))
    N, moments = modulated(grid, epsilon), lambda A: moment_map(A, (1, 2, 3))
    response, near = split_phi(on_spectra(grid, epsilon), (1, 2, 3)), one_step.near((1, 2, 3))
    alone = constraint.solve(moments, N, grid, response, 1e-12)
    helped = constraint.solve(moments, N, grid, response, 1e-12, nearby=near)
    assert helped.evaluations <= most < alone.evaluations
    np.testing.assert_allclose(helped.A, alone.A, atol=1e-10)


def test_a_deep_well_takes_no_more_on_a_finer_lattice():
    """n0 = exp(-5 cos x1), the equilibrium of 5 cos x1: densities from 7e-3 to 150, eps 0.85."""
    taken = []
    for n in (32, 48):
        grid, _, _ = maps((n, 1), 0.847, 0.079, (2 * np.pi, 1.0))
        x1 = grid.x[0][:, None]
        n0 = np.exp(-5 * np.cos(x1))
        solver = MultiplierSolver(Layout(grid), without_potential((n, 1), 0.847, 0.079), 1e-6)
        solution = solver.solve(np.stack([n0, 0 * x1, 0 * x1, 0.847 * 0.2 * n0]))
        taken.append(solution.evaluations)
    assert max(taken) <= 18  # more than 200 with corrections of a homogeneous state alone
    assert taken[1] <= taken[0]
