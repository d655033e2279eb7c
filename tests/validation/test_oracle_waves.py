"""Waves by the Volterra equation agree with closed forms, with dense operators, and with tables."""

from __future__ import annotations

import numpy as np
import pytest

from validation.oracle import dense, dispersion, packets, waves
from validation.oracle.waves import Medium

Array = np.ndarray
ALONG = np.array([1.0, 0.0])
NOWHERE = np.zeros(2)


def close(a: Array | float, b: Array | float, tolerance: float) -> None:
    """max |a - b| < tolerance, absolutely."""
    error = np.abs(np.asarray(a) - b).max()
    assert error < tolerance, f"error {error:.2e}, wanted {tolerance:.0e}"


def kernel(medium: Medium, q: Array, t: Array, tau: float, v: float) -> Array:
    """C(t)/tau + X(t) with the field phi = v n0 of a wave."""
    static = waves.streamed(medium, q, np.zeros(1), waves.thermal)[0]
    G = waves.streamed(medium, q, t, waves.thermal, waves.kick)
    C = G[..., :4] @ np.linalg.inv(static) / tau
    C[:, :, 0] += v * G[:, :, 4]
    return C


def test_density_waves_stream_as_mermin_has_it() -> None:
    t = np.linspace(0, 4, 9)
    C = waves.propagator(Medium(0.7), 1.3 * ALONG, t)
    close(C, dispersion.density_wave(t, 1.3, 0.7)[:, None, None] * np.eye(4), 1e-12)


def test_uniform_spins_stream_as_dawson_has_it() -> None:
    t = np.linspace(0, 6, 9)
    C = waves.propagator(Medium(1e-4, alpha=0.3), NOWHERE, t)
    plane, across = dispersion.uniform_spin(t, 0.3)
    for k, expected in enumerate((plane, plane, across), start=1):
        close(C[:, k, k], expected, 1e-8)


@pytest.mark.parametrize("j", range(4))
def test_waves_agree_with_dense_operators(j: int) -> None:
    """Streaming of a small wave of multipliers, Rashba coupling, eps of order one."""
    epsilon, alpha, t, h = 0.6, 0.7, 0.8, 1e-3
    box = dense.strip(31, 2 * np.pi, epsilon, alpha, p_max=7.5, n_p=19)
    x1 = dense.lattice(box)[0]
    H = dense.diagonalise(dense.kinetic(box))
    ends = []
    for sign in (1, -1):
        mu = np.zeros((4, *box.n))
        mu[j] = sign * h * np.cos(x1) / (1 if j == 0 else epsilon)
        rho = dense.evolve(box, H, dense.quantum_exponential(box, mu), t)
        ends.append(dense.local(box, rho)[..., 0])
    found = (ends[0] - ends[1]) / (2 * h)
    medium = Medium(epsilon, alpha=alpha)
    G = waves.streamed(medium, ALONG, np.array([t]), waves.thermal)[0][:, j]
    expected = (G[:, None] * np.exp(1j * x1[:, 0])).real / waves.normalisation(medium)
    close(found, expected, 2e-5)


def test_kicks_are_how_the_response_changes() -> None:
    """X(t) = d/dt G(t) for the density: fluctuation and dissipation, here with spin-orbit."""
    medium, t, h = Medium(0.5, alpha=0.4, beta=0.2), 0.7, 1e-3
    q = np.array([0.8, -0.5])
    G = waves.streamed(medium, q, np.array([t - h, t, t + h]), waves.thermal, waves.kick)
    close((G[2] - G[0])[:, 0] / (2 * h), G[1, :, 4], 1e-6)


def test_a_push_is_a_kick_of_a_long_wave() -> None:
    medium, q = Medium(0.4, alpha=0.6, beta=0.1), 1e-4
    t = np.array([0.9])
    push = waves.streamed(medium, NOWHERE, t, waves.push)[0]
    for axis in (0, 1):
        k = waves.streamed(medium, q * np.eye(2)[axis], t, waves.kick)[0, :, 0]
        close(push[1:, axis], (k / (-1j * q))[1:], 4e-6)  # V = -x is exp(iqx)/(-iq) and a constant


