"""The Moyal product; what theta and the flows are to it, see the tests of the flows."""

from __future__ import annotations

import numpy as np

from tests.support.setups import space
from wigner.phase_space import moyal

EPSILON = 0.7


def test_moyal_product_of_polynomials_in_the_exponent():
    """exp(i a.x) # exp(i b.p) has the phase exp(-i eps a.b/2) over the ordinary product."""
    grid = space((4, 3), (6, 5), EPSILON, p_max=(3.0, 4.0)).layout.grid
    a = np.array([1.0, -1.0])
    b = np.array([np.pi / 3.0, 2 * np.pi / 4.0])
    x1, x2 = (x.reshape(-1, 1) for x in grid.x)
    p1, p2 = (p.reshape(-1, 1) for p in grid.p)
    wave_x = np.multiply.outer(np.exp(1j * a[0] * x1[:, 0]), np.exp(1j * a[1] * x2[:, 0]))
    wave_p = np.multiply.outer(np.exp(1j * b[0] * p1[:, 0]), np.exp(1j * b[1] * p2[:, 0]))
    f = np.multiply.outer(wave_x, np.ones(wave_p.shape))
    g = np.multiply.outer(np.ones(wave_x.shape), wave_p)
    expected = np.exp(-0.5j * EPSILON * (a @ b)) * f * g
    np.testing.assert_allclose(moyal.product(grid, EPSILON, f, g), expected, atol=1e-12)


def test_moyal_product_is_associative():
    grid = space((3, 3), (5, 5), EPSILON, p_max=(3.0, 3.0)).layout.grid
    f, g, h = (low(grid, seed) for seed in (1, 2, 3))
    left = moyal.product(grid, EPSILON, moyal.product(grid, EPSILON, f, g), h)
    right = moyal.product(grid, EPSILON, f, moyal.product(grid, EPSILON, g, h))
    # three factors of the lowest modes exceed the lattice unless one is constant in part
    assert np.abs(left - right).max() < 1e-12 * np.abs(left).max()


def low(grid, seed):
    """f = c + one wave along a direction of its own, so that three factors fit the lattice."""
    x = [grid.x[0][:, None, None, None], grid.x[1][None, :, None, None]]
    p = [grid.p[0][None, None, :, None], grid.p[1][None, None, None, :]]
    k = np.pi / 3.0
    wave = {1: x[0] + k * p[1], 2: x[1] + 0 * p[0], 3: k * p[0] + 0 * x[0]}[seed]
    ones = np.ones((*grid.n_x, *grid.n_p))
    return (0.7 + np.exp(1j * wave)) * ones
