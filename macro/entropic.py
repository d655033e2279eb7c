"""The entropic quantum drift-diffusion model: the nonlocal model without spin.

    d_t n0 = tau div(n0 grad(a0 + V)),    n0 = <Exp(-|p|^2/2 + a0)>

Its free energy E = int n0 (a0 + V) dx decreases: dE/dt = -tau int n0 |grad(a0 + V)|^2 dx.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .constrained import Constrained
from .model import Balance


class Entropic(Constrained):
    """The model for the charge alone; its solver has to be one for alpha = 0."""

    def balance(self, u: NDArray) -> Balance:
        """tau n0 grad(a0 + V)."""
        flux = np.zeros((2, *u.shape))
        flux[:, 0] = self.physics.tau * u[0] * self._force(u)
        return Balance(flux)

    def dissipation(self, u: NDArray) -> float:
        """-dE/dt = tau int n0 |grad(a0 + V)|^2 dx."""
        return float(self.physics.tau * self.x.cell * np.sum(u[0] * self._force(u) ** 2))

    def _force(self, u: NDArray) -> NDArray:
        """grad(a0 + V)."""
        return self.x.grad(self.multipliers(u)[0] + self.physics.V)
