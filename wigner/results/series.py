"""Numbers over time: what is conserved, norms and energies, and how sound the run is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from . import labels, scales, style
from .run import Run
from .view import View

COLUMNS = 3
# Shares that should be small: drawn together, by their logarithm.
SOUND = ("edge_mass", "tail_eta", "tail_xi", "repair", "lattice_defect", "tail_rate")
TITLES = {"l2_norm": "L2 norm of W", "spin_total": "total spin"}
# What a run should keep: drawn as a relative change.
KEPT = ("mass",)


class Series:
    """Draws every number that a run records over time: one panel each, components together."""

    def __init__(self, run: Run, span: Sequence[int], view: View) -> None:
        self._run, self._si = run, view.si
        self._time = labels.time(run, si=view.si)
        names = [name for name, held in run.variables.items() if held.is_series and name != "time"]
        self._sound = [name for name in names if name in SOUND]
        self._values = {name: run.series(name) for name in names}
        always = (*KEPT, "spin_total")
        self._single = [
            name
            for name, values in self._values.items()
            if name not in SOUND and (name in always or values.any())
        ]

    def draw(self, figure: Figure, records: Sequence[int]) -> None:
        """All panels, over the time of the first to the last record."""
        count = len(self._single) + bool(self._sound)
        axes = style.grid(figure, -(-count // COLUMNS), COLUMNS, (3.6, 2.3))
        t = self._run.times * self._time.factor
        for ax in axes.flat[count:]:
            ax.remove()
        for ax, name in zip(axes.flat, self._single, strict=False):
            self._panel(ax, t, name)
        if self._sound:
            self._soundness(axes.flat[count - 1], t)
        for ax in axes.flat[:count]:
            ax.set_xlabel(self._time.label("t"))

    def _panel(self, ax: Axes, t: NDArray, name: str) -> None:
        """One variable: a line, or one for each component."""
        run, held, values = self._run, self._run.variables[name], self._values[name]
        if name in KEPT and values[0] != 0:
            change = values / values[0] - 1
            style.line(ax, t, change, "", 0)
            style.finish(ax, scale=scales.SHARE)
            kept = " (kept to rounding)" if np.abs(change).max() <= scales.ROUNDOFF else ""
            ax.set(title=f"mass{kept}", ylabel="relative change")
            return
        how, scale = scales.shown(run, held.unit, float(np.abs(values).max()), si=self._si)
        columns = values.reshape(values.shape[0], -1) * how.factor
        for k, column in enumerate(columns.T):
            label = "" if values.ndim == 1 else f"$k = {k + 1}$"
            style.line(ax, t, column, label, k, columns.shape[1])
        style.finish(ax, scale=scale)
        ax.set(title=title(name), ylabel=how.label(labels.symbol(name)))

    def _soundness(self, ax: Axes, t: NDArray) -> None:
        """The shares that should be small; those that are rounding noise are left out."""
        for k, name in enumerate(self._sound):
            values = self._values[name]
            seen = values > scales.ROUNDOFF
            if seen.any():
                style.line(ax, t, np.where(seen, values, np.nan), title(name), k, len(self._sound))
        ax.set(title="what the lattices lose", ylabel="share")
        if ax.lines:
            ax.set_yscale("log")
            style.legend(ax, size=8.0)


def title(name: str) -> str:
    """The name of a variable in words."""
    return TITLES.get(name, name.replace("_", " "))
