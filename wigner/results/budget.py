"""Balances: what becomes of the energy and of the spin, and how well the account closes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..case.dimensions import UNITS, Unit
from ..errors import CaseError, Fault
from . import labels, scales, style
from .run import Run
from .series import title
from .totals import energy_parts
from .view import View

ENERGY = UNITS["total energy"]
# What is accounted for, and the amounts that were added to it since the first record.
BALANCES = {"energy": ("work", "heat"), "spin_total": ("torque",)}
Lines = dict[str, NDArray]


class Budget:
    """Draws changes since the first record: of the energy, of its parts, and of the total spin.

    With them stand the amounts that a run records as added, and what of the change these leave
    unexplained. Everything else in units of energy is drawn beside the energy.

    Raises
    ------
    CaseError
        If the run has nothing of the kind.
    """

    def __init__(self, run: Run, span: Sequence[int], view: View) -> None:
        self._run, self._si = run, view.si
        self._time = labels.time(run, si=view.si)
        series = [name for name, held in run.variables.items() if held.is_series]
        energies = [name for name in series if run.variables[name].unit is ENERGY]
        if not energies:
            expected = "an energy, as kinetic runs and models of this revision record it"
            got = f"no energy among {', '.join(sorted(series))}"
            raise CaseError(Fault(str(run.moments), got, expected))
        self._energies = {title(name): _change(run.series(name)) for name in energies}
        self._parts = {word: _change(values) for word, values in energy_parts(run).items()}
        self._open = {
            name: _unexplained(run, name, added, self._parts if name == "energy" else {})
            for name, added in BALANCES.items()
            if {name, *added} <= set(series)
        }
        self._missing = [
            name for added in BALANCES.values() for name in added if name not in series
        ]

    def draw(self, figure: Figure, records: Sequence[int]) -> None:
        """The panels that the run has something for, and a line on what is missing."""
        spins = self._spins()
        drawn = [
            ("change of energies", self._energies, ENERGY),
            ("change of the parts of the energy", self._parts, ENERGY),
            ("change of the total spin", spins, UNITS["spin number"]),
        ]
        drawn = [one for one in drawn if one[1] is self._energies or self._changes(*one[1:])]
        seen = {name: np.where(v > scales.ROUNDOFF, v, np.nan) for name, v in self._open.items()}
        seen = {name: share for name, share in seen.items() if np.isfinite(share).any()}
        (axes,) = style.folded(figure, 1, len(drawn) + bool(seen), (4.2, 3.1))
        t = self._run.times * self._time.factor
        for ax, (name, lines, unit) in zip(axes, drawn, strict=False):
            how, scale = scales.shown(self._run, unit, _largest(lines), si=self._si)
            for k, (word, values) in enumerate(lines.items()):
                style.line(ax, t, values * how.factor, word, k, len(lines))
            self._finish(ax, name, how.unit, scale)
        if seen:
            self._unclosed(axes[-1], t, seen)
        if self._missing:
            note = f"This run records no {', no '.join(self._missing)}: its balances stay open."
            figure.supxlabel(note, x=0.01, ha="left", fontsize=9, color="#5d6876")

    def _spins(self) -> Lines:
        """Changes of the total spin and what was added, by component."""
        found: Lines = {}
        for name in ("spin_total", *BALANCES["spin_total"]):
            if name in self._run.variables:
                values = _change(self._run.series(name))
                word = "" if name == "spin_total" else f"{title(name)}, "
                found |= {f"{word}$k = {k + 1}$": values[:, k] for k in range(3)}
        return found

    def _changes(self, lines: Lines, unit: Unit) -> bool:
        """Whether any of some lines is more than rounding noise."""
        largest = _largest(lines) if lines else 0.0
        return largest > scales.scale(self._run, unit, largest).noise

    def _unclosed(self, ax: Axes, t: NDArray, seen: Lines) -> None:
        """What balances leave unexplained where it is more than rounding noise, as shares."""
        shares = np.concatenate([share[np.isfinite(share)] for share in seen.values()])
        ax.set_yscale("log")
        ax.set_ylim(0.3 * shares.min(), 3 * shares.max())
        for k, (name, share) in enumerate(seen.items()):
            style.line(ax, t, share, title(name), k, len(seen))
        style.legend(ax)
        ax.set(title="not explained by what was added", ylabel="share of the largest part")
        ax.set_xlabel(self._time.label("t"))

    def _finish(self, ax: Axes, name: str, ylabel: str, scale: scales.Scale) -> None:
        style.finish(ax, scale=scale)
        if len(ax.lines) == 1:
            style.legend(ax)
        ax.set(title=name, xlabel=self._time.label("t"), ylabel=ylabel)


def _change(values: NDArray) -> NDArray:
    return values - values[0]


def _largest(lines: Lines) -> float:
    """The largest number of any of some lines."""
    return max(float(np.abs(values).max()) for values in lines.values())


def _unexplained(run: Run, name: str, added: Sequence[str], parts: Lines) -> NDArray:
    """|change - what was added|, ``(records,)``, as a share; 0 of rounding noise.

    It is a share of the largest change, of what was added, or of a part of what is accounted for:
    what parts exchange may be much more than what their sum changes by.
    """
    changes = [_change(run.series(one)) for one in (name, *added)]
    changes = [change.reshape(change.shape[0], -1) for change in changes]
    largest = max(float(np.abs(change).max()) for change in (*changes, *parts.values()))
    rest = np.abs(changes[0] - sum(changes[1:])).max(axis=1)
    noise = scales.scale(run, run.variables[name].unit, largest).noise
    return np.asarray(rest / largest) if largest > noise else np.zeros_like(rest)
