"""Closed forms of the field: relaxation, diffusion and oscillation of a homogeneous gas.

Scaled units; the gas has n0 = 1 and temperature 1. Lambda (3, 2) is the spin-orbit matrix of
H = |p|^2/2 + V - E.x + eps (Lambda p + b).sigma, and n is the spin density, <w> = eps n.
Sources stand with each function.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq, newton
from scipy.special import dawsn, wofz

Array = np.ndarray


# Relaxation: C(t) is how N falls by streaming alone, see `waves`


def static_response(z: float) -> float:
    """phi(z) = int_0^1 exp(-z^2 s(1 - s)/2) ds = D(d)/d, d = z/(2 sqrt 2), D Dawson's integral.

    d n0/d a0 at the wave number q is n0 phi(eps q).
    """
    d = z / (2 * np.sqrt(2))
    return float(dawsn(d) / d) if d else 1.0


def density_wave(t: Array, q: float, epsilon: float) -> Array:
    """C(t), (T,), of a density wave: N. D. Mermin, Phys. Rev. B 1, 2362 (1970), by way of time.

    exp(-q^2 t^2/2) int_0^1 exp(-eps^2 q^2 s(1 - s)/2) cos((s - 1/2) eps q^2 t) ds / phi(eps q).
    """
    s, weights = np.polynomial.legendre.leggauss(40)
    s, weights = (s + 1) / 2, weights / 2
    turns = np.cos(np.multiply.outer(t, s - 0.5) * epsilon * q**2)
    mean = turns @ (weights * np.exp(-((epsilon * q) ** 2) * s * (1 - s) / 2))
    return np.exp(-(q**2) * np.square(t) / 2) * mean / static_response(epsilon * q)


def uniform_spin(t: Array, alpha: float) -> tuple[Array, Array]:
    """C(t), (T,), of a uniform spin in the plane and across it; Rashba coupling, eps alpha -> 0.

    1 - z D(z) and 1 - 2 z D(z), z = sqrt2 alpha t, D Dawson's integral: precession by 2 alpha |p| t
    about p_perp, in the mean over the Maxwellian. With collisions: M. I. D'yakonov, V. I. Perel',
    Sov. Phys. Solid State 13, 3023 (1972), here without their limit alpha tau -> 0.
    """
    z = np.sqrt(2) * alpha * np.asarray(t)
    return 1 - z * dawsn(z), 1 - 2 * z * dawsn(z)


def slowest_rate(C: Callable[[float], float], tau: float, most: float = 0.5) -> float:
    """The smallest gamma with int_0^inf exp(-(1/tau - gamma) t) C(t) dt/tau = 1.

    The mode exp(-gamma t) of N(t) = exp(-t/tau) C(t) N(0) + int_0^t exp(-(t - s)/tau) C(t - s) N(s)
    ds/tau. It is looked for up to most/tau.
    """

    def excess(gamma: float) -> float:
        reach = 45 / (1 / tau - gamma)
        value, _ = quad(
            lambda t: float(np.exp(-(1 / tau - gamma) * t) * C(t)) / tau,
            *(0.0, reach),
            epsabs=1e-13,
            epsrel=1e-13,
            limit=400,
        )
        return value - 1

    return float(brentq(excess, 0.0, most / tau, xtol=1e-14, rtol=1e-13))


def diffusive_spin(coupling: Array, q: Array, tau: float) -> Array:
    """Rates of the three spin modes, (3,), of wave vector q, (2,), for small tau, ascending.

    d_t n = tau lap n - 4 tau (Lambda grad) x n - 4 tau (tr Lambda Lambda^T - Lambda Lambda^T) n.
    For Rashba coupling the least rate is 7/4 alpha^2 tau, at |q| = sqrt15/2 alpha; for alpha = beta
    it is zero at |q| = 4 alpha along [110]: B. A. Bernevig, J. Orenstein, S.-C. Zhang, Phys. Rev.
    Lett. 97, 236601 (2006), cond-mat/0606196.
    """
    square, (a, b, c) = coupling @ coupling.T, coupling @ q
    cross = np.array([[0, -c, b], [c, 0, -a], [-b, a, 0]])
    rates = (q @ q + 4 * np.trace(square)) * np.eye(3) - 4 * square + 4j * cross
    return tau * np.linalg.eigvalsh(rates)


# Fields


def edelstein(coupling: Array, E: Array, tau: float) -> Array:
    """n = -tau Lambda E in a weak uniform field, eps -> 0, at every |Lambda| tau.

    For Rashba coupling alpha tau (-E2, E1, 0): V. M. Edelstein, Solid State Commun. 73, 233 (1990).
    """
    return -tau * coupling @ E


def magnetisation(b: Array, epsilon: float) -> Array:
    """n = -(b/|b|) tanh(eps |b|)/eps, (3,), of the equilibrium without spin-orbit coupling."""
    size = float(np.linalg.norm(b))
    return -np.asarray(b) * np.tanh(epsilon * size) / (epsilon * size)


def turned(n: Array, axis: Array, angle: float) -> Array:
    """n, (3,), after a right-handed turn about an axis, (3,): Rodrigues' formula.

    Larmor: d_t n = 2 b x n turns by 2 |b| t about b. Along a path of length L in the direction e
    the spin turns by 2 |Lambda e| L about Lambda e whatever the speed: S. Datta and B. Das, Appl.
    Phys. Lett. 56, 665 (1990), 2 m alpha_R L/hbar^2 for Rashba coupling.
    """
    e = np.asarray(axis) / np.linalg.norm(axis)
    return np.cos(angle) * n + np.sin(angle) * np.cross(e, n) + (1 - np.cos(angle)) * e * (e @ n)


# Electrons that repel each other


def plasma_dispersion(z: complex) -> complex:
    """Z(z) = i sqrt(pi) w(z): B. D. Fried, S. D. Conte, The plasma dispersion function (1961)."""
    return 1j * np.sqrt(np.pi) * wofz(z)


def dielectric(omega: complex, q: float, v: float, epsilon: float) -> complex:
    """1 + v (Z(z - d) - Z(z + d))/(4 d), z = omega/(sqrt2 q), d = eps q/(2 sqrt2).

    The potential of a density wave is phi = v n0; v = k_D/q in two dimensions. As eps -> 0 it is
    1 + v (1 + z Z(z)), Vlasov's. J. Lindhard, Dan. Mat. Fys. Medd. 28, no. 8 (1954), in the plane
    F. Stern, Phys. Rev. Lett. 18, 546 (1967), for a Maxwellian.
    """
    z, d = omega / (np.sqrt(2) * q), epsilon * q / (2 * np.sqrt(2))
    if d == 0:
        return 1 + v * (1 + z * plasma_dispersion(z))
    return 1 + v * (plasma_dispersion(z - d) - plasma_dispersion(z + d)) / (4 * d)


def plasmon(q: float, v: float, epsilon: float) -> complex:
    """omega of the least damped wave exp(-i omega t), Re omega > 0: a zero of the dielectric."""
    cold = np.sqrt(v * q**2 + 3 * q**2)
    guess = complex(newton(lambda x: dielectric(x, q, v, 0.0), cold - 0.05j * cold, tol=1e-12))
    return complex(newton(lambda x: dielectric(x, q, v, epsilon), guess, tol=1e-14, maxiter=100))


def screened(V: float, q: float, v: float, epsilon: float) -> float:
    """n0 at the wave number q in a static potential V of the same wave number, linear in V.

    -phi(eps q) V/(1 + v phi(eps q)): Debye's screening, with its quantum correction.
    """
    response = static_response(epsilon * q)
    return -response * V / (1 + v * response)
