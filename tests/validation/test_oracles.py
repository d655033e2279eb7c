"""The oracles agree with closed forms and with each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support import oracle_cases as cases
from validation.oracle import bgk, closed_forms, dense, schroedinger
from validation.oracle.dense import Box

Array = np.ndarray
Run = tuple[Box, Array, Array, bgk.Trajectory]
P = np.array([-2.3, -1.0, -0.4, 0.0, 0.7, 1.5])


def close(a: Array, b: Array, tolerance: float) -> None:
    """max |a - b| < tolerance, absolutely."""
    error = np.abs(a - b).max()
    assert error < tolerance, f"error {error:.2e}, wanted {tolerance:.0e}"


def angles(box: Box) -> tuple[Array, Array]:
    """2 pi x/L."""
    x1, x2 = dense.lattice(box)
    return 2 * np.pi / box.length[0] * x1, 2 * np.pi / box.length[1] * x2


def sample_multipliers(box: Box) -> Array:
    """Smooth (a0, a) with all components, different along x1 and x2."""
    X, Y = angles(box)
    a = [0.3 * np.sin(X + Y), 0.5 + 0.4 * np.cos(X), 0.6 * np.sin(Y + 0.5), 0.7 * np.cos(X - Y)]
    return np.stack([np.broadcast_to(f, box.n) for f in a])


def sample_potential(box: Box) -> Array:
    """Not separable, and not even in x."""
    X, Y = angles(box)
    return 0.5 * np.cos(X + Y) + 0.2 * np.sin(X)


# Closed forms


def oscillator(epsilon: float, omega: float) -> tuple[Box, Array, Array]:
    """A box, x1 - L1/2 and V = omega^2 (x1 - L1/2)^2/2, its kink at the edge not felt inside."""
    box = dense.strip(61, 12.0, epsilon, 0.0, p_max=7.0, n_p=31)
    x = dense.lattice(box)[0] - 6.0
    return box, x, 0.5 * (omega * x) ** 2


def test_dense_exponential_is_mehlers() -> None:
    epsilon, omega = 0.5, 1.3
    box, x, V = oscillator(epsilon, omega)
    W = dense.wigner(box, dense.quantum_exponential(box, -dense.scalar(V)), P, P)[:, :, 0]
    inside = np.abs(x[:, 0]) < 1.0
    expected = closed_forms.mehler(x[inside, :, None], P[:, None], omega, epsilon)
    close(W[0, inside], expected * np.exp(-(P**2) / 2), 1e-9)
    close(W[1:], 0.0, 1e-13)


def test_dense_flow_turns_the_phase_plane() -> None:
    epsilon, omega, t = 0.5, 1.3, 0.6
    box, x, V = oscillator(epsilon, omega)
    rho = dense.quantum_exponential(box, -dense.scalar(0.5 * omega**2 * (x - 0.7) ** 2))
    H = dense.diagonalise(dense.hamiltonian(box, V))
    W = dense.wigner(box, dense.evolve(box, H, rho, t), P, P)[0, :, 0]
    inside = np.abs(x[:, 0]) < 1.0
    X, P1 = x[inside, :, None], P[:, None]
    expected = closed_forms.oscillator_flow(
        lambda y, p: closed_forms.mehler(y - 0.7, p, omega, epsilon), X, P1, omega, t
    )
    close(W[inside], expected * np.exp(-(P**2) / 2), 1e-9)


def test_homogeneous_exponential_with_rashba() -> None:
    box = Box((13, 15), (5.0, 5.4), 0.8, 0.7, (2, 2))
    M = dense.quantum_exponential(box, np.zeros((4, *box.n)))
    expected = closed_forms.rashba_exponential(P[:, None], P, box.alpha, box.epsilon)
    close(dense.wigner(box, M, P, P)[:, 3, 5], expected, 1e-8)


def test_precession_at_fixed_momentum() -> None:
    box = dense.strip(45, 6.0, 0.3, 0.8, p_max=7.0, n_p=45)
    t, w = 1.4, np.array([0.3, -0.5, 0.8])
    p1, p2 = dense.momenta(box)
    gauss = np.exp(-(p1**2 + p2**2) / 2)
    rho = dense.momentum_function(box, np.stack([gauss, *(c * gauss for c in w)]))
    H = dense.diagonalise(dense.kinetic(box))
    W = dense.wigner(box, dense.evolve(box, H, rho, t), P, P)[:, 7, 0]
    turned = closed_forms.precession(w[:, None, None], P[:, None], P, box.alpha, t)
    close(W[1:], turned * np.exp(-(P[:, None] ** 2 + P**2) / 2), 1e-8)


def test_bloch_waves_stream_freely() -> None:
    gas = replace(cases.TRANSPORT, alpha=0.0, potential={}, modes=2)
    x1, x2, t = np.linspace(0, 5, 4), np.linspace(0, 6, 3), 0.8

    def initial(x1: Array, x2: Array, p1: Array, p2: Array) -> Array:
        points = np.broadcast_arrays(x1, x2, p1, p2)
        flat = zip(*(np.ravel(a)[:, None] for a in points), strict=True)
        w = np.array([schroedinger.initial_wigner(gas, *point) for point in flat])
        return np.moveaxis(w.reshape(*points[0].shape, 4), -1, 0)

    expected = closed_forms.free_streaming(initial, *np.ix_(x1, x2, P, P[::2]), t)
    close(schroedinger.wigner(gas, t, x1, x2, P, P[::2]), expected, 1e-11)


def test_turning_spins_and_diagonal_lattice() -> None:
    f = np.random.default_rng(1).normal(size=(4, 12))
    close(closed_forms.turn(closed_forms.turn(f, 0.4), -0.4), f, 1e-14)
    on_square = closed_forms.diagonal(f, (6, 4))
    close(on_square[[0, 3], 2, 3], f[[0, 3], (2 * 2 + 3 * 3) % 12], 1e-15)
    with pytest.raises(ValueError, match="multiple"):
        closed_forms.diagonal(f, (5, 4))


# Moments


@pytest.mark.parametrize(
    ("box", "tolerance"),
    [
        (Box((17, 17), (6.0, 6.4), 0.8, 0.5), 5e-6),
        (dense.strip(55, 6.0, 0.3, 0.5, p_max=7.0, n_p=17), 1e-9),
    ],
    ids=["torus", "strip"],
)
def test_balance_of_charge_and_spin(box: Box, tolerance: float) -> None:
    """d_t n0 + div J_0 = 0 and d_t n + div J = (2 alpha/eps) <p_perp x w>."""
    H = dense.hamiltonian(box, sample_potential(box))
    rho = dense.quantum_exponential(box, sample_multipliers(box))
    rate = dense.densities(box, (H @ rho - rho @ H) / (1j * box.epsilon))
    J = dense.currents(box, rho)
    divergence = sum(dense.derivative(box, J[:, i], i) for i in (0, 1))
    pw = dense.first_moments(box, rho)
    p_perp_x_w = np.stack([-pw[3, 0], -pw[3, 1], pw[1, 0] + pw[2, 1]])
    torque = np.concatenate([np.zeros((1, *box.n)), 2 * box.alpha / box.epsilon * p_perp_x_w])
    close(rate + divergence, torque, tolerance)


def test_moments_are_integrals_of_the_wigner_function() -> None:
    box = dense.strip(35, 6.0, 0.4, 0.5, p_max=7.0, n_p=31)
    rho = dense.quantum_exponential(box, sample_multipliers(box))
    p = np.linspace(-7, 7, 40, endpoint=False)
    dp = (p[1] - p[0]) ** 2
    W = dense.wigner(box, rho, p, p)
    close(dense.local(box, rho), W.sum(axis=(3, 4)) * dp, 1e-8)
    pw = np.stack([(W * p[:, None]).sum(axis=(3, 4)), (W * p).sum(axis=(3, 4))], axis=1) * dp
    close(dense.first_moments(box, rho), pw, 1e-8)
    energy = (W[0] * (p[:, None] ** 2 + p**2) / 2).sum(axis=(2, 3)) * dp
    close(dense.kinetic_energy(box, rho), energy, 1e-7)


# Transport


def gas_operator(gas: schroedinger.Gas, box: Box) -> Array:
    """f exp(-|p|^2/(2 theta)) f^dagger on the fibres of the box."""
    p1, p2 = dense.momenta(box)
    gauss = np.exp(-(p1**2 + p2**2) / (2 * gas.theta))
    X1, X2 = np.broadcast_arrays(*dense.lattice(box))
    f = schroedinger.series(gas.modulation, gas.length, X1, X2).reshape(-1, 2, 2)
    state = dense.momentum_function(box, np.stack([gauss, 0 * gauss, 0 * gauss, 0 * gauss]))
    n = len(f)
    blocks = state.reshape(-1, n, 2, n, 2)
    rho = np.einsum("xij,bxjyk,ylk->bxiyl", f, blocks, f.conj(), optimize=True)
    return rho.reshape(state.shape)


def gas_hamiltonian(gas: schroedinger.Gas, box: Box) -> dense.Spectrum:
    """K + V of the gas on the box."""
    x1, x2 = dense.lattice(box)
    V = schroedinger.potential_on(gas, x1[:, 0], x2[0])
    return dense.diagonalise(dense.hamiltonian(box, V))


def test_bloch_waves_start_from_the_closed_form() -> None:
    gas, x = cases.TRANSPORT, np.array([0.3, 2.0, 5.5])
    W = schroedinger.wigner(gas, 0.0, x, x, P, P[1:])
    close(W, schroedinger.initial_wigner(gas, x, x, P, P[1:]), 1e-12)


def test_transport_dense_and_bloch_waves_agree_on_densities() -> None:
    gas, t = cases.TRANSPORT, 0.5
    box = Box((17, 17), gas.length, gas.epsilon, gas.alpha)
    rho = dense.evolve(box, gas_hamiltonian(gas, box), gas_operator(gas, box), t)
    x1, x2 = dense.lattice(box)
    p = np.linspace(-8, 8, 24, endpoint=False)
    W = schroedinger.wigner(gas, t, x1[:, 0], x2[0], p, p)
    close(dense.local(box, rho), W.sum(axis=(3, 4)) * (p[1] - p[0]) ** 2, 1e-6)


def test_transport_dense_and_bloch_waves_agree_pointwise_along_x1() -> None:
    f = {m: v for m, v in cases.TRANSPORT.modulation.items() if m[1] == 0}
    gas = replace(cases.TRANSPORT, modulation=f, potential={(1, 0): 0.3j, (-1, 0): -0.3j})
    box = replace(dense.strip(21, 2 * np.pi, 0.8, 0.5, p_max=8.0, n_p=41), fibres=(2, 41))
    t, x1 = 0.7, dense.lattice(box)[0][:, 0]
    rho = dense.evolve(box, gas_hamiltonian(gas, box), gas_operator(gas, box), t)
    exact = schroedinger.wigner(gas, t, x1, np.zeros(1), P, P)
    close(dense.wigner(box, rho, P, P), exact, 1e-8)


# The constraint and the collisional dynamics


def test_divided_exponential_is_the_derivative() -> None:
    box, h = dense.strip(15, 4.0, 0.5, 0.6, p_max=6.0, n_p=5), 1e-4
    mu = sample_multipliers(box)
    dmu = np.random.default_rng(2).normal(size=mu.shape)
    M = bgk.exponential(box, mu)
    exact = bgk.response(box, M.spectrum, bgk.divided_exponential(M.spectrum.values), dmu)
    ahead, behind = (bgk.exponential(box, mu + s * h * dmu).u for s in (1, -1))
    close((ahead - behind) / (2 * h), exact, 1e-6)


@pytest.mark.parametrize(
    "box",
    [dense.strip(35, 2 * np.pi, 0.35, 0.6, p_max=7.0, n_p=17), Box((9, 11), (5.0, 6.0), 0.9, 0.6)],
    ids=["strip", "torus"],
)
def test_constraint_is_met_and_multipliers_recovered(box: Box) -> None:
    mu = 2 * sample_multipliers(box)
    mu[0] -= np.log(2 * np.pi)
    u = bgk.exponential(box, mu).u
    M = bgk.maxwellian(box, u)
    assert M.residual < 1e-12
    close(dense.densities(box, M.operator()), u, 1e-11 * u[0].max())
    close(bgk.exponential(box, M.mu).u, u, 1e-11 * u[0].max())


def test_constraint_refuses_overpolarised_densities() -> None:
    box = dense.strip(9, 2 * np.pi, 0.5, 0.3, p_max=6.0, n_p=7)
    u = np.ones((4, 9, 1)) * np.array([1.0, 0.0, 2.5, 0.0])[:, None, None]
    with pytest.raises(ValueError, match=r"eps \|n\|"):
        bgk.maxwellian(box, u)


def test_equilibrium_stays() -> None:
    box = dense.strip(21, 4.0, 0.4, 0.7, p_max=6.5, n_p=9)
    V = sample_potential(box)
    rho = dense.quantum_exponential(box, dense.scalar(-1.0 - V))
    end = bgk.relax(box, V, rho, 0.3, [0.5])
    close(end.rho[0], rho, 1e-8)
    close(end.u[0][1:], 0.0, 1e-9)


@pytest.fixture(scope="module")
def relaxing() -> Run:
    """Box, potential, state off equilibrium and what it relaxes to, tau = 0.3."""
    box = dense.strip(15, 2.5, 0.4, 0.6, p_max=6.0, n_p=9)
    V, rho = sample_potential(box), dense.quantum_exponential(box, sample_multipliers(box))
    return box, V, rho, bgk.relax(box, V, rho, 0.3, [0.2, 0.4])


def test_relaxation_conserves_charge(relaxing: Run) -> None:
    box, _, rho, run = relaxing
    close(run.u[:, 0].mean(axis=(1, 2)), dense.densities(box, rho)[0].mean(), 1e-9)


def test_relaxation_lowers_the_free_energy(relaxing: Run) -> None:
    box, V, rho, run = relaxing
    F = [bgk.free_energy(box, V, r) for r in [rho, *run.rho]]
    assert np.all(np.diff(F) < 0)


def test_relaxation_against_extrapolated_splitting(relaxing: Run) -> None:
    """Strang steps of exact transport and exact relaxation, extrapolated in dt^2 and dt^4."""
    box, V, rho, run = relaxing
    H, tau, t = dense.diagonalise(dense.hamiltonian(box, V)), 0.3, run.times[1]

    def strang(steps: int) -> Array:
        r, decay = rho, np.exp(-t / steps / tau)
        for _ in range(steps):
            r = dense.evolve(box, H, r, t / (2 * steps))
            M = bgk.maxwellian(box, dense.densities(box, r)).operator()
            r = dense.evolve(box, H, M + decay * (r - M), t / (2 * steps))
        return dense.densities(box, r)

    a, b, c = (strang(steps) for steps in (4, 8, 16))
    a, b = (4 * b - a) / 3, (4 * c - b) / 3
    close((16 * b - a) / 15, run.u[1], 1e-6)


def test_torus_and_strip_agree_on_fields_of_x1_plus_x2() -> None:
    strip = replace(cases.DIAGONAL, times=(0.1,))
    strip = replace(strip, box=dense.strip(15, strip.box.length[0], 1.0, 0.5, p_max=7.0, n_p=15))
    turned = [lambda x1, x2, a=a: a((x1 + x2) / np.sqrt(2), 0) for a in strip.multipliers]
    box = Box((11, 11), (2 * np.pi, 2 * np.pi), 1.0, 0.5)
    mu = closed_forms.turn(np.stack([dense.field(box, a) for a in turned]), -np.pi / 4)
    V = dense.field(box, lambda x1, x2: strip.potential((x1 + x2) / np.sqrt(2), 0))
    start = bgk.exponential(box, mu)
    end = bgk.relax(box, V, start.operator(), strip.tau, strip.times, rtol=1e-6)
    for on_torus, on_strip in ((start.u, strip.initial().u), (end.u[0], strip.run(1e-6).u[0])):
        line = dense.resample(on_strip, (11, 1))[..., 0]
        close(on_torus, closed_forms.diagonal(line, box.n), 1e-4)


# Bookkeeping


def test_resampling_is_exact_for_resolved_fields() -> None:
    def f(n1: int, n2: int) -> Array:
        X, Y = np.ix_(2 * np.pi * np.arange(n1) / n1, 2 * np.pi * np.arange(n2) / n2)
        return 1 + np.sin(2 * X) * np.cos(3 * Y + 0.4)

    for n, m in (((7, 9), (16, 12)), ((16, 12), (7, 9)), ((8, 9), (5, 32))):
        close(dense.resample(f(*n), m), f(*m), 1e-13)


def test_even_lattices_and_complex_potentials_are_refused() -> None:
    with pytest.raises(ValueError, match="odd"):
        Box((8, 9), (1.0, 1.0), 0.5, 0.1)
    with pytest.raises(ValueError, match="real"):
        schroedinger.Gas(0.5, 0.1, {(0, 0): np.eye(2)}, {(1, 0): 0.1})


def test_symbols_have_the_stored_densities() -> None:
    p = np.linspace(-7.5, 7.5, 32, endpoint=False)
    W = cases.STRIP.symbol((8, 1), p, p)
    N = W.sum(axis=(3, 4)) * (p[1] - p[0]) ** 2
    close(N, dense.scaled(cases.STRIP.box, cases.densities("strip", (8, 1))[1][0]), 1e-8)


@pytest.mark.parametrize("name", cases.CASES)
def test_stored_answers(name: str) -> None:
    case = cases.CASES[name]
    times, u = cases.densities(name, (12, 1 if name == "strip" else 18))
    assert list(times) == [0.0, *case.times]
    close(u[:, 0].mean(axis=(1, 2)), u[0, 0].mean(), 1e-8)
    assert np.all(u[:, 0] > case.box.epsilon * np.sqrt((u[:, 1:] ** 2).sum(axis=1)))


@pytest.mark.parametrize(("name", "n"), [("strip", 41), ("diagonal", 23)])
def test_stored_answers_are_reproduced(name: str, n: int) -> None:
    case = cases.CASES[name]
    box = replace(case.box, n=(n, 1))
    u = dense.resample(replace(case, box=box, times=(0.25,)).run(1e-5).u[0], (16, 1))
    if name == "diagonal":
        u = closed_forms.diagonal(u[..., 0], (16, 16))
    close(u, cases.densities(name, (16, 16))[1][1], 1e-4)


@pytest.mark.slow
def test_stored_torus_is_reproduced_on_a_smaller_lattice() -> None:
    case = cases.TORUS
    u = replace(case, box=replace(case.box, n=(17, 19)), times=(0.25,)).run(1e-6).u[0]
    close(dense.resample(u, (16, 18)), cases.densities("torus", (16, 18))[1][1], 3e-4)
