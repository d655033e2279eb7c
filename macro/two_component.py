"""The two-component spinorial quantum drift-diffusion equations (8), for n_+- = n0 +- eps n3.

d_t n_+- = tau div(grad n_+- + n_+- (grad(V +- eps b3) - E)
                   - (eps^2/6) n_+- grad(Lap sqrt(n_+-)/sqrt(n_+-)))
           - 4 (alpha^2 + beta^2) tau (n_+- - n_-+ +- 2 eps n0 b3)

(8) has alpha alone of these couplings. b3 moves the two kinds in opposite directions, and n3
relaxes to -n0 b3; b1 and b2 turn spins out of their axis, and have no place here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .calculus import relaxation_matrix
from .local import bohm_symbol
from .model import Balance, Model


class TwoComponent(Model):
    """(8). The in-plane components n1 and n2 are zero, and they remain zero."""

    def balance(self, u: NDArray, t: float = 0.0) -> Balance:
        """The sum and the difference of (8), as of :meth:`.Model.balance`."""
        physics, medium = self.physics, self.medium.at(t, u[0])
        n, n3 = self._split(u), u[3]
        slopes = self.x.grad(self._potential(n)) + medium.slope[:, None]
        if medium.b is not None:
            split = physics.epsilon * medium.grad_b[:, 2]
            slopes += np.stack([split, -split], axis=1)
            n3 = n3 + u[0] * medium.b[2]
        up, down = np.moveaxis(n * slopes, 1, 0)
        flux = np.zeros((2, *u.shape))
        flux[:, 0], flux[:, 3] = 0.5 * (up + down), (up - down) / (2 * physics.epsilon)
        source = np.zeros_like(u)
        source[3] = -4 * relaxation_matrix(medium.Lambda)[2, 2] * n3
        return Balance(physics.tau * flux, physics.tau * source)

    def multipliers(self, u: NDArray) -> NDArray:
        """a0 +- eps a3 = log(n_+-/(2 pi)) - (eps^2/6) Lap sqrt(n_+-)/sqrt(n_+-).

        Together ``(4, N1, N2)``.
        """
        up, down = self._potential(self._split(u))
        mu = np.zeros_like(u)
        mu[0] = 0.5 * (up + down) - np.log(2 * np.pi)
        mu[3] = (up - down) / (2 * self.physics.epsilon)
        return mu

    def _split(self, u: NDArray) -> NDArray:
        """(n_+, n_-)."""
        spin = self.physics.epsilon * u[3]
        return np.stack([u[0] + spin, u[0] - spin])

    def _potential(self, n: NDArray) -> NDArray:
        """log n - (eps^2/6) Lap sqrt(n)/sqrt(n)."""
        root = np.sqrt(n)
        return np.log(n) - self.physics.epsilon**2 / 6 * self.x.laplacian(root) / root

    def _stiff(self) -> NDArray:
        return super()._stiff() + bohm_symbol(self.medium)
