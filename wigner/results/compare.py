"""Figures of runs beside each other: differences over time, and fields at one time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..output.files import printable
from ..phase_space.grid import Pair
from . import labels, scales, smooth, style
from .differences import Difference, common, density_share
from .run import Run
from .view import View, nearest

LONGEST = 24  # letters of a name in a legend
DECADES = 1e-5  # share of the largest difference below which points are left out
SPAN = 100.0  # noises that an axis spans at the least: those of all steps add up
# What the upper panels show, with its letters.
SHOWN = {"n0": "n_0", "n": "n", "J0": "J[n_0]"}


def figures(
    runs: Sequence[Run], found: Sequence[Difference], at: Sequence[str] | None, view: View
) -> Iterator[tuple[str, Figure]]:
    """Names and figures: over time, and of the fields at the last time that all runs share.

    Raises
    ------
    CaseError
        If a time that is asked for is outside of the runs.
    """
    with style.look():
        figure = style.blank()
        over_time(figure, runs, found, view)
        yield "compare", figure
    if all(run.is_uniform for run in runs):
        with style.look():
            figure = style.blank()
            course(figure, runs, view)
            yield "compare-fields", figure
        return
    shared = [{i for i, _ in common(runs[0], run)} for run in runs[1:]]
    numbers = sorted(set.intersection(*shared)) if shared else []
    if not numbers:
        return
    chosen = numbers[-1:]
    if at is not None:
        chosen = [numbers[k] for k in nearest(runs[0], runs[0].times[numbers], at)]
    for k in chosen:
        with style.look():
            figure = style.blank()
            at_one_time(figure, runs, k, view)
            suffix = "" if len(chosen) == 1 else f"-{chosen.index(k) + 1}"
            yield f"compare-fields{suffix}", figure


def over_time(figure: Figure, runs: Sequence[Run], found: Sequence[Difference], view: View) -> None:
    """Relative differences, and the total spins of all runs."""
    axes = style.grid(figure, 2, 3, (3.7, 2.6))
    when, called = labels.time(runs[0], si=view.si), names(runs)
    for ax, (name, letters) in zip(axes[0], SHOWN.items(), strict=True):
        some = [(d, d.shares()) for d in found if d.quantity == name]
        least = DECADES * max((float(shares.max()) for _, shares in some), default=0.0)
        for d, shares in some:
            values = np.where(shares > least, shares, np.nan)
            style.line(ax, d.times * when.factor, values, "", d.run, len(runs))
        ax.set(title=f"difference of ${letters}$, relative", xlabel=when.label("t"))
        if least > 0:
            ax.set_yscale("log")
        else:
            t = runs[0].times * when.factor
            ax.set(yticks=[], xlim=(t[0], t[-1]) if t[-1] > t[0] else None)
            ax.text(0.5, 0.5, "none beyond rounding", transform=ax.transAxes, ha="center")
    totals = [density_share(runs[0], run) * run.series("spin_total") for run in runs]
    largest = max(float(np.abs(total).max()) for total in totals)
    how, scale = _shown(runs, "spin_total", largest, view)
    for k, ax in enumerate(axes[1]):
        for number, (run, total) in enumerate(zip(runs, totals, strict=True)):
            style.line(ax, run.times * when.factor, total[:, k] * how.factor, "", number, len(runs))
        _finish(ax, scale)
        ax.set(title=f"total spin {k + 1}", xlabel=when.label("t"))
        ax.set_ylabel(how.label(rf"\int n_{k + 1}\,dx"))
    style.shared_legend(figure, called)


def at_one_time(figure: Figure, runs: Sequence[Run], record: int, view: View) -> None:
    """Lines of all runs where they vary along one axis, else maps of their differences."""
    rows = [_at(run, runs[0].times[record]) for run in runs]
    found = _densities(runs, runs[0].densities(record), view)
    n = (max(run.n_x[0] for run in runs), max(run.n_x[1] for run in runs))
    states = [
        density_share(runs[0], run) * smooth.on_points(run.densities(k), n)
        for run, k in zip(runs, rows, strict=True)
    ]
    draw = _profiles if min(n) == 1 else _maps
    draw(figure, runs, states, found, view)
    when = labels.moment(runs[0], float(runs[0].times[record]), si=view.si)
    figure.suptitle(when, x=0.01, ha="left", fontsize=11)


def course(figure: Figure, runs: Sequence[Run], view: View) -> None:
    """Densities that are the same everywhere over time, and their differences at common times."""
    when, lines, differences = labels.time(runs[0], si=view.si), [], []
    for number, run in enumerate(runs):
        n0, n = run.series("n0")[:, 0, 0], run.series("n")[:, :, 0, 0]
        u = density_share(runs[0], run) * np.stack([n0, *n.T])
        lines.append((run.times * when.factor, u))
        if number:
            ours, theirs = np.array(common(runs[0], run)).T
            d = lines[-1][1][:, theirs] - lines[0][1][:, ours]
            differences.append((lines[0][0][ours], d))
    found = _densities(runs, lines[0][1], view)
    _lines(figure, lines, differences, found, when.label("t"))
    style.shared_legend(figure, names(runs))


def _profiles(
    figure: Figure,
    runs: Sequence[Run],
    states: Sequence[NDArray],
    shown: scales.Densities,
    view: View,
) -> None:
    """Lines along the axis on which the runs vary."""
    place = labels.length(runs[0], si=view.si)
    axis = 1 if states[0].shape[2] > 1 else 0
    n = smooth.fineness((states[0].shape[1], states[0].shape[2]), runs[0].length)
    fine = [smooth.refined(u, n).max(axis=2 - axis) for u in states]  # alike across the strip
    x = np.linspace(0, runs[0].length[axis], n[axis] + 1) * place.factor
    lines = [(x, u) for u in fine]
    differences = [(x, u - fine[0]) for u in fine[1:]]
    _lines(figure, lines, differences, shown, place.label(f"x_{axis + 1}"))
    style.shared_legend(figure, names(runs))


def _lines(
    figure: Figure,
    lines: Sequence[tuple[NDArray, NDArray]],
    differences: Sequence[tuple[NDArray, NDArray]],
    shown: scales.Densities,
    xlabel: str,
) -> None:
    """n0 and the components of n of all runs, above, and their differences, below.

    Parameters
    ----------
    lines
        Points, ``(points,)``, and densities there, ``(4, points)``, of each run.
    differences
        The same of each run but the first, less those of the first.
    """
    axes = style.grid(figure, 2, 4, (2.9, 2.3))
    rows = ((lines, 0, "n_{}"), (differences, 1, r"\Delta n_{}"))
    for row, (drawn, first, letters) in zip(axes, rows, strict=True):
        for k, ax in enumerate(row):
            how, scale = shown[min(k, 1)]
            for number, (x, u) in enumerate(drawn, start=first):
                style.line(ax, x, u[k] * how.factor, "", number, len(lines))
            _finish(ax, scale)
            symbol = letters.format(k)
            ax.set(title=f"${symbol}$", ylabel=how.label(symbol), xlabel=xlabel)


def _maps(
    figure: Figure,
    runs: Sequence[Run],
    states: Sequence[NDArray],
    shown: scales.Densities,
    view: View,
) -> None:
    """A row for the reference, and one for each other run less the reference."""
    called, length = names(runs), runs[0].length
    place = labels.length(runs[0], si=view.si)
    axes = style.grid(figure, len(runs), 4, style.panel(length, area=6.5))
    fine = [smooth.fine(u, length) for u in states]
    drawn = [fine[0], *(u - fine[0] for u in fine[1:])]
    for number, (row, fields) in enumerate(zip(axes, drawn, strict=True)):
        what = f"{called[number]} less {called[0]}" if number else called[0]
        for c, ax in enumerate(row):
            letters, (how, scale) = rf"\Delta n_{c}" if number else f"n_{c}", shown[min(c, 1)]
            field, signed = fields[c] * how.factor, bool(number or c)
            alike = drawn[1:] if number else drawn[:1]  # differences share their colours
            values = [u[c] * how.factor for u in alike]
            between = _spanned(style.limits(values, signed=signed, scale=scale), scale)
            colours = style.SIGNED if signed else style.POSITIVE
            image = style.map_of(ax, field, length, place, colours, between)
            style.colour_bar(image, [ax], how.label(letters))
            ax.set_title(f"{what}\n${letters}$" if c == 0 else f"${letters}$")


def names(runs: Sequence[Run]) -> list[str]:
    """Short names for legends: what tells the directories apart, or numbers where nothing does.

    A legend reads dollars as mathematics and hides what begins with an underscore.
    """
    short = [printable(name) for name in distinct([run.directory.resolve() for run in runs])]
    short = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in short]
    told = [f"{k}: {name}" if short.count(name) > 1 else name for k, name in enumerate(short)]
    return [name.replace("$", r"\$").replace("_", " _", name[:1] == "_") for name in told]


def distinct(paths: Sequence[Path]) -> list[str]:
    """The shortest parts of paths that tell them apart; the last one where it does.

    Paths that end alike are told apart by the part above their common end, as in a/run and b/run,
    or by longer ends where that is not enough.
    """
    above, longest = [], max(len(path.parts) for path in paths)
    alike = [{other.parts for other in paths if other.name == path.name} for path in paths]
    both = list(zip(paths, alike, strict=True))
    for path, group in both:
        from_the_end = zip(*(reversed(parts) for parts in group), strict=False)
        shared = len([*takewhile(lambda column: len({*column}) == 1, from_the_end)])
        above.append(path.name if len(group) == 1 else path.parts[-1 - shared])
    last = [path.name for path in paths]
    ends = [
        ["/".join(path.parts[-k if len(group) > 1 else -1 :]) for path, group in both]
        for k in range(2, longest + 1)
    ]
    different = len({*paths})
    return next((found for found in (last, above, *ends) if len({*found}) == different), last)


def _shown(
    runs: Sequence[Run], name: str, largest: float, view: View
) -> tuple[labels.Shown, scales.Scale]:
    """How a variable up to ``largest`` is shown, with what the runs do not solve for as its noise.

    That is the tolerance of M(N), a share of the largest n0, or of what that makes of a spin.
    """
    reference, unit = runs[0], runs[0].variables[name].unit
    peak = scales.thermal(reference, unit) * float(reference.field("n0", 0).max())
    usual = peak / reference.density
    noise = max(run.case.maxwellian.tolerance for run in runs) * usual
    how, scale = scales.shown(reference, unit, largest if largest > noise else usual, si=view.si)
    return how, scales.Scale(scale.size, noise * how.factor)


def _densities(runs: Sequence[Run], u: NDArray, view: View) -> scales.Densities:
    """As :func:`_shown`, of n0 and of n, from densities (n0, n) of the reference, ``(4, ...)``."""
    n0, n = (float(np.abs(part).max()) for part in (u[0], u[1:]))
    return _shown(runs, "n0", n0, view), _shown(runs, "n", n, view)


def _finish(ax: Axes, scale: scales.Scale) -> None:
    """As :func:`.style.finish`; what is not flat but for noise looks flat, too."""
    low, high = (float(value) for value in ax.dataLim.intervaly)
    style.finish(ax, _spanned((low, high), scale), scale)


def _spanned(between: Pair, scale: scales.Scale) -> Pair:
    """A range that is not stretched to what is small beside the noise of a quantity."""
    low, high = between
    if max(abs(low), abs(high)) <= scale.noise:
        return between  # which is drawn on the scale of the whole
    more = max(0.0, SPAN * scale.noise - (high - low)) / 2
    return low - more, high + more


def _at(run: Run, t: float) -> int:
    """The record at a time."""
    return int(np.argmin(np.abs(run.times - t)))


def write(
    drawn: Iterator[tuple[str, Figure]], home: Path, formats: Sequence[str]
) -> Iterator[Path]:
    """Write figures into a directory in each format; yields each file when it is written."""
    for name, figure in drawn:
        for ending in formats:
            path = home / f"{name}.{ending}"
            with style.look():
                figure.savefig(path, metadata={"Date": None} if ending == "svg" else None)
            yield path
