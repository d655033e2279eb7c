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
from wigner.physics import Physics

from .calculus import Calculus


@dataclass(frozen=True)
class Medium:
    """What the models share: derivatives on the x lattice, and the physics there."""

    x: Calculus
    physics: Physics

    @cached_property
    def grad_V(self) -> NDArray:
        """grad V, ``(2, N1, N2)``."""
        return self.x.grad(self.physics.V)

    @cached_property
    def gate(self) -> NDArray:
        """grad_perp V, ``(3, N1, N2)``."""
        return self.x.grad_perp(self.physics.V)


class Balance(NamedTuple):
    """d_t u = div flux + source; a source that is None is zero."""

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
    def balance(self, u: NDArray) -> Balance:
        """Flux and source at u."""

    @abstractmethod
    def multipliers(self, u: NDArray) -> NDArray:
        """The multipliers mu = (a0, a) that the model gives to u, shape ``(4, N1, N2)``."""

    def rate(self, u: NDArray) -> NDArray:
        """d_t u, shape ``(4, N1, N2)``."""
        return self.x.field(self.spectral_rate(u))

    def spectral_rate(self, u: NDArray) -> NDArray:
        """The spectrum of d_t u."""
        return assembled(self.x, self.balance(u))

    def evaluations(self) -> list[int]:
        """Moment-map evaluations of the constraint solves since the last call."""
        return []

    def splitting_error(self) -> float | None:
        """Estimated error of a prescribed splitting in the last multipliers; None without one."""
        return None

    def _stiff(self) -> NDArray:
        """Classical diffusion and spin relaxation: tau (Lap - 4 alpha^2 (0, 1, 1, 2))."""
        physics = self.physics
        relaxation = 4 * physics.alpha**2 * np.array([0.0, 1.0, 1.0, 2.0])
        return -physics.tau * (self.x.wave_number**2 + relaxation[:, None, None])


def assembled(x: Calculus, balance: Balance) -> NDArray:
    """The spectrum of div flux + source."""
    spectrum = x.div_spectrum(balance.flux)
    return spectrum if balance.source is None else spectrum + x.transform(balance.source)


def check_densities(u: NDArray, medium: Medium) -> None:
    """Raise DensityError unless n0 > eps|n| everywhere, naming the worst point."""
    remedy = (
        "the model does not keep densities positive there: use a finer n_x, smoother fields or a "
        "smaller epsilon"
    )
    fault = pauli.positivity_fault(medium.physics.scaled(u), medium.x.length, "densities", remedy)
    if fault is not None:
        raise DensityError(fault)
