"""What scaled quantities are measured in, by name and in SI (section 2.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import SCALED_TIME
from .units import ELEMENTARY_CHARGE, HBAR, PLANCK, Scaling


@dataclass(frozen=True)
class Unit:
    """What the number 1 of a scaled quantity stands for.

    Attributes
    ----------
    text
        In the letters of the scaling; empty for a pure number.
    si
        The SI unit, as UDUNITS writes it; "1" for a pure number.
    size
        How many SI units it is, given the scaling of a case.
    """

    text: str
    si: str
    size: Callable[[Scaling], float]


def density_unit(units: Scaling) -> float:
    """N0 in electrons/m^2: what n0 = 1 stands for."""
    return units.density


def _number(units: Scaling) -> float:
    """N0 x0^2."""
    return density_unit(units) * units.length**2


# <w> = eps n: what belongs to n, or acts on it, has eps in its unit. Spins count as ups less downs.
UNITS = {
    "1": Unit("", "1", lambda u: 1.0),
    "length": Unit("x0", "m", lambda u: u.length),
    "time": Unit("m x0/p0", "s", lambda u: u.time),
    "rate": Unit("p0/(m x0)", "s-1", lambda u: 1 / u.time),
    "momentum": Unit("p0", "kg m s-1", lambda u: u.momentum),
    "energy": Unit("kB T0", "J", lambda u: u.energy),
    "spin energy": Unit("eps kB T0", "J", lambda u: u.epsilon * u.energy),
    "force": Unit("kB T0/x0", "N", lambda u: u.energy / u.length),
    "density": Unit("N0", "m-2", density_unit),
    "spin density": Unit("eps N0", "m-2", lambda u: u.epsilon * density_unit(u)),
    "number": Unit("N0 x0^2", "1", _number),
    "spin number": Unit("eps N0 x0^2", "1", lambda u: u.epsilon * _number(u)),
    "number rate": Unit("N0 x0 p0/m", "s-1", lambda u: _number(u) / u.time),
    "spin number rate": Unit("eps N0 x0 p0/m", "s-1", lambda u: u.epsilon * _number(u) / u.time),
    "current": Unit("N0 p0/m", "m-1 s-1", lambda u: density_unit(u) * u.length / u.time),
    "momentum density": Unit("N0 p0", "kg m-1 s-1", lambda u: density_unit(u) * u.momentum),
    "energy density": Unit("N0 kB T0", "J m-2", lambda u: density_unit(u) * u.energy),
    "total energy": Unit("N0 x0^2 kB T0", "J", lambda u: _number(u) * u.energy),
    "power": Unit("N0 x0 p0 kB T0/m", "W", lambda u: _number(u) * u.energy / u.time),
    "phase space density": Unit("N0/p0^2", "J-2 s-2", lambda u: density_unit(u) / u.momentum**2),
    "phase density": Unit("N0 x0/p0", "J-1 s-1", lambda u: _number(u) / (u.length * u.momentum)),
    "momentum distribution": Unit(
        "N0 x0^2/p0^2", "s2 kg-2 m-2", lambda u: _number(u) / u.momentum**2
    ),
    "action": Unit("x0 p0", "J s", lambda u: u.length * u.momentum),
}
MEV = 1e-3 * ELEMENTARY_CHARGE
# Units in which people think, the smallest first, by the SI unit. W is told in electrons in a cell
# of phase space, (2 pi hbar)^2: twice the occupation of it by each spin.
USUAL = {
    "m": ((1e-9, "nm"), (1e-6, "µm"), (1e-3, "mm")),
    "s": ((1e-15, "fs"), (1e-12, "ps"), (1e-9, "ns")),
    "J": ((1e-3 * MEV, "µeV"), (MEV, "meV"), (1e3 * MEV, "eV")),
    "kg m s-1": ((1e9 * HBAR, "ħ nm-1"),),
    "N": ((1e5 * ELEMENTARY_CHARGE, "e kV/cm"),),  # as electric fields are written
    "m-2": ((1e4, "cm-2"),),
    "J m-2": ((1e12 * MEV, "meV µm-2"),),
    "J s": ((HBAR, "ħ"),),
    "J-2 s-2": ((1 / PLANCK**2, "h-2"),),
    "J-1 s-1": ((1 / PLANCK, "h-1"),),
    "s2 kg-2 m-2": ((1e-18 / HBAR**2, "nm2 ħ-2"),),
    "kg m-1 s-1": ((1e21 * HBAR, "ħ nm-1 µm-2"),),
}


def suited(unit: Unit, units: Scaling, largest: float) -> tuple[float, str]:
    """A unit in which people think for numbers up to ``largest``, and what they are times."""
    size = unit.size(units)
    base, name = usual(unit.si, size * largest)
    return size / base, name


def moment(units: Scaling | None, t: float) -> str:
    """A scaled time for a line of a log, in SI too where there is a material."""
    return f"{SCALED_TIME(t)}{beside(units, 'time', t) if t else ''}"


def told(value: float, si: str) -> str:
    """A number in an SI unit, in a unit in which people think."""
    base, name = usual(si, abs(value))
    return f"{value / base:.4g} {name}"


def usual(si: str, largest: float) -> tuple[float, str]:
    """A unit for numbers up to ``largest`` in an SI unit: its size, and its name."""
    known = USUAL.get(si, ((1.0, si),))
    return next((unit for unit in known[::-1] if unit[0] <= largest), known[0])


def beside(units: Scaling | None, name: str, *values: float, by: str = " to ") -> str:
    """Scaled numbers in SI, within parentheses, to stand beside them; empty without a material."""
    if units is None:
        return ""
    factor, unit = suited(UNITS[name], units, max(map(abs, values)))
    return f" ({by.join(f'{value * factor:.4g}' for value in values)} {unit})"
