"""Classical drift-diffusion (9) for the charge; the spin is left as it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .model import Balance, Model


class DriftDiffusion(Model):
    """d_t n0 = tau div(grad n0 + n0 (grad V - E)), the limit eps -> 0 of every model for n0."""

    def balance(self, u: NDArray, t: float = 0.0) -> Balance:
        """tau (grad n0 + n0 (grad V - E)), eq. (9); ``u`` has shape ``(4, N1, N2)``."""
        flux, slope = np.zeros((2, *u.shape)), self.medium.at(t, u[0]).slope
        flux[:, 0] = self.physics.tau * (self.x.grad(u[0]) + u[0] * slope)
        return Balance(flux)

    def multipliers(self, u: NDArray) -> NDArray:
        """a0 = log(n0/(2 pi)), as (a0, a) of shape ``(4, N1, N2)``."""
        mu = np.zeros_like(u)
        mu[0] = np.log(u[0] / (2 * np.pi))
        return mu

    def _stiff(self) -> NDArray:
        stiff = super()._stiff()
        stiff[1:] = 0.0
        return stiff
