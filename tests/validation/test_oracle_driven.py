"""The oracles with Dresselhaus coupling, a Zeeman field, and fields that vary in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.spatial.transform import Rotation

from validation.oracle import dense, schroedinger
from validation.oracle.dense import Array, Box
from validation.oracle.schroedinger import SIGMA, Fields, Gas, potential_on, zeeman_on

P = np.array([-2.3, -1.0, 0.0, 0.7, 1.5])

# Fields of x1 and x2, V = 0.6 cos(x1 + x2) and all components of b.
GAS = Gas(
    epsilon=0.8,
    alpha=0.5,
    beta=-0.3,
    modulation={
        (0, 0): SIGMA[0] + 0.3 * SIGMA[3],
        (1, 0): 0.2 * SIGMA[1],
        (0, -1): 0.1j * SIGMA[2],
    },
    potential={(1, 1): 0.3, (-1, -1): 0.3},
    zeeman={
        (0, 0): np.array([0.2, -0.1, 0.3]),
        (1, 0): np.array([0.1, 0.2j, 0.0]),
        (-1, 0): np.array([0.1, -0.2j, 0.0]),
    },
    modes=6,
)
SEVERAL = np.array([[0.0, 0.0], [0.5, -1.1], [-2.0, 0.7]])


def close(a: Array, b: Array | float, tolerance: float) -> None:
    """max |a - b| < tolerance, absolutely."""
    error = np.abs(a - b).max()
    assert error < tolerance, f"error {error:.2e}, wanted {tolerance:.0e}"


def along_x1(t: float) -> Fields:
    """V = 0.6 cos(x1 - 2t) and a b that turns: b = (0.4, 0, 0.5 sin(t)) + 0.3 cos(x1 + t) e2."""
    wave, other = np.exp(-2j * t), np.exp(1j * t)
    b = {
        (0, 0): np.array([0.4, 0.0, 0.5 * np.sin(t)]),
        (1, 0): np.array([0.0, 0.15 * other, 0.0]),
        (-1, 0): np.array([0.0, 0.15 * np.conj(other), 0.0]),
    }
    return {(1, 0): 0.3 * wave, (-1, 0): 0.3 * np.conj(wave)}, b


def impulse(t: float) -> tuple[float, float]:
    """The integral of E = (0.8 cos(t), -0.5)."""
    return 0.8 * np.sin(t), -0.5 * t


def test_static_fields_against_dense_exponentials() -> None:
    box = Box((13, 13), GAS.length, GAS.epsilon, GAS.alpha, beta=GAS.beta)
    x1, x2 = (x.ravel() for x in dense.lattice(box))
    V, b = potential_on(GAS, x1, x2), zeeman_on(GAS, x1, x2)
    close(b[1], -0.1 - 0.4 * np.sin(x1)[:, None] + 0 * x2, 1e-14)
    H = dense.diagonalise(dense.hamiltonian(box, V, b))
    t = 0.2
    U = dense.operator_function(H, lambda e: np.exp(-1j * t / box.epsilon * e))[0]
    f = schroedinger.series(GAS.modulation, GAS.length, x1[:, None], x2)
    expected = (U @ f.reshape(-1, 2)).reshape(f.shape)
    u = schroedinger.plane_waves(GAS, SEVERAL[:1])
    H0 = schroedinger.bloch_hamiltonian(GAS, SEVERAL[:1])
    u = schroedinger.chebyshev_flow(H0, u, t / GAS.epsilon)[..., 0]
    modes = np.arange(-GAS.modes, GAS.modes + 1)
    e1, e2 = (np.exp(1j * np.outer(x, modes)) for x in (x1, x2))
    close(np.einsum("xk,yl,klij->xyij", e1, e2, u), expected, 1e-9)


def test_constant_drive_is_the_chebyshev_series_and_keeps_the_norm() -> None:
    driven = replace(
        GAS, potential={}, zeeman={}, drive=lambda _: (GAS.potential, GAS.zeeman), cut=1e-13
    )
    u, t = schroedinger.plane_waves(GAS, SEVERAL), 0.7
    H = schroedinger.bloch_hamiltonian(GAS, SEVERAL)
    found = schroedinger.driven_flow(driven, SEVERAL, u, t)
    close(found, schroedinger.chebyshev_flow(H, u, t / GAS.epsilon), 2e-11)
    close((np.abs(found) ** 2).sum((0, 1, 2)), (np.abs(u) ** 2).sum((0, 1, 2)), 2e-11)


def test_driven_fields_against_products_of_dense_exponentials() -> None:
    """exp(-i dt H(t + dt/2)/eps), extrapolated in dt^2; K(p + A) = K + A.v + A^2/2."""
    gas = replace(GAS, potential={}, zeeman={}, drive=along_x1, impulse=impulse, modes=7)
    gas = replace(gas, modulation={m: f for m, f in GAS.modulation.items() if m[1] == 0})
    box = Box((15, 1), gas.length, gas.epsilon, gas.alpha, beta=gas.beta)
    x1, t = dense.lattice(box)[0].ravel(), 0.4
    v = [dense.velocity(box, axis)[0] for axis in (0, 1)]

    def hamiltonian(s: float) -> Array:
        A, here = impulse(s), gas.at(s)
        V, b = (of(here, x1, np.zeros(1)) for of in (potential_on, zeeman_on))
        H = dense.hamiltonian(box, V, b)[0] + A[0] * v[0] + A[1] * v[1]
        return H + 0.5 * (A[0] ** 2 + A[1] ** 2) * np.eye(len(H))

    def product(steps: int) -> Array:
        psi = schroedinger.series(gas.modulation, gas.length, x1, 0 * x1).reshape(-1, 2)
        for n in range(steps):
            psi = expm(-1j * t / steps / gas.epsilon * hamiltonian((n + 0.5) * t / steps)) @ psi
        return psi

    a, b, c = (product(n) for n in (20, 40, 80))
    a, b = (4 * b - a) / 3, (4 * c - b) / 3
    expected = (16 * b - a) / 15
    q = SEVERAL[:1]
    u = schroedinger.driven_flow(gas, q, schroedinger.plane_waves(gas, q), t)[:, gas.modes, ..., 0]
    e1 = np.exp(1j * np.outer(x1, np.arange(-gas.modes, gas.modes + 1)))
    close(np.einsum("xk,kij->xij", e1, u).reshape(expected.shape), expected, 1e-9)


def spin_gas() -> Gas:
    """A homogeneous polarised gas without spin-orbit coupling; w = (0.3, -0.5, 0.6)."""
    spin = np.tensordot(SPIN, SIGMA[1:], axes=1)
    values, vectors = np.linalg.eigh(SIGMA[0] + spin)
    return Gas(0.8, 0.0, {(0, 0): (vectors * np.sqrt(values)) @ vectors.conj().T}, modes=0)


SPIN = np.array([0.3, -0.5, 0.6])


def gaussian(w: Array) -> Array:
    """w exp(-|p|^2/2) on P x P."""
    return np.multiply.outer(w, np.exp(-0.5 * (P[:, None] ** 2 + P**2)))


def test_larmor_precession() -> None:
    """d_t w = 2 b x w."""
    b, t, zero = np.array([0.4, 0.2, -0.7]), 1.3, np.zeros(1)
    W = schroedinger.wigner(replace(spin_gas(), zeeman={(0, 0): b}), t, zero, zero, P, P)[:, 0, 0]
    turned = Rotation.from_rotvec(2 * t * b).apply(SPIN)
    close(W, gaussian(np.array([1.0, *turned])), 1e-11)


def test_resonance_in_a_rotating_field() -> None:
    """In the frame that turns with b at omega, d_t w = (2 b - omega e3) x w with a constant b."""
    b1, b0, omega, t, zero = 0.6, 0.9, 1.4, 1.1, np.zeros(1)

    def drive(s: float) -> Fields:
        return {}, {(0, 0): np.array([b1 * np.cos(omega * s), b1 * np.sin(omega * s), b0])}

    W = schroedinger.wigner(replace(spin_gas(), drive=drive), t, zero, zero, P, P)[:, 0, 0]
    inside = Rotation.from_rotvec(t * np.array([2 * b1, 0.0, 2 * b0 - omega])).apply(SPIN)
    turned = Rotation.from_rotvec([0.0, 0.0, omega * t]).apply(inside)
    close(W, gaussian(np.array([1.0, *turned])), 1e-11)


def test_uniform_field_shifts_momenta() -> None:
    """W(x, p, t) = W(x - (p - A) t - B, p - A, 0), A and B the integrals of E and of A."""
    gas = replace(GAS, alpha=0.0, beta=0.0, potential={}, zeeman={}, impulse=impulse, modes=1)
    t, x = 0.9, np.array([0.3, 4.0])
    A, B = impulse(t), (0.8 * (1 - np.cos(t)), -0.25 * t**2)
    found = schroedinger.wigner(gas, t, x, x, P, P[1:])
    for i, p1 in enumerate(P - A[0]):
        for j, p2 in enumerate(P[1:] - A[1]):
            x1, x2 = x - p1 * t - B[0], x - p2 * t - B[1]
            exact = schroedinger.initial_wigner(gas, x1, x2, p1[None], p2[None])
            close(found[..., i, j], exact[..., 0, 0], 1e-11)


def test_dense_balance_of_charge_and_spin_with_all_couplings() -> None:
    """d_t n0 + div J_0 = 0 and d_t n + div J = (2/eps) <(Lambda p) x w> + 2 b x n."""
    box = replace(dense.strip(45, 5.0, 0.3, 0.5, p_max=7.0, n_p=17), beta=-0.4)
    X = 2 * np.pi / box.length[0] * dense.lattice(box)[0]
    V, b = 0.5 * np.cos(X), np.stack([0.4 * np.cos(X), 0.3 + 0 * X, 0.5 * np.sin(X)])
    mu = np.stack([0.3 * np.sin(X), 0.5 + 0.4 * np.cos(X), 0.6 * np.sin(X + 0.5), 0.7 * np.cos(X)])
    H, rho = dense.hamiltonian(box, V, b), dense.quantum_exponential(box, mu)
    rate = dense.densities(box, (H @ rho - rho @ H) / (1j * box.epsilon))
    divergence = dense.derivative(box, dense.currents(box, rho)[:, 0], 0)
    pw, u = dense.first_moments(box, rho), dense.densities(box, rho)
    field = np.einsum("ki,cixy->kcxy", box.coupling, pw[1:])  # <(Lambda p)_k w_c>
    torque = np.stack(
        [field[(k + 1) % 3, (k + 2) % 3] - field[(k + 2) % 3, (k + 1) % 3] for k in range(3)]
    )
    torque = 2 / box.epsilon * torque + 2 * np.cross(b, u[1:], axis=0)
    close(rate[0] + divergence[0], 0.0, 1e-9)
    close(rate[1:] + divergence[1:], torque, 1e-9)
    assert np.abs(torque).max() > 0.1


def test_fields_that_are_not_real_are_refused() -> None:
    with pytest.raises(ValueError, match="zeeman must be real"):
        replace(GAS, zeeman={(1, 0): np.array([0.1, 0.0, 0.0])})
