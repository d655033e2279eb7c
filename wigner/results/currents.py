"""The currents of the charge and of each component of the spin, record by record."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from . import labels, smooth, style
from .run import Run
from .view import View

NAMES = ("n_0", "n_1", "n_2", "n_3")


class Currents:
    """Draws records of a run, one row each, with a panel for the current of n0 and of each n_k.

    In the plane colour is the size and arrows are the direction; of a strip there is a line for
    each direction. The ranges are those of all records of ``span``.
    """

    def __init__(self, run: Run, span: Sequence[int], view: View) -> None:
        self._run, self._si = run, view.si
        self._place = labels.length(run, si=view.si)
        currents = [smooth.fine(run.field("current", k), run.length) for k in span]
        unit, self._shown = run.variables["current"].unit, []
        for component in range(4):
            largest = max(float(np.abs(J[component]).max()) for J in currents)
            how = labels.shown(run, unit, largest, si=view.si, spin=component > 0)
            self._shown.append(how)
        self._sizes, self._ranges = [], []
        flow = max(float(run.field("n0", k).max()) for k in span)  # at the thermal speed
        for component, how in enumerate(self._shown):
            parts = [J[component] * how.factor for J in currents]
            largest = max(float(_size(part).max()) for part in parts)
            self._sizes.append(largest if largest > style.ROUNDOFF * flow * how.factor else 0.0)
            low, high = (min(float(p.min()) for p in parts), max(float(p.max()) for p in parts))
            self._ranges.append((low, high))

    def draw(self, figure: Figure, records: Sequence[int]) -> None:
        """Maps, or lines where the currents vary along one axis at the most."""
        run, strip = self._run, smooth.is_strip(self._run)
        size = (2.9, 2.3) if strip else style.panel(run.length, area=7.5)
        axes = style.grid(figure, len(records), 4, size)
        draw, images = self._lines if strip else self._map, []
        for row, k in zip(axes, records, strict=True):
            J = run.field("current", k)
            images = [draw(ax, J[c] * self._shown[c].factor, c) for c, ax in enumerate(row)]
            when = labels.moment(run, float(run.times[k]), si=self._si)
            for ax, name in zip(row, NAMES, strict=True):
                title = f"current of ${name}$"
                ax.set_title(f"{when}\n{title}" if ax is row[0] else title)
        for column, image, how, name in zip(axes.T, images, self._shown, NAMES, strict=True):
            if image is not None:
                style.colour_bar(image, column, how.label(f"|J[{name}]|"))

    def _map(self, ax: Axes, J: NDArray, component: int) -> style.QuadMesh:
        run, largest = self._run, self._sizes[component]
        between = (0.0, largest if largest > 0 else 1.0)
        size = _size(smooth.fine(J, run.length))
        image = style.map_of(ax, size, run.length, self._place, style.POSITIVE, between)
        style.arrows(ax, J, run.length, self._place, largest, self._shown[component])
        return image

    def _lines(self, ax: Axes, J: NDArray, component: int) -> None:
        axis = smooth.axes_of(self._run)[0]
        x, lines = smooth.along(self._run, J, axis)
        for direction in (0, 1):
            label = f"$J_{direction + 1}$"
            style.line(ax, x * self._place.factor, lines[direction], label, direction)
        style.finish(ax, self._ranges[component])
        label = self._shown[component].label(f"J[{NAMES[component]}]")
        ax.set(xlabel=self._place.label(f"x_{axis + 1}"), ylabel=label)


def _size(vectors: NDArray) -> NDArray:
    """Lengths of vectors ``(2, N1, N2)``."""
    return np.asarray(np.hypot(vectors[0], vectors[1]))
