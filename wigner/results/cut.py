"""Cuts in time: the densities along lines through a place, at several times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from . import labels, scales, smooth, style
from .abscissa import Abscissa
from .fields import POLARISATION
from .landscape import Landscape
from .run import Run
from .view import View, lattice_point

NAMES = ("n_0", "n_1", "n_2", "n_3", POLARISATION, "V")
SIZE = (2.9, 2.1)
# The bright end of the colours is left out: it is not seen on white.
BRIGHTEST = 0.9


class Panel(NamedTuple):
    """What a panel shows: which of ``NAMES``, its unit, and its scale as it is shown."""

    row: int
    shown: labels.Shown
    scale: scales.Scale

    @property
    def name(self) -> str:
        """Its symbol."""
        return NAMES[self.row]


class Cut:
    """Draws n0, n, the polarisation and V along each axis of x, a line a record.

    Lines go through the place that is asked for, or that of the largest n0 at the first record of
    ``span``, whose ranges the panels have. Densities that are the same everywhere are drawn over
    the times of the records. A component of n that is zero throughout has no panel, and a line says
    so. A potential that varies in time has a panel; another is a grey area behind n0.
    """

    def __init__(self, run: Run, span: Sequence[int], view: View) -> None:
        self._run, self._view, self._span = run, view, list(span)
        self._place, self._time = labels.length(run, si=view.si), labels.time(run, si=view.si)
        self._point = lattice_point(run, view.through, self._span[0])
        states = [run.densities(k) for k in span]
        charge, spin = scales.densities(run, states, si=view.si)
        shares = labels.Shown(1.0, ""), scales.SHARE
        V = self._potential = Landscape(run, span, view)
        sizes = [max(float(np.abs(u[k]).max()) for u in states) for k in (1, 2, 3)]
        seen = [k for k in (1, 2, 3) if sizes[k - 1] * spin[0].factor > spin[1].noise]
        self._zero = [k for k in (1, 2, 3) if k not in seen]
        drawn = [charge, *3 * [spin], shares, (V.shown, V.scale)]
        rows = [0, *seen, *[4] * bool(seen), *[5] * (V.is_there and V.varies)]
        self._panels = [Panel(row, *drawn[row]) for row in rows]

    def draw(self, figure: Figure, records: Sequence[int]) -> None:
        """The panels of each axis, below each other, with a line for each of the records."""
        if self._zero:
            symbols = " = ".join(f"n_{k}" for k in self._zero)
            figure.supxlabel(f"${symbols} = 0$ throughout", x=0.01, ha="left", fontsize=9)
        if self._run.is_uniform:
            self._over_time(figure, records)
            return
        run, times = self._run, self._run.times[list(records)] * self._time.factor
        rows = smooth.axes_of(run)
        axes = style.folded(figure, len(rows), len(self._panels), SIZE)
        colours = matplotlib.colormaps["viridis"]
        ends = run.times[[min(self._span), max(self._span)]] * self._time.factor
        norm = Normalize(ends[0], ends[1] if ends[1] > ends[0] else ends[0] + 1)
        for k, t in zip(records, times, strict=True):
            for row, axis in zip(axes, rows, strict=True):
                x, lines = self._along(k, axis)
                for ax, values in zip(row, lines, strict=True):
                    colour, mark = colours(BRIGHTEST * norm(t)), "o" if x.size < 3 else ""
                    ax.plot(x * self._place.factor, values, color=colour, marker=mark, lw=1.5)
        for row, axis in zip(axes, rows, strict=True):
            self._finish(row, axis)
            if self._potential.is_there and not self._potential.varies:
                self._potential.behind(row[0], *self._potential_along(axis))
        if len(records) > 1:
            shades = colours(np.linspace(0, BRIGHTEST, 256))
            bar = figure.colorbar(
                ScalarMappable(norm, matplotlib.colors.ListedColormap(shades)),
                ax=[ax for row in axes for ax in row],
                label=self._time.label("t"),
                pad=0.01,
                aspect=10 * figure.get_figheight(),
            )
            bar.set_ticks(times.tolist(), labels=[f"{t:.4g}" for t in times])
        else:
            when = labels.moment(run, float(run.times[records[0]]), si=self._view.si)
            figure.suptitle(when, x=0.01, ha="left", fontsize=11)

    def _over_time(self, figure: Figure, records: Sequence[int]) -> None:
        """One row of the whole run, with what the records have."""
        abscissa = Abscissa(self._run, self._view)
        x, u = abscissa.line(self._fields, records)
        (row,) = style.folded(figure, 1, len(self._panels), SIZE)
        for ax, values, panel in zip(row, self._scaled(u), self._panels, strict=True):
            style.line(ax, x, values, "", 0)
            style.finish(ax, scale=panel.scale)
            abscissa.finish(ax)
            ax.set(title=f"${panel.name}$", ylabel=panel.shown.label(panel.name))
        if self._potential.is_there and not self._potential.varies:
            self._potential.behind(row[0], *abscissa.line(self._potential.field, records))

    def _along(self, record: int, axis: int) -> tuple[NDArray, NDArray]:
        """Places along an axis, and what is drawn there, ``(panels, places)``."""
        run = self._run
        x, u = smooth.along(run, self._fields(record), axis, self._point[1 - axis])
        return x, self._scaled(u)

    def _fields(self, record: int) -> NDArray:
        """The densities at a record, and V where it is there, ``(4 or 5, N1, N2)``."""
        u, V = self._run.densities(record), self._potential
        return np.concatenate([u, V.field(record)[None]]) if V.is_there else u

    def _scaled(self, u: NDArray) -> NDArray:
        """Of what :meth:`_fields` gives along a line, and the polarisation, what panels show."""
        lines = [*u[:4], smooth.polarisation(u[:4], self._run.epsilon), *u[4:]]
        return np.stack([lines[panel.row] * panel.shown.factor for panel in self._panels])

    def _potential_along(self, axis: int) -> tuple[NDArray, NDArray]:
        """Places along an axis as they are shown, and V there, scaled, ``(places,)``."""
        V = self._potential.field(self._span[0])
        x, values = smooth.along(self._run, V, axis, self._point[1 - axis])
        return x * self._place.factor, values

    def _finish(self, row: Sequence[style.Axes], axis: int) -> None:
        """Labels and ranges; where a cut is in the plane, the title says where."""
        run, other = self._run, 1 - axis
        at, plane = self._point[other], not smooth.is_strip(run)
        x = run.x[other][at] * self._place.factor
        unit = f" {self._place.unit}" if self._place.unit else ""
        lines = [self._along(k, axis)[1] for k in self._span]
        for k, (ax, panel) in enumerate(zip(row, self._panels, strict=True)):
            low, high = min(v[k].min() for v in lines), max(v[k].max() for v in lines)
            style.finish(ax, (float(low), float(high)), panel.scale)
            label = panel.shown.label(panel.name)
            ax.set(xlabel=self._place.label(f"x_{axis + 1}"), ylabel=label)
            where = f" along $x_{other + 1} = {x:.4g}$" + unit if plane else ""
            ax.set_title(f"${panel.name}$" + (where if k == 0 else ""))
