"""Numbers that no device has, and the slips of unit that they may come from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import Fault, apart
from .units import MaterialSpec, scale

# Least and largest values that may be meant: of the keys of a material, in their units, ...
MATERIAL = {
    "effective_mass": (1e-3, 1e2, "electron masses", '"0.04 me"'),
    "temperature": (1e-3, 1e5, "K", '"77 K"'),
    "rashba": (0.0, 1e-9, "eV m", '"75 meV A"'),
    "relaxation_time": (1e-18, 1e-6, "s", '"0.1 ps"'),
    "reference_length": (1e-10, 1e-3, "m", '"50 nm"'),
    "dresselhaus": (0.0, 1e-9, "eV m", '"5 meV A"'),
    "magnetic_field": (0.0, 1e4, "T", '[0, 0, "500 mT"]'),
    "electric_field": (0.0, 1e10, "V/m", '["1 kV/cm", 0]'),
    "g_factor": (0.0, 1e4, "", "-15.0"),
    "density": (1e12, 1e19, "m-2", '"1e11 cm-2"'),
    "dielectric_constant": (1e-1, 1e6, "", "14.0"),
}
# ... of scaled numbers, with what each is, ...
SCALED = {
    "epsilon": (1e-6, 1e3, "hbar/(x0 p0)"),
    "tau": (1e-15, 1e15, "the relaxation time in units of m x0/p0"),
}
TIMES = {"t_end": (1e-12, 1e15)}
# ... of the velocities eps |alpha| and eps |beta| in thermal velocities, of a box in units of
# epsilon (the thermal wave length is 2.5 of them), of any other length, and of p_max.
FASTEST, BOX, ANY, P_MAX = 1e2, (1e-2, 1e7), (1e-30, 1e30), (1e-2, 1e4)


def implausible(
    material: MaterialSpec | None, sections: Mapping[str, Mapping[str, Any]]
) -> Iterator[Fault]:
    """What is outside of any plausible range, by the key that gives it.

    Parameters
    ----------
    sections
        Those of the case as they were read; keys may be missing where they are wrong already.
    """
    physics, grid, time = (sections[name] for name in ("physics", "grid", "time"))
    slips = [] if material is None else [*_of_material(material)]
    if slips:
        yield from slips
        return
    for key, (least, most, meaning) in SCALED.items():
        if key in physics and not least <= physics[key] <= most:
            expected = f"{meaning} from {least:g} to {most:g}"
            yield Fault(
                _key(key, material),
                f"{key} = {_apart(physics[key], least, most)}",
                expected,
                _unit(material),
            )
            return
    for key, (least, most) in TIMES.items():
        if key in time and not least <= time[key] <= most:
            got, remedy = _apart(time[key], least, most), "times are in units of m x0/p0"
            yield Fault(f"time.{key}", got, f"a time from {least:g} to {most:g}", remedy)
    screening, (least, most) = sections["field"].get("screening_length"), ANY
    if screening is not None and not least <= screening <= most:
        got, expected = _apart(screening, *ANY), f"a length from {least:g} to {most:g}"
        yield Fault("field.screening_length", got, expected, "it is in units of x0")
    if not {"epsilon", "alpha", "beta"} <= physics.keys():
        return
    epsilon = physics["epsilon"]
    for key, name in (("alpha", "Rashba"), ("beta", "Dresselhaus")):
        if epsilon * abs(physics[key]) > FASTEST:
            speed = apart(epsilon * abs(physics[key]), FASTEST, "3g")
            got = f"{key} = {physics[key]:.3g}, a {name} velocity of {speed} thermal ones"
            yield Fault(_key(key, material), got, f"at most {FASTEST:g} of them", _unit(material))
    yield from _of_grid(material, epsilon, grid)


def _of_material(material: MaterialSpec) -> Iterator[Fault]:
    """Keys of a material with numbers that are in another unit, it seems."""
    scaled = scale(material)
    effect = {
        "rashba": f", which makes alpha = {scaled.alpha:.3g}",
        "dresselhaus": f", which makes beta = {scaled.beta:.3g}",
        "relaxation_time": f", which makes tau = {scaled.tau:.3g}",
        "reference_length": f", which makes epsilon = {scaled.epsilon:.3g}",
    }
    for key, (least, most, unit, example) in MATERIAL.items():
        given = getattr(material, key)
        values = given if isinstance(given, tuple) else () if given is None else (given,)
        value = max(values, key=abs, default=max(least, 1.0))
        if not least <= abs(value) <= most:
            unit = f" {unit}" if unit else ""
            got = f"{_apart(value, least, most)}{unit}{effect.get(key, '')}"
            expected = f"from {least:g} to {most:g}{unit}" if least else f"up to {most:g}{unit}"
            write = "write the unit, such as" if unit else "use for instance"
            yield Fault(f"material.{key}", got, expected, f"{write} {key} = {example}")


def _of_grid(
    material: MaterialSpec | None, epsilon: float, grid: Mapping[str, Any]
) -> Iterator[Fault]:
    """Boxes that are no boxes for an electron gas."""
    n_x, length, p_max = (grid.get(key) or () for key in ("n_x", "length", "p_max"))
    for n, L in zip(n_x, length, strict=True) if n_x and length else ():
        least, most = (epsilon * b for b in BOX) if n > 1 else ANY
        if not least <= L <= most:
            waves = L / epsilon / math.sqrt(2 * math.pi)
            got = f"{_apart(L, least, most)}, that is {waves:.2g} thermal wave lengths"
            expected = f"a side from {least:.2g} to {most:.2g}"
            remedy = "lengths are in units of the reference length x0"
            if material is not None:
                meant = 1e9 * material.reference_length
                remedy += f", here {meant:.4g} nm: write {L / material.reference_length:.4g}, or "
                remedy += f'"{1e9 * L:.4g} nm"'
            yield Fault("grid.length", got, expected, remedy)
    for P in dict.fromkeys(p_max):
        if not P_MAX[0] <= P <= P_MAX[1]:
            expected = f"{P_MAX[0]:g} to {P_MAX[1]:g} thermal momenta"
            yield Fault("grid.p_max", _apart(P, *P_MAX), expected, 'use "auto"')


def _apart(value: float, least: float, most: float) -> str:
    """A number that is outside of a range, so that it reads like that."""
    if value < 0:
        return apart(value, -most, "3g")
    return apart(value, least if value < least else most, "3g")


def _key(name: str, material: MaterialSpec | None) -> str:
    """The key that a scaled number comes from."""
    origin = {
        "epsilon": "reference_length",
        "alpha": "rashba",
        "beta": "dresselhaus",
        "tau": "relaxation_time",
    }
    return f"physics.{name}" if material is None else f"material.{origin[name]}"


def _unit(material: MaterialSpec | None) -> str:
    return "check its scaling" if material is None else "check the units in [material]"
