"""First moments and the derivative of the moment map, against symbols in phase space."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import mesh, modulated, space
from wigner.errors import ConstraintError
from wigner.flows.splitting import LIMIT
from wigner.maxwellian import constraint
from wigner.maxwellian.exponential import Exponential
from wigner.maxwellian.moment_map import MomentMap
from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.phase_space import pauli
from wigner.phase_space.communicator import SERIAL

EPSILON, ALPHA = 0.2, 0.8


def first_moments(space_, W):
    """Sums of p_j W over the p lattice."""
    grid = space_.layout.grid
    weighted = [pauli.unpack((W * p).sum(axis=2)) * grid.dp for p in grid.p_flat]
    return np.stack(weighted, axis=1).reshape(4, 2, *grid.n_x)


@pytest.mark.parametrize("n_x", [(32, 1), (1, 30)])
def test_first_moments_are_those_of_the_symbol(n_x):
    """The same splitting, once by columns and once in phase space, with all components."""
    space_ = space(n_x, (48, 48), EPSILON, alpha=ALPHA, p_max=(9.0, 9.0))
    A = constraint.classical(modulated(space_.layout.grid, EPSILON))
    W = space_.layout.x_major()
    Exponential(space_)(A, (1, 2, 3), W)
    exact = first_moments(space_, W)
    found = MomentMap(space_.layout, space_.physics).momenta(A, (1, 2, 3))
    assert np.abs(exact).max() > 0.1
    np.testing.assert_allclose(found, exact, atol=2e-10)


def test_first_moments_of_a_homogeneous_state():
    """M(p) = exp(-K(p) + A), point by point in p, by a matrix exponential and quadrature."""
    space_ = space((2, 3), (64, 64), 0.4, alpha=ALPHA, p_max=(9.5, 9.5))
    p1, p2 = space_.layout.grid.p_flat
    A = np.array([0.2, 0.3, -0.2, 0.4])
    e = 0.4 * ALPHA
    symbol = pauli.exp(
        np.stack([A[0] - 0.5 * (p1**2 + p2**2), A[1] - e * p2, A[2] + e * p1, A[3] + 0 * p1])
    )
    exact = np.stack([(symbol * p).sum(axis=1) for p in (p1, p2)], axis=1) * space_.layout.grid.dp
    field = np.broadcast_to(A[:, None, None], (4, 2, 3))
    found = MomentMap(space_.layout, space_.physics).momenta(field, range(1, 7))
    np.testing.assert_allclose(found, exact[:, :, None, None] + 0 * field[:, None], atol=1e-9)


@pytest.mark.parametrize("steps", [(1,), (1, 2, 3), (1, 3), (LIMIT,)])
def test_derivative_is_the_limit_of_differences(steps):
    """Differences of order four: the error falls as h^4 to roundoff."""
    space_ = space((7, 5), (8, 8), EPSILON, alpha=ALPHA)
    x1, x2 = mesh(space_.layout.grid)
    A = constraint.classical(modulated(space_.layout.grid, EPSILON))
    B = np.stack([np.cos(x1), np.sin(x2), np.cos(x1 - x2), 1 + 0.5 * np.sin(x1)])
    moments = MomentMap(space_.layout, space_.physics)
    found = moments.derivative(A, B, steps)

    def difference(h):
        one, two = (moments(A + k * h * B, steps) - moments(A - k * h * B, steps) for k in (1, 2))
        return (8 * one - two) / (12 * h)

    coarse, fine = (np.abs(difference(h) - found).max() for h in (0.1, 0.05))
    assert fine < 1e-5 * np.abs(found).max()
    assert coarse / fine == pytest.approx(16, rel=0.05)


@pytest.mark.parametrize("n_x", [(11, 3), (9, 1), (1, 9)])
@pytest.mark.parametrize("epsilon", [EPSILON, 0.02])
def test_strips_of_few_lines_have_what_all_of_the_lattice_has(n_x, epsilon, monkeypatch):
    """Where windows of neighbouring lines share rows, and where they are apart."""
    space_ = space(n_x, (8, 8), epsilon, alpha=ALPHA)
    A = constraint.classical(modulated(space_.layout.grid, epsilon))
    B = np.random.default_rng(2).normal(size=A.shape)

    def found(strip):
        monkeypatch.setattr("wigner.maxwellian.windows.STRIP", strip)
        moments = MomentMap(space_.layout, space_.physics, 1e-6)
        results = moments(A, (1, 2)), moments.momenta(A, (1, 2)), moments.derivative(A, B, (1, 2))
        return len(moments.columns.strips), results

    (one, whole), (several, parts) = found(10**9), found(1)
    assert one == 1
    assert several > 1 or n_x[0] == 1
    for a, b in zip(parts, whole, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-14 * np.abs(b).max())


@pytest.mark.parametrize("axis", [0, 1])
def test_windows_that_are_far_apart_see_the_fields_between(axis):
    """Few points of a box have the moments that they have among many, where windows overlap."""

    def found(n):
        space_ = space((n, 1) if axis == 0 else (1, n), (8, 8), 0.05, alpha=ALPHA)
        x = mesh(space_.layout.grid)[axis]
        A = np.stack([np.cos(x), 0.3 * np.sin(x), 0.2 + 0 * x, 0.1 * np.cos(x)])
        return MomentMap(space_.layout, space_.physics)(A, (1, 2)).reshape(4, n)

    few, many = found(5), found(100)
    np.testing.assert_allclose(few, many[:, ::20], rtol=0, atol=1e-12)


@pytest.mark.mpi(n=[2, 3])
def test_ranks_agree_on_moments_and_derivative(comm, ranks):
    spaces = [space((5, 7), (8, 8), EPSILON, alpha=ALPHA, comm=c) for c in (SERIAL, comm)]
    A = constraint.classical(modulated(spaces[0].layout.grid, EPSILON))
    B = np.random.default_rng(2).normal(size=A.shape)
    for method in (MomentMap.momenta, MomentMap.derivative):
        arguments = (A, (1, 2)) if method is MomentMap.momenta else (A, B, (1, 2))
        one, several = (
            method(MomentMap(space_.layout, space_.physics), *arguments) for space_ in spaces
        )
        np.testing.assert_allclose(several, one, atol=1e-13)


def test_slope_of_the_multipliers_is_the_limit_of_differences():
    """(A(N + h dN) - A(N - h dN))/2h tends to it as h^2, near to full polarisation too."""
    space_ = space((8, 6), (8, 8), EPSILON, alpha=ALPHA)
    x1, x2 = mesh(space_.layout.grid)
    N = modulated(space_.layout.grid, EPSILON) * np.array([1, 2, 2, 2])[:, None, None]
    assert (pauli.norm(N) / N[0]).max() > 0.55
    dN = 0.2 * np.stack([np.cos(x1), np.sin(x2), np.cos(x1 - x2), 0.5 * np.sin(x1)])
    solver = MultiplierSolver(space_.layout, space_.physics, 1e-12, levels=2)
    found = solver.slope(solver.solve(N).A, dN)

    def difference(h):
        ahead, behind = (solver.solve(N + s * h * dN).A for s in (1, -1))
        return (ahead - behind) / (2 * h)

    coarse, fine = (np.abs(difference(h) - found).max() for h in (0.04, 0.02))
    assert fine < 1e-2 * np.abs(found).max()
    assert coarse / fine == pytest.approx(4, rel=0.05)


def test_a_slope_that_is_not_found_is_an_error(monkeypatch):
    space_ = space((8, 6), (8, 8), EPSILON, alpha=ALPHA)
    N = modulated(space_.layout.grid, EPSILON)
    solver = MultiplierSolver(space_.layout, space_.physics, 1e-12, levels=1)
    A = solver.solve(N).A
    monkeypatch.setattr("wigner.maxwellian.multiplier_solver.MOST_CORRECTIONS", 2)
    with pytest.raises(ConstraintError, match=r"are .*, .*at x1 = .* at most 1.0e-12; eps"):
        solver.slope(A, N)