def test_the_volterra_equation_of_an_exponential() -> None:
    """y = 1 - int_0^t y has y = exp(-t)."""
    t = np.linspace(0, 2, 33)
    one = np.ones((33, 1, 1))
    y = waves.volterra(-one, one, t[1])
    close(y[:, 0, 0], np.exp(-t[::4]), 4e-9)


def test_modes_are_where_waves_end() -> None:
    """The slowest mode by its own equation, by quadrature, and in the end of a solution."""
    tau, h = 1.0, 1 / 32
    medium, t = Medium(1e-3, alpha=0.1), h * np.arange(32 * 16 + 1)
    rate = dispersion.slowest_rate(lambda s: float(dispersion.uniform_spin(s, 0.1)[1]), tau)
    assert rate == pytest.approx(0.0804603, abs=1e-7)  # narrowing: 8 (alpha tau)^2 = 0.08
    C = dispersion.uniform_spin(t, 0.1)[1][:, None, None]
    n = waves.relaxed(C, C / tau, tau, h)[:, 0, 0].real
    close(np.log(n[-2] / n[-1]) / (4 * h), rate, 1e-6)
    found = waves.mode(
        lambda s: waves.propagator(medium, NOWHERE, s)[:, 3:, 3:] / tau, tau, -0.07, reach=40.0
    )
    close(-found, rate, 1e-7)


def test_spin_modes_are_diffusive_for_small_tau() -> None:
    q, tau = np.array([0.9, 0.4]), 1e-2
    medium = Medium(1e-3, alpha=0.5, beta=0.2)
    rates = dispersion.diffusive_spin(medium.coupling, q, tau)
    for rate in rates:
        found = waves.mode(
            lambda s: waves.propagator(medium, q, s)[:, 1:, 1:] / tau, tau, -rate, reach=40 * tau
        )
        close(-found / rate, 1.0, 2e-3)


def test_rashba_helix_lives_longest_at_its_wave_number() -> None:
    alpha, tau = 0.7, 0.3
    coupling = Medium(0.1, alpha=alpha).coupling
    best = np.sqrt(15) / 2 * alpha
    close(dispersion.diffusive_spin(coupling, best * ALONG, tau)[0], 7 / 4 * alpha**2 * tau, 1e-14)
    for q in (0.99 * best, 1.01 * best):
        assert dispersion.diffusive_spin(coupling, q * ALONG, tau)[0] > 7 / 4 * alpha**2 * tau


@pytest.mark.parametrize("epsilon", [0.02, 0.8])
def test_helix_of_equal_couplings_stays(epsilon: float) -> None:
    """C(t) has the eigenvalue 1 at |q| = 4 alpha along [110], for every eps and t."""
    medium = Medium(epsilon, alpha=0.3, beta=0.3)
    q = 4 * 0.3 * np.array([1, 1]) / np.sqrt(2)
    for C in waves.propagator(medium, q, np.array([0.5, 4.0])):
        close(np.abs(np.linalg.eigvals(C) - 1).min(), 0.0, 1e-11)
    close(dispersion.diffusive_spin(medium.coupling, q, 1.0)[0], 0.0, 1e-14)
    crossed = waves.propagator(medium, q * [1, -1], np.array([4.0]))[0]
    assert np.abs(np.linalg.eigvals(crossed) - 1).min() > 0.1


@pytest.mark.parametrize("epsilon", [0.2, 0.1])
def test_edelstein_holds_to_order_two_in_epsilon(epsilon: float) -> None:
    """The steady spin in a weak field, alpha tau = 0.6: n = -tau Lambda E (1 - eps^2 alpha^2/3)."""
    tau, E, medium = 0.75, np.array([0.3, 0.2]), Medium(epsilon, alpha=0.8)
    x, w = np.polynomial.legendre.leggauss(16)
    t = (tau * (2 * np.arange(13)[:, None] + x + 1)).ravel()
    weights = np.tile(tau * w, 13) * np.exp(-t / tau)
    static = waves.streamed(medium, NOWHERE, np.zeros(1), waves.thermal)[0]
    G = np.tensordot(weights, waves.streamed(medium, NOWHERE, t, waves.thermal, waves.push), 1)
    C = (G[:, :4] @ np.linalg.inv(static) / tau)[1:, 1:]
    n = np.linalg.solve(np.eye(3) - C, (G[:, 4:] @ E)[1:]).real / epsilon
    expected = dispersion.edelstein(medium.coupling, E, tau)
    close(expected, 0.8 * tau * np.array([-0.2, 0.3, 0.0]), 1e-15)
    close(n, expected * (1 - epsilon**2 * 0.8**2 / 3), 0.2 * epsilon**4)


