"""The exponential without splitting: the series itself, and both its uses against dense algebra."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import mesh, space
from validation.oracle import dense
from wigner.flows.splitting import LIMIT
from wigner.maxwellian.chebyshev import series
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.maxwellian.exponential import Exponential
from wigner.maxwellian.moment_map import MomentMap
from wigner.phase_space import pauli
from wigner.phase_space.communicator import SERIAL
from wigner.phase_space.moments import density

LINE, P = (2 * np.pi, 1.0), 8.6


@pytest.mark.parametrize("beta", [0.5, 1.0])
@pytest.mark.parametrize("error", [1e-4, 1e-8, 1e-12])
@pytest.mark.parametrize("highest", [3.0, 80.0, 900.0])
def test_series_on_its_interval(beta, error, highest):
    """Within the error of the largest value, and in as many terms as their rule says."""
    A = np.zeros((4, 2, 1))
    A[0], A[3] = [[-1.0], [2.0]], 0.5
    found = series((-0.3, highest), A, beta, error)
    low, high = found.centre - found.half, found.centre + found.half
    assert low < -0.3 - 2.5
    assert high > highest + 1.5
    H = np.linspace(low, high, 301)
    sums = np.polynomial.chebyshev.chebval((H - found.centre) / found.half, found.coefficients)
    assert np.abs(sums - np.exp(-beta * H)).max() <= (error + 2e-15) * np.exp(-beta * low)
    if highest > 10:
        terms = np.sqrt(2 * beta * found.half * np.log(1 / error))
        assert 0.6 * terms < len(found.coefficients) < 1.6 * terms


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300, 1e7])
def test_multipliers_that_no_state_has_give_no_numbers(value):
    """An iteration that goes astray is told so by its moments, not by a crash or a long wait."""
    A = np.zeros((4, 3, 1))
    A[0, 1], A[3] = value, 0.1
    with np.errstate(invalid="ignore"):
        found = series((0.0, 80.0), A, 0.5, 1e-10)
    assert not np.isfinite(found.coefficients).any()


@pytest.fixture(scope="module")
def steep():
    """Steep fields of x1 at eps = 0.8: box, dense exponential, space and A."""
    epsilon, alpha, L, n = 0.8, 0.7, 10.5, 41
    box = dense.doubled(dense.strip(n, L, epsilon, alpha, P, 33))
    space_ = space((n, 1), (50, 50), epsilon, alpha=alpha, p_max=(P, P), length=(L, 1.0))
    y = 2 * np.pi * space_.layout.grid.x[0][:, None] / L
    a = [1.5 * np.cos(y), 0.6 * np.sin(y), 0.3 + 0 * y, np.cos(y) - 0.4 * np.sin(2 * y)]
    mu = np.stack(a)
    return box, dense.quantum_exponential(box, mu), space_, dense.scaled(box, mu)


def test_moments_against_dense_algebra(steep):
    box, rho, space_, A = steep
    moment_map = MomentMap(space_.layout, space_.physics)
    exact = dense.scaled(box, dense.densities(box, rho))
    scale = exact[0].max()
    assert np.abs(moment_map(A, (LIMIT,)) - exact).max() < 1e-11 * scale
    assert np.abs(moment_map(A, (1, 2, 3)) - exact).max() > 1e-5 * scale


def test_first_moments_against_dense_algebra(steep):
    box, rho, space_, A = steep
    exact = dense.first_moments(box, rho)
    found = MomentMap(space_.layout, space_.physics).momenta(A, (LIMIT,))
    np.testing.assert_allclose(found.reshape(exact.shape), exact, atol=1e-10 * np.abs(exact).max())


@pytest.mark.parametrize(("error", "bound"), [(0.0, 2e-9), (1e-6, 1e-6)])
def test_symbol_against_dense_algebra(steep, error, bound):
    """Pointwise in (x, p), to what is asked for; the rounding of K at the edge leaves 1e-9."""
    box, rho, space_, A = steep
    p1, p2 = space_.layout.grid.p
    exact = dense.wigner(box, rho, p1[4:46:7], p2[4:46:6])
    W = space_.layout.x_major()
    Exponential(space_, error)(A, (LIMIT,), W)
    found = pauli.unpack(W).reshape(4, -1, 1, 50, 50)[:, :, :, 4:46:7, 4:46:6]
    assert np.abs(found - exact.reshape(found.shape)).max() < bound * np.abs(exact).max()


@pytest.mark.parametrize("alpha", [0.0, 0.6])
def test_symbol_and_columns_agree_in_two_dimensions(alpha):
    """The same moments from phase space and from windows, with all components."""
    space_ = space((18, 17), (38, 40), 0.7, alpha=alpha, p_max=(8.1, 8.3))
    x1, x2 = mesh(space_.layout.grid)
    A = np.stack([np.cos(x1), 0.4 * np.sin(x2), 0.3 * np.cos(x1 - x2), 0.2 + 0.5 * np.sin(x1)])
    W = space_.layout.x_major()
    Exponential(space_)(A, (LIMIT,), W)
    moments = MomentMap(space_.layout, space_.physics)(A, (LIMIT,))
    assert np.abs(moments[1:]).max() > 0.1 * moments[0].max()
    np.testing.assert_allclose(density(space_.layout, W), moments, atol=1e-9 * moments[0].max())


def test_a_regime_that_no_splitting_reaches():
    """eps = 1.5 at 1e-10: M(N) has N, and repairs no more than the tolerance."""
    space_ = space((24, 1), (44, 44), 1.5, alpha=0.5, p_max=(9.0, 9.0), length=LINE)
    x1, _ = mesh(space_.layout.grid)
    N = np.stack([1 + 0 * x1, 0 * x1, 0 * x1, 0.5 * np.cos(x1)])
    solver = Maxwellian(space_, 1e-10)
    W = space_.layout.x_major()
    solver.symbol(N, W)
    assert solver.steps == (LIMIT,)
    assert solver.repair <= 1e-10
    np.testing.assert_allclose(density(space_.layout, W), N, atol=1e-13)


@pytest.mark.mpi(n=[2, 3])
def test_ranks_agree_without_splitting(comm):
    """Moments, derivative and symbol; Lambda p vanishes in some columns."""
    spaces = [
        space((5, 4), (10, 11), 0.7, alpha=0.5, beta=0.5, p_max=(5.0, 5.0), comm=c)
        for c in (SERIAL, comm)
    ]
    x1, x2 = mesh(spaces[0].layout.grid)
    A = np.stack([np.cos(x1), 0.4 * np.sin(x2), 0.3 * np.cos(x1 - x2), 0.2 + 0.5 * np.sin(x1)])
    B = np.random.default_rng(2).normal(size=A.shape)
    found = []
    for each in spaces:
        moments, W = MomentMap(each.layout, each.physics), each.layout.x_major()
        Exponential(each)(A, (LIMIT,), W)
        found.append((moments(A, (LIMIT,)), moments.derivative(A, B, (LIMIT,)), W))
    one, several = found
    for mine, whole in zip(several, (*one[:2], one[2][:, spaces[1].layout.x]), strict=True):
        np.testing.assert_allclose(mine, whole, atol=1e-12)
