"""exp(-delta K) on both sides: its series, its kernels, and what it is to closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from wigner.errors import ResolutionError
from wigner.flows.diffusion import Diffusion, Diffusions
from wigner.flows.factors import rounded_parabola
from wigner.flows.kernels import Product, rotations
from wigner.phase_space.grid import PhaseGrid
from wigner.physics import Physics

GRID = PhaseGrid((6, 5), (2.0, 3.0), (16, 18), (7.0, 7.5))
ALL = slice(0, GRID.np)


def diffusion(
    epsilon: float, alpha: float, delta: float = 0.25, grid: PhaseGrid = GRID, beta: float = 0.0
):
    physics = Physics(epsilon, alpha, 0.1, np.zeros(grid.n_x), beta)
    return Diffusions(grid, physics, slice(0, grid.np))(delta)


@pytest.mark.parametrize(
    ("epsilon", "alpha", "beta", "largest"),
    [
        (0.05, 0.3, 0.0, 0.05),
        (0.7, -2.0, 0.5, 6),
        (1.5, 3.0, 0.0, 20),
        (0.5, 0.0, 20.0, 45),
        (0.5, 20.0, 20.0, 60),
        (1.0, 30.0, 0.0, 150),
    ],
)
def test_rotations_are_exponentials_of_the_coupling(epsilon, alpha, beta, largest):
    """R = exp(-delta eps (Lambda q).sigma) at q = p + eps xi/2, by its eigenvalues exp(+-|y|).

    Lambda q = alpha (q2, -q1) + beta (q1, -q2).
    """
    D = diffusion(epsilon, alpha, 0.5, beta=beta)
    modes = (np.array([0, 1, 4]), np.array([0, 2, 3]))
    R11, R12, R21, R22 = rotations(D, modes)
    p = rounded_parabola(GRID.p, GRID.p_max).momentum
    p1, p2 = (q.ravel() for q in np.meshgrid(*p, indexing="ij"))
    q1 = p1 + 0.5 * epsilon * GRID.xi[0][modes[0], None]
    q2 = p2 + 0.5 * epsilon * GRID.xi[1][modes[1], None]
    y1, y2 = (0.5 * epsilon * k for k in (alpha * q2 + beta * q1, -alpha * q1 - beta * q2))
    y = np.hypot(y1, y2)
    assert y.max() > largest
    exact = -np.where(y > 0, np.sinh(y) / np.where(y > 0, y, 1), 1) * (y1 - 1j * y2)
    np.testing.assert_allclose(R11, np.cosh(y), rtol=1e-12)
    np.testing.assert_allclose(R22, np.cosh(y), rtol=1e-12)
    np.testing.assert_allclose(R12, exact, rtol=1e-12)
    np.testing.assert_allclose(R21, np.conj(exact), rtol=1e-12)


def test_a_coupling_that_overflows_is_an_error():
    with pytest.raises(ResolutionError, match=r"physics.alpha: got .* up to \d{3} .*smaller alpha"):
        diffusion(1.0, 150.0, 0.5)


@pytest.mark.parametrize("alpha", [0.0, 0.6, -2.5])
def test_compiled_kernel_is_that_of_numpy(alpha):
    pytest.importorskip("numba")
    D = diffusion(0.4, alpha, beta=0.3 * alpha).of(slice(40, 77))
    rng = np.random.default_rng(3)
    W = rng.normal(size=(2, *GRID.n_x, 37)) + 1j * rng.normal(size=(2, *GRID.n_x, 37))
    results = []
    for points in (1, 2**20):
        result = W.copy()
        Product(GRID.n_x, points, run=GRID.np).diffuse(result, D)
        results.append(result)
    np.testing.assert_allclose(results[1], results[0], rtol=0, atol=1e-14 * np.abs(W).max())


def test_inside_the_box_it_is_the_product_itself():
    """Rounding changes nothing where a thermal state is; the waves keep K beyond the box."""
    epsilon = 1.0
    D: Diffusion = diffusion(epsilon, 0.0, 0.5)
    p1, p2 = GRID.p_flat
    inside = (np.abs(p1) < 4.5) & (np.abs(p2) < 4.5)
    exact = np.exp(-0.5 * (p1**2 + p2**2))
    np.testing.assert_allclose(D.p[inside], exact[inside], atol=1e-6 * exact[inside].max())
    k = 2 * np.pi * 3 / 2.0  # the Nyquist wave of the first axis
    assert D.xi[3, 0] == pytest.approx(np.exp(-0.5 * epsilon**2 * k**2 / 4), rel=1e-13)


@pytest.mark.parametrize("alpha", [0.0, 0.8])
def test_mirror_images_and_quarter_turns(alpha):
    """On a square lattice of any number of points p -> -p and (p1, p2) -> (p2, -p1) are exact."""
    for n_p in (16, 17):
        grid = PhaseGrid((4, 4), (2.0, 2.0), (n_p, n_p), (7.0, 7.0))
        D = diffusion(0.3, alpha, 0.25, grid)
        p = D.p.reshape(n_p, n_p)
        np.testing.assert_array_equal(p, p[::-1, ::-1])
        np.testing.assert_array_equal(p, p.T)
        k1, k2 = (k.reshape(n_p, n_p) for k in D.momentum)  # along p_perp = (p2, -p1)
        np.testing.assert_allclose(k1, -k1[:, ::-1], atol=1e-15)
        np.testing.assert_allclose(k1, -k2.T, atol=0)


@pytest.mark.parametrize(
    ("alpha", "beta", "scalar"), [(0.5, 0.5, False), (0.7, 0.0, False), (0.0, 0.0, True)]
)
def test_a_column_without_momentum_is_coupled_all_the_same(alpha, beta, scalar):
    """Lambda p vanishes at p = 0, and on a line where alpha = beta; Lambda xi does not."""
    grid = PhaseGrid((4, 3), (2.0, 3.0), (9, 9), (6.0, 6.0))
    physics = Physics(0.4, alpha, 1.0, np.zeros((4, 3)), beta)
    K = Diffusions(grid, physics, slice(0, grid.np)).energy
    assert [K.times(0.3).of(slice(j, j + 1)).is_scalar for j in range(81)] == 81 * [scalar]
