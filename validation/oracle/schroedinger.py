"""Exact transport of a spinor Wigner function in four dimensions, by Bloch waves.

The initial state is a thermal gas modulated in space and spin, a positive operator on the plane,

    rho = f(x) exp(-|p|^2/(2 theta)) f(x)^dagger,   f(x) = sum_m f_m exp(i kappa_m.x),

kappa_m = 2 pi (m1/L1, m2/L2), f_m 2x2 matrices. It is a mixture of the pure states
psi_q(x) = exp(i q.x/eps) f(x) chi, chi = up and down, over all q with density
exp(-|q|^2/(2 theta)). V is a finite Fourier series on the same box, so q is conserved and
psi_q(x, t) = exp(i q.x/eps) sum_k u_k(q, t) exp(i kappa_k.x) with i eps d_t u = H_q u,

    (H_q u)_k = K(q + eps kappa_k) u_k + sum_m V_m u_(k - m),
    K(p) = |p|^2/2 + eps (alpha p_perp + beta (p1, -p2, 0)).sigma,   p_perp = (p2, -p1, 0),

solved by the Chebyshev series of exp(-i t H_q/eps). W is then read off without any quadrature:

    W(x, p, t) = sum_(k, l) exp(i (kappa_k - kappa_l).x) G_kl(p),
    G_kl(p) = exp(-|q|^2/(2 theta)) u_k(q) u_l(q)^dagger  at  q = p - eps (kappa_k + kappa_l)/2.

A Zeeman field b(x), eps b.sigma in H, is a finite Fourier series too, with V_m + eps b_m.sigma for
V_m. A uniform field E(t) shifts momenta: psi = exp(i A.x/eps) chi, A the integral of E from 0 to t,
takes -E.x out of H and makes K(p + A) of K(p), so W(x, p, t) is that of chi at p - A. Where V, b or
A vary in time, u is integrated by DOP853 with exp(-i t |p|^2/(2 eps)) taken out of it.

This is the Wigner function on the plane, periodic in x because rho commutes with the translations
of the box: nothing is cut off in the separation s = eps eta, and no periodic image enters. All q
needed for p on the native lattice of spacing eps pi/L are on that lattice again; W at other momenta
is the band-limited interpolant, exact to the size of its Fourier transform in p at eta = L/eps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import jv

Array = np.ndarray
Mode = tuple[int, int]

SIGMA = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


Fields = tuple[Mapping[Mode, complex], Mapping[Mode, Array]]  # V_m and b_m


@dataclass(frozen=True)
class Gas:
    """Initial state, fields and parameters.

    Parameters
    ----------
    epsilon, alpha, beta : scaled Planck, Rashba and Dresselhaus constants
    modulation : f_m, Fourier coefficients (2x2 matrices) of f(x) by mode (m1, m2)
    potential : V_m with V_-m = conj V_m
    theta : variance of each momentum component
    length : (L1, L2)
    modes : largest |k1| and |k2| kept in u
    cut : size below which contributions are left out, relative to 1
    zeeman : b_m, three numbers each, with b_-m = conj b_m
    drive : V_m and b_m at time t, instead of those above where they vary
    impulse : integral of E from 0 to t, (A1, A2)

    Raises
    ------
    ValueError
        If the potential or the Zeeman field is not real.
    """

    epsilon: float
    alpha: float
    modulation: Mapping[Mode, Array]
    potential: Mapping[Mode, complex] = field(default_factory=dict)
    theta: float = 1.0
    length: tuple[float, float] = (2 * np.pi, 2 * np.pi)
    modes: int = 10
    cut: float = 1e-13
    beta: float = 0.0
    zeeman: Mapping[Mode, Array] = field(default_factory=dict)
    drive: Callable[[float], Fields] | None = None
    impulse: Callable[[float], tuple[float, float]] | None = None

    def __post_init__(self) -> None:
        for m, v in self.potential.items():
            if self.potential.get((-m[0], -m[1]), np.nan) != np.conj(v):
                raise ValueError(f"potential must be real: V_-m = conj V_m fails at m = {m}")
        for m, b in self.zeeman.items():
            if not np.array_equal(self.zeeman.get((-m[0], -m[1]), np.nan), np.conj(b)):
                raise ValueError(f"zeeman must be real: b_-m = conj b_m fails at m = {m}")

    @property
    def varies(self) -> bool:
        """Whether H depends on time."""
        return self.drive is not None or self.impulse is not None

    def at(self, t: float) -> Gas:
        """The same with the V and b of one time."""
        if self.drive is None:
            return self
        potential, zeeman = self.drive(t)
        return replace(self, potential=potential, zeeman=zeeman, drive=None)

    def shift(self, t: float) -> tuple[float, float]:
        """A(t), by which E has shifted momenta."""
        return (0.0, 0.0) if self.impulse is None else self.impulse(t)

    @property
    def spacing(self) -> Array:
        """Spacings eps pi/L of the native momentum lattice, (2,); eps kappa is an even multiple."""
        return self.epsilon * np.pi / np.array(self.length)

    @property
    def q_max(self) -> float:
        """exp(-q_max^2/(2 theta)) = cut/100."""
        return np.sqrt(-2 * self.theta * np.log(1e-2 * self.cut))


def series(
    coefficients: Mapping[Mode, complex] | Mapping[Mode, Array],
    length: tuple[float, float],
    x1: Array,
    x2: Array,
) -> Array:
    """Sum of c_m exp(i kappa_m.x), x1 and x2 broadcast to (...); c_m numbers or (2, 2)."""
    phases = (
        np.exp(2j * np.pi * (m[0] * x1 / length[0] + m[1] * x2 / length[1])) for m in coefficients
    )
    values = map(np.asarray, coefficients.values())
    return sum(np.multiply.outer(e, c) for e, c in zip(phases, values, strict=True))


def potential_on(gas: Gas, x1: Array, x2: Array) -> Array:
    """V(x), (len x1, len x2)."""
    return series(gas.potential, gas.length, x1[:, None], x2[None, :]).real


def zeeman_on(gas: Gas, x1: Array, x2: Array) -> Array:
    """b(x), (3, len x1, len x2)."""
    return np.moveaxis(series(gas.zeeman, gas.length, x1[:, None], x2[None, :]).real, -1, 0)


def initial_wigner(gas: Gas, x1: Array, x2: Array, p1: Array, p2: Array) -> Array:
    """W(x, p, 0), the sum above with u_k = f_k: (4, len x1, len x2, len p1, len p2)."""
    W = np.zeros((4, len(x1), len(x2), len(p1), len(p2)))
    for k, fk in gas.modulation.items():
        for m, fm in gas.modulation.items():
            d = gas.spacing * (np.array(k) + m)
            gauss = np.exp(
                -((p1[:, None] - d[0]) ** 2 + (p2[None, :] - d[1]) ** 2) / (2 * gas.theta)
            )
            phase = series({(k[0] - m[0], k[1] - m[1]): 1}, gas.length, x1[:, None], x2)
            pauli = 0.5 * np.einsum("cji,ij->c", SIGMA, np.array(fk) @ np.conj(fm).T)
            W += np.multiply.outer(np.multiply.outer(pauli, phase), gauss).real
    return W


def momenta(gas: Gas) -> Array:
    """The q of the mixture: native lattice points with |q| <= q_max, by growing |q|, (Q, 2)."""
    reach = (gas.q_max / gas.spacing).astype(int)
    j = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), -1)
    q = j.reshape(-1, 2) * gas.spacing
    q = q[np.argsort((q**2).sum(-1), kind="stable")]
    return q[(q**2).sum(-1) <= gas.q_max**2]


def plane_waves(gas: Gas, q: Array) -> Array:
    """u(q, 0) = f, on modes (k1, k2) from -modes to modes: (K, K, 2 spin, 2 columns, Q)."""
    n = 2 * gas.modes + 1
    u = np.zeros((n, n, 2, 2, len(q)), complex)
    for m, f in gas.modulation.items():
        u[m[0] + gas.modes, m[1] + gas.modes] = np.array(f)[..., None]
    return u


@dataclass(frozen=True)
class BlochHamiltonian:
    """H_q for a batch of q, modes kept (K, K, Q).

    K(p) = energy + [[0, coupling], [coupling*, 0]], energy = |p|^2/2 and
    coupling = eps alpha (p2 + i p1) + eps beta (p1 + i p2); fields are V_m, or the matrices
    V_m + eps b_m.sigma.
    """

    energy: Array
    coupling: Array
    fields: Mapping[Mode, complex | Array]

    def apply(self, u: Array) -> Array:
        """(H_q u)_k = K(q + eps kappa_k) u_k + sum_m (V_m + eps b_m.sigma) u_(k - m).

        u is (K, K, 2, 2, Q).
        """
        out = self.energy[:, :, None, None] * u
        out[:, :, 0] += self.coupling[:, :, None] * u[:, :, 1]
        out[:, :, 1] += self.coupling.conj()[:, :, None] * u[:, :, 0]
        for m, v in self.fields.items():
            to, source = zip(*(_shift(i) for i in m), strict=True)
            if not isinstance(v, np.ndarray):
                out[to] += v * u[source]
                continue
            for row, column in np.argwhere(v):
                out[to][:, :, row] += v[row, column] * u[source][:, :, column]
        return out

    def bounds(self) -> tuple[float, float]:
        """An interval that holds the spectrum."""
        spread = np.abs(self.coupling)
        V = sum(np.linalg.norm(np.atleast_2d(v), 2) for v in self.fields.values())
        return float((self.energy - spread).min() - V), float((self.energy + spread).max() + V)


def _shift(m: int) -> tuple[slice, slice]:
    """Slices (to, source) with to = source + m."""
    if m == 0:
        return slice(None), slice(None)
    return (slice(m, None), slice(-m)) if m > 0 else (slice(m), slice(-m, None))


def bloch_hamiltonian(gas: Gas, q: Array, t: float = 0.0) -> BlochHamiltonian:
    """H_q on the modes kept, at a time, for q, (Q, 2)."""
    k, A = np.arange(-gas.modes, gas.modes + 1)[:, None], gas.shift(t)
    p1 = (q[:, 0] + A[0] + 2 * gas.spacing[0] * k)[:, None, :]
    p2 = (q[:, 1] + A[1] + 2 * gas.spacing[1] * k)[None, :, :]
    coupling = gas.epsilon * gas.alpha * (p2 + 1j * p1) + gas.epsilon * gas.beta * (p1 + 1j * p2)
    return BlochHamiltonian((p1**2 + p2**2) / 2, coupling, field_matrices(gas.at(t)))


def field_matrices(gas: Gas) -> Mapping[Mode, complex | Array]:
    """V_m; where there is a b, V_m + eps b_m.sigma, (2, 2)."""
    if not gas.zeeman:
        return gas.potential
    fields: dict[Mode, complex | Array] = {}
    for m in {**gas.potential, **gas.zeeman}:
        b = gas.epsilon * np.array(gas.zeeman.get(m, np.zeros(3)))
        fields[m] = np.einsum("c,cij->ij", [gas.potential.get(m, 0.0), *b], SIGMA)
    return fields


def chebyshev_flow(H: BlochHamiltonian, u: Array, t: float) -> Array:
    """exp(-i t H) u = exp(-i c t) sum_n (2 - delta_n0) (-i)^n J_n(r t) T_n((H - c)/r) u.

    c and r are centre and half width of an interval that holds the spectrum; exact to roundoff.
    u is (K, K, 2, 2, Q).
    """
    low, high = H.bounds()
    c, r = 0.5 * (high + low), 0.5 * (high - low)
    degree = int(r * abs(t) + 12 * (1 + r * abs(t)) ** (1 / 3) + 12)
    bessel = jv(np.arange(degree + 1), r * t)
    previous, current = u, (H.apply(u) - c * u) / r
    out = bessel[0] * previous - 2j * bessel[1] * current
    for n in range(2, degree + 1):
        previous, current = current, (H.apply(current) - c * current) * (2 / r) - previous
        out += 2 * (-1j) ** n * bessel[n] * current
    return np.exp(-1j * c * t) * out


def driven_flow(gas: Gas, q: Array, u: Array, t: float) -> Array:
    """u at time t by DOP853, for v = exp(i t e/eps) u with the energies e = |p|^2/2 of A = 0.

    q is (Q, 2), u is (K, K, 2, 2, Q).
    """
    energy = bloch_hamiltonian(gas, q).energy[:, :, None, None]

    def rate(time: float, v: Array) -> Array:
        H = bloch_hamiltonian(gas, q, time)
        H = replace(H, energy=H.energy - energy[:, :, 0, 0])
        phase = np.exp(-1j * time / gas.epsilon * energy)
        return (-1j / gas.epsilon * phase.conj() * H.apply(phase * v.reshape(u.shape))).ravel()

    tolerance = 10 * gas.cut
    run = solve_ivp(rate, (0.0, t), u.ravel(), "DOP853", rtol=tolerance, atol=tolerance)
    return np.exp(-1j * t / gas.epsilon * energy) * run.y[:, -1].reshape(u.shape)


def bloch_waves(gas: Gas, t: float, *, batch: int = 64) -> Array:
    """exp(-|q|^2/(4 theta)) u(q, t) on the native lattice, (K, K, 2, 2, Q1, Q2), 0 beyond q_max."""
    reach = (gas.q_max / gas.spacing).astype(int)
    n = 2 * gas.modes + 1
    u = np.zeros((n, n, 2, 2, *(2 * reach + 1)), complex)
    q = momenta(gas)
    for part in (q[i : i + batch] for i in range(0, len(q), batch)):
        wave = plane_waves(gas, part)
        if t != 0 and gas.varies:
            wave = driven_flow(gas, part, wave, t)
        elif t != 0:
            wave = chebyshev_flow(bloch_hamiltonian(gas, part), wave, t / gas.epsilon)
        j1, j2 = (np.rint(part / gas.spacing).astype(int) + reach).T
        u[..., j1, j2] = wave * np.exp(-(part**2).sum(-1) / (4 * gas.theta))
    return u


def pairs(gas: Gas, u: Array) -> dict[Mode, list[tuple[Mode, Mode]]]:
    """Modes (k, l) whose product exceeds the cut, by k - l in a half plane."""
    size = np.abs(u).max(axis=(2, 3, 4, 5))
    kept = [k for k in np.ndindex(size.shape) if size[k] * size.max() > gas.cut]
    by_xi: dict[Mode, list[tuple[Mode, Mode]]] = {}
    for k in kept:
        for m in kept:
            xi = (k[0] - m[0], k[1] - m[1])
            if xi >= (0, 0) and size[k] * size[m] > gas.cut:
                by_xi.setdefault(xi, []).append((k, m))
    return by_xi


def correlation(gas: Gas, u: Array, terms: list[tuple[Mode, Mode]]) -> Array:
    """Sum of u_k(q) u_l(q)^dagger at p = q + eps (kappa_k + kappa_l)/2, native p: (2, 2, P, P)."""
    n1, n2 = u.shape[-2:]
    shift = 2 * gas.modes
    G = np.zeros((2, 2, n1 + 2 * shift, n2 + 2 * shift), complex)
    for k, m in terms:
        j1, j2 = k[0] + m[0], k[1] + m[1]
        G[:, :, j1 : j1 + n1, j2 : j2 + n2] += np.einsum("asxy,bsxy->abxy", u[k], u[m].conj())
    return G


def wigner(
    gas: Gas, t: float, x1: Array, x2: Array, p1: Array, p2: Array, *, u: Array | None = None
) -> Array:
    """W(x, p, t) in Pauli components, (4, len x1, len x2, len p1, len p2), any points x and p.

    ``u`` is ``bloch_waves(gas, t)``, which takes most of the time, for a caller who has it.
    """
    u = bloch_waves(gas, t) if u is None else u
    by_xi = pairs(gas, u)
    shift = 2 * gas.modes
    S1, S2 = (
        np.sinc((p - A)[:, None] / d - (np.arange(n + 2 * shift) - shift - n // 2))
        for p, A, d, n in zip((p1, p2), gas.shift(t), gas.spacing, u.shape[-2:], strict=True)
    )
    shape = (4, len(p1), len(p2))
    W_xi, phases = np.empty((len(by_xi), *shape), complex), []
    for i, (xi, terms) in enumerate(by_xi.items()):
        G = S1 @ correlation(gas, u, terms) @ S2.T
        W_xi[i] = 0.5 * np.einsum("cba,abpq->cpq", SIGMA, G)
        twice = 1.0 if xi == (0, 0) else 2.0
        phases.append(series({xi: twice}, gas.length, x1[:, None], x2[None, :]).ravel())
    W = (np.array(phases).T @ W_xi.reshape(len(by_xi), -1)).real
    return np.moveaxis(W.reshape(len(x1), len(x2), *shape), 2, 0)
