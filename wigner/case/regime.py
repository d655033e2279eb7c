"""Lengths and times that decide in which regime a case is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import Fault
from .problem import Problem
from .units import MaterialSpec, scale

# Mean speed of a thermal gas in the plane.
MEAN_SPEED = math.sqrt(math.pi / 2)
# The degeneracy n lambda^2 beyond which Boltzmann statistics is in doubt: the Fermi energy is half
# of kB T0 there, and the pressure of a Fermi gas an eighth larger.
DEGENERATE = 1.0
# Ratios up to which something is small, and from which it is large.
SMALL, LARGE = 0.1, 1.0


@dataclass(frozen=True)
class Scales:
    """Scaled lengths and times of a problem, and numbers made of them.

    Attributes
    ----------
    thermal_wavelength
        h/sqrt(2 pi m kB T0).
    mean_free_path
        Of a mean thermal speed.
    precession_length
        Along which a spin turns once, where coupling is strongest; infinite without any.
    spin_lifetime
        Of n3 after D'yakonov and Perel, 1/(8 tau (alpha^2 + beta^2)); infinite without coupling.
    angle
        By which a spin turns between collisions, in rad.
    box
        The shortest side of the box along which something may vary.
    degeneracy
        The largest n lambda^2 of the initial state, both spins together; it is n0/pi where W is the
        occupation of phase space.
    density_known
        Whether the unit of density is given, and not read as the one of occupations.
    """

    thermal_wavelength: float
    mean_free_path: float
    precession_length: float
    spin_lifetime: float
    angle: float
    box: float
    degeneracy: float
    density_known: bool

    @property
    def regimes(self) -> Iterator[str]:
        """In words, with the numbers that decide, a line each."""
        share = self.mean_free_path / self.box
        flight = _between(share, "diffusive", "between diffusive and ballistic", "ballistic")
        yield f"{flight} (mean free path {share:.2g} of the box)"
        share = self.thermal_wavelength / self.box
        waves = _between(share, "nearly classical", "quantum", "strongly quantum")
        yield f"{waves} (thermal wavelength {share:.2g} of the box)"
        if self.angle > 0:
            turns = _between(
                self.angle,
                "motional narrowing of spins",
                "spins between narrowing and precession",
                "spins precess between collisions",
            )
            yield f"{turns} ({self.angle:.2g} rad between collisions)"

    @property
    def fault(self) -> Fault | None:
        """That Boltzmann statistics does not hold, where it does not."""
        if self.degeneracy <= DEGENERATE:
            return None
        got = f"n lambda^2 up to {self.degeneracy:.3g}, a Fermi energy of "
        got += f"{0.5 * self.degeneracy:.3g} kB T0"
        expected = f"at most {DEGENERATE:g}, as M(N) has Boltzmann statistics"
        remedy = "use a higher temperature or a lower density"
        if not self.density_known:
            remedy += ", or say by material.density what n0 = 1 is"
        return Fault("initial.n0", got, expected, remedy, fatal=False)


def scales_of(problem: Problem, material: MaterialSpec | None = None) -> Scales:
    """Those of a problem; n0 is in the unit that the material gives."""
    physics, grid = problem.physics, problem.grid
    coupling, path = physics.spin_orbit, MEAN_SPEED * physics.tau
    rate = 8 * physics.tau * (physics.alpha**2 + physics.beta**2)
    occupation = 1.0 if material is None else scale(material).occupation
    sides = [L for L, n in zip(grid.length, grid.n_x, strict=True) if n > 1]
    return Scales(
        math.sqrt(2 * math.pi) * physics.epsilon,
        path,
        math.pi / coupling if coupling else math.inf,
        1 / rate if rate else math.inf,
        2 * coupling * path,
        min(sides or grid.length),
        occupation * float(problem.N[0].max() / math.pi),
        material is not None and material.density is not None,
    )


def _between(value: float, small: str, middle: str, large: str) -> str:
    if value < SMALL:
        return small
    return middle if value < LARGE else large
