"""exp(-delta K) on both sides: its series, its kernels, and what it is to closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import space
from wigner.flows.diffusion import Diffusion, Diffusions
from wigner.flows.kernels import Product, rotations
from wigner.phase_space.grid import PhaseGrid
from wigner.physics import Physics

GRID = PhaseGrid((6, 5), (2.0, 3.0), (16, 18), (7.0, 7.5))
ALL = slice(0, GRID.np)


def diffusion(epsilon: float, alpha: float, delta: float = 0.25, grid: PhaseGrid = GRID):
    physics = Physics(epsilon, alpha, 0.1, np.zeros(grid.n_x))
    return Diffusions(grid, physics, slice(0, grid.np))(delta)


@pytest.mark.parametrize(("epsilon", "alpha"), [(0.05, 0.3), (0.7, -2.0), (1.5, 3.0)])
def test_rotations_are_exponentials_of_the_coupling(epsilon, alpha):
    """R = exp(-delta eps alpha q_perp.sigma), relative to its norm, by eigenvalues +-|y|."""
    D = diffusion(epsilon, alpha, 0.5)
    modes = (np.array([0, 1, 4]), np.array([0, 2, 3]))
    R11, R12, R21, R22 = rotations(D, modes)
    q1, q2 = (p + s[k, None] for p, s, k in zip(D.momentum, D.shifts, modes, strict=True))
    y = np.hypot(q1, q2)
    exact = -np.where(y > 0, np.sinh(y) / np.where(y > 0, y, 1), 1) * (q2 + 1j * q1)
    np.testing.assert_allclose(R11, np.cosh(y), rtol=1e-14)
    np.testing.assert_allclose(R22, np.cosh(y), rtol=1e-14)
    np.testing.assert_allclose(R12, exact, rtol=1e-13)
    np.testing.assert_allclose(R21, np.conj(exact), rtol=1e-13)


@pytest.mark.parametrize("alpha", [0.0, 0.6, -2.5])
def test_compiled_kernel_is_that_of_numpy(alpha):
    pytest.importorskip("numba")
    D = diffusion(0.4, alpha).of(slice(40, 77))
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
        q1, q2 = (q.reshape(n_p, n_p) for q in D.momentum)
        np.testing.assert_allclose(q1, -q1[::-1], atol=1e-15)
        np.testing.assert_allclose(q1, q2.T, atol=0)


def test_the_response_to_short_waves_has_the_mass_of_the_splitting():
    """Excess mass that a periodic K in q gives to waves with eps xi/2 > 0.6 P is gone."""
    from wigner.maxwellian.exponential import Exponential  # noqa: PLC0415 (the room above)
    from wigner.maxwellian.response import split_phi  # noqa: PLC0415

    space_ = space((24, 1), (32, 32), 1.0, length=(2 * np.pi, 1.0))
    layout, steps, h = space_.layout, (1, 2, 3), 1e-3
    A = np.zeros((4, 24, 1))
    A[0] = -np.log(2 * np.pi)
    W, masses = layout.x_major(), []
    for sign in (1, -1):
        kicked = A.copy()
        kicked[0, 0, 0] += sign * h
        Exponential(space_)(kicked, steps, W)
        masses.append(W[0].real.sum(axis=1) * layout.grid.dp)
    response = np.fft.fft((masses[0] - masses[1]) / (2 * h)).real[:13]
    z = np.arange(13.0)
    np.testing.assert_allclose(response, split_phi(z, steps), rtol=2e-3)
