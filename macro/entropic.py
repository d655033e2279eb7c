"""The entropic quantum drift-diffusion model: the nonlocal model without spin.

    d_t n0 = tau div(n0 f),    f = grad(a0 + V + phi) - E,    n0 = <Exp(-|p|^2/2 + a0)>

Where V does not change and E = 0 its free energy int n0 (a0 + V + phi/2) dx decreases at the rate
tau int n0 |f|^2 dx.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .constrained import Constrained
from .model import Balance


class Entropic(Constrained):
    """The model for the charge alone; its solver has to be one for Lambda = 0."""

    def balance(self, u: NDArray, t: float = 0.0) -> Balance:
        """tau n0 f, eq. (4) without spin; ``u`` has shape ``(4, N1, N2)``.

        Raises
        ------
        ConstraintError
            If the multipliers cannot be found.
        """
        flux = np.zeros((2, *u.shape))
        flux[:, 0] = self.physics.tau * u[0] * self._force(u, t)
        return Balance(flux)

    def dissipation(self, u: NDArray, t: float = 0.0) -> float:
        """tau int n0 |f|^2 dx, by which the free energy falls where V rests and E = 0.

        u is ``(4, N1, N2)``; it is a rate, per unit of time.
        """
        return float(self.physics.tau * self.x.cell * np.sum(u[0] * self._force(u, t) ** 2))

    def _force(self, u: NDArray, t: float) -> NDArray:
        """f = grad(a0 + V + phi) - E."""
        physics = self.physics.at(t, u[0])
        gradient = self.x.grad(self.multipliers(u)[0] + physics.V)
        return gradient - np.array(physics.E)[:, None, None] if any(physics.E) else gradient
