"""Every field of a record that is no current, component by component."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from . import labels, scales, smooth, style
from .abscissa import Abscissa
from .run import Run
from .view import View

COLUMNS = 4
# These come first, so that (n0, n) and (a0, a) stand in a row.
FIRST = ("n0", "n", "a0", "a")


class Panel(NamedTuple):
    """A variable that is one field, or a component of one that is three."""

    name: str
    component: int | None


class Components:
    """Draws one record, with a panel for each component of each field that the run has.

    Components of one vector share their colours. Fields that are the same everywhere are drawn over
    the times of the records.
    """

    def __init__(self, run: Run, span: Sequence[int], view: View) -> None:
        self._run, self._view, self._span = run, view, span
        self._place = labels.length(run, si=view.si)
        self._rows = _rows(_variables(run))
        self._shown, self._limits, self._scales = {}, {}, {}
        for name in dict.fromkeys(panel.name for row in self._rows for panel in row):
            values = [smooth.fine(run.field(name, k), run.length) for k in span]
            unit, largest = run.variables[name].unit, max(float(np.abs(v).max()) for v in values)
            shown, scale = scales.shown(run, unit, largest, si=view.si)
            low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
            noise = largest * shown.factor <= scale.noise
            signed = low < 0 < high or noise  # zero is in the middle
            self._shown[name], self._scales[name] = shown, scale
            scaled = [v * shown.factor for v in values]
            limits = style.limits(scaled, signed=signed, scale=scale)
            self._limits[name] = (signed, limits)

    def draw(self, figure: Figure, records: Sequence[int]) -> None:
        """The last of the records: maps, or lines where it varies along one axis at the most."""
        rows = self._rows
        (*_, group) = Abscissa(self._run, self._view).groups(records)
        strip = smooth.is_strip(self._run)
        size = (2.7, 2.0) if strip else style.panel(self._run.length, area=6.5)
        axes = style.grid(figure, len(rows), COLUMNS, size)
        for row, panels in zip(axes, rows, strict=True):
            for ax in row[len(panels) :]:
                ax.remove()
            for ax, panel in zip(row, panels, strict=False):
                self._draw(ax, panel, group)
        when = Abscissa(self._run, self._view).when(group)
        figure.suptitle(when, x=0.01, ha="left", fontsize=11)

    def _draw(self, ax: style.Axes, panel: Panel, records: Sequence[int]) -> None:
        name, component = panel
        shown, (signed, between) = self._shown[name], self._limits[name]
        label = shown.label(labels.symbol(name, component))

        def field(record: int) -> NDArray:
            values = self._run.field(name, record) * shown.factor
            return values if component is None else np.asarray(values[component - 1])

        ax.set_title(f"${labels.symbol(name, component)}$")
        if smooth.is_strip(self._run):
            abscissa = Abscissa(self._run, self._view)
            style.line(ax, *abscissa.line(field, records), "", 0)
            style.finish(ax, scale=self._scales[name])
            abscissa.finish(ax)
            ax.set_ylabel(label)
            return
        colours = style.SIGNED if signed else style.POSITIVE
        fine = smooth.fine(field(records[-1]), self._run.length)
        image = style.map_of(ax, fine, self._run.length, self._place, colours, between)
        style.colour_bar(image, [ax], label)


def _variables(run: Run) -> list[list[Panel]]:
    """The components of each field that has no direction: first (n0, n) and (a0, a).

    The potential at t = 0 is left out where V is recorded.
    """
    found = {}
    for name, held in run.variables.items():
        axes = [axis for axis in held.axes[:-2] if axis != "time"]
        known = name == "potential" and "V" in run.variables
        if held.is_field and axes in ([], ["spin"]) and not known:
            found[name] = [Panel(name, k) for k in (1, 2, 3)] if axes else [Panel(name, None)]
    others = sorted((name for name in found if name not in FIRST), key=lambda k: len(found[k]))
    return [found[name] for name in (*FIRST, *others) if name in found]


def _rows(variables: Sequence[Sequence[Panel]]) -> list[list[Panel]]:
    """The panels in rows, those of one variable together."""
    rows: list[list[Panel]] = [[]]
    for panels in variables:
        if len(rows[-1]) + len(panels) > COLUMNS:
            rows.append([])
        rows[-1] += panels
    return rows
