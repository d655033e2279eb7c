"""Numbers with units: "200 nm", "0.5 ps", "75 meV A", "1e11 cm-2"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Fault
from .formulas import parse
from .values import PLAIN, Kind

Dimension = tuple[str, ...]

# Symbols: what they are in SI units, and eV for energies; and their dimension.
UNITS = {
    "m": (1.0, "length"),
    "A": (1e-10, "length"),
    "Å": (1e-10, "length"),
    "s": (1.0, "time"),
    "min": (60.0, "time"),
    "h": (3600.0, "time"),
    "eV": (1.0, "energy"),
    "K": (1.0, "temperature"),
    "me": (1.0, "mass"),
    "T": (1.0, "magnetic field"),
    "V/m": (1.0, "electric field"),
    "V/cm": (1e2, "electric field"),
}
# Numbers per area, as they are written.
AREAS = {
    spelled: (size, "density")
    for unit, size in (("m", 1.0), ("cm", 1e4), ("um", 1e12), ("µm", 1e12), ("nm", 1e18))
    for spelled in (f"{unit}-2", f"{unit}^-2", f"{unit}**-2", f"/{unit}2", f"/{unit}^2")
}
AREA = "|".join(map(re.escape, AREAS))  # as a pattern
PER_AREA = rf"\s*{PLAIN}[\s*]*(?:{AREA})\s*"
PREFIXES = {"": 1.0, "c": 1e-2, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "n": 1e-9} | {
    "p": 1e-12,
    "f": 1e-15,
    "k": 1e3,
}
# Symbols that take no prefix.
WHOLE = ("A", "Å", "min", "h", "me")
LENGTH: Dimension = ("length",)
TIME: Dimension = ("time",)
TEMPERATURE: Dimension = ("temperature",)
MASS: Dimension = ("mass",)
RASHBA: Dimension = ("energy", "length")
MAGNETIC: Dimension = ("magnetic field",)
ELECTRIC: Dimension = ("electric field",)
DENSITY: Dimension = ("density",)
SPIN_DENSITY: Dimension = ("spin density",)  # of what is eps times as large as its number
# What units of a dimension look like, and what has one, for a message.
EXAMPLES = {
    LENGTH: "nm, um, A or m",
    TIME: "fs, ps, ns or s",
    TEMPERATURE: "K",
    MASS: "me",
    RASHBA: "meV A, meV nm or eV m",
    MAGNETIC: "mT or T",
    ELECTRIC: "kV/cm, V/cm or V/m",
    DENSITY: "cm-2 or m-2",
}
SUCH = {
    LENGTH: "a length such as 50 nm",
    TIME: "a time such as 0.1 ps",
    TEMPERATURE: "a temperature such as 77 K",
    MASS: "a mass such as 0.04 me",
    RASHBA: "an energy times a length such as 75 meV A",
    MAGNETIC: "a magnetic field such as 500 mT",
    ELECTRIC: "an electric field such as 1 kV/cm",
    DENSITY: "a density such as 1e11 cm-2",
}
# The scaled unit of what may stand in a place for a scaled number.
SCALED = {LENGTH: "x0", TIME: "m x0/p0", DENSITY: "N0", SPIN_DENSITY: "eps N0"}
RAISED = re.compile("[⁺⁻⁰¹²³⁴-⁹]")  # powers as they are printed


@dataclass(frozen=True)
class Quantity:
    """A physical value in a place for a scaled one.

    Attributes
    ----------
    value
        In SI units.
    dimension
        ``LENGTH``, ``TIME``, ``DENSITY`` or ``SPIN_DENSITY``.
    text
        As it was written.
    """

    value: float
    dimension: Dimension
    text: str


def quantity(text: str, dimension: Dimension) -> float:
    """The value of a number with a unit of this dimension, in SI units (eV m for Rashba constants).

    Raises
    ------
    ValueError
        If it is none, or so large that no number holds it, with the units that are known.
    """
    _check_powers(text)
    match = re.fullmatch(rf"\s*({PLAIN})[\s*]*(.+?)\s*", text)
    symbols = [] if match is None else [match[2]] if match[2] in AREAS else _symbols(match[2])
    factors = [_factor(symbol) for symbol in symbols]
    if match is None or None in factors:
        raise ValueError(f"use a number, or one with a unit such as {EXAMPLES[dimension]}")
    known = [factor for factor in factors if factor is not None]
    if tuple(sorted(kind for _, kind in known)) != dimension:
        raise ValueError(f"use {SUCH[dimension]}")
    value = float(match[1]) * math.prod(scale for scale, _ in known)
    if not math.isfinite(value):
        raise ValueError(f"that is too large: use {SUCH[dimension]}")
    return value


def _check_powers(text: object) -> None:
    """Raise ValueError where a power is raised: a case has it beside its unit."""
    if isinstance(text, str) and RAISED.search(text):
        raise ValueError("write powers as in cm-2")


def _symbols(text: str) -> list[str]:
    """The units of a product of such."""
    return re.split(r"[\s*·]+", text)


def _factor(symbol: str) -> tuple[float, str] | None:
    """Size and dimension of a unit; None if it is unknown."""
    if symbol in UNITS or symbol in AREAS:
        return (UNITS | AREAS)[symbol]
    prefix, unit = symbol[:1], symbol[1:]
    if prefix in PREFIXES and unit in UNITS and unit not in WHOLE:
        size, dimension = UNITS[unit]
        return PREFIXES[prefix] * size, dimension
    return None


def physical(kind: Kind, dimension: Dimension) -> Kind:
    """A number in SI units, or one with a unit of this dimension."""

    def read(value: object) -> float:
        return float(kind.read(_with_unit(value, dimension)))

    return Kind(kind.expected, kind.plural, read)


def scalable(kind: Kind, dimension: Dimension) -> Kind:
    """A scaled number, or one with a unit, which is read as a :class:`Quantity`."""

    def read(value: object) -> float | Quantity:
        number = kind.read(_with_unit(value, dimension))
        if isinstance(value, str):
            return Quantity(float(number), dimension, value)
        return float(number)

    return Kind(kind.expected, kind.plural, read)


def uniform(kind: Kind, dimension: Dimension) -> Kind:
    """A formula, or a number per area such as "1e11 cm-2", which is read as a :class:`Quantity`."""

    def read(value: object) -> Any:
        _check_powers(value)
        if isinstance(value, str) and re.fullmatch(PER_AREA, value):
            return Quantity(quantity(value, DENSITY), dimension, value)
        return kind.read(value)

    return Kind(kind.expected, kind.plural, read)


def _with_unit(value: object, dimension: Dimension) -> object:
    """The number that a text such as "200 nm" stands for; all else as it is.

    A letter that a sign or a digit follows is an exponent, as in 1d-6, and no unit.
    """
    _check_powers(value)
    looks = rf"\s*{PLAIN}[\s*]*[^\W\d_](?![+\-\d])|{PER_AREA}"
    if isinstance(value, str) and re.match(looks, value):
        return quantity(value, dimension)
    return value


def settle(
    sections: Mapping[str, dict[str, Any]], units: Mapping[Dimension, float], *, told: bool
) -> Iterator[Fault]:
    """Scale the quantities in the sections of a case, in place.

    Parameters
    ----------
    units
        SI values of the units of length and time, and of densities where the material says it;
        empty where there is no material.
    told
        Whether there is a fault already that tells why there is none.
    """
    every = [(section, key) for section, table in sections.items() for key in table]
    for section, key in every:
        value = sections[section][key]
        parts = value if isinstance(value, tuple) else (value,)
        given = [part for part in parts if isinstance(part, Quantity)]
        if any(part.dimension not in units for part in given):
            del sections[section][key]
            if not told:
                yield _without_unit(f"{section}.{key}", given[0], material=bool(units))
        elif any(math.isinf(part.value / units[part.dimension]) for part in given):
            del sections[section][key]
            expected = f"a finite number of {SCALED[given[0].dimension]}"
            yield Fault(f"{section}.{key}", f'"{given[0].text}"', expected, "check its unit")
        elif given:
            scaled = [_scaled(p, units) if isinstance(p, Quantity) else p for p in parts]
            sections[section][key] = tuple(scaled) if isinstance(value, tuple) else scaled[0]


def _scaled(given: Quantity, units: Mapping[Dimension, float]) -> Any:
    """A scaled number, of densities the formula of it."""
    number = given.value / units[given.dimension]
    return parse(number) if given.dimension in (DENSITY, SPIN_DENSITY) else number


def _without_unit(key: str, given: Quantity, *, material: bool) -> Fault:
    """That a quantity has no unit to be scaled by."""
    missing = "material.density" if material else "[material]"
    add = missing if material else "a section [material]"
    if given.dimension in (DENSITY, SPIN_DENSITY):
        add += f'{"" if material else " with density"}, such as "1e11 cm-2"'
    unit = SCALED[given.dimension]
    expected = f"a scaled number, as there is no {missing}"
    return Fault(key, f'"{given.text}"', expected, f"divide it by the unit {unit}, or add {add}")
