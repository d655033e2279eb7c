"""Wigner functions known on paper, in the project's scaled units.

Conventions: H = |p|^2/2 + V(x) + eps alpha p_perp.sigma with p_perp = (p2, -p1, 0), and
W(x, p) = int rho(x + s/2, x - s/2) exp(-i s.p/eps) ds. Spinor functions are returned in Pauli
components, first axis.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Array = np.ndarray


def mehler(x: Array, p: Array, omega: float, epsilon: float, beta: float = 1.0) -> Array:
    """Wigner function of exp(-beta H), H = (p^2 + omega^2 x^2)/2, along one axis.

    exp(-(2/(eps omega)) tanh(beta eps omega/2) H(x, p)) / cosh(beta eps omega/2): Mehler's formula.
    The function of a plane oscillator is the product over the axes.
    """
    z = beta * epsilon * omega / 2
    energy = 0.5 * (p**2 + (omega * x) ** 2)
    return np.exp(-beta * np.tanh(z) / z * energy) / np.cosh(z)


def oscillator_flow(
    w: Callable[[Array, Array], Array], x: Array, p: Array, omega: float, t: float
) -> Array:
    """w(x, p; t) under H = (p^2 + omega^2 x^2)/2: the phase plane turns rigidly, for every eps."""
    c, s = np.cos(omega * t), np.sin(omega * t)
    return w(c * x - s * p / omega, c * p + omega * s * x)


def free_streaming(
    w: Callable[[Array, Array, Array, Array], Array],
    x1: Array,
    x2: Array,
    p1: Array,
    p2: Array,
    t: float,
) -> Array:
    """w(x - p t, p): the solution of d_t w + p.grad w = 0."""
    return w(x1 - p1 * t, x2 - p2 * t, p1, p2)


def rashba_exponential(p1: Array, p2: Array, alpha: float, epsilon: float) -> Array:
    """Symbol of exp(-K): exp(-|p|^2/2) (cosh z - sinh z p_perp.sigma/|p|), z = eps alpha |p|.

    (4, ...) for p1 and p2 that broadcast to (...).
    """
    p1, p2 = np.broadcast_arrays(p1, p2)
    p = np.hypot(p1, p2)
    z = epsilon * alpha * p
    sinh_over_p = epsilon * alpha * np.where(z > 0, np.sinh(z) / np.where(z > 0, z, 1.0), 1.0)
    symbol = np.stack([np.cosh(z), -sinh_over_p * p2, sinh_over_p * p1, 0 * p])
    return np.exp(-(p**2) / 2) * symbol


def precession(w: Array, p1: Array, p2: Array, alpha: float, t: float) -> Array:
    """Spin at fixed p under d_t w = 2 alpha p_perp x w: rotation about p_perp by 2 alpha |p| t.

    Parameters
    ----------
    w : (3, ...), spin components at t = 0, broadcast against p1 and p2
    """
    p = np.hypot(p1, p2)
    axis = np.stack(np.broadcast_arrays(p2, -p1, 0.0)) / np.where(p > 0, p, 1.0)
    w, axis = np.broadcast_arrays(w, axis)
    angle = 2 * alpha * p * t
    parallel = axis * (axis * w).sum(0)
    across = np.cross(axis, w, axis=0)
    return parallel + np.cos(angle) * (w - parallel) + np.sin(angle) * across


def diagonal(f: Array, n: tuple[int, int]) -> Array:
    """Fields of x1 on one lattice line, read as fields of x1 + x2 on the square lattice.

    K is invariant under a rotation of the plane that also turns (sigma1, sigma2). Let u = x1 + x2
    in a square box of side L. In the axes turned by 45 degrees u = sqrt(2) y1, so a problem in u is
    a problem in y1 alone, of period L/sqrt(2), with the spin vectors turned as well. f answers it.

    Parameters
    ----------
    f : (4, M), density and spin on y1 = j L/(sqrt(2) M); M a multiple of n1 and of n2
    n : lattice (n1, n2) of the square box

    Returns
    -------
    (4, n1, n2), spin turned back to the axes x1, x2

    Raises
    ------
    ValueError
        If M is not such a multiple.
    """
    M = f.shape[1]
    if M % n[0] or M % n[1]:
        raise ValueError(f"f has {M} points, must be a multiple of {n[0]} and {n[1]}; resample it")
    u = np.add.outer(M // n[0] * np.arange(n[0]), M // n[1] * np.arange(n[1])) % M
    return turn(f, -np.pi / 4)[:, u]


def turn(f: Array, angle: float) -> Array:
    """Components of the spin rows of f = (f0, f1, f2, f3) in axes turned by the angle about e3."""
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([f[0], c * f[1] + s * f[2], -s * f[1] + c * f[2], f[3]])