def test_equal_couplings_cancel_in_one_direction() -> None:
    coupling = Medium(0.1, alpha=0.4, beta=0.4).coupling
    close(dispersion.edelstein(coupling, np.array([1.0, -1.0]), 0.5), 0.0, 1e-15)
    close(dispersion.edelstein(coupling, np.array([1.0, 1.0]), 0.5), [-0.4, 0.4, 0.0], 1e-15)


def test_magnetisation_and_precession() -> None:
    b, epsilon = np.array([0.3, -0.4, 0.5]), 0.6
    N = waves.equilibrium(Medium(epsilon, zeeman=(0.3, -0.4, 0.5)))
    close(N[1:] / epsilon, dispersion.magnetisation(b, epsilon), 1e-13)
    medium, t, q = Medium(1e-3, zeeman=(0.3, -0.4, 0.5)), 1.3, NOWHERE
    spin = waves.propagator(medium, q, np.array([t]))[0, 1:, 1:].real
    for n in np.eye(3):
        close(spin @ n, dispersion.turned(n, b, 2 * np.linalg.norm(b) * t), 1e-6)


def test_plasmon_of_the_tables() -> None:
    """Landau's damping at k lambda_D = 1/2: omega = 1.4156619, gamma = 0.1533595."""
    omega = dispersion.plasmon(0.5, 4.0, 0.0)
    close(omega, 1.4156618886 - 0.1533594669j, 1e-9)
    close(dispersion.plasmon(0.5, 4.0, 1e-3), omega, 1e-6)


def test_quantum_plasmon_and_screening_by_the_volterra_kernel() -> None:
    q, v, medium, tau = 0.5, 4.0, Medium(0.8), 1e7
    omega = dispersion.plasmon(q, v, medium.epsilon)
    rate = waves.mode(
        lambda t: kernel(medium, q * ALONG, t, tau, v)[:, :1, :1],
        *(tau, -1j * omega * 1.02),
        reach=24.0,
    )
    close(rate, -1j * omega, 1e-6)
    phi = dispersion.static_response(medium.epsilon * q)
    close(waves.streamed(medium, q * ALONG, np.zeros(1), waves.thermal)[0, 0, 0], phi, 1e-12)
    close(dispersion.dielectric(0.0, q, v, medium.epsilon), 1 + v * phi, 1e-12)
    n = dispersion.screened(0.1, q, v, medium.epsilon)
    close(n, -phi * (0.1 + v * n), 1e-15)


def test_a_free_cloud_drifts_and_its_spin_turns() -> None:
    """Without a barrier: by p0 t, and by about 2 alpha p0 t about -e2."""
    length, t, alpha = 12.0, 1.5, 0.3
    box = dense.strip(45, length, 0.4, alpha, p_max=1.0, n_p=9)
    x = dense.lattice(box)[0][:, 0]
    shape = np.exp(4 * (np.cos(2 * np.pi * (x - 4) / length) - 1))
    cloud = packets.Cloud(shape, (0.0, 0.0, 1.0), (1.5, 0.0), 0.01)
    start, end = packets.sent(box, cloud, np.zeros(45), (0.0, 0.0, 0.0), t)
    close(start[0], start[3], 1e-12)
    close(start[0].sum(), end[0].sum(), 1e-9)
    drift = (x * (end[0] - start[0])).sum() / start[0].sum()
    angle = 2 * alpha * drift
    close(drift, 1.5 * t, 0.06)
    spin = end[1:].sum(axis=1) / end[0].sum()
    close(np.arctan2(-spin[0], spin[2]), angle, 0.05)
    close(spin[1], 0.0, 1e-9)
