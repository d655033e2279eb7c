"""The quantum Maxwellian's symbol M(x, p) from its multipliers (a0, a), Prop. 4.1.

With h0 = -|p|^2/2 + a0 and h1 = a - Lambda p, (28), Lambda p = alpha p_perp for Rashba coupling,

    Exp(beta (h0 + eps h1.sigma)) = e^(beta h0) sum_k eps^k g_k(beta),

g_0 = 1, g_1 = beta h1.sigma, g_2 of (39) scalar, g_3 of (40) spin. Symmetry under eps -> -eps makes
the scalar part even in eps and the spin part odd: with these terms the errors are of order eps^4
and eps^5. One term of (40) has the wrong sign in print.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .calculus import Calculus, coupled, cross
from .forms import Form, Terms, total

# The factor of Lambda grad(grad a0 . p) in (40), Prop. 4.1 and B.3.
TURN = {Form.CORRECTED: -2, Form.PUBLISHED: 2}
# The factor of Lambda grad x a in (47).
CURL = {Form.CORRECTED: 2, Form.PUBLISHED: 4}


def symbol(
    x: Calculus,
    mu: NDArray,
    p: tuple[NDArray, NDArray],
    epsilon: float,
    Lambda: NDArray,
    form: Form = Form.CORRECTED,
    beta: float = 1.0,
) -> NDArray:
    """M(x, p) = Exp(beta (-K + a0 + eps a.sigma)) to order eps^3, in Pauli components.

    Parameters
    ----------
    mu
        Multipliers ``(a0, a)``, shape ``(4, N1, N2)``.
    p
        p1 and p2, shapes that broadcast to ``(M1, M2)``.
    Lambda
        Spin-orbit matrix, ``(3, 2)``.
    beta
        The factor in the exponential, not a coupling.

    Returns
    -------
    NDArray
        Shape ``(4, N1, N2, M1, M2)``.
    """
    point = PhasePoint(x, mu, p, Lambda)
    g1, g2 = first(point, beta), total(second(point, beta))
    g3 = total(third(point, beta, form))
    weight = np.exp(beta * point.h0)
    return np.concatenate([(1 + epsilon**2 * g2)[None], epsilon * g1 + epsilon**3 * g3]) * weight


@dataclass(frozen=True)
class PhasePoint:
    """What (38)-(40) are made of: multipliers, momenta, derivatives; axes (.., x1, x2, p1, p2)."""

    x: Calculus
    mu: NDArray
    p: tuple[NDArray, NDArray]
    Lambda: NDArray

    @cached_property
    def p_squared(self) -> NDArray:
        """|p|^2, ``(M1, M2)``."""
        return self.p[0] ** 2 + self.p[1] ** 2

    @cached_property
    def Lambda_p(self) -> NDArray:
        """Lambda p, ``(3, 1, 1, M1, M2)``."""
        p = np.stack(np.broadcast_arrays(*self.p))
        return coupled(self.Lambda, p)[:, None, None]

    @cached_property
    def a(self) -> NDArray:
        """a, ``(3, N1, N2, 1, 1)``."""
        return on_phase_space(self.mu[1:])

    @cached_property
    def h0(self) -> NDArray:
        """-|p|^2/2 + a0, ``(N1, N2, M1, M2)``."""
        return on_phase_space(self.mu[0]) - self.p_squared / 2

    @cached_property
    def h1(self) -> NDArray:
        """a - Lambda p, ``(3, N1, N2, M1, M2)``."""
        return self.a - self.Lambda_p

    @cached_property
    def grad_mu(self) -> NDArray:
        """d_j (a0, a), ``(2, 4, N1, N2, 1, 1)``."""
        return on_phase_space(self.x.grad(self.mu))

    @cached_property
    def hessian_mu(self) -> NDArray:
        """d_i d_j (a0, a), ``(2, 2, 4, N1, N2, 1, 1)``."""
        return on_phase_space(self.x.grad(self.x.grad(self.mu)))

    @cached_property
    def laplacian_mu(self) -> NDArray:
        """Lap (a0, a), ``(4, N1, N2, 1, 1)``."""
        return self.hessian_mu[0, 0] + self.hessian_mu[1, 1]

    @cached_property
    def hessian_pp(self) -> NDArray:
        """p^T (grad grad (a0, a)) p, ``(4, N1, N2, M1, M2)``."""
        p1, p2 = self.p
        h = self.hessian_mu
        return p1**2 * h[0, 0] + 2 * p1 * p2 * h[0, 1] + p2**2 * h[1, 1]

    @cached_property
    def curvature(self) -> NDArray:
        """|grad a0|^2 - p^T (grad grad a0) p, ``(N1, N2, M1, M2)``."""
        return (self.grad_mu[:, 0] ** 2).sum(0) - self.hessian_pp[0]

    @cached_property
    def h1_squared(self) -> NDArray:
        """|h1|^2, ``(N1, N2, M1, M2)``."""
        return (self.h1**2).sum(0)


def on_phase_space(f: NDArray) -> NDArray:
    """A field on x, with two axes for p: ``(..., N1, N2)`` to ``(..., N1, N2, 1, 1)``."""
    return f[..., None, None]


def first(q: PhasePoint, beta: float = 1.0) -> NDArray:
    """g_1 e^(-beta h0), (38), ``(3, N1, N2, M1, M2)``."""
    return beta * q.h1


def second(q: PhasePoint, beta: float = 1.0) -> Terms:
    """The terms of g_2 e^(-beta h0), (39); scalar, they broadcast to ``(N1, N2, M1, M2)``."""
    return {
        "laplacian": beta**2 / 8 * q.laplacian_mu[0],
        "curvature": beta**3 / 24 * q.curvature,
        "spin": beta**2 / 2 * q.h1_squared,
    }


def third(q: PhasePoint, beta: float = 1.0, form: Form = Form.CORRECTED) -> Terms:
    """The terms of g_3 e^(-beta h0), (40); spin, they broadcast to ``(3, N1, N2, M1, M2)``."""
    grad_a0, grad_a = q.grad_mu[:, 0], q.grad_mu[:, 1:]
    # Lambda grad (grad a0 . p), then (grad a) p
    turn = coupled(q.Lambda, q.p[0] * q.hessian_mu[0, :, 0] + q.p[1] * q.hessian_mu[1, :, 0])
    grad_a_p = q.p[0] * grad_a[0] + q.p[1] * grad_a[1]
    return {
        "scalar": (3 * beta * q.laplacian_mu[0] + beta**2 * q.curvature) * beta**2 / 24 * q.h1,
        "cubic": beta**3 / 6 * q.h1_squared * q.h1,
        "laplacian": beta**2 / 8 * q.laplacian_mu[1:],
        "curl": -(beta**2) / 2 * on_phase_space(q.x.spin_curl(q.Lambda, q.mu[1:])),
        "gradient": beta**3 / 12 * (grad_a * grad_a0[:, None]).sum(0),
        "hessian": -(beta**3) / 24 * q.hessian_pp[1:],
        "turn": TURN[form] * beta**3 / 24 * turn,
        "cross": beta**3 / 6 * cross(grad_a_p - coupled(q.Lambda, grad_a0), q.h1),
    }


def densities(
    x: Calculus, mu: NDArray, epsilon: float, Lambda: NDArray, form: Form = Form.CORRECTED
) -> NDArray:
    """(n0, n) = <M> from the multipliers, the integral of Prop. 4.1 over p: (39) and (47).

    Returns
    -------
    NDArray
        Shape ``(4, N1, N2)``, with errors of order eps^4.
    """
    a0, a = mu[0], mu[1:]
    n0 = 2 * np.pi * np.exp(a0)
    grad_a0, a_squared = x.grad(a0), (a**2).sum(0)
    second = (2 * x.laplacian(a0) + (grad_a0**2).sum(0)) / 24 + a_squared / 2
    second += 0.5 * (Lambda**2).sum()
    third = total(spin_density_terms(x, mu, Lambda, form))
    return n0 * np.concatenate([(1 + epsilon**2 * second)[None], a + epsilon**2 * third])


def spin_density_terms(
    x: Calculus, mu: NDArray, Lambda: NDArray, form: Form = Form.CORRECTED
) -> Terms:
    """The terms of <g_3>/n0, (47), each ``(3, N1, N2)``."""
    a0, a = mu[0], mu[1:]
    grad_a0, grad_a, rashba = x.grad(a0), x.grad(a), rashba_density_terms(x, mu, Lambda)
    # <h1 |h1|^2>/6 gives 2 Lambda Lambda^T and tr(Lambda Lambda^T); for Rashba (2 a1, 2 a2, a3)
    square = Lambda @ Lambda.T
    relaxation = np.tensordot(square + 0.5 * np.trace(square) * np.eye(3), a, axes=1)
    return {
        "scalar": (x.laplacian(a0) + (grad_a0**2).sum(0) / 2) * a / 12,
        "cubic": (a**2).sum(0) * a / 6,
        "relaxation": relaxation / 3,
        "laplacian": x.laplacian(a) / 12,
        "gradient": (grad_a * grad_a0[:, None]).sum(0) / 12,
        "curl": CURL[form] * rashba["curl"],
        "rashba gradient": rashba["gradient"],
    }


def rashba_density_terms(x: Calculus, mu: NDArray, Lambda: NDArray) -> Terms:
    """The terms of (47) with Lambda grad, without their factors 2 (printed: 4) and 1.

    Each is ``(3, N1, N2)``.
    """
    return {
        "curl": -x.spin_curl(Lambda, mu[1:]) / 6,
        "gradient": -cross(coupled(Lambda, x.grad(mu[0])), mu[1:]) / 6,
    }
