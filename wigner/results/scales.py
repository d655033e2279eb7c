"""What numbers are small beside: rounding noise has no scale of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..case.dimensions import UNITS, Unit
from . import labels
from .run import Run

# The share of what it belongs to below which something is rounding noise.
ROUNDOFF = 1e-12
# Of a thermal state: the powers of the density and of the area that a quantity grows with.
THERMAL = {
    "energy": (0, 0),
    "force": (0, 0),
    "density": (1, 0),
    "current": (1, 0),
    "momentum density": (1, 0),
    "energy density": (1, 0),
    "number": (1, 1),
    "total energy": (1, 1),
}


@dataclass(frozen=True)
class Scale:
    """How large the numbers of a quantity are.

    Attributes
    ----------
    size
        The largest; of a quantity that is nothing but noise what is usual, 0 where nothing is.
    noise
        What is not larger is rounding noise, and drawn as zero on the scale of ``size``.
    """

    size: float = 0.0
    noise: float = 0.0

    def of(self, largest: float) -> float:
        """The scale of a part that is up to ``largest``: its own, or of noise that of the whole."""
        return largest if largest > self.noise else self.size

    def shown(self, factor: float) -> Scale:
        """The same in other units."""
        return Scale(self.size * factor, self.noise * factor)


SHARE = Scale(1.0, ROUNDOFF)  # of pure numbers that are shares of something
# How n0 and n are shown, and their scales as they are shown.
Densities = tuple[tuple[labels.Shown, Scale], tuple[labels.Shown, Scale]]


def scale(run: Run, unit: Unit, largest: float, *, spin: bool = False) -> Scale:
    """That of a quantity of some unit, whose numbers of all components go up to ``largest``.

    They are noise beside the largest, or beside what is usual.

    Parameters
    ----------
    spin
        Whether it is the spin's part of what has this unit for the charge.
    """
    usual = thermal(run, unit, spin=spin)
    noise = ROUNDOFF * max(largest, usual)
    return Scale(largest if largest > noise else usual, noise)


def shown(run: Run, unit: Unit, largest: float, *, si: bool) -> tuple[labels.Shown, Scale]:
    """How the numbers of a quantity are shown, and their scale as they are shown.

    Parameters are those of :func:`scale` and of :func:`.labels.shown`.
    """
    found = scale(run, unit, largest)
    how = labels.shown(run, unit, found.size, si=si)
    return how, found.shown(how.factor)


def densities(run: Run, states: Sequence[NDArray], *, si: bool) -> Densities:
    """As :func:`shown`, of n0 and of n, from densities (n0, n) of a run, ``(4, ...)`` each."""
    n0, n = (max(float(np.abs(u[part]).max()) for u in states) for part in (np.s_[:1], np.s_[1:]))
    units = run.variables["n0"].unit, run.variables["n"].unit
    return shown(run, units[0], n0, si=si), shown(run, units[1], n, si=si)


def thermal(run: Run, unit: Unit, *, spin: bool = False) -> float:
    """What a quantity of some unit is like in a thermal state of the density of a run.

    That of the spin is what it is where all spins are alike. It is 0 where nothing is usual.

    Parameters
    ----------
    spin
        Whether it is a component of the spin of what has this unit for the charge.
    """
    for name, (density, area) in THERMAL.items():
        of_spin = UNITS.get(f"spin {name}")
        if unit in (UNITS[name], of_spin):
            size = run.density**density * prod(run.length) ** area
            return size / run.epsilon if spin or unit == of_spin else size
    return 0.0
