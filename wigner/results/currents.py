"""The currents of the charge and of each component of the spin, record by record."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from . import labels, scales, smooth, style
from .abscissa import Abscissa
from .run import Run
from .view import View

NAMES = ("n_0", "n_1", "n_2", "n_3")


class Currents:
    """Draws records of a run, one row each, with a panel for the current of n0 and of each n_k.

    In the plane colour is the size and arrows are the direction; of a strip there is a line for
    each direction. The ranges are those of all records of ``span``. Currents that are the same
    everywhere are drawn over the times of the records.
    """

    def __init__(self, run: Run, span: Sequence[int], view: View) -> None:
        self._run, self._view = run, view
        self._place = labels.length(run, si=view.si)
        currents = [smooth.fine(run.field("current", k), run.length) for k in span]
        unit, self._shown = run.variables["current"].unit, []
        self._scales, self._longest, self._ranges = [], [], []
        spins = max(float(np.abs(J[1:]).max()) for J in currents)
        for component in range(4):
            spin = component > 0
            parts = [J[component] for J in currents]
            longest = max(float(_size(part).max()) for part in parts)
            largest = max(float(np.abs(part).max()) for part in parts)
            scale = scales.scale(run, unit, spins if spin else largest, spin=spin)
            how = labels.shown(run, unit, scale.of(largest), si=view.si, spin=spin)
            self._shown.append(how)
            self._scales.append(scale.shown(how.factor))
            self._longest.append(longest * how.factor if longest > scale.noise else 0.0)
            parts = [part * how.factor for part in parts]
            low, high = (min(float(p.min()) for p in parts), max(float(p.max()) for p in parts))
            self._ranges.append((low, high))

    def draw(self, figure: Figure, records: Sequence[int]) -> None:
        """Maps, or lines where the currents vary along one axis at the most."""
        run, strip = self._run, smooth.is_strip(self._run)
        abscissa = Abscissa(run, self._view)
        groups = abscissa.groups(records)
        size = (2.9, 2.3) if strip else style.panel(run.length, area=7.5)
        axes = style.grid(figure, len(groups), 4, size)
        draw, images = self._lines if strip else self._map, []
        for row, group in zip(axes, groups, strict=True):
            images = [draw(ax, group, c) for c, ax in enumerate(row)]
            when = abscissa.when(group)
            for ax, name in zip(row, NAMES, strict=True):
                title = f"current of ${name}$"
                ax.set_title(f"{when}\n{title}" if when and ax is row[0] else title)
        for column, image, how, name in zip(axes.T, images, self._shown, NAMES, strict=True):
            if image is not None:
                style.colour_bar(image, column, how.label(f"|J[{name}]|"))

    def _map(self, ax: Axes, records: Sequence[int], component: int) -> style.QuadMesh:
        run, longest = self._run, self._longest[component]
        J = self._current(records[0], component)
        between = (0.0, longest or self._scales[component].size)
        size = _size(smooth.fine(J, run.length))
        image = style.map_of(ax, size, run.length, self._place, style.POSITIVE, between)
        style.arrows(ax, J, run.length, self._place, longest, self._shown[component])
        return image

    def _lines(self, ax: Axes, records: Sequence[int], component: int) -> None:
        abscissa = Abscissa(self._run, self._view)
        x, lines = abscissa.line(lambda k: self._current(k, component), records)
        for direction in (0, 1):
            label = f"$J_{direction + 1}$"
            style.line(ax, x, lines[direction], label, direction, among=2)
        style.finish(ax, self._ranges[component], self._scales[component])
        abscissa.finish(ax)
        ax.set_ylabel(self._shown[component].label(f"J[{NAMES[component]}]"))

    def _current(self, record: int, component: int) -> NDArray:
        """That of a component as it is shown, ``(2, N1, N2)``."""
        J = self._run.field("current", record)[component]
        return np.asarray(J * self._shown[component].factor)


def _size(vectors: NDArray) -> NDArray:
    """Lengths of vectors ``(2, N1, N2)``."""
    return np.asarray(np.hypot(vectors[0], vectors[1]))
