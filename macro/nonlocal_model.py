"""The nonlocal quantum-spin model of Theorem 1.1, exact in eps, to first order in tau.

With s = a + b, f = grad(a0 + V) - E and D_j = d_j - 2 Lambda_j x

    d_t n0 = tau sum_j d_j (n0 f_j + eps^2 n.D_j s)                                       (4)
    d_t n = -2 n x s + tau sum_j D_j (n0 d_j s + n f_j + (2/eps) <p_j M> x s)             (5)
            - 4 tau (n x s) x a + 2 tau n x d_t^0 a

(a0, a) are the multipliers of the quantum Maxwellian M with <M> = n0 sigma_0 + eps n.sigma, and
d_t^0 a is their derivative along d_t^0 n0 = 0, d_t^0 n = -2 n x s. The paper has Rashba coupling
without b and E, and writes the parts of D_j one by one: -2 Lambda_j x of the second line gives
-2 alpha tau (n0 grad_perp x a + grad_perp(a0 + V) x n + (2/eps) <p_perp x (M x a)>).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.timing import timed

from .calculus import contracted, cross, turned
from .constrained import Constrained
from .model import Balance, Medium, assembled


class Rates(NamedTuple):
    """The right-hand side by powers of tau: d_t u = zeroth + tau first, each ``(4, N1, N2)``."""

    zeroth: NDArray
    first: NDArray


class Orders(NamedTuple):
    """d_t u = precession + tau (div flux + source); `precession` is -2 n x s, `source` of spin."""

    precession: NDArray
    flux: NDArray
    source: NDArray


class Nonlocal(Constrained):
    """(4)-(5), with all terms, for all components."""

    def __init__(self, medium: Medium, solver: MultiplierSolver) -> None:
        super().__init__(medium, solver)
        self._turning = np.zeros((4, *medium.x.n_x))  # first guess of the next d_t^0 A

    def rates(self, u: NDArray, t: float = 0.0) -> Rates:
        """The tau^0 and tau^1 parts of the right-hand side of (4)-(5) at u, all ``(4, N1, N2)``."""
        orders, x = self._orders(u, t), self.x
        first = assembled(x, Balance(orders.flux, orders.source))
        return Rates(x.field(x.transform(orders.precession)), x.field(first))

    def balance(self, u: NDArray, t: float = 0.0) -> Balance:
        """Flux and source of (4)-(5), as of :meth:`.Model.balance`.

        Raises
        ------
        ConstraintError
            If the multipliers cannot be found.
        """
        orders, tau = self._orders(u, t), self.physics.tau
        return Balance(tau * orders.flux, orders.precession + tau * orders.source)

    def _orders(self, u: NDArray, t: float) -> Orders:
        """The parts of (4)-(5) at u = (n0, n)."""
        physics, medium, epsilon = self.physics, self.medium.at(t, u[0]), self.physics.epsilon
        mu = self.multipliers(u)
        n0, n, s = u[0], u[1:], mu[1:]
        slopes = self.x.grad(mu)
        f, grad_s = slopes[:, 0] + medium.slope, slopes[:, 1:]
        if medium.b is not None:
            s, grad_s = s + medium.b, grad_s + medium.grad_b
        torque, Ds = cross(n, s), grad_s - 2 * turned(medium.Lambda, s)
        with timed(self.seconds, "momenta"):
            pM = self.solver.moment_map.momenta(physics.scaled(mu), self.solver.steps)
        pM = np.moveaxis(pM, 1, 0)

        flux = np.empty((2, *u.shape))
        flux[:, 0] = n0 * f + epsilon**2 * (n * Ds).sum(axis=1)
        for j in (0, 1):
            flux[j, 1:] = n0 * grad_s[j] + n * f[j] + 2 / epsilon * cross(pM[j, 1:], s)
        source = np.zeros_like(u)
        source[1:] = -2 * contracted(medium.Lambda, flux[:, 1:]) - 4 * cross(torque, mu[1:])
        source[1:] += 2 * cross(n, self._turning_of(mu, torque))

        precession = np.zeros_like(u)
        precession[1:] = -2 * torque
        return Orders(precession, flux, source)

    def _turning_of(self, mu: NDArray, torque: NDArray) -> NDArray:
        """d_t^0 a: the rate of a along d_t^0 n = -2 n x s."""
        if not np.any(torque):
            return np.zeros_like(torque)
        scaled = self.physics.scaled
        rate = np.concatenate([np.zeros_like(torque[:1]), -2 * torque])
        with timed(self.seconds, "linearised constraint"):
            self._turning = self.solver.slope(scaled(mu), scaled(rate), self._turning)
        return self.physics.unscaled(self._turning)[1:]
