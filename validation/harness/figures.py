"""How figures of the studies are drawn: one look, and the few kinds of picture they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from .orders import Numbers

# Okabe and Ito's colours, told apart by all readers; the markers tell them apart in print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#8a929c"
COMPONENTS = ("n₀", "n₁", "n₂", "n₃")


def panels(
    columns: int, rows: int = 1, *, size: tuple[float, float] = (5.0, 3.9), shared: bool = False
) -> tuple[Figure, NDArray]:
    """A figure and its axes, ``(rows, columns)``; ``shared`` if all have the same axes."""
    figure = Figure(figsize=(size[0] * columns, size[1] * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=shared, sharey=shared)
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def line(
    ax: Axes, x: Numbers, y: Numbers, label: str, k: int, style: str = "-", *, positive: bool = True
) -> None:
    """The k-th curve of a panel; with logarithmic axes those points of it that are positive."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if positive:
        x, y = x[(x > 0) & (y > 0)], y[(x > 0) & (y > 0)]
    ax.plot(x, y, style, color=COLOURS[k % 7], marker=MARKERS[k % 7], ms=5, lw=1.4, label=label)


def logarithmic(ax: Axes, xlabel: str, ylabel: str, title: str = "") -> None:
    """Logarithmic axes with a light grid; a panel without a positive number says so."""
    ax.set_title(title, fontsize=11)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if not any(np.size(curve.get_xdata()) for curve in ax.lines):
        empty(ax)
        return
    ax.set(xscale="log", yscale="log")
    ax.grid(visible=True, which="major", color="#e3e7ec", lw=0.8)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0,) if _decades(axis) > 1.5 else (1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: _number(value)))
        axis.set_minor_formatter(NullFormatter())


def empty(ax: Axes) -> None:
    """A panel of which nothing is left but its labels."""
    ax.set(xticks=[], yticks=[])
    ax.text(0.5, 0.5, "zero in this case", transform=ax.transAxes, ha="center", color="#5d6876")


def _decades(axis: Axis) -> float:
    """How many decades the data of an axis span."""
    low, high = axis.get_data_interval()
    return float(np.log10(high / low)) if 0 < low < high < np.inf else 0.0


def _number(value: float) -> str:
    """A tick: plain from 0.001 to 1000, else with a power of ten."""
    if 9e-4 < value < 1.1e3:
        return f"{value:g}"
    exponent = int(np.floor(np.log10(value) + 1e-9))
    factor = round(value / 10.0**exponent)
    return f"${'' if factor == 1 else f'{factor}·'}10^{{{exponent}}}$"


def slope(ax: Axes, h: Numbers, last: float, order: float, below: float = 0.5) -> None:
    """A reference line of a given order, ``below`` times the error ``last`` at the finest h.

    None where that error is zero.
    """
    if not last > 0:
        return
    x = np.sort(np.asarray(h, dtype=float))
    y = below * last * (x / x[0]) ** order
    ax.plot(x, y, "--", color=GREY, lw=1.0, zorder=0)
    ax.annotate(
        f"order {order:g}",
        (x[-1], y[-1]),
        xytext=(0, -9),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=8.5,
        color="#5d6876",
    )


def legend(ax: Axes, **options: Any) -> None:
    """A small legend without a frame, of what there is in a panel."""
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize=9, **options)


def texture(
    ax: Axes,
    x: tuple[NDArray, NDArray],
    field: NDArray,
    arrows: NDArray,
    *,
    colours: str,
    limits: tuple[float, float],
    longest: float,
) -> QuadMesh:
    """A field in colour over (x1, x2) with an in-plane vector field as arrows; the colour image.

    x are the axes, ``(n1,)`` and ``(n2,)``, the field is ``(n1, n2)``, arrows are ``(2, n1, n2)``.
    ``longest`` is the length of vector that is drawn as 1.3 times as long as the arrows are apart;
    zero if there are no arrows to draw.
    """
    image = ax.pcolormesh(
        *x,
        field.T,
        cmap=colours,
        vmin=limits[0],
        vmax=limits[1],
        shading="gouraud",
        rasterized=True,
    )
    ax.set(xlabel="x₁", ylabel="x₂", aspect="equal")
    if not longest > 0:
        return image
    thin = [slice(None, None, max(1, n // 12)) for n in field.shape]
    x1, x2 = (axis[part] for axis, part in zip(x, thin, strict=True))
    spacing = min(np.diff(x1).min(), np.diff(x2).min())
    n1, n2 = (component[tuple(thin)].T for component in arrows)
    ax.quiver(
        x1,
        x2,
        n1,
        n2,
        angles="xy",
        scale_units="xy",
        scale=longest / (1.3 * spacing),
        pivot="mid",
        color="white",
        edgecolor="black",
        linewidth=0.5,
        width=0.009,
        headwidth=3.6,
        headlength=3.6,
        headaxislength=3.2,
    )
    return image


def map_of_errors(ax: Axes, x: NDArray, y: NDArray, errors: NDArray, good: float) -> QuadMesh:
    """Errors ``(y, x)`` in colour by their logarithm, with the line ``good``; the colour image."""
    image = ax.pcolormesh(
        *(x, y, np.maximum(errors, 1e-16)),
        norm=LogNorm(1e-4, 1.0),
        cmap="viridis",  # it reads in grey, and to eyes without red or green
        shading="gouraud",
        rasterized=True,
    )
    if errors.min() < good < errors.max():
        ax.contour(
            x,
            y,
            np.log(np.maximum(errors, 1e-16)),
            levels=[np.log(good)],
            colors="white",
            linewidths=2.2,
            linestyles="solid",
        )
    ax.plot(*np.meshgrid(x, y), ".", color="white", ms=2)
    return image


def bars(
    ax: Axes,
    names: Sequence[str],
    series: Mapping[str, Sequence[float]],
    marks: Mapping[str, float],
) -> None:
    """Horizontal logarithmic bars side by side, zeros left out; vertical lines for ``marks``.

    What is smaller than roundoff of the largest counts as zero.
    """
    sizes = np.array([v for values in (*series.values(), marks.values()) for v in values])
    if not sizes.max(initial=0.0) > 0:
        empty(ax)
        return
    sizes = sizes[sizes > 1e-14 * sizes.max()]
    y, height = np.arange(len(names))[::-1], 0.8 / len(series)
    for k, (label, values) in enumerate(series.items()):
        ax.barh(y + 0.2 - k * height, values, height, color=COLOURS[k], label=label)
    for k, (label, value) in enumerate(marks.items()):
        if value > 0:
            ax.axvline(value, color=COLOURS[k], ls="--", lw=1.2, label=label)
    ax.set(xscale="log", yticks=y, yticklabels=names)
    ax.set_xlim(0.3 * sizes.min(), 3 * sizes.max())
