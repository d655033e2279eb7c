"""One look for all figures: panels, colour maps, colour bars, arrows and lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ..phase_space.grid import Pair
from .labels import Shown
from .scales import Scale
from .smooth import interpolated

# Okabe and Ito's colours, told apart by all readers; line styles tell them apart in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
STYLES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))
MARKS, MARKED = ("o", "s", "^", "D", "v", "P", "X"), 6  # and marks on each curve, about
# Both go from dark to bright evenly, so they read in grey and without red or green. What has a sign
# is in the second, whose middle is grey, with limits on both sides of zero.
POSITIVE, SIGNED = "viridis", "cividis"
ARROWS = 14  # arrows along the longer side, at the most
ACROSS = 3  # panels of lines beside each other, at the most: more are not read on a page
FLAT = 1e-10  # share of its size below which the range of a line is none
LETTER = 0.55  # width of a letter in sizes of the font
OWN = Scale()  # of what has no other scale than its own numbers
SHORTEST = 0.03  # shorter arrows, as shares of the longest, would be dots
LOOK: dict[Any, Any] = {
    "font.size": 10.0,
    "axes.titlesize": 11.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
    "mathtext.fontset": "dejavusans",
    "pdf.fonttype": 42,  # text that can be edited
    "svg.fonttype": "path",
    "svg.hashsalt": "wigner",
    "savefig.dpi": 150.0,
}


def look() -> AbstractContextManager[None]:
    """Within it, figures are made and written in this look."""
    return matplotlib.rc_context(LOOK)


def blank() -> Figure:
    """An empty figure, in which panels of equal aspect stand close and have room for titles."""
    return Figure(layout=ConstrainedLayoutEngine(compress=True, w_pad=0.1, h_pad=0.06))


def panel(length: Pair, *, area: float = 9.0) -> Pair:
    """Width and height in inches of a map of a box, in its proportions where these allow it."""
    ratio = min(max(length[0] / length[1], 0.25), 4.0)
    return float(np.sqrt(area * ratio)), float(np.sqrt(area / ratio))


def grid(figure: Figure, rows: int, columns: int, size: Pair, *, sharey: bool = False) -> NDArray:
    """Axes ``(rows, columns)`` in a figure, whose size becomes that of so many panels."""
    figure.set_size_inches(columns * (size[0] + 0.8), rows * (size[1] + 0.85) + 0.75)
    axes: NDArray = figure.subplots(rows, columns, squeeze=False, sharey=sharey)
    return axes


def folded(figure: Figure, groups: int, count: int, size: Pair) -> list[list[Axes]]:
    """The axes of so many panels in each group, in rows of ``ACROSS`` at the most.

    Four panels are two rows of two. The groups stand below each other.
    """
    columns = 2 if count == ACROSS + 1 else min(ACROSS, count)
    rows = -(-count // columns)
    axes = grid(figure, groups * rows, columns, size).reshape(groups, -1)
    for ax in axes[:, count:].flat:
        ax.remove()
    return [list(group[:count]) for group in axes]


def limits(values: Sequence[NDArray], *, signed: bool, scale: Scale = OWN) -> Pair:
    """The range of colours of some fields of any shape; about zero where they have signs.

    Parameters
    ----------
    scale
        That of the quantity, whose noise is drawn as zero; without it there is none.
    """
    low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
    largest = max(abs(low), abs(high))
    if largest <= scale.noise:
        largest = scale.size or 1.0
        return (-largest if signed else 0.0, largest)
    if signed:
        return -largest, largest
    margin = 1e-6 * largest  # a uniform field is not drawn from its noise
    return (low, high) if high - low > margin else (low - 0.05 * largest, high + 0.05 * largest)


def map_of(
    ax: Axes,
    fine: NDArray,
    length: Pair,
    place: Shown,
    colours: str,
    between: Pair,
) -> QuadMesh:
    """A field ``(n1, n2)`` in colour over its box, with a line at zero where it has signs.

    It is as fine as ``smooth.fine`` makes it, with the ends of the period.
    """
    sides = zip(length, fine.shape, strict=True)
    x1, x2 = (np.linspace(0, L * place.factor, n) for L, n in sides)
    image = ax.pcolormesh(
        x1,
        x2,
        fine.T,
        cmap=colours,
        vmin=between[0],
        vmax=between[1],
        shading="gouraud",
        rasterized=True,
    )
    if colours == SIGNED and fine.min() < -1e-3 * between[1] and fine.max() > 1e-3 * between[1]:
        ax.contour(x1, x2, fine.T, levels=[0.0], colors="white", linewidths=0.8)
    ax.set(aspect="equal", xlabel=place.label("x_1"), ylabel=place.label("x_2"))
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.label_outer()
    return image


def colour_bar(image: ScalarMappable, axes: Sequence[Axes], label: str) -> None:
    """The colours of the panels of a column below them, with symbol and unit."""
    bar = axes[0].figure.colorbar(
        image, ax=list(axes), label=label, location="bottom", pad=0.03, aspect=28, shrink=0.92
    )
    bar.ax.xaxis.set_major_locator(MaxNLocator(4))
    bar.ax.ticklabel_format(axis="x", style="sci", scilimits=(-2, 4), useMathText=True)


def arrows(
    ax: Axes, vectors: NDArray, length: Pair, place: Shown, longest: float, how: Shown
) -> None:
    """A vector field ``(2, N1, N2)`` as arrows, with a key to their length at the upper right.

    Parameters
    ----------
    longest
        The vector that is drawn as long as the arrows are apart; if it is zero there are none.
    how
        How their numbers are shown, for the key.
    """
    if not longest > 0:
        return
    spacing = max(length) / ARROWS
    n = [max(1, round(L / spacing)) for L in length]
    places = [(np.arange(m) + 0.5) / m for m in n]
    at = interpolated(vectors, (places[0], places[1]))
    x1, x2 = (p * L * place.factor for p, L in zip(places, length, strict=True))
    at = np.where(np.hypot(*at) > SHORTEST * longest, at, np.nan)
    drawn = ax.quiver(
        x1,
        x2,
        at[0].T,
        at[1].T,
        angles="xy",
        scale_units="xy",
        scale=longest / (spacing * place.factor),
        pivot="mid",
        color="white",
        edgecolor="black",
        linewidth=0.6,
        width=0.012 * 3.0 / max(panel(length)),
        headwidth=3.4,
        headlength=3.4,
        headaxislength=3.0,
    )
    key = rounded(longest)
    label = how.number(key)
    ax.quiverkey(drawn, 0.96, 1.055, key, label, labelpos="W", labelsep=0.06, coordinates="axes")


def rounded(largest: float) -> float:
    """The largest of 1 to 5 times a power of ten that is not larger."""
    power = 10.0 ** math.floor(math.log10(largest))
    return max(m * power for m in range(1, 6) if m * power <= largest * (1 + 1e-12))


def line(ax: Axes, x: NDArray, y: NDArray, label: str, k: int, among: int = 1) -> None:
    """The k-th curve of a panel, x and y ``(points,)``; a curve of few points has marks.

    Parameters
    ----------
    among
        How many curves the panel has. Of several each has marks of its own at points of its own, so
        that those that lie on each other are told apart.
    """
    every = max(among, x.size // MARKED)
    ax.plot(
        x,
        y,
        color=COLOURS[k % len(COLOURS)],
        linestyle=STYLES[k % len(STYLES)],
        marker=MARKS[k % len(MARKS)] if among > 1 or x.size < 3 else "",
        markevery=(k * every // among % x.size, every) if among > 1 else None,
        markersize=4.5,
        lw=1.6,
        label=label,
    )


def shared_legend(figure: Figure, names: Sequence[str]) -> None:
    """A legend below all panels, of curves that have the same look in each; ``names`` in order."""
    looks = zip(*(look * len(names) for look in (COLOURS, STYLES, MARKS)), names, strict=False)
    lines = [
        Line2D([], [], color=c, linestyle=s, marker=m, markersize=4.5, lw=1.6, label=name)
        for c, s, m, name in looks
    ]
    widest = LETTER * max(map(len, names)) + 4.0
    columns = max(1, int(figure.get_figwidth() * 72 / (9.0 * widest)))
    figure.legend(handles=lines, loc="outside lower center", ncols=min(columns, len(names)))


def finish(ax: Axes, between: Pair | None = None, scale: Scale = OWN) -> None:
    """Ticks, limits and legend of a panel of lines.

    Parameters
    ----------
    between
        The range of all that is to be compared; None for what is drawn.
    scale
        As for :func:`limits`. What is flat to roundoff looks flat.
    """
    ax.ticklabel_format(axis="y", style="sci", scilimits=(-3, 4), useMathText=True, useOffset=False)
    ax.margins(x=0.02)
    low, high = between or (float(v) for v in ax.dataLim.intervaly)
    largest = max(abs(low), abs(high))
    if largest <= scale.noise:
        largest = scale.size or 1.0
        low, high = -largest, largest
    if np.isfinite(largest):
        flat = high - low <= FLAT * largest
        margin = 0.05 * largest if flat else 0.06 * (high - low)
        ax.set_ylim(low - margin, high + margin)
    if len(ax.get_legend_handles_labels()[1]) > 1:
        legend(ax)


def legend(ax: Axes, size: float = 9.0) -> None:
    """A legend in the upper part of a panel, whose range grows so that no curve is there.

    Parameters
    ----------
    size
        Of the font, in points.
    """
    names = ax.get_legend_handles_labels()[1]
    box, inch = ax.get_window_extent(), ax.figure.dpi  # before the layout
    entry = (LETTER * max(len(name.replace("$", "")) for name in names) + 3.5) * size / 72
    columns = max(1, min(len(names), int(box.width / inch / entry)))
    rows = -(-len(names) // columns)
    share = min((1.5 * rows + 1.2) * size / 72 * inch / box.height, 0.7)
    low, high = ax.get_ylim()
    grown = share / (1 - share)
    log = ax.get_yscale() == "log"
    ax.set_ylim(low, high * (high / low) ** grown if log else high + (high - low) * grown)
    ax.legend(
        loc="upper left",
        ncols=columns,
        fontsize=size,
        handlelength=1.8,
        handletextpad=0.5,
        columnspacing=1.2,
        labelspacing=0.3,
        borderaxespad=0.3,
        borderpad=0.2,
    )
