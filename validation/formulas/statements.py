"""The paper's identities, one function each, as (left, right).

The left side is the paper's formula, computed with symbols on a phase-space lattice and the
solver's theta, T and Moyal product, or with fields on the x lattice. The right side comes from
dense operator algebra, or is the value that the paper states.
"""

from __future__ import annotations

import operator
from functools import reduce
from itertools import product
from math import factorial, prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from macro.calculus import PERP, cross
from wigner.phase_space import moyal

from ..oracle import dense
from .maxwellian_symbol import Setup, waves
from .semiclassical import p_perp_cross


class Sides(NamedTuple):
    """Both sides of an equation, and what their difference is to be compared with."""

    left: NDArray
    right: NDArray
    scale: NDArray | None = None

    def sizes(self) -> tuple[float, float, float, float]:
        """Largest entries of both sides, the largest difference over the scale, and the scale."""
        left, right = (float(np.abs(side).max()) for side in (self.left, self.right))
        scale = max(left, right) if self.scale is None else float(np.abs(self.scale).max())
        difference = float(np.abs(self.left - self.right).max())
        return left, right, difference / scale if scale > 0 else 0.0, scale


def natural(s: Setup, sides: Sides) -> float:
    """What sides are made of that may cancel: the largest of M for symbols, of n0 for fields."""
    symbols = np.shape(sides.left)[-4:] == (*s.box.n, *s.n_p)
    return float(np.abs(s.W if symbols else s.u[0]).max())


# Section 2.3: the Moyal product and theta


def lemma_2_1(s: Setup) -> Sides:
    """W(rho1) # W(rho2) = W(rho1 rho2)."""
    operators = reduce(operator.add, (wave.operator(s) for wave in waves(s)))
    return Sides(s.moyal(_symbols(s), s.W), s.symbol(operators @ s.rho))


def _symbols(s: Setup) -> NDArray:
    """The sum of a few waves, ``(4, N1, N2, M1, M2)``."""
    return reduce(operator.add, (wave.symbol(s) for wave in waves(s)))


def lemma_2_2(s: Setup, last: int) -> list[float]:
    """Largest errors of f # g against the sum of eps^j f #_j g, j up to 0, 1, .. last."""
    f, g = _symbols(s)[:2]
    exact, total, errors = moyal.product(s.grid, s.epsilon, f, g), np.zeros_like(f), []
    for j in range(last + 1):
        total += s.epsilon**j * moyal_term(s, f, g, j)
        errors.append(float(np.abs(exact - total).max()))
    return errors


def moyal_term(s: Setup, f: NDArray, g: NDArray, j: int) -> NDArray:
    """f #_j g of Lemma 2.2, with spectral derivatives; shapes ``(N1, N2, M1, M2)``."""
    total = np.zeros_like(f)
    for order in product(range(j + 1), repeat=4):
        if sum(order) == j:
            k1, k2, l1, l2 = order
            weight = (-1) ** (k1 + k2) / prod(factorial(k) for k in order)
            total += weight * s.derivative(f, (k1, k2, l1, l2)) * s.derivative(g, (l1, l2, k1, k2))
    return total / (2j) ** j


def eq_15(s: Setup) -> Sides:
    """int int f # g = int int f g."""
    f, g = _symbols(s)[0], s.W[0].astype(complex)
    left = s.integral(moyal.product(s.grid, s.epsilon, f, g))
    return Sides(left, s.integral(f * g), s.integral(np.abs(f * g)))


def eq_16(s: Setup) -> Sides:
    """<f # g> = f <g> for f of x alone."""
    f, g = s.V[..., None, None], s.W[1].astype(complex)
    left = moyal.product(s.grid, s.epsilon, np.broadcast_to(f, g.shape).astype(complex), g)
    return Sides(s.moment(left), s.V * s.moment(g))


def eq_20(s: Setup) -> Sides:
    """i eps theta[V] f = V # f - f # V."""
    return Sides(1j * s.epsilon * s.theta(s.V, s.W), s.V_M)


