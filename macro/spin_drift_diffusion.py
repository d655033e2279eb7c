"""The spin-vector drift-diffusion model (9)-(10), the limit eps -> 0 of the local model.

d_t n0 = tau div(grad n0 + n0 (grad V - E))
d_t n = -2 n x b + tau div(grad n + n (grad V - E))
        - 2 tau (2 Lambda grad x n + Lambda (grad V - E) x n)
        - 4 tau (tr(Lambda Lambda^T) - Lambda Lambda^T) n + tau sum_j D_j (n0 D_j b)

with D_j = d_j - 2 Lambda_j x. All of it is -2 n x b + tau sum_j D_j (D_j n + n (d_j V - E_j) + n0
D_j b). (9)-(10) are those of Rashba coupling, without b and E.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .calculus import contracted, cross, relaxing, turned
from .model import Balance, Model


class SpinDriftDiffusion(Model):
    """(9)-(10): linear in (n0, n); charge and spin do not act on each other."""

    def balance(self, u: NDArray, t: float = 0.0) -> Balance:
        """Flux, the part of Lambda grad x n included, and source, as of :meth:`.Model.balance`."""
        tau, medium, n = self.physics.tau, self.medium.at(t, u[0]), u[1:]
        Lambda = medium.Lambda
        flux = self.x.grad(u) + u * medium.slope[:, None]
        flux[:, 1:] += turned(-4 * Lambda, n)
        source = np.zeros_like(u)
        source[1:] = -2 * cross(medium.gate, n) - relaxing(2 * Lambda, n)
        if medium.b is not None:
            pulled = u[0] * medium.Db
            flux[:, 1:] += pulled
            source[1:] -= 2 * contracted(Lambda, pulled) + 2 / tau * cross(n, medium.b)
        return Balance(tau * flux, tau * source)

    def multipliers(self, u: NDArray) -> NDArray:
        """a0 = log(n0/(2 pi)), a = n/n0, together ``(4, N1, N2)``."""
        return np.concatenate([np.log(u[:1] / (2 * np.pi)), u[1:] / u[0]])
