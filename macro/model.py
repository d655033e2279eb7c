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

from wigner.maxwellian.constraint import SolveError

from .calculus import Calculus


@dataclass(frozen=True)
class Physics:
    """What the models share: the x lattice, eps, alpha, tau and V(x)."""

    x: Calculus
    epsilon: float
    alpha: float
    tau: float
    V: NDArray

    @cached_property
    def grad_V(self) -> NDArray:
        """grad V, ``(2, N1, N2)``."""
        return self.x.grad(self.V)

    @cached_property
    def gate(self) -> NDArray:
        """grad_perp V, ``(3, N1, N2)``."""
        return self.x.grad_perp(self.V)


class Balance(NamedTuple):
    """d_t u = div flux + source; a missing part is zero."""

    flux: NDArray | None
    source: NDArray | None


class DensityError(SolveError):
    """Densities that no state has; the message says where."""


class Model(ABC):
    """A macroscopic model.

    Attributes
    ----------
    stiff
        Real symbol of the linear part that a time step has to treat implicitly, on spectra,
        ``(4, N1, N2//2+1)``, not positive.
    """

    def __init__(self, physics: Physics) -> None:
        self.physics = physics
        self.stiff = self._stiff()

    @abstractmethod
    def balance(self, u: NDArray) -> Balance:
        """Flux and source at u."""

    @abstractmethod
    def multipliers(self, u: NDArray) -> NDArray:
        """(a0, a) of u as the model has them, shape ``(4, N1, N2)``."""

    def rate(self, u: NDArray) -> NDArray:
        """d_t u, shape ``(4, N1, N2)``."""
        return self.physics.x.field(self.spectral_rate(u))

    def spectral_rate(self, u: NDArray) -> NDArray:
        """The spectrum of d_t u."""
        return assembled(self.physics.x, self.balance(u))

    def evaluations(self) -> list[int]:
        """Moment-map evaluations of the constraint solves since the last call."""
        return []

    def _stiff(self) -> NDArray:
        """Classical diffusion and spin relaxation: tau (Lap - 4 alpha^2 (0, 1, 1, 2))."""
        physics = self.physics
        relaxation = 4 * physics.alpha**2 * np.array([0.0, 1.0, 1.0, 2.0])
        return -physics.tau * (physics.x.wave_number**2 + relaxation[:, None, None])


def assembled(x: Calculus, balance: Balance) -> NDArray:
    """The spectrum of div flux + source."""
    flux, source = balance
    if flux is None:
        return x.transform(source)
    spectrum = x.div_spectrum(flux)
    return spectrum if source is None else spectrum + x.transform(source)


def check_densities(u: NDArray, physics: Physics) -> None:
    """Raise DensityError unless n0 > eps|n| everywhere, naming the worst point."""
    spin = physics.epsilon * np.sqrt((u[1:] ** 2).sum(axis=0))
    margin = np.where(np.isfinite(u).all(axis=0), u[0] - spin, -np.inf)
    if margin.min() > 0:
        return
    worst = np.unravel_index(np.argmin(margin), margin.shape)
    place = [k * L / n for k, L, n in zip(worst, physics.x.length, physics.x.n_x, strict=True)]
    raise DensityError(
        f"densities: got n0 = {u[0][worst]:.6g} and eps|n| = {spin[worst]:.6g} at x1 = "
        f"{place[0]:.6g}, x2 = {place[1]:.6g}, expected n0 > eps|n|; the model does not keep "
        "densities positive there: use a finer n_x, smoother fields or a smaller epsilon"
    )
