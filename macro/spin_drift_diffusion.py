"""The spin-vector drift-diffusion model (9)-(10), the limit eps -> 0 of the local model.

d_t n0 = tau div(grad n0 + n0 grad V)
d_t n = tau div(grad n + n grad V) - 2 alpha tau (2 grad_perp x n + grad_perp V x n)
        - 4 alpha^2 tau (n1, n2, 2 n3)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .calculus import cross, rotated
from .model import Balance, Model


class SpinDriftDiffusion(Model):
    """(9)-(10): linear in (n0, n); charge and spin do not act on each other."""

    def balance(self, u: NDArray) -> Balance:
        """Flux, the Rashba part included, and source."""
        tau, alpha = self.physics.tau, self.physics.alpha
        flux = self.x.grad(u) + u * self.medium.grad_V[:, None]
        flux[:, 1:] -= 4 * alpha * rotated(u[1:])
        source = np.zeros_like(u)
        source[1:] = -2 * alpha * cross(self.medium.gate, u[1:]) - 4 * alpha**2 * relaxing(u[1:])
        return Balance(tau * flux, tau * source)

    def multipliers(self, u: NDArray) -> NDArray:
        """a0 = log(n0/(2 pi)), a = n/n0."""
        return np.concatenate([np.log(u[:1] / (2 * np.pi)), u[1:] / u[0]])


def relaxing(n: NDArray) -> NDArray:
    """2 n + n_perpperp = (n1, n2, 2 n3): in-plane spins relax half as fast."""
    return n * np.array([1.0, 1.0, 2.0])[:, None, None]
