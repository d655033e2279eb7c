"""What a macroscopic model is: densities u = (n0, n) that obey d_t u = div F(u) + S(u).

Densities and rates have shape ``(4, N1, N2)``, fluxes ``(2, 4, N1, N2)`` with the direction first.
The current is J = -F, so that d_t n0 + div J_0 = 0.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wigner.errors import DensityError
from wigner.phase_space import pauli
from wigner.phase_space.moments import potential_energy
from wigner.physics import Physics

from .calculus import Calculus, coupled, relaxation_matrix, turned


@dataclass(frozen=True)
class Medium:
    """What the models share: derivatives on the x lattice, and the physics there.

    Fields are those of t = 0, without phi, unless it was made by :meth:`at`.
    """

    x: Calculus
    physics: Physics

    def at(self, t: float, n0: NDArray) -> Medium:
        """That of time ``t`` and density ``n0``, ``(N1, N2)``."""
        return Medium(self.x, self.physics.at(t, n0)) if self.physics.varies else self

    @cached_property
    def Lambda(self) -> NDArray:
        """The spin-orbit matrix, ``(3, 2)``."""
        return self.physics.Lambda

    @cached_property
    def slope(self) -> NDArray:
        """grad V - E, minus the force on an electron, ``(2, N1, N2)``."""
        grad_V, E = self.x.grad(self.physics.V), self.physics.E
        return grad_V - np.array(E)[:, None, None] if any(E) else grad_V

    @cached_property
    def gate(self) -> NDArray:
        """Lambda (grad V - E), ``(3, N1, N2)``."""
        return coupled(self.Lambda, self.slope)

    @cached_property
    def b(self) -> NDArray | None:
        """The Zeeman field, ``(3, N1, N2)``; None where there is none."""
        b = self.physics.b
        return np.broadcast_to(b, (3, *self.x.n_x)) if np.any(b) else None

    @cached_property
    def grad_b(self) -> NDArray:
        """grad b, ``(2, 3, N1, N2)``."""
        return self.x.grad(np.broadcast_to(self.physics.b, (3, *self.x.n_x)))

    @cached_property
    def Db(self) -> NDArray:
        """D_j b = d_j b - 2 Lambda_j x b, ``(2, 3, N1, N2)``."""
        b = np.broadcast_to(self.physics.b, (3, *self.x.n_x))
        return self.grad_b - 2 * turned(self.Lambda, b)


class Balance(NamedTuple):
    """d_t u = div flux + source; a source that is None is zero.

    Their shapes are ``(2, 4, N1, N2)`` and ``(4, N1, N2)``.
    """

    flux: NDArray
    source: NDArray | None = None


class Model(ABC):
    """A macroscopic model.

    Attributes
    ----------
    medium, x, physics
        What the models share, and the two parts of it.
    seconds
        Wall time by phase, of what takes long.
    stiff
        Real symbol of the linear part that a time step has to treat implicitly, on spectra,
        ``(4, N1, N2//2+1)``, not positive.
    """

    def __init__(self, medium: Medium) -> None:
        self.medium, self.x, self.physics = medium, medium.x, medium.physics
        self.seconds: dict[str, float] = {}
        self.stiff = self._stiff()

    @abstractmethod
    def balance(self, u: NDArray, t: float = 0.0) -> Balance:
        """Flux and source at u, ``(4, N1, N2)``; ``self.medium.at`` gives V, b and E of ``t``."""

    @abstractmethod
    def multipliers(self, u: NDArray) -> NDArray:
        """The multipliers mu = (a0, a) that the model gives to u, shape ``(4, N1, N2)``."""

    def rate(self, u: NDArray, t: float = 0.0) -> NDArray:
        """d_t u at time ``t``, shape ``(4, N1, N2)``."""
        return self.x.field(self.spectral_rate(u, t))

    def spectral_rate(self, u: NDArray, t: float = 0.0) -> NDArray:
        """The spectrum of d_t u, ``(4, N1, N2//2+1)``."""
        return assembled(self.x, self.balance(u, t))

    def free_energy(self, u: NDArray, mu: NDArray, t: float = 0.0) -> float:
        """int n0 (a0 + V + phi/2) + eps^2 n.(a + b) dx of u and its multipliers mu = (a0, a).

        Both are ``(4, N1, N2)``. It is that of (27) but for the mass, a constant. E, which pumps,
        has no part in it.
        """
        own = u[0] * mu[0] + self.physics.epsilon**2 * (u[1:] * mu[1:]).sum(axis=0)
        return float((own + potential_energy(self.physics, u, t)).sum() * self.x.cell)

    def evaluations(self) -> list[int]:
        """Moment-map evaluations of the constraint solves since the last call."""
        return []

    def splitting_error(self) -> float | None:
        """Estimated error of a prescribed splitting in the last multipliers; None without one."""
        return None

    def _stiff(self) -> NDArray:
        """Classical diffusion and spin relaxation, without what mixes components.

        tau (Lap - 4 (0, R11, R22, R33)), R = tr(Lambda Lambda^T) - Lambda Lambda^T.
        """
        physics = self.physics
        relaxation = 4 * np.array([0.0, *np.diag(relaxation_matrix(physics.Lambda))])
        return -physics.tau * (self.x.wave_number**2 + relaxation[:, None, None])


def assembled(x: Calculus, balance: Balance) -> NDArray:
    """The spectrum of div flux + source, ``(4, N1, N2//2+1)``."""
    spectrum = x.div_spectrum(balance.flux)
    return spectrum if balance.source is None else spectrum + x.transform(balance.source)


def check_densities(u: NDArray, medium: Medium) -> None:
    """Raise DensityError unless n0 > eps|n| everywhere in u = (n0, n), naming the worst point.

    u is ``(4, N1, N2)``.
    """
    remedy = (
        "the model does not keep densities positive there: use a finer n_x, smoother fields or a "
        "smaller epsilon"
    )
    fault = pauli.positivity_fault(medium.physics.scaled(u), medium.x.length, "densities", remedy)
    if fault is not None:
        raise DensityError(fault)
