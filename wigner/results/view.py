"""What is asked of a figure: units, a place, and times among those there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..case.quantities import LENGTH, TIME, Dimension, quantity
from ..errors import CaseError, Fault
from ..phase_space.grid import Pair
from .run import Run

# Endings of files: of pictures, and of animations.
FORMATS, MOVING = ("png", "svg", "pdf"), ("gif", "mp4")
# Lines over time in one panel, at the most, where no times are asked for.
LINES = 6


@dataclass(frozen=True)
class View:
    """What is asked of a figure besides its kind.

    Attributes
    ----------
    si
        Whether numbers are in SI units; otherwise they are scaled.
    through
        The place (x1, x2) that cuts go through; None for that of the largest n0.
    """

    si: bool = False
    through: Pair | None = None


def check_si(run: Run) -> None:
    """Raise CaseError if the units of a run are not known in SI."""
    if run.scaling is None:
        expected = "a case with a section [material], which gives the units"
        raise CaseError(Fault("--si", f"{run.directory} without one", expected, "leave it out"))


def scaled(run: Run, what: str, text: str, dimension: Dimension) -> float:
    """The scaled value of a number as typed: a scaled one, or one with a unit such as "0.3 ps".

    Raises
    ------
    CaseError
        If it is neither, or has a unit where there is no material.
    """
    expected = "a scaled number, or one with a unit such as " + (
        '"0.3 ps"' if dimension == TIME else '"80 nm"'
    )
    try:
        return float(text)
    except ValueError:
        pass
    try:
        value = quantity(text, dimension)
    except ValueError as error:
        raise CaseError(Fault(what, repr(text), expected, str(error))) from None
    if run.scaling is None:
        remedy = "there is no [material]: divide it by the unit"
        raise CaseError(Fault(what, repr(text), "a scaled number", remedy))
    return value / (run.scaling.time if dimension == TIME else run.scaling.length)


def place(run: Run, texts: Sequence[str] | None) -> Pair | None:
    """The place that ``--through`` names; raises as :func:`scaled`, or outside of the box."""
    if texts is None:
        return None
    first, second = (scaled(run, "--through", text, LENGTH) for text in texts)
    for x, L in zip((first, second), run.length, strict=True):
        if not 0 <= x <= L:
            expected = f"x1 from 0 to {run.length[0]:g} and x2 from 0 to {run.length[1]:g}"
            raise CaseError(Fault("--through", f"({first:g}, {second:g})", expected))
    return first, second


def nearest(run: Run, times: NDArray, wanted: Sequence[str]) -> list[int]:
    """Which of some increasing times are nearest to those asked for, as typed; each once, in order.

    ``times`` is ``(times,)``, in the unit of the records.

    Raises
    ------
    CaseError
        If one is before the first or after the last, or cannot be read.
    """
    found = []
    for text in wanted:
        t = scaled(run, "--at", text, TIME)
        slack = 1e-6 * max(abs(times[-1]), abs(times[0]))
        if not times[0] - slack <= t <= times[-1] + slack:
            expected = f"a time from {times[0]:g} to {times[-1]:g}, as the run has them"
            if run.scaling is not None:
                ends = (f"{1e15 * run.scaling.time * end:.4g} fs" for end in (times[0], times[-1]))
                expected += f" ({' to '.join(ends)})"
            raise CaseError(Fault("--at", text, expected))
        found.append(int(np.argmin(np.abs(times - t))))
    return sorted(set(found))


def first_and_last(run: Run, _: View) -> list[int]:
    """The first and the last record."""
    return sorted({0, run.last})


def spread(run: Run, _: View) -> list[int]:
    """A few records over the whole time."""
    return sorted({round(k) for k in np.linspace(0, run.last, min(LINES, run.last + 1))})


def peak(run: Run, record: int) -> tuple[int, int]:
    """The lattice point of the largest n0 at a record."""
    n0 = run.field("n0", record)
    first, second = np.unravel_index(int(np.argmax(n0)), n0.shape)
    return int(first), int(second)


def lattice_point(run: Run, through: Pair | None, record: int) -> tuple[int, int]:
    """The lattice point nearest to a place; without one that of the largest n0 at a record."""
    if through is None:
        return peak(run, record)
    first, second = (
        round(x / L * n) % n for x, L, n in zip(through, run.length, run.n_x, strict=True)
    )
    return first, second
