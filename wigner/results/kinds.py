"""The kinds of figure, by name. What draws them is imported when a figure is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from numpy.typing import NDArray

from . import planes
from .run import Run
from .view import View, first_and_last, nearest, spread

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Drawing(Protocol):
    """A figure of a run: what all its records have in common is known when it is made."""

    def __init__(self, run: Run, span: Sequence[int], view: View) -> None:
        """``span`` numbers the records whose ranges the panels have."""

    def draw(self, figure: Figure, records: Sequence[int]) -> None:
        """Draw some of the records into an empty figure."""


@dataclass(frozen=True)
class Kind:
    """A kind of figure.

    Attributes
    ----------
    module, name
        The class that makes it, a :class:`Drawing`.
    summary
        What it shows, in a line.
    times
        When there is something to draw, increasing.
    usual
        Numbers of the times that are drawn if none are asked for.
    each
        Whether there is a figure for each time; otherwise one has all of them.
    moves
        Whether it can be animated.
    of_x
        Whether it shows fields along x: where these are the same everywhere, it is one figure over
        all times if none are asked for.
    """

    module: str
    name: str
    summary: str
    times: Callable[[Run, View], NDArray]
    usual: Callable[[Run, View], list[int]]
    each: bool = False
    moves: bool = False
    of_x: bool = False

    def drawing(self, run: Run, span: Sequence[int], view: View) -> Drawing:
        """A drawing of this kind."""
        made: type[Drawing] = getattr(import_module(f".{self.module}", __package__), self.name)
        return made(run, span, view)

    def choose(self, run: Run, wanted: Sequence[str] | None, view: View) -> list[int]:
        """Numbers of the times that are nearest to those asked for.

        Raises
        ------
        CaseError
            If one is outside of the run, or there is nothing at any time.
        """
        if wanted is None:
            return _all(run, view) if self._over_time(run) else self.usual(run, view)
        return nearest(run, self.times(run, view), wanted)

    def figures(self, run: Run, wanted: Sequence[str] | None, view: View) -> list[list[int]]:
        """The numbers of the times of each figure; raises as :meth:`choose`."""
        chosen, whole = self.choose(run, wanted, view), wanted is None and self._over_time(run)
        return [[k] for k in chosen] if self.each and not whole else [chosen]

    def _over_time(self, run: Run) -> bool:
        return self.of_x and run.is_uniform


def _records(run: Run, _: View) -> NDArray:
    return run.times


def _last(run: Run, _: View) -> list[int]:
    return [run.last]


def _newest(run: Run, view: View) -> list[int]:
    return [planes.times(run, view).size - 1]


def _all(run: Run, _: View) -> list[int]:
    return list(range(run.times.size))


KINDS = {
    "fields": Kind(
        "fields",
        "Fields",
        "density with the in-plane spin as arrows, n3 and the polarisation",
        _records,
        first_and_last,
        moves=True,
        of_x=True,
    ),
    "series": Kind("series", "Series", "every number that is recorded over time", _records, _all),
    "components": Kind(
        "components",
        "Components",
        "every field, component by component",
        _records,
        _last,
        each=True,
        moves=True,
        of_x=True,
    ),
    "currents": Kind(
        "currents",
        "Currents",
        "the currents of charge and spin",
        _records,
        _last,
        moves=True,
        of_x=True,
    ),
    "cut": Kind(
        "cut",
        "Cut",
        "densities along lines, at several times",
        _records,
        spread,
        moves=True,
        of_x=True,
    ),
    "phase-space": Kind(
        "phase_space",
        "PhaseSpace",
        "cuts of W through phase space",
        planes.times,
        _newest,
        each=True,
        moves=True,
    ),
    "budget": Kind("budget", "Budget", "what becomes of energy, charge and spin", _records, _all),
}
# What is drawn if no kind is asked for.
USUAL = ("fields", "series")
