"""The nonlocal quantum-spin model of Theorem 1.1, exact in eps, to first order in tau.

    d_t n0 = tau div(n0 grad(a0+V) + eps^2 n.grad a) + 2 alpha eps^2 tau grad_perp.(n x a)      (4)
    d_t n = -2 n x a
            + tau div(n0 grad a + n grad(a0+V) + (2/eps) <p M> x a)                             (5)
            - 2 alpha tau (n0 grad_perp x a + grad_perp(a0+V) x n + (2/eps) <p_perp x (M x a)>)
            - 4 tau (n x a) x a + 2 tau n x d_t^0 a

(a0, a) are the multipliers of the quantum Maxwellian M with <M> = n0 sigma_0 + eps n.sigma, and
d_t^0 a is their derivative along d_t^0 n0 = 0, d_t^0 n = -2 n x a.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.timing import timed

from .calculus import cross
from .constrained import Constrained
from .model import Balance, Medium, assembled


class Rates(NamedTuple):
    """The right-hand side by powers of tau: d_t u = zeroth + tau first, each ``(4, N1, N2)``."""

    zeroth: NDArray
    first: NDArray


class Orders(NamedTuple):
    """d_t u = precession + tau (div flux + source); `precession` is -2 n x a, `source` of spin."""

    precession: NDArray
    flux: NDArray
    source: NDArray


class Nonlocal(Constrained):
    """(4)-(5), with all terms, for all components."""

    def __init__(self, medium: Medium, solver: MultiplierSolver) -> None:
        super().__init__(medium, solver)
        self._turning = np.zeros((4, *medium.x.n_x))  # first guess of the next d_t^0 A

    def rates(self, u: NDArray) -> Rates:
        """The tau^0 and tau^1 parts of the right-hand side at u = (n0, n)."""
        orders, x = self._orders(u), self.x
        first = assembled(x, Balance(orders.flux, orders.source))
        return Rates(x.field(x.transform(orders.precession)), x.field(first))

    def balance(self, u: NDArray) -> Balance:
        """Flux and source at u = (n0, n)."""
        orders, tau = self._orders(u), self.physics.tau
        return Balance(tau * orders.flux, orders.precession + tau * orders.source)

    def _orders(self, u: NDArray) -> Orders:
        """The parts of (4)-(5) at u = (n0, n)."""
        physics, x = self.physics, self.x
        epsilon, alpha = physics.epsilon, physics.alpha
        mu = self.multipliers(u)
        n0, n, a = u[0], u[1:], mu[1:]
        slopes = x.grad(mu)
        force, grad_a = slopes[:, 0] + self.medium.grad_V, slopes[:, 1:]  # grad(a0 + V), grad a
        perp_force = np.stack([force[1], -force[0], np.zeros_like(n0)])  # grad_perp(a0 + V)
        curl_a = np.stack([-grad_a[0, 2], -grad_a[1, 2], grad_a[0, 0] + grad_a[1, 1]])
        torque = cross(n, a)
        with timed(self.seconds, "momenta"):
            pM = self.solver.moment_map.momenta(physics.scaled(mu), self.solver.steps)
        pM = np.moveaxis(pM, 1, 0)

        flux = np.empty((2, *u.shape))
        flux[:, 0] = n0 * force + epsilon**2 * (n * grad_a).sum(axis=1)
        flux[:, 0] += 2 * alpha * epsilon**2 * np.stack([-torque[1], torque[0]])
        for j in (0, 1):
            flux[j, 1:] = n0 * grad_a[j] + n * force[j] + 2 / epsilon * cross(pM[j, 1:], a)

        # p_perp x (M x a) = M (p_perp.a) - a (p_perp.M) with p_perp = (p2, -p1, 0)
        twisted = pM[1, 1:] * a[0] - pM[0, 1:] * a[1] - a * (pM[1, 1] - pM[0, 2])
        source = np.zeros_like(u)
        source[1:] = -2 * alpha * (n0 * curl_a + cross(perp_force, n) + 2 / epsilon * twisted)
        source[1:] += -4 * cross(torque, a) + 2 * cross(n, self._turning_of(mu, torque))

        precession = np.zeros_like(u)
        precession[1:] = -2 * torque
        return Orders(precession, flux, source)

    def _turning_of(self, mu: NDArray, torque: NDArray) -> NDArray:
        """d_t^0 a: the rate of a along d_t^0 n = -2 n x a."""
        if not np.any(torque):
            return np.zeros_like(torque)
        scaled = self.physics.scaled
        rate = np.concatenate([np.zeros_like(torque[:1]), -2 * torque])
        with timed(self.seconds, "linearised constraint"):
            self._turning = self.solver.slope(scaled(mu), scaled(rate), self._turning)
        return self.physics.unscaled(self._turning)[1:]
