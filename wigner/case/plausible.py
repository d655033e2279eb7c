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
}
# ... of scaled numbers, with what each is, ...
SCALED = {
    "epsilon": (1e-6, 1e3, "hbar/(x0 p0)"),
    "tau": (1e-15, 1e15, "the relaxation time in units of m x0/p0"),
}
TIMES = {"t_end": (1e-12, 1e15)}
# ... of Rashba's velocity eps |alpha| in thermal velocities, of a box in units of epsilon (the
# thermal wave length is 2.5 of them), of an axis along which nothing varies, and of p_max.
FASTEST, BOX, ANY, P_MAX = 1e2, (1e-2, 1e7), (1e-30, 1e30), (1e-2, 1e4)


def implausible(
    material: MaterialSpec | None,
    physics: Mapping[str, Any],
    grid: Mapping[str, Any],
    time: Mapping[str, Any],
) -> Iterator[Fault]:
    """What is outside of any plausible range, by the key that gives it.

    Parameters
    ----------
    physics, grid, time
        Sections of the case as they were read; keys may be missing where they are wrong already.
    """
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
    if not {"epsilon", "alpha"} <= physics.keys():
        return
    epsilon, alpha = physics["epsilon"], physics["alpha"]
    if epsilon * abs(alpha) > FASTEST:
        speed = apart(epsilon * abs(alpha), FASTEST, "3g")
        got = f"alpha = {alpha:.3g}, a Rashba velocity of {speed} thermal ones"
        yield Fault(_key("alpha", material), got, f"at most {FASTEST:g} of them", _unit(material))
    yield from _of_grid(material, epsilon, grid)


def _of_material(material: MaterialSpec) -> Iterator[Fault]:
    """Keys of a material with numbers that are in another unit, it seems."""
    scaled = scale(material)
    effect = {
        "rashba": f", which makes alpha = {scaled.alpha:.3g}",
        "relaxation_time": f", which makes tau = {scaled.tau:.3g}",
        "reference_length": f", which makes epsilon = {scaled.epsilon:.3g}",
    }
    for key, (least, most, unit, example) in MATERIAL.items():
        value = getattr(material, key)
        if not least <= abs(value) <= most:
            got = f"{_apart(value, least, most)} {unit}{effect.get(key, '')}"
            expected = f"from {least:g} to {most:g} {unit}" if least else f"up to {most:g} {unit}"
            yield Fault(
                f"material.{key}", got, expected, f"write the unit, such as {key} = {example}"
            )


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
    origin = {"epsilon": "reference_length", "alpha": "rashba", "tau": "relaxation_time"}
    return f"physics.{name}" if material is None else f"material.{origin[name]}"


def _unit(material: MaterialSpec | None) -> str:
    return "check its scaling" if material is None else "check the units in [material]"
