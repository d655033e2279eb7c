"""The physics of a problem: what flows, Maxwellians and macroscopic models share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Physics:
    """The parameters of the kinetic equation (3), in the scaled units of section 2.1.

    Attributes
    ----------
    epsilon
        Scaled Planck constant hbar/(x0 p0).
    alpha
        Scaled Rashba constant m x0 alpha_R/hbar, of H = (|p|^2/2 + V) sigma_0 + eps alpha
        p_perp.sigma.
    tau
        Relaxation time in units of m x0/p0.
    V
        Potential on the x lattice in units of k_B T0, shape ``(N1, N2)``.
    """

    epsilon: float
    alpha: float
    tau: float
    V: NDArray

    def scaled(self, u: NDArray) -> NDArray:
        """Matrix components (n0, eps n) of densities (n0, n), or (a0, eps a) of (a0, a).

        The four components are the first axis.
        """
        return np.concatenate([u[:1], self.epsilon * u[1:]])

    def unscaled(self, N: NDArray) -> NDArray:
        """Densities (n0, n) of matrix components (n0, eps n), or (a0, a) of (a0, eps a)."""
        return np.concatenate([N[:1], N[1:] / self.epsilon])
