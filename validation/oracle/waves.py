"""Small waves of a homogeneous gas with collisions, by the Volterra equation of their densities.

The gas is exp(-K), K(p) = |p|^2/2 + eps (Lambda p + b).sigma, with Lambda = ``coupling`` (3, 2) and
b = ``zeeman``, normalised to n0 = 1. A wave W = exp(i q.x) w(p) streams by

    w -> U(p + eps q/2, t) w U(p - eps q/2, t)^dagger,   U(p, t) = exp(-i t K(p)/eps),

and M(N) changes with the multipliers A of the same wave by

    dM = int_0^1 exp(-(1 - s) K(p + eps q/2)) A exp(-s K(p - eps q/2)) ds,   <dM> = Phi A.

The mean of dM after streaming for a time t is G(t) A, so that N streams by C(t) = G(t) Phi^-1.
With collisions, from W(0) = dM, Duhamel's formula is

    N(t) = exp(-t/tau) C(t) N(0) + int_0^t exp(-(t - s)/tau) (C(t - s)/tau + X(t - s)) N(s) ds,

where X is what the field of the wave itself does, zero without one. This holds for every eps, tau,
Lambda and b. N = (n0, eps n) here, the matrix components, and everything is linear in the wave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import newton

Array = np.ndarray

SIGMA = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
REACH = 7.8  # exp(-p^2/2) is 6e-14 there, and less beyond


@dataclass(frozen=True)
class Medium:
    """A homogeneous gas.

    Parameters
    ----------
    epsilon : scaled Planck constant
    alpha, beta : Rashba and Dresselhaus constants
    zeeman : b
    """

    epsilon: float
    alpha: float = 0.0
    beta: float = 0.0
    zeeman: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def coupling(self) -> Array:
        """Lambda = alpha [[0, 1], [-1, 0], [0, 0]] + beta [[1, 0], [0, -1], [0, 0]], (3, 2)."""
        a, b = self.alpha, self.beta
        return np.array([[b, a], [-a, -b], [0.0, 0.0]])

    def precession(self, p: Array) -> Array:
        """Lambda p + b, (..., 2) to (..., 3)."""
        return p @ self.coupling.T + np.array(self.zeeman)


def matrices(c: Array) -> Array:
    """c_0 + c.sigma: (..., 4) to (..., 2, 2)."""
    return np.einsum("...c,cij->...ij", c, SIGMA)


def exponential(medium: Medium, p: Array, beta: float = 1.0) -> Array:
    """exp(-beta K(p)), (..., 2) to (..., 2, 2)."""
    v = medium.precession(p)
    length = np.linalg.norm(v, axis=-1)
    z = beta * medium.epsilon * length
    direction = v / np.where(length > 0, length, 1.0)[..., None]
    spin = np.concatenate([np.cosh(z)[..., None], -np.sinh(z)[..., None] * direction], axis=-1)
    return np.exp(-beta * (p**2).sum(-1) / 2)[..., None, None] * matrices(spin)


def nodes(medium: Medium, q: Array, t: float) -> tuple[Array, float]:
    """Momenta (P, 2) and the weight of the trapezoid rule in the plane, for means up to time t.

    What is integrated is entire, a Gaussian that turns by (|q| + 2 |Lambda|) t a unit of p at most.
    """
    size, bend = float(np.linalg.norm(q)), float(np.linalg.norm(medium.coupling, 2))
    reach = REACH + medium.epsilon * (size + bend)
    count = int(np.ceil(reach * ((size + 2 * bend) * t + REACH + 1) / (2 * np.pi)))
    line = reach / count * np.arange(-count, count + 1)
    p = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
    return p[(p**2).sum(-1) <= reach**2], (reach / count) ** 2


def normalisation(medium: Medium) -> float:
    """1/<exp(-K)>_0, so that the gas has n0 = 1."""
    p, weight = nodes(medium, np.zeros(2), 0.0)
    return 1 / (weight * 0.5 * np.einsum("pii->", exponential(medium, p)).real)


def equilibrium(medium: Medium) -> Array:
    """N = (n0, eps n), (4,), of the gas, n0 = 1."""
    p, weight = nodes(medium, np.zeros(2), 0.0)
    rho = 0.5 * np.einsum("cij,pji->c", SIGMA, exponential(medium, p)).real
    return normalisation(medium) * weight * rho


# What is streamed: columns of 2x2 symbols, (columns, P, 2, 2)

Column = Callable[[Medium, Array, Array], Array]


def thermal(medium: Medium, q: Array, p: Array) -> Array:
    """dM for A = exp(i q.x) sigma_j, j = 0 to 3: (4, P, 2, 2) at momenta p, (P, 2)."""
    s, weights = np.polynomial.legendre.leggauss(12)
    columns = np.zeros((4, len(p), 2, 2), complex)
    for x, weight in zip(0.5 * (s + 1), 0.5 * weights, strict=True):
        left = exponential(medium, p + medium.epsilon * q / 2, 1 - x)
        right = exponential(medium, p - medium.epsilon * q / 2, x)
        columns += weight * (left @ SIGMA[:, None] @ right)
    return normalisation(medium) * columns


def kick(medium: Medium, q: Array, p: Array) -> Array:
    """-(i/eps) [exp(i q.x), rho]: what a potential exp(i q.x) does to the gas in a unit of time.

    (1, P, 2, 2) at momenta p, (P, 2).
    """
    behind = exponential(medium, p - medium.epsilon * q / 2)
    ahead = exponential(medium, p + medium.epsilon * q / 2)
    return normalisation(medium) * (-1j / medium.epsilon * (behind - ahead))[None]


def push(medium: Medium, q: Array, p: Array) -> Array:
    """-d rho/d p_i, i = 1, 2: what a uniform force does; by differences of order 8.

    (2, P, 2, 2) at momenta p, (P, 2).
    """
    h, offsets = 0.05, (1, 2, 3, 4)
    weights = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
    columns = np.zeros((2, len(p), 2, 2), complex)
    for column, axis in zip(columns, np.eye(2), strict=True):
        for k, c in zip(offsets, weights, strict=True):
            ahead, behind = (exponential(medium, p + s * k * h * axis) for s in (1, -1))
            column -= c / h * (ahead - behind)
    return normalisation(medium) * columns


def streamed(medium: Medium, q: Array, t: Array, *sources: Column) -> Array:
    """Means of the sources after streaming for the times t: (T, 4, columns).

    tr(sigma_k U w U^dagger)/2 is a sum over products of cos and sin of |Lambda p + b| t at
    p +- eps q/2, times exp(-i q.p t); their coefficients do not depend on t.
    """
    t, q = np.atleast_1d(t).astype(float), np.asarray(q, dtype=float)
    p, weight = nodes(medium, q, float(t.max(initial=0.0)))
    columns = np.concatenate([source(medium, q, p) for source in sources])
    angles, axes = [], []
    for sign in (1, -1):
        v = medium.precession(p + sign * medium.epsilon * q / 2)
        length = np.linalg.norm(v, axis=-1)
        direction = v / np.where(length > 0, length, 1.0)[:, None]
        spin = np.concatenate([np.zeros((len(p), 1)), -sign * 1j * direction], axis=-1)
        angles.append(length)
        axes.append((np.eye(2)[None], matrices(spin)))
    size = np.abs(columns).max(axis=(0, 2, 3))
    held = size > 1e-14 * size.max()  # corners of the disc add nothing
    coefficients = [
        0.5 * np.einsum("kij,cpji->pkc", SIGMA, left @ columns @ right)[held].reshape(-1)
        for left in axes[0]
        for right in axes[1]
    ]
    stacked = weight * np.concatenate(coefficients).reshape(4 * int(held.sum()), -1)
    first, second = (angle[held] for angle in angles)
    along, out = p[held] @ q, []
    for part in np.array_split(t[:, None], max(1, len(t) * len(along) // 200_000)):
        wave, here, there = np.exp(-1j * part * along), part * first, part * second
        turns = [f(here) * g(there) for f in (np.cos, np.sin) for g in (np.cos, np.sin)]
        out.append(np.concatenate([wave * turn for turn in turns], axis=1) @ stacked)
    return np.concatenate(out).reshape(len(t), 4, -1)


def propagator(medium: Medium, q: Array, t: Array) -> Array:
    """C(t), (T, 4, 4): <W> at t of collisionless streaming from M(N), by N at 0."""
    static = streamed(medium, q, np.zeros(1), thermal)[0]
    return streamed(medium, q, t, thermal) @ np.linalg.inv(static)


# The Volterra equation


def volterra(kernel: Array, source: Array, h: float) -> Array:
    """y(t) = source(t) + int_0^t kernel(t - s) y(s) ds at every fourth time of a lattice.

    The trapezoid rule, whose error has even powers of h, with steps 4h, 2h and h, extrapolated.

    Parameters
    ----------
    kernel : (T, n, n), and source : (T, n, m), at t = 0, h, 2h, ...; T - 1 a multiple of 4
    """
    rough, middle, fine = (
        _trapezoid(kernel[::k], source[::k], k * h)[:: 4 // k] for k in (4, 2, 1)
    )
    first, second = (4 * middle - rough) / 3, (4 * fine - middle) / 3
    return (16 * second - first) / 15


def _trapezoid(kernel: Array, source: Array, h: float) -> Array:
    y = np.array(source, dtype=complex)
    solve = np.linalg.inv(np.eye(kernel.shape[1]) - h / 2 * kernel[0])
    for n in range(1, len(y)):
        y[n] += h * np.einsum("tij,tjk->ik", kernel[n - 1 : 0 : -1], y[1:n])
        y[n] = solve @ (y[n] + h / 2 * kernel[n] @ y[0])
    return y


def relaxed(C: Array, kernel: Array, tau: float, h: float) -> Array:
    """The matrix from N(0) to N(t) at t = 0, 4h, 8h, ...: (T, n, n).

    Parameters
    ----------
    C, kernel : C(t) and C(t)/tau + X(t), (T, n, n) at t = 0, h, 2h, ...
    """
    decay = np.exp(-h * np.arange(len(C)) / tau)[:, None, None]
    return volterra(decay * kernel, decay * C, h)


def mode(
    kernel: Callable[[Array], Array], tau: float, guess: complex, *, reach: float, panels: int = 24
) -> complex:
    """The rate r of a mode exp(r t): int_0^inf exp(-(1/tau + r) t) kernel(t) dt has eigenvalue 1.

    Parameters
    ----------
    kernel : C(t)/tau + X(t) at times (T,), (T, n, n)
    guess : near the mode
    reach : how far in t the integral is taken, by 16 Gauss points in each panel
    """
    x, w = np.polynomial.legendre.leggauss(16)
    half = reach / panels / 2
    t = (2 * half * np.arange(panels)[:, None] + half * (x + 1)).ravel()
    values, weights = kernel(t), np.tile(half * w, panels)

    def excess(rate: complex) -> complex:
        factor = weights * np.exp(-(1 / tau + rate) * t)
        found = np.linalg.eigvals(np.tensordot(factor, values, 1)) - 1
        return found[np.abs(found).argmin()]

    return complex(newton(excess, complex(guess), tol=1e-13, rtol=1e-12, maxiter=100))
