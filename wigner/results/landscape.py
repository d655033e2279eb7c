"""The potential V, to be seen beside the densities that it shapes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ..case.dimensions import UNITS
from . import scales, smooth, style
from .run import Run
from .view import View

GREY, SHADE = "#5d6876", "#dfe3e8"


class Landscape:
    """V at the records of a run, that at t = 0 where it does not vary in time.

    Attributes
    ----------
    is_there
        Whether V is anything but zero at the records of ``span``.
    varies
        Whether the run records V because it may vary in time.
    shown, scale
        How it is shown, and its scale as it is shown.
    """

    def __init__(self, run: Run, span: Sequence[int], view: View) -> None:
        self._run, self._name = run, "V" if "V" in run.variables else "potential"
        self.varies, known = "V" in run.variables, self._name in run.variables
        times = (span if self.varies else span[:1]) if known else ()
        values = [smooth.fine(self.field(k), run.length) for k in times] or [np.zeros(1)]
        ends = min(float(V.min()) for V in values), max(float(V.max()) for V in values)
        largest = max(map(abs, ends))
        self.is_there = largest > 0
        self.shown, self.scale = scales.shown(run, UNITS["energy"], largest, si=view.si)
        self._signed = ends[0] < 0 < ends[1]
        self._limits = style.limits(
            [np.array(ends) * self.shown.factor], signed=self._signed, scale=self.scale
        )

    @property
    def label(self) -> str:
        """The symbol with the unit."""
        return self.shown.label("V")

    def field(self, record: int) -> NDArray:
        """V at a record, scaled, ``(N1, N2)``."""
        return self._run.field(self._name, record)

    def map_of(self, ax: Axes, record: int, place: style.Shown) -> style.QuadMesh:
        """V in colour over the box."""
        fine = smooth.fine(self.field(record), self._run.length) * self.shown.factor
        colours = style.SIGNED if self._signed else style.POSITIVE
        return style.map_of(ax, fine, self._run.length, place, colours, self._limits)

    def behind(self, ax: Axes, x: NDArray, V: NDArray) -> None:
        """V as a grey area from zero, behind the curves of a panel, with an axis on the right.

        Parameters
        ----------
        x, V
            The points of the panel, and V there, scaled, ``(points,)`` each.
        """
        right = ax.twinx()
        right.fill_between(x, V * self.shown.factor, color=SHADE, linewidth=0)
        right.plot(x, V * self.shown.factor, color=GREY, lw=0.8)
        low, high = min(0.0, self._limits[0]), max(0.0, self._limits[1])
        margin = 0.06 * (high - low)
        right.set_ylim(low - margin, high + margin)
        right.set_ylabel(self.label, color=GREY)
        right.tick_params(axis="y", colors=GREY)
        right.spines["right"].set(visible=True, color=GREY)
        ax.set_zorder(right.get_zorder() + 1)
        ax.patch.set_visible(False)
