"""What stands on an axis: symbols, and units that suit the numbers, scaled or in SI."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ..case.dimensions import UNITS, Unit, suited
from .run import Run

SYMBOLS = {
    "time": "t",
    "n0": "n_0",
    "n": "n",
    "a0": "a_0",
    "a": "a",
    "V": "V",
    "potential": "V",
    "phi": r"\varphi",
    "b": "b",
    "E": "E",
    "current": "J",
    "momentum": "P",
    "kinetic_energy": r"\langle |p|^2 w_0/2\rangle",
    "rashba_energy": r"\varepsilon\langle \Lambda p\cdot w\rangle",
    "mass": r"\int n_0\,dx",
    "spin_total": r"\int n_k\,dx",
    "l2_norm": r"\Vert W\Vert",
    "purity": r"\mathrm{Tr}\,\rho^2/(\mathrm{Tr}\,\rho)^2",
}

# What stands for parts of units: the unit of time has a letter of its own.
LETTERS = {
    "p0/(m x0)": "t_E^{-1}",
    "m x0/p0": "t_E",
    "kB": r"k_\mathrm{B}",
    "eps": r"\varepsilon",
}


@dataclass(frozen=True)
class Shown:
    """How the numbers of a quantity are shown.

    Attributes
    ----------
    factor
        What scaled numbers are multiplied by.
    unit
        As mathematical text; empty for pure numbers.
    """

    factor: float
    unit: str

    def label(self, symbol: str) -> str:
        """The symbol, which is mathematical text without dollars, with the unit."""
        return f"${symbol}$ ({self.unit})" if self.unit else f"${symbol}$"

    def number(self, value: float) -> str:
        """A number that is shown so, with its unit."""
        times = r" $\times$ " if self.unit.startswith("$10^") else " "
        return f"{value:.3g}{times}{self.unit}" if self.unit else f"{value:.3g}"


def shown(run: Run, unit: Unit, largest: float, *, si: bool, spin: bool = False) -> Shown:
    """How numbers of some unit, up to ``largest``, are shown.

    Parameters
    ----------
    spin
        Whether they are spin components of what has this unit for the charge.
    """
    factor, name = plain(run, unit, largest, si=si, spin=spin)
    if not name:
        return Shown(factor, "")
    if not si or run.scaling is None:
        return Shown(factor, f"${_letters(name)}$")
    value = factor * largest
    power = 0 if value == 0 or 0.1 <= value < 1e4 else math.floor(math.log10(value))
    times = rf"$10^{{{power}}}$ " if power else ""
    return Shown(factor / 10.0**power, f"{times}{_raised(name)}")


def plain(
    run: Run, unit: Unit, largest: float, *, si: bool, spin: bool = False
) -> tuple[float, str]:
    """What scaled numbers are multiplied by, and the unit that they have then, as plain text.

    Parameters are those of :func:`shown`; the unit of pure numbers is empty.
    """
    if not si or run.scaling is None:
        return 1.0, f"eps {unit.text}" if spin and unit.text else unit.text
    share = run.epsilon if spin else 1.0
    if unit.si == "1":
        return share * unit.size(run.scaling), ""
    factor, name = suited(unit, run.scaling, share * largest)
    return share * factor, name


def length(run: Run, *, si: bool) -> Shown:
    """How places are shown."""
    return shown(run, UNITS["length"], max(run.length), si=si)


def time(run: Run, *, si: bool) -> Shown:
    """How times are shown."""
    return shown(run, UNITS["time"], float(abs(run.times).max()), si=si)


def moment(run: Run, t: float, *, si: bool) -> str:
    """A time in words, for a title."""
    how = time(run, si=si)
    return f"$t = {_plain(t * how.factor)}$" + (f" {how.unit}" if si and run.scaling else "")


def symbol(name: str, component: int | str | None = None) -> str:
    """The letters of a variable, or of one of its components, as mathematical text."""
    letters = SYMBOLS.get(name, rf"\mathrm{{{name.replace('_', ' ').replace(' ', chr(92) + ' ')}}}")
    return letters if component is None else f"{letters}_{{{component}}}"


def _plain(value: float) -> str:
    """A number as it would be written in a line of mathematics."""
    text = f"{value:.4g}"
    digits, _, power = text.partition("e")
    return rf"{digits}\times 10^{{{int(power)}}}" if power else text


def _letters(text: str) -> str:
    """A unit such as "N0 x0^2 kB T0" as mathematical text."""
    for plain, letters in LETTERS.items():
        text = text.replace(plain, letters)
    return re.sub(r"\b([A-Za-z])0", r"\1_0", text).replace(" ", r"\,")


def _raised(unit: str) -> str:
    """A unit such as "m-1 s-1" with its powers raised."""
    return re.sub(r"(?<=[^\W\d_])(-?\d+)", r"$^{\1}$", unit)
