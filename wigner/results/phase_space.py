"""Cuts of W through phase space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ..case.dimensions import UNITS
from . import labels, scales, style
from .planes import Plane, planes, times
from .run import Run
from .view import View

NEGATIVE = 1e-3  # share of the largest value beyond which colours have a sign
EMPTY = 2e-3  # share of the largest value below which momenta are left out
# Planes of one scale: the coordinates that vary, and those over which W is integrated.
Alike = tuple[tuple[str, str], tuple[str, ...]]


class PhaseSpace:
    """Draws W at one time: a row for each plane, a column for each component."""

    def __init__(self, run: Run, span: Sequence[int], view: View) -> None:
        self._run, self._view, self._times = run, view, times(run, view)
        x = labels.length(run, si=view.si)
        p = labels.shown(run, UNITS["momentum"], 1.0, si=view.si)
        self._shown = {"x_1": x, "x_2": x, "p_1": p, "p_2": p}
        self._limits: dict[tuple[Alike, int], style.Pair] = {}
        self._reach: dict[Alike, style.Pair] = {}
        for number in span:
            for plane in planes(run, number, view):
                self._include(plane)

    def _include(self, plane: Plane) -> None:
        """Make room for a plane in the ranges of all that are alike."""
        alike = plane.axes, plane.over
        for k, w in enumerate(plane.w):
            low, high = self._limits.get((alike, k), (np.inf, -np.inf))
            self._limits[alike, k] = min(low, float(w.min())), max(high, float(w.max()))
        before = self._reach.get(alike, (0.0, 0.0))
        first, second = (max(known, _reach(plane, axis)) for axis, known in enumerate(before))
        self._reach[alike] = first, second

    def draw(self, figure: Figure, records: Sequence[int]) -> None:
        """The last of the times whose numbers are given."""
        found = planes(self._run, records[-1], self._view)
        axes = style.grid(figure, len(found), 4, (2.9, 2.7))
        for row, plane in zip(axes, found, strict=True):
            for k, ax in enumerate(row):
                self._draw(ax, plane, k)
            row[0].set_title(self._title(plane))
        t = float(self._times[records[-1]])
        when = labels.moment(self._run, t, si=self._view.si)
        coarse = ", on the coarse lattice" if found[0].cells else ""
        figure.suptitle(when + coarse, x=0.01, ha="left", fontsize=11)

    def _draw(self, ax: style.Axes, plane: Plane, component: int) -> None:
        (first, second), alike = plane.axes, (plane.axes, plane.over)
        ends = np.array(self._limits[alike, component])
        whole = max(float(np.abs(self._limits[alike, k]).max()) for k in range(4))
        scale = scales.Scale(whole, scales.ROUNDOFF * whole)
        largest = scale.of(float(np.abs(ends).max()))
        how = labels.shown(self._run, plane.unit, largest, si=self._view.si)
        w, ends = plane.w[component] * how.factor, ends * how.factor
        signed = component > 0 or bool(ends[0] < -NEGATIVE * ends[1])
        between = style.limits([ends], signed=signed, scale=scale.shown(how.factor))
        image = ax.pcolormesh(
            plane.places[0] * self._shown[first].factor,
            plane.places[1] * self._shown[second].factor,
            w.T,
            cmap=style.SIGNED if signed else style.POSITIVE,
            vmin=between[0],
            vmax=between[1],
            shading="nearest" if plane.cells else "gouraud",
            rasterized=True,
        )
        aspect = "equal" if first[0] == second[0] else "auto"
        ax.set(
            xlabel=self._shown[first].label(first),
            ylabel=self._shown[second].label(second),
            aspect=aspect,
            title=f"$w_{component}$",
        )
        for axis, name, zoom in ((0, first, ax.set_xlim), (1, second, ax.set_ylim)):
            if name[0] == "p":
                reach = self._reach[alike][axis] * self._shown[name].factor
                zoom(-reach, reach)
        sign = r"\int " if plane.over else ""
        style.colour_bar(image, [ax], how.label(f"{sign}w_{component}"))

    def _title(self, plane: Plane) -> str:
        """What is done with the other coordinates of a plane, in words."""
        if plane.over:
            return f"$w_0$ integrated over ${', '.join(plane.over)}$"
        told = []
        for name, value in plane.fixed.items():
            how = self._shown[name]
            unit = f" {how.unit}" if how.unit and value else ""
            told.append(f"${name} = {value * how.factor:.4g}$" + unit)
        return f"$w_0$ at {', '.join(told)}" if told else "$w_0$"


def _reach(plane: Plane, axis: int) -> float:
    """How far W goes along an axis of momenta, with a margin."""
    size = np.abs(plane.w).max(axis=(0, 2 - axis))
    seen = np.abs(plane.places[axis][size > EMPTY * size.max()])
    whole = np.abs(plane.places[axis]).max()
    return float(min(whole, 1.1 * seen.max(initial=0.0) or whole))
