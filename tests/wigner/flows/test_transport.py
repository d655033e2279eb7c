"""The collisionless flow, the correctness argument strongest first.

An independent propagator of Bloch waves on a non-separable potential with Rashba coupling sees
every wrong shift, sign and pairing; then closed forms, invariants and realness.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from tests.support.oracle_cases import TRANSPORT
from tests.support.setups import mesh, periodic_parabola, space, thermal, with_physics
from validation.oracle import closed_forms, schroedinger
from wigner.flows.splitting import FOURTH, SPLITTINGS, STRANG
from wigner.flows.transport import Transport
from wigner.flows.two_sided import PhaseSpace
from wigner.phase_space import pauli

T = 0.5
GAS = replace(TRANSPORT, cut=1e-11)  # W at T to 1e-10 of its maximum


def on_lattice(gas, n_x, n_p, p_max):
    """A phase space for the oracle's box, and its W(0) and V there."""
    space_ = space(n_x, n_p, gas.epsilon, p_max=p_max, length=gas.length)
    grid = space_.layout.grid
    W = space_.layout.x_major()
    W[:] = pauli.pack(schroedinger.initial_wigner(gas, *grid.x, *grid.p).reshape(4, grid.nx, -1))
    return space_, W, schroedinger.potential_on(gas, *grid.x)


def advanced(space_, W, V, alpha, splitting, steps, t=T):
    W = W.copy()
    flow = Transport(with_physics(space_, alpha=alpha, V=V), splitting).flow(t / steps)
    for _ in range(steps):
        flow(W)
    return pauli.unpack(W)


@pytest.fixture(scope="module")
def waves():
    """What gives the exact answer on any lattice."""
    return schroedinger.bloch_waves(GAS, T)


def exactly(waves, grid):
    w = schroedinger.wigner(GAS, T, *grid.x, *grid.p, u=waves)
    return w.reshape(4, grid.nx, grid.np)


@pytest.fixture(scope="module")
def case(waves):
    """Problem and exact answer on a lattice that holds W to 1e-9."""
    space_, W, V = on_lattice(TRANSPORT, (16, 17), (32, 33), (7.0, 7.1))
    return space_, W, V, exactly(waves, space_.layout.grid)


@pytest.mark.parametrize(
    ("splitting", "steps", "ratio", "tolerance"),
    [(STRANG, (4, 8, 16), 4, 0.1), (FOURTH, (2, 4, 8), 16, 1)],
)
def test_bloch_waves_with_rashba_in_a_non_separable_potential(
    case, splitting, steps, ratio, tolerance
):
    space_, W, V, exact = case
    errors = [
        np.abs(advanced(space_, W, V, TRANSPORT.alpha, splitting, n) - exact).max() for n in steps
    ]
    for coarse, fine in itertools.pairwise(errors):
        assert coarse / fine == pytest.approx(ratio, abs=tolerance)
    assert errors[-1] < 1e-3 * np.abs(exact).max()


def test_error_in_space_falls_spectrally(waves):
    """At a step so small that time does not matter, a few more points gain a digit or more."""
    errors = []
    for n_x, n_p, P in ((8, 16, 4.9), (11, 22, 5.8), (14, 28, 6.5)):
        space_, W, V = on_lattice(TRANSPORT, (n_x, n_x), (n_p, n_p), (P, P))
        exact = exactly(waves, space_.layout.grid)
        found = advanced(space_, W, V, TRANSPORT.alpha, FOURTH, 8)
        errors.append(np.abs(found - exact).max() / np.abs(exact).max())
    assert errors[0] / errors[1] > 10
    assert errors[1] / errors[2] > 10
    assert errors[2] < 2e-6


def test_free_flow_is_exact():
    """alpha = 0, V = 0: W(x - p t, p), whatever the step."""
    space_ = space((12, 8), (10, 14), 0.7, p_max=(3.0, 4.0), length=(2 * np.pi, 5.0))
    grid = space_.layout.grid
    k1, k2 = 2.0, 2 * np.pi / 5.0

    def wave(x1, x2, p1, p2):
        return np.cos(k1 * x1 - k2 * x2 + 0.3) * (1 + 0.2 * p1 * p2)

    x1, x2 = (x.reshape(-1, 1) for x in np.meshgrid(*grid.x, indexing="ij"))
    p1, p2 = grid.p_flat
    w = np.stack([c * wave(x1, x2, p1, p2) for c in (1.0, 0.3, -0.5, 0.2)])
    found = advanced(space_, pauli.pack(w), np.zeros(grid.n_x), 0.0, STRANG, 1, t=1.7)
    exact = closed_forms.free_streaming(wave, x1, x2, p1, p2, 1.7)
    for c, component in zip((1.0, 0.3, -0.5, 0.2), found, strict=True):
        np.testing.assert_allclose(component, c * exact, atol=1e-12)


def test_precession_of_a_homogeneous_state_is_exact():
    """d_t w = 2 alpha p_perp x w at each p."""
    space_ = space((3, 4), (8, 9), 0.7, p_max=(3.0, 4.0))
    grid = space_.layout.grid
    p1, p2 = grid.p_flat
    w = np.random.default_rng(5).normal(size=(4, 1, grid.np))
    W = pauli.pack(np.repeat(w, grid.nx, axis=1))
    found = advanced(space_, W, np.zeros(grid.n_x), 0.8, STRANG, 1, t=2.3)
    exact = closed_forms.precession(w[1:, 0], p1, p2, 0.8, 2.3)
    np.testing.assert_allclose(found[0], w[0].repeat(grid.nx, axis=0), atol=1e-12)
    np.testing.assert_allclose(found[1:], exact[:, None].repeat(grid.nx, axis=1), atol=1e-12)


