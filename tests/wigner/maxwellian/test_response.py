"""The response of a homogeneous state to waves of A: closed forms, windows and symbols agree."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import mesh, space
from wigner.flows.splitting import LIMIT
from wigner.maxwellian.exponential import Exponential
from wigner.maxwellian.moment_map import MomentMap
from wigner.maxwellian.response import on_spectra, phi, split_error, split_phi


def test_phi_is_its_integral():
    s, w = np.polynomial.legendre.leggauss(40)
    for z in (0.0, 1e-5, 0.3, 2.0, 9.0):
        integral = np.sum(0.5 * w * np.exp(-(z**2) * (1 - s**2) / 8))
        assert phi(np.array(z)) == pytest.approx(integral, rel=1e-12)
    assert phi(np.array(300.0)) == pytest.approx(4 / 300**2, rel=1e-3)  # 4/z^2


def test_the_splitting_tends_to_phi():
    """As (1/m^2)^J for J numbers of steps."""
    z = np.array(1.3)
    for J in (1, 2, 3):
        coarse, fine = (
            abs(split_phi(z, [k * m for m in range(1, J + 1)]) - phi(z)) for k in (4, 8)
        )
        assert np.log2(coarse / fine) == pytest.approx(2 * J, abs=0.15)


@pytest.mark.parametrize("steps", [(1, 2), (2, 3, 4)])
def test_what_a_weak_wave_misses(steps):
    """Beside the moment map with and without splitting, to first order in the wave."""
    epsilon = 0.3
    space_ = space((24, 18), (8, 8), epsilon)
    grid = space_.layout.grid
    x1, x2 = mesh(grid)
    wave = np.zeros((4, *grid.n_x))
    wave[3] = np.cos(8 * x1) * np.cos(5 * x2)
    moments = MomentMap(space_.layout, space_.physics)
    flat, up, down = (
        [moments(h * wave, numbers) for numbers in (steps, (LIMIT,))] for h in (0, 1e-3, -1e-3)
    )
    split, exact = (0.5e3 * (a - b) for a, b in zip(up, down, strict=True))
    missed = np.abs(split - exact).max() / flat[1][0].max()
    assert missed > 1e-6
    found = split_error(wave, on_spectra(grid, epsilon), steps)
    assert found == pytest.approx(missed, rel=1e-3)


@pytest.mark.parametrize(("n", "alpha"), [(24, 0.0), (48, 0.7), (84, 0.0), (25, 0.7)])
def test_windows_and_symbol_respond_alike_at_every_wave(n, alpha):
    """Up to eps xi/2 = 3 P, the Nyquist wave included: what keeps the kinetic solver stable."""
    space_ = space((n, 1), (32, 32), 1.0, alpha=alpha, length=(2 * np.pi, 1.0))
    layout, steps, h = space_.layout, (1, 2, 3), 1e-3
    A, kick = np.zeros((4, n, 1)), np.zeros((4, n, 1))
    kick[0, 0, 0] = 1.0
    windows = MomentMap(layout, space_.physics).derivative(A, kick, steps)[0, :, 0]
    W, masses = layout.x_major(), []
    for sign in (1, -1):
        Exponential(space_)(A + sign * h * kick, steps, W)
        masses.append(W[0].real.sum(axis=1) * layout.grid.dp)
    symbol = (masses[0] - masses[1]) / (2 * h)
    ours, theirs = (np.fft.rfft(response).real for response in (symbol, windows))
    np.testing.assert_allclose(ours, theirs, rtol=5e-4)
    if alpha == 0.0:
        z = np.arange(n // 2 + 1.0)
        np.testing.assert_allclose(theirs / theirs[0], split_phi(z, steps), rtol=1e-3)


def test_wave_numbers_are_those_of_spectra():
    grid = space((6, 5), (8, 8), 0.3, length=(2 * np.pi, np.pi)).layout.grid
    z = on_spectra(grid, 0.3)
    assert z.shape == (6, 3)
    assert z[3, 2] == pytest.approx(0.3 * np.hypot(3, 4))


@pytest.mark.parametrize("n_x", [(8, 8), (8, 9), (1, 6), (6, 1)])
def test_waves_are_counted_as_often_as_they_are_there(n_x):
    """A field that is a sum of waves: mean, last waves of even lattices, and pairs."""
    grid = space(n_x, (8, 8), 0.7).layout.grid
    z, steps = on_spectra(grid, 0.7), (1, 2)
    field = np.random.default_rng(4).normal(size=(4, *n_x))
    xi1, xi2 = (2 * np.pi * np.fft.fftfreq(n, L / n) for n, L in zip(n_x, grid.length, strict=True))
    everywhere = 0.7 * np.hypot(xi1[:, None], xi2)
    missed = np.abs(split_phi(everywhere, steps) - phi(everywhere))
    expected = (np.abs(np.fft.fft2(field)) * missed).sum(axis=(1, 2)).max() / field[0].size
    assert split_error(field, z, steps) == pytest.approx(expected, rel=1e-12)
