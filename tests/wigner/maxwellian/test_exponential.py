"""The quantum exponential and the moment map: closed forms, dense algebra, orders."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from tests.support.setups import mesh, modulated, periodic_parabola, space
from validation.oracle import closed_forms, dense
from wigner.flows import factors
from wigner.flows.splitting import extrapolation
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.maxwellian.exponential import Exponential
from wigner.maxwellian.moment_map import MomentMap
from wigner.phase_space import pauli
from wigner.phase_space.moments import density


def components(space, W):
    """(4, N1, N2, M1, M2) of x-major W."""
    return pauli.unpack(W).reshape(4, *space.layout.grid.n_x, *space.layout.grid.n_p)


def symbol(space, A, levels):
    W = space.layout.x_major()
    Exponential(space)(A, range(1, levels + 1), W)
    return components(space, W)


def test_mehler():
    """Six two-sided steps reach 2e-9 of the maximum at eps = 0.2."""
    epsilon, omega = 0.2, 1.3
    space_ = space((80, 1), (40, 40), epsilon, length=(11.2, 1.0), p_max=(8.0, 8.0))
    x1, parabola = periodic_parabola(space_)
    A = np.zeros((4, 80, 1))
    A[0] = -(omega**2) * parabola
    W = symbol(space_, A, 3)[:, :, 0]
    p1, p2 = space_.layout.grid.p
    exact = closed_forms.mehler(x1[:, None], p1, omega, epsilon)[:, :, None] * np.exp(-0.5 * p2**2)
    assert np.abs(W[0] - exact).max() < 2e-9
    assert np.abs(W[1:]).max() < 1e-14


def test_homogeneous_rashba():
    """Without A the splitting is exact."""
    space_ = space((4, 3), (40, 44), 0.3, alpha=0.8, p_max=(8.5, 8.7))
    W = symbol(space_, np.zeros((4, 4, 3)), 1)
    p1, p2 = (p.reshape(4, 3, 40, 44) for p in np.broadcast_to(grid_p(space_), (2, 12, 1760)))
    exact = closed_forms.rashba_exponential(p1, p2, 0.8, 0.3)
    assert np.abs(W - exact).max() < 1e-11


@pytest.mark.parametrize(("epsilon", "alpha"), [(0.2, 3.0), (0.8, 1.0), (0.8, -3.0)])
def test_windows_hold_states_that_rashba_coupling_widens(epsilon, alpha):
    """<exp(-K)> = int exp(-|p|^2/2) cosh(eps alpha |p|) dp, by quadrature in |p|."""
    space_ = space((3, 2), (8, 8), epsilon, alpha=alpha, p_max=(7.0, 7.0))
    found = MomentMap(space_.layout, space_.physics)(np.zeros((4, 3, 2)), (1,))
    p, w = np.polynomial.legendre.leggauss(200)
    p, w = 8 * (p + 1), 8 * w
    exact = 2 * np.pi * np.sum(w * p * np.exp(-0.5 * p**2) * np.cosh(epsilon * alpha * p))
    np.testing.assert_allclose(found[0], exact, rtol=1e-9)
    np.testing.assert_allclose(found[1:], 0, atol=1e-9 * exact)


def grid_p(space):
    return np.stack(space.layout.grid.p_flat)[:, None]


def low_modes(x1, x2):
    """Multipliers (a0, a) for dense algebra and solver alike."""
    return (
        0.4 * np.sin(x1) * np.cos(x2),
        0.5 * np.cos(x1),
        0.6 * np.sin(x2 + 0.3),
        0.4 * np.cos(x1 + x2),
    )


def dense_moments(box, f):
    mu = np.stack([dense.field(box, lambda x1, x2, c=c: f(x1, x2)[c]) for c in range(4)])
    return dense.densities(box, dense.quantum_exponential(box, mu))


@pytest.fixture(scope="module")
def dense_2d():
    """<exp(-K + A)> with alpha != 0 on a 2D torus at eps = 0.9, exact, on 12 x 12 points."""
    box = dense.Box((15, 15), (2 * np.pi, 2 * np.pi), 0.9, 0.5)
    return dense.resample(dense_moments(box, low_modes), (12, 12))


def test_moments_against_dense_algebra_in_2d(dense_2d):
    epsilon = 0.9
    space_ = space((12, 12), (32, 32), epsilon, alpha=0.5, p_max=(7.0, 7.0))
    A = np.stack(np.broadcast_arrays(*low_modes(*mesh(space_.layout.grid))))
    A[1:] *= epsilon
    found = MomentMap(space_.layout, space_.physics)(A, range(1, 7))
    found[1:] /= epsilon
    scale = dense_2d[0].max()
    assert np.abs(found - dense_2d).max() < 3e-7 * scale


@pytest.mark.parametrize("epsilon", [0.05, 0.1, 0.2, 0.4, 0.8])
@pytest.mark.parametrize("tolerance", [1e-5, 1e-8])
def test_the_tolerance_asked_for_is_the_error_got(epsilon, tolerance):
    """x1 only, alpha != 0, against dense algebra with p2 as a parameter."""
    alpha, L = 0.7, 4.0 if epsilon < 0.8 else 6.0
    n = 2 * int(3.4 * L / (np.pi * epsilon)) + 1  # momenta up to 6.8
    box = dense.strip(n, L, epsilon, alpha, 7.0, 17)
    fields = lambda x1, _x2: tuple(f + 0 * x1 for f in low_modes(2 * np.pi * x1 / L, 0.4))  # noqa: E731
    exact = dense.resample(dense_moments(box, fields), (24, 1))
    space_ = space((24, 1), (32, 32), epsilon, alpha=alpha, p_max=(7.5, 7.0), length=(L, 1.0))
    x1, _ = mesh(space_.layout.grid)
    A = np.stack(np.broadcast_arrays(*low_modes(x1, 0.4)))
    A[1:] *= epsilon
    exact[1:] *= epsilon
    solver = Maxwellian(space_, tolerance=tolerance)
    solver.whole.solve(exact)
    error_of = lambda steps: (  # noqa: E731
        np.abs(solver.whole.moment_map(A, steps) - exact).max() / exact[0].max()
    )
    assert error_of(solver.whole.steps) < tolerance
    work = sum(solver.whole.steps)
    cheaper = [m for m in combinations(range(1, work), 2) if sum(m) < work]
    cheaper += [m for m in combinations(range(1, work), 3) if sum(m) < work]
    assert all(error_of(m) > 0.3 * tolerance for m in cheaper)  # no more work than asked for


@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_symbol_against_dense_algebra(alpha):
    """Pointwise in (x, p), in 2e-9 of the maximum with six two-sided steps at eps = 0.2."""
    epsilon, L, P = 0.2, 2.7, 8.0
    box = dense.doubled(dense.strip(35, L, epsilon, alpha, P, 33))
    fields = lambda x1, _x2: tuple(  # noqa: E731
        0.5 * f + 0 * x1 for f in low_modes(2 * np.pi * x1 / L, 0.4)
    )
    mu = np.stack([dense.field(box, lambda x1, x2, c=c: fields(x1, x2)[c]) for c in range(4)])
    space_ = space((35, 1), (40, 40), epsilon, alpha=alpha, p_max=(P, P), length=(L, 1.0))
    p1, p2 = space_.layout.grid.p
    exact = dense.wigner(box, dense.quantum_exponential(box, mu), p1[4:36:5], p2[4:36:4])
    A = dense.scaled(box, mu)
    found = symbol(space_, A, 3)[:, :, :, 4:36:5, 4:36:4]
    assert np.abs(found - exact.reshape(found.shape)).max() < 2e-9 * np.abs(exact).max()


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_order_of_the_splitting(levels):
    """Errors of S_m combined fall like eps^(2 levels): the step enters as eps delta."""
    errors = []
    for epsilon in (0.8, 0.4):
        space_ = space((16, 1), (8, 8), epsilon, p_max=(7.0, 7.0))
        x1, _ = mesh(space_.layout.grid)
        A = np.stack(np.broadcast_arrays(*low_modes(x1, 0.4)))
        A[1:] *= 0.3
        moments = MomentMap(space_.layout, space_.physics)
        exact = moments(A, range(1, levels + 3))
        errors.append(np.abs(moments(A, range(1, levels + 1)) - exact).max())
    assert np.log2(errors[0] / errors[1]) > 2 * levels - 0.4


def test_symbol_and_windows_agree():
    """The moments of the symbol are those of the windows, at every number of steps."""
    epsilon = 0.25
    space_ = space((20, 18), (44, 40), epsilon, alpha=0.6, p_max=(8.3, 8.0))
    A = np.stack(np.broadcast_arrays(*low_modes(*mesh(space_.layout.grid))))
    A[1:] *= epsilon
    moments = MomentMap(space_.layout, space_.physics)
    for levels in (1, 2, 3):
        W = symbol(space_, A, levels)
        found = W.sum(axis=(3, 4)) * space_.layout.grid.dp
        expected = moments(A, range(1, levels + 1))
        np.testing.assert_allclose(found, expected, atol=3e-10 * found.max())


def test_density_matrix_of_an_exponential_is_positive():
    """n0 > eps|n| at every point, near full polarisation."""
    epsilon, L, n = 0.3, 4.0, 31
    space_ = space((n, 1), (36, 36), epsilon, alpha=0.5, p_max=(7.5, 7.5), length=(L, 1.0))
    x1, _ = mesh(space_.layout.grid)
    A = np.stack(np.broadcast_arrays(*low_modes(x1, 0.4)))
    A[1:] *= 0.9
    N = MomentMap(space_.layout, space_.physics)(A, (1, 2, 3))
    assert np.all(N[0] > pauli.norm(N))


def test_weights_of_the_extrapolation():
    """They sum to one and cancel m^-2, m^-4, ..."""
    for levels in range(1, 7):
        m, w = np.arange(1, levels + 1), np.array(extrapolation(range(1, levels + 1)))
        assert w.sum() == pytest.approx(1)
        for power in range(1, levels):
            assert np.sum(w * m ** (-2.0 * power)) == pytest.approx(0, abs=1e-12)


def test_rounded_parabola_is_the_parabola_inside():
    q = np.linspace(-8, 8, 65)
    K = factors.rounded_parabola((q, q), (8.0, 8.0))
    inside = np.abs(q) < 4.0
    np.testing.assert_allclose(K.energy[0][inside], 0.5 * q[inside] ** 2, atol=1e-9)
    np.testing.assert_allclose(K.momentum[0][inside], q[inside], atol=1e-9)
    beyond = factors.rounded_parabola((q + 16.0, q), (8.0, 8.0))
    np.testing.assert_allclose(beyond.energy[0], K.energy[0], atol=1e-10)


@pytest.mark.parametrize("error", [1e-4, 1e-6, 1e-8])
def test_few_modes_miss_what_was_allowed(error):
    """The symbol made on few eta is that made on all of them, and its moments are the same."""
    space_ = space((10, 8), (40, 41), 0.2, alpha=0.5, p_max=(8.0, 8.0))
    A = 0.6 * modulated(space_.layout.grid, 0.2)
    whole, part = space_.layout.x_major(), space_.layout.x_major()
    Exponential(space_)(A, (2, 3), whole)
    few = Exponential(space_, error)
    few(A, (2, 3), part)
    missed = np.abs(part - whole).max() / np.abs(whole).max()
    assert 1e-3 * error < missed < 1.5 * error
    moments = [density(space_.layout, W) for W in (whole, part)]
    np.testing.assert_allclose(*moments, atol=1e-12)