def eq_21_mean(s: Setup) -> Sides:
    """<theta[V] f> = 0."""
    f = s.theta(s.V, s.W)
    return Sides(s.moment(f), np.zeros_like(s.mu), s.moment(np.abs(f)))


def eq_21_first(s: Setup) -> Sides:
    """<p theta[V] f> = -grad V <f>."""
    f = s.theta(s.V, s.W)
    left = np.stack([s.moment(f, p) for p in np.ix_(*s.grid.p)])
    return Sides(left, -s.x.grad(s.V)[:, None] * dense.local(s.wide, s.rho))


def definition_of_theta(s: Setup) -> Sides:
    """W([V, M])/(i eps), and the integral of the definition of theta[V] M without its factor.

    At one x and all p; the integral over p' and eta by the rectangle rule.
    """
    p, n_p, p_max = s.grid.p, s.n_p, s.p_max
    n1, n2 = s.box.n
    at = (n1 // 5, n2 // 5)
    eta = [np.pi / P * (np.arange(n) - n // 2) for n, P in zip(n_p, p_max, strict=True)]
    e1, e2 = (np.exp(1j * np.outer(*pair)) for pair in zip(eta, p, strict=True))
    ahead, behind = (_translated(s, at, sign, eta) for sign in (1, -1))
    delta = (ahead - behind) / (1j * s.epsilon)
    cell = np.pi**2 / (p_max[0] * p_max[1])
    integral = e1.conj().T @ (delta * (e1 @ s.W[0][at] @ e2.T)) @ e2.conj() * s.grid.dp * cell
    return Sides((s.V_M[0][at] / (1j * s.epsilon)).real, integral.real)


def _translated(s: Setup, at: tuple[int, int], sign: int, eta: list[NDArray]) -> NDArray:
    """V(x + sign eps eta/2) at a lattice point x, on all of the eta lattice."""
    E1, E2 = (
        dense.interpolation(n, L, k * L / n + sign * s.epsilon / 2 * e)
        for n, L, k, e in zip(s.box.n, s.box.length, at, eta, strict=True)
    )
    return E1 @ s.V @ E2.T


def trace(s: Setup) -> Sides:
    """(2 pi eps)^-2 tr int int W = Tr rho, of a period in x."""
    right = np.einsum("bii->", s.rho).real / len(s.rho)
    return Sides(2 * s.integral(s.W[0]) / (2 * np.pi * s.epsilon) ** 2, np.array(right))


def eq_22(s: Setup) -> Sides:
    """(2 pi eps)^-2 tr int int W1 W2 = Tr(rho1 rho2), of a period in x, with rho2 = exp(-H)."""
    other = dense.quantum_exponential(s.wide, -dense.scalar(s.V))
    overlap = 2 * s.integral((s.W * s.symbol(other).real).sum(axis=0))
    right = np.einsum("bij,bji->", s.rho, other).real / len(s.rho)
    return Sides(overlap / (2 * np.pi * s.epsilon) ** 2, np.array(right))


# Sections 2.3 and 2.4: T and M


def eq_23(s: Setup) -> Sides:
    """(T W)_0 = p.grad w0 + alpha eps grad_perp.w - theta[V] w0 = W((i/eps) [H, rho])_0."""
    return Sides(s.transport(s.W)[0], s.TM[0])


def eq_24(s: Setup) -> Sides:
    """The spin part of (25)."""
    return Sides(s.transport(s.W)[1:], s.TM[1:])


def eq_30(s: Setup) -> Sides:
    """-i eps T M = A~ # M - M # A~."""
    right = s.symbol(s.A_tilde @ s.rho - s.rho @ s.A_tilde)
    return Sides(-1j * s.epsilon * s.transport(s.W), right)


def lemma_2_7(s: Setup) -> Sides:
    """-i eps <T M> = [A~, N], Pauli components."""
    A_tilde = dense.pauli_matrix(dense.scaled(s.box, s.mu) + dense.scalar(s.V))
    N = dense.pauli_matrix(dense.scaled(s.box, s.u))
    bracket = 0.5 * np.einsum("cji,...ij->c...", dense.SIGMA, A_tilde @ N - N @ A_tilde)
    return Sides(-1j * s.epsilon * dense.scaled(s.box, s.rates.TM), bracket)


# Section 3


def eq_31(s: Setup) -> Sides:
    """2 eps n x a = <T M>."""
    left = 2 * cross(s.u[1:], s.mu[1:])
    return Sides(np.concatenate([np.zeros_like(left[:1]), left]), s.rates.TM)


def eq_32(s: Setup) -> Sides:
    """T M by theta of the multipliers and the even product M x# a."""
    a0, a = s.mu[0] + s.V, s.mu[1:]
    by_a = [s.theta(a_j, s.W) for a_j in a]
    left = -s.theta(a0, s.W)
    left[0] -= s.epsilon * sum(by_a[j][1 + j] for j in range(3))
    left[1:] -= s.epsilon * np.stack([by_a[j][0] for j in range(3)])
    left += 2 * s.symbol(even_cross(s, a)).real
    return Sides(left, s.TM)


def even_cross(s: Setup, a: NDArray) -> NDArray:
    """The operator of M x a, with (M_j a_k + a_k M_j)/2 for the products of components.

    a is ``(3, N1, N2)``, the operator as :attr:`Setup.rho`.
    """
    n = s.box.n[0] * s.box.n[1]
    blocks = s.rho.reshape(len(s.rho), n, 2, n, 2)
    M = 0.5 * np.einsum("cji,bxiyj->cbxy", dense.SIGMA[1:], blocks)
    a = a.reshape(3, n)
    mean = 0.5 * (a[:, None, :, None] + a[:, None, None, :])
    M_x_a = np.einsum("cbxy,cij->bxiyj", cross(M, mean), dense.SIGMA[1:])
    return M_x_a.reshape(s.rho.shape)


def eq_33(s: Setup) -> Sides:
    """<T T M>_0."""
    x, n0, n, a0, a = s.x, s.u[0], s.u[1:], s.mu[0], s.mu[1:]
    flux = n0 * x.grad(a0 + s.V) + s.epsilon**2 * (n * x.grad(a)).sum(axis=1)
    left = x.div(flux) + 2 * s.alpha * s.epsilon**2 * x.spin_div(PERP, cross(n, a))
    return Sides(left, s.rates.TTM[0])


def eq_34(s: Setup) -> Sides:
    """The spin part of <T T M>, over eps."""
    x, n0, n, a0, a = s.x, s.u[0], s.u[1:], s.mu[0], s.mu[1:]
    turned = 2 / s.epsilon * np.stack([cross(pM[1:], a) for pM in s.momentum])
    flux = n0 * x.grad(a) + n * x.grad(a0 + s.V)[:, None] + turned
    source = (
        n0 * x.spin_curl(PERP, a) + cross(x.spin_grad(PERP, a0 + s.V), n) + p_perp_cross(turned)
    )
    return Sides(x.div(flux) - 2 * s.alpha * source, s.rates.TTM[1:])


def eq_35(s: Setup) -> Sides:
    """2 (d_t n x a + n x d_t a) = <T d_t M>/eps along d_t N = -<T M>."""
    n, a, dn, da = (f[1:] for f in (s.u, s.mu, -s.rates.TM, s.rates.dmu))
    left = 2 * (cross(dn, a) + cross(n, da))
    return Sides(np.concatenate([np.zeros_like(left[:1]), left]), s.rates.TdM)


def theorem_1_1_zeroth(s: Setup) -> Sides:
    """The tau^0 part of (4)-(5) = -<T M>."""
    return Sides(s.model.zeroth, -s.rates.TM)


def theorem_1_1_first(s: Setup) -> Sides:
    """The tau^1 part of (4)-(5) = <T T M> + <T d_t^0 M>."""
    return Sides(s.model.first, s.rates.TTM + s.rates.TdM)
