"""The densities: n0 with the in-plane spin as arrows, n3, and the polarisation; and V."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import labels, scales, smooth, style
from .abscissa import Abscissa
from .landscape import Landscape
from .run import Run
from .view import View

POLARISATION = r"\varepsilon|n|/n_0"


class Fields:
    """Draws records of a run, one row each; the ranges are those of all records of ``span``.

    Densities that are the same everywhere are drawn over the times of the records. A potential that
    is not zero has a map of its own, or is a grey area behind the lines of n0.
    """

    def __init__(self, run: Run, span: Sequence[int], view: View) -> None:
        self._run, self._place = run, labels.length(run, si=view.si)
        self._view, self._potential = view, Landscape(run, span, view)
        states = [smooth.fine(run.densities(k), run.length) for k in span]
        (self._charge, _), (self._spin, spins) = scales.densities(run, states, si=view.si)
        shares = [smooth.polarisation(u, run.epsilon) for u in states]
        self._scale = spins
        self._limits = (
            style.limits([u[0] * self._charge.factor for u in states], signed=False),
            style.limits([u[3] * self._spin.factor for u in states], signed=True, scale=spins),
            (0.0, 1.05 * scales.SHARE.of(max(float(s.max()) for s in shares))),
        )
        longest = max(float(np.hypot(u[1], u[2]).max()) for u in states) * self._spin.factor
        self._longest = longest if longest > spins.noise else 0.0
        low = min(float(u[1:].min()) for u in states) * self._spin.factor
        high = max(float(u[1:].max()) for u in states) * self._spin.factor
        charges = [
            float(end(u[0])) * self._charge.factor for end in (np.min, np.max) for u in states
        ]
        self._ends = (min(charges), max(charges)), (low, high), self._limits[2]

    def draw(self, figure: Figure, records: Sequence[int]) -> None:
        """Maps, or lines where the fields vary along one axis at the most."""
        if smooth.is_strip(self._run):
            self._lines(figure, records)
        else:
            self._maps(figure, records)

    def _maps(self, figure: Figure, records: Sequence[int]) -> None:
        run, place, length = self._run, self._place, self._run.length
        potential = self._potential
        columns = 3 + potential.is_there
        axes = style.grid(figure, len(records), columns, style.panel(length))
        looks = (style.POSITIVE, style.SIGNED, style.POSITIVE)
        names = (
            self._charge.label("n_0"),
            self._spin.label("n_3"),
            f"${POLARISATION}$",
            potential.label,
        )
        images = []
        for row, k in zip(axes, records, strict=True):
            n = run.field("n", k)
            u = smooth.fine(run.densities(k), length)
            share = smooth.polarisation(u, run.epsilon)
            fields = (u[0] * self._charge.factor, u[3] * self._spin.factor, share)
            images = [
                style.map_of(ax, field, length, place, look, between)
                for ax, field, look, between in zip(
                    row[:3], fields, looks, self._limits, strict=True
                )
            ]
            spins = n[:2] * self._spin.factor
            if potential.is_there:
                images.append(potential.map_of(row[3], k, place))
            style.arrows(row[0], spins, length, place, self._longest, self._spin)
            when = labels.moment(run, float(run.times[k]), si=self._view.si)
            titles = ("n_0,\\ (n_1, n_2)", "n_3", POLARISATION, "V")
            self._titles(row, when, *titles[:columns])
        for column, image, name in zip(axes.T, images, names[:columns], strict=True):
            style.colour_bar(image, column, name)

    def _lines(self, figure: Figure, records: Sequence[int]) -> None:
        run, abscissa = self._run, Abscissa(self._run, self._view)
        groups = abscissa.groups(records)
        axes = style.grid(figure, len(groups), 3, (3.4, 2.6))
        for row, group in zip(axes, groups, strict=True):
            x, lines = abscissa.line(run.densities, group)
            share = smooth.polarisation(lines, run.epsilon)
            style.line(row[0], x, lines[0] * self._charge.factor, "$n_0$", 0)
            for component in (1, 2, 3):
                values = lines[component] * self._spin.factor
                style.line(row[1], x, values, f"$n_{component}$", component - 1, among=3)
            style.line(row[2], x, share, f"${POLARISATION}$", 0)
            self._titles(row, abscissa.when(group), "n_0", "n", POLARISATION)
            names = (self._charge.label("n_0"), self._spin.label("n_k"), f"${POLARISATION}$")
            own = (style.OWN, self._scale, style.OWN)
            for ax, name, ends, scale in zip(row, names, self._ends, own, strict=True):
                style.finish(ax, ends, scale)
                abscissa.finish(ax)
                ax.set_ylabel(name)
            if self._potential.is_there:
                self._potential.behind(row[0], *abscissa.line(self._potential.field, group))

    def _titles(self, row: Sequence[Axes], when: str, *symbols: str) -> None:
        for ax, letters in zip(row, symbols, strict=True):
            ax.set_title(f"{when}\n${letters}$" if when and ax is row[0] else f"${letters}$")