def test_kinetic_part_is_exact_for_any_step():
    """One long step equals many short ones, with Rashba coupling."""
    space_ = space((9, 8), (10, 12), 0.5, p_max=(4.0, 4.5))
    W, zero = thermal(space_), np.zeros((9, 8))
    once = advanced(space_, W, zero, 0.9, STRANG, 1, t=1.1)
    often = advanced(space_, W, zero, 0.9, STRANG, 11, t=1.1)
    np.testing.assert_allclose(once, often, atol=1e-12)
    assert np.abs(once - pauli.unpack(W)).max() > 0.1


def test_oscillator_turns_phase_space_rigidly():
    """A quadratic potential: the flow is classical for every eps, error from splitting alone."""
    epsilon, omega = 0.8, 1.0
    space_ = space((90, 1), (48, 4), epsilon, p_max=(7.0, 1.0), length=(14.0, 1.0))
    grid = space_.layout.grid
    x, V = periodic_parabola(space_)

    def gaussian(x, p):
        return np.exp(-((x - 0.6) ** 2) - (p - 0.4) ** 2)

    w = np.zeros((4, grid.nx, grid.np))
    w[0] = np.repeat(gaussian(x[:, None], grid.p[0])[..., None], 4, axis=2).reshape(grid.nx, -1)
    exact = closed_forms.oscillator_flow(gaussian, x[:, None], grid.p[0], omega, 1.0)
    errors = []
    for steps in (20, 40):
        found = advanced(space_, pauli.pack(w), V, 0.0, STRANG, steps, t=1.0)
        errors.append(np.abs(found[0].reshape(90, 48, 4)[..., 0] - exact).max())
    assert errors[0] / errors[1] == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize("splitting", SPLITTINGS.values(), ids=SPLITTINGS.keys())
@pytest.mark.parametrize("n_x", [(8, 6), (7, 6), (1, 9)])
def test_norm_mass_and_realness_over_100_steps(splitting, n_x):
    V = lambda x1, x2: np.cos(x1 * (n_x[0] > 1) + x2) + 0.3 * np.sin(x2)  # noqa: E731
    space_ = space(n_x, (12, 11), 0.6, alpha=0.7, V=V, p_max=(4.0, 4.4))
    W = np.random.default_rng(2).normal(size=(2, *thermal(space_).shape[1:])) * (1 + 0.5j)
    norm, mass = np.linalg.norm(W), W[0].real.sum()
    flow = Transport(space_, splitting).flow(0.05)
    for _ in range(100):
        flow(W)
    assert np.linalg.norm(W) == pytest.approx(norm, rel=1e-12)
    assert W[0].real.sum() == pytest.approx(mass, rel=1e-12, abs=1e-10)


def test_components_do_not_leak_into_each_other():
    """Without Rashba coupling a charge stays a charge, Nyquist modes of even lattices included."""
    space_ = space((8, 6), (12, 10), 0.6, p_max=(4.0, 4.4))
    x1, x2 = mesh(space_.layout.grid)
    w = np.zeros((4, *thermal(space_).shape[1:]))
    w[0] = np.random.default_rng(2).normal(size=w[0].shape)
    found = advanced(space_, pauli.pack(w), np.cos(x1 + x2), 0.0, STRANG, 10)
    assert np.abs(found[1:]).max() < 1e-14 * np.abs(found[0]).max()


def test_flow_is_reversible():
    V = lambda x1, x2: np.cos(x1 + x2)  # noqa: E731
    space_ = space((8, 6), (12, 10), 0.6, alpha=0.5, V=V, p_max=(4.0, 4.4))
    W = thermal(space_)
    there_and_back = W.copy()
    for t in (0.3, -0.3):
        Transport(space_, STRANG).flow(t)(there_and_back)
    np.testing.assert_allclose(there_and_back, W, atol=1e-13)


def test_incommensurate_momentum_box_gives_the_same_physics():
    """Shifted values by slices of a refined lattice and by interpolation of each one."""
    gas = TRANSPORT
    found = []
    for p_max in ((7.0, 7.0), (7.03, 6.97)):
        space_, W, V = on_lattice(gas, (16, 16), (32, 32), p_max)
        w = advanced(space_, W, V, gas.alpha, STRANG, 8)
        found.append(w.sum(axis=2) * space_.layout.grid.dp)
    np.testing.assert_allclose(found[0], found[1], atol=1e-8 * np.abs(found[0]).max())


def test_zero_alpha_and_small_alpha_agree():
    """The scalar path of alpha = 0 is the limit of the matrix path."""
    space_ = space((6, 7), (8, 9), 0.6, p_max=(4.0, 4.4))
    assert isinstance(space_, PhaseSpace)
    W, V = thermal(space_), np.cos(mesh(space_.layout.grid)[0])
    with_spin = advanced(space_, W, V, 1e-13, STRANG, 3)
    without = advanced(space_, W, V, 0.0, STRANG, 3)
    np.testing.assert_allclose(with_spin, without, atol=1e-11)
