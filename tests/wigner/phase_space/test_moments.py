"""Moments and diagnostics of states in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.setups import space
from wigner.evolution import initial
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.phase_space import pauli
from wigner.phase_space.moments import (
    _spectra_p,
    _spectrum_x,
    diagnostics,
    moments,
    spectral_tail,
)

EPSILON, ALPHA = 0.3, 0.5


@pytest.fixture(scope="module")
def solver():
    return Maxwellian(space((10, 8), (32, 33), EPSILON, alpha=ALPHA, tau=0.1), 1e-9)


def test_diagnostics_of_a_classical_state(solver):
    """Closed forms: a homogeneous unpolarised Gaussian."""
    layout = solver.space.layout
    grid = layout.grid
    N = np.zeros((4, *grid.n_x))
    N[0], N[3] = 2.0, 0.6
    W = initial.classical(solver, N)
    physics = replace(solver.space.physics, V=np.full(grid.n_x, 0.5))
    fields = moments(layout, W, physics)
    found = diagnostics(layout, W, fields, physics)
    area = grid.length[0] * grid.length[1]
    assert found.mass == pytest.approx(2 * area, rel=1e-13)
    assert found.spin == pytest.approx((0, 0, 0.6 / EPSILON * area))
    # <|p|^2/2> = n0 for temperature one, V = 1/2, no Rashba energy for w along 3
    assert found.energy == pytest.approx((2.0 + 0.5 * 2.0) * area, rel=1e-6)
    # int exp(-|p|^2)/(2 pi)^2 dp = 1/(4 pi)
    square = (2.0**2 + 0.6**2) * area / (4 * np.pi)
    assert found.l2_norm == pytest.approx(np.sqrt(square), rel=1e-6)
    purity = (2 * np.pi * EPSILON) ** 2 * square / (2 * found.mass**2)
    assert found.purity == pytest.approx(purity, rel=1e-6)
    assert found.tail_xi < 1e-14
    assert found.edge_mass < 1e-4
    np.testing.assert_allclose(fields.current[0], 0, atol=1e-8)
    # p = -P has no partner at +P: exp(-P^2/2) is left
    # the spin current of the velocity -eps alpha sigma2, eps alpha sigma1
    np.testing.assert_allclose(fields.current[2, 0], -ALPHA * 2.0, rtol=1e-12)
    np.testing.assert_allclose(fields.current[1, 1], ALPHA * 2.0, rtol=1e-12)


@pytest.mark.parametrize("edge", [(0, 7), (-2, 7), (5, 1), (5, -1)])
def test_edge_mass_sees_every_edge(solver, edge):
    layout = solver.space.layout
    grid = layout.grid
    w = np.zeros((4, grid.nx, *grid.n_p))
    w[0, :, 5, 7], w[0][:, edge[0], edge[1]] = 3.0, 1.0
    W = pauli.pack(w.reshape(4, grid.nx, -1))
    fields = moments(layout, W, solver.space.physics)
    found = diagnostics(layout, W, fields, solver.space.physics)
    assert found.edge_mass == pytest.approx(0.25)
    assert found.tail_eta > 0.5


def test_rashba_energy(solver):
    """eps alpha <p2 w1 - p1 w2> of a displaced Gaussian with spin along 1 and 2."""
    layout = solver.space.layout
    grid = layout.grid
    p1, p2 = grid.p_flat
    bump = np.exp(-0.5 * ((p1 - 0.4) ** 2 + (p2 + 0.7) ** 2)) / (2 * np.pi)
    w = np.zeros((4, grid.nx, grid.np))
    w[0], w[1], w[2] = bump, 0.3 * bump, 0.2 * bump
    fields = moments(layout, pauli.pack(w), solver.space.physics)
    expected = EPSILON * ALPHA * (-0.7 * 0.3 - 0.4 * 0.2)
    np.testing.assert_allclose(fields.rashba_energy, expected, rtol=1e-6)
    np.testing.assert_allclose(fields.kinetic_energy, 1 + 0.5 * (0.16 + 0.49), rtol=1e-5)


def test_tail_sees_a_wave_along_one_axis():
    field = np.cos(2 * np.pi * 4 * np.arange(10) / 10)[:, None] * np.ones((10, 8))
    assert spectral_tail(field) == pytest.approx(1)
    assert spectral_tail(field.T) == pytest.approx(1)
    assert spectral_tail(np.cos(2 * np.pi * np.arange(10) / 10)[:, None] * np.ones(8)) < 1e-15
    assert spectral_tail(np.ones((4, 4))) == 0


@pytest.mark.parametrize(("points", "wave"), [(2, 1), (3, 1), (5, 2), (6, 3), (12, 5)])
def test_every_axis_has_waves_beyond_two_thirds(points: int, wave: int) -> None:
    x = 2 * np.pi * np.arange(points) / points
    assert spectral_tail(np.cos(wave * x)[:, None] * np.ones(8)) == pytest.approx(1)
    assert spectral_tail(np.cos(wave * x)[None, :] * np.ones((8, 1))) == pytest.approx(1)


def test_tails_of_a_state_are_those_of_its_largest_waves():
    """All rows and columns count, of both parts, block by block: a plain transform of each."""
    where = space((24, 30), (24, 25), EPSILON)
    layout, grid = where.layout, where.layout.grid
    random = np.random.default_rng(3)
    decay = np.exp(-0.2 * np.add.outer(np.arange(24), np.arange(25)))
    for rows in (slice(0, 3), slice(700, 720)):  # the largest is among the first, or the last
        for part in ((0, 3), (1, 2)):
            w = 1e-3 * random.normal(size=(4, grid.nx, grid.np))
            w[part, rows] += 5 * random.normal(size=(2, w[:, rows].shape[1], 1)) * decay.ravel()
            of_p = np.abs(np.fft.fft2(w.reshape(4, grid.nx, *grid.n_p)))
            W = pauli.pack(w)
            packed = np.abs(np.fft.ifft2(W.reshape(2, grid.nx, *grid.n_p), norm="forward"))
            whole, spin = _spectra_p(layout, W)
            np.testing.assert_allclose(whole, packed.max(axis=(0, 1)), rtol=1e-12)
            # the spectrum of a real field is that of its mirror image, but for the sign of phases
            third, planar = of_p[3], packed[1]
            expected = np.maximum(_reversed(third), planar).max(axis=0)
            np.testing.assert_allclose(spin, expected, rtol=1e-11)
            x = np.abs(np.fft.fft2(W.reshape(2, *grid.n_x, grid.np), axes=(1, 2)))
            np.testing.assert_allclose(_spectrum_x(layout, W), x.max(axis=(0, 3)), rtol=1e-12)


def _reversed(spectra):
    """At -k what there is at k."""
    return np.roll(spectra[:, ::-1, ::-1], (1, 1), (1, 2))
