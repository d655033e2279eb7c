"""The physics of a problem: what flows, Maxwellians and macroscopic models share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class External(NamedTuple):
    """What acts on the electrons from outside, at one time.

    Attributes
    ----------
    V
        Potential on the x lattice in units of k_B T0, shape ``(N1, N2)``.
    b
        Zeeman or exchange field of H = ... + eps b.sigma, ``(3, N1, N2)``; 0.0 where there is none.
    E
        Uniform field of H = ... - E.x, in units of k_B T0/x0.
    """

    V: NDArray
    b: NDArray | float = 0.0
    E: tuple[float, float] = (0.0, 0.0)


class Interaction(Protocol):
    """A potential that the density makes; see ``phase_space.mean_field``."""

    @property
    def kernel(self) -> NDArray:
        """phi_q/n_q on spectra of real fields, ``(N1, N2//2 + 1)``."""
        ...

    def __call__(self, n0: NDArray) -> NDArray:
        """phi[n0], shapes ``(N1, N2)``."""
        ...


@dataclass(frozen=True)
class Physics:
    """The parameters of the kinetic equation (3), in the scaled units of section 2.1.

    The Hamiltonian is H = (|p|^2/2 + V - E.x) sigma_0 + eps (Lambda p + b).sigma, with the phi of
    ``mean_field`` in V.

    Attributes
    ----------
    epsilon
        Scaled Planck constant hbar/(x0 p0).
    alpha
        Scaled Rashba constant m x0 alpha_R/hbar, of eps alpha p_perp.sigma.
    tau
        Relaxation time in units of m x0/p0.
    V, b, E
        As in :class:`External`; where they vary in time, those of t = 0.
    beta
        Scaled Dresselhaus constant, of eps beta (p1 sigma1 - p2 sigma2).
    drive
        V, b and E at a time, where they vary.
    mean_field
        The potential phi that the density n0 makes, where it does.
    """

    epsilon: float
    alpha: float
    tau: float
    V: NDArray
    beta: float = 0.0
    b: NDArray | float = 0.0
    E: tuple[float, float] = (0.0, 0.0)
    drive: Callable[[float], External] | None = None
    mean_field: Interaction | None = None

    @property
    def Lambda(self) -> NDArray:
        """The spin-orbit matrix of H = ... + eps (Lambda p).sigma, shape ``(3, 2)``."""
        alpha, beta = self.alpha, self.beta
        return np.array([[beta, alpha], [-alpha, -beta], [0.0, 0.0]])

    @property
    def spin_orbit(self) -> float:
        """The largest |Lambda p| of a unit vector p: |alpha| + |beta|."""
        return abs(self.alpha) + abs(self.beta)

    @property
    def varies(self) -> bool:
        """Whether V, b and E are others at other times or for other densities."""
        return self.drive is not None or self.mean_field is not None

    @property
    def is_free(self) -> bool:
        """Whether H is a function of p alone, at all times."""
        uniform = np.ptp(self.V) == 0 and not np.any(self.b) and not any(self.E)
        return bool(uniform) and not self.varies

    def at(self, t: float, n0: NDArray | None = None) -> Physics:
        """The physics of one time, nothing of which varies any more.

        Parameters
        ----------
        n0
            The density at this time, shape ``(N1, N2)``; without one V has no phi.
        """
        external = External(self.V, self.b, self.E) if self.drive is None else self.drive(t)
        V, b, E = external
        if self.mean_field is not None and n0 is not None:
            V = V + self.mean_field(n0)
        return replace(self, V=V, b=b, E=E, drive=None, mean_field=None)

    def scaled(self, u: NDArray) -> NDArray:
        """Matrix components (n0, eps n) of densities (n0, n), or (a0, eps a) of (a0, a).

        Shapes are ``(4, ...)``.
        """
        return np.concatenate([u[:1], self.epsilon * u[1:]])

    def unscaled(self, N: NDArray) -> NDArray:
        """Densities (n0, n) of matrix components (n0, eps n), or (a0, a) of (a0, eps a).

        Shapes are ``(4, ...)``.
        """
        return np.concatenate([N[:1], N[1:] / self.epsilon])
