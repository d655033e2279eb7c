"""The densities: n0 with the in-plane spin as arrows, n3, and the polarisation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import labels, smooth, style
from .run import Run
from .view import View

POLARISATION = r"\varepsilon|n|/n_0"


class Fields:
    """Draws records of a run, one row each; the ranges are those of all records of ``span``."""

    def __init__(self, run: Run, span: Sequence[int], view: View) -> None:
        self._run, self._place = run, labels.length(run, si=view.si)
        self._view = view
        states = [smooth.fine(run.densities(k), run.length) for k in span]
        units = [run.variables[name].unit for name in ("n0", "n")]
        largest = [
            max(float(np.abs(u[part]).max()) for u in states) for part in (np.s_[:1], np.s_[1:])
        ]
        self._charge, self._spin = (
            labels.shown(run, unit, size, si=view.si)
            for unit, size in zip(units, largest, strict=True)
        )
        shares = [smooth.polarisation(u, run.epsilon) for u in states]
        spins = largest[1] * self._spin.factor
        self._limits = (
            style.limits([u[0] * self._charge.factor for u in states], signed=False),
            style.limits([u[3] * self._spin.factor for u in states], signed=True, size=spins),
            (0.0, max(1.05 * max(float(s.max()) for s in shares), 1e-12)),
        )
        self._longest = max(float(np.hypot(u[1], u[2]).max()) for u in states) * self._spin.factor
        low = min(float(u[1:].min()) for u in states) * self._spin.factor
        high = max(float(u[1:].max()) for u in states) * self._spin.factor
        self._components = low, high

    def draw(self, figure: Figure, records: Sequence[int]) -> None:
        """Maps, or lines where the fields vary along one axis at the most."""
        if smooth.is_strip(self._run):
            self._lines(figure, records)
        else:
            self._maps(figure, records)

    def _maps(self, figure: Figure, records: Sequence[int]) -> None:
        run, place, length = self._run, self._place, self._run.length
        axes = style.grid(figure, len(records), 3, style.panel(length))
        looks = (style.POSITIVE, style.SIGNED, style.POSITIVE)
        names = (
            self._charge.label("n_0"),
            self._spin.label("n_3"),
            f"${POLARISATION}$",
        )
        images = []
        for row, k in zip(axes, records, strict=True):
            n = run.field("n", k)
            u = smooth.fine(run.densities(k), length)
            share = smooth.polarisation(u, run.epsilon)
            fields = (u[0] * self._charge.factor, u[3] * self._spin.factor, share)
            images = [
                style.map_of(ax, field, length, place, look, between)
                for ax, field, look, between in zip(row, fields, looks, self._limits, strict=True)
            ]
            spins = n[:2] * self._spin.factor
            style.arrows(row[0], spins, length, place, self._longest, self._spin)
            self._titles(row, k, "n_0,\\ (n_1, n_2)", "n_3", POLARISATION)
        for column, image, name in zip(axes.T, images, names, strict=True):
            style.colour_bar(image, column, name)

    def _lines(self, figure: Figure, records: Sequence[int]) -> None:
        run, axis = self._run, smooth.axes_of(self._run)[0]
        axes = style.grid(figure, len(records), 3, (3.4, 2.6))
        between = (self._limits[0], self._components, self._limits[2])
        for row, k in zip(axes, records, strict=True):
            x, lines = smooth.along(run, run.densities(k), axis)
            x, share = x * self._place.factor, smooth.polarisation(lines, run.epsilon)
            style.line(row[0], x, lines[0] * self._charge.factor, "$n_0$", 0)
            for component in (1, 2, 3):
                values = lines[component] * self._spin.factor
                style.line(row[1], x, values, f"$n_{component}$", component - 1)
            style.line(row[2], x, share, f"${POLARISATION}$", 0)
            self._titles(row, k, "n_0", "n", POLARISATION)
            names = (self._charge.label("n_0"), self._spin.label("n_k"), f"${POLARISATION}$")
            for ax, name, (least, most) in zip(row, names, between, strict=True):
                style.finish(ax, (least, most))
                ax.set(xlabel=self._place.label(f"x_{axis + 1}"), ylabel=name)

    def _titles(self, row: Sequence[Axes], record: int, *symbols: str) -> None:
        when = labels.moment(self._run, self._run.times[record], si=self._view.si)
        for ax, letters in zip(row, symbols, strict=True):
            ax.set_title(f"{when}\n${letters}$" if ax is row[0] else f"${letters}$")
