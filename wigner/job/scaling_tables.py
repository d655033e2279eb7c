"""Predicted steps as tables: strong and weak scaling, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple

from ..case.spec import Case
from ..phase_space.grid import PhaseGrid
from ..phase_space.resampling import Counts
from .constants import Constants
from .memory import size
from .scaling import Prediction, Step, strong, weak

PARTS = ("work", "copies", "travel", "alone", "latency")


def tables(
    case: Case,
    grid: PhaseGrid,
    ranks: Sequence[int],
    machine: Constants,
    numbers: tuple[int, ...],
    n_x: Counts | None = None,
) -> str:
    """Strong and weak scaling; arguments as those of :func:`.scaling.step`.

    Raises
    ------
    CaseError
        As :func:`.scaling.step`.
    """
    many = f"{machine.name}; {machine.ranks} ranks a node"
    fixed = strong(case, grid, ranks, machine, numbers, n_x)
    grown = weak(case, ranks, machine, numbers, n_x)
    least = fixed[0]
    lines = [f"strong scaling on {many}; milliseconds of a step", *_strong(fixed), ""]
    lines += [f"weak scaling, {least.share.rows} cells a rank; milliseconds of a step"]
    return "\n".join([*lines, *_weak(grown), ""])


def _strong(rows: Sequence[Prediction]) -> Iterator[str]:
    head = ("ranks", "nodes", *PARTS, "step", "efficiency", "message", "memory a rank")
    first = rows[0].share.ranks * rows[0].step.seconds
    yield from _aligned(
        head,
        (
            (
                str(row.share.ranks),
                str(row.share.nodes),
                *_milliseconds(row.step),
                f"{first / (row.share.ranks * row.step.seconds):.2f}",
                _bytes(row.share.message),
                size(row.memory),
            )
            for row in rows
        ),
    )


def _weak(rows: Sequence[Prediction]) -> Iterator[str]:
    head = ("ranks", "lattice", *PARTS, "step", "efficiency", "memory a rank")
    yield from _aligned(
        head,
        (
            (
                str(row.share.ranks),
                "x".join(map(str, (*row.share.grid.n_x, *row.share.grid.n_p))),
                *_milliseconds(row.step),
                f"{rows[0].step.seconds / row.step.seconds:.2f}",
                size(row.memory),
            )
            for row in rows
        ),
    )


def _milliseconds(step: Step) -> Iterator[str]:
    return (f"{1e3 * seconds:.3g}" for seconds in (*astuple(step), step.seconds))


def _bytes(count: float) -> str:
    """The size of a message, which may be small."""
    return "" if not count else size(count) if count >= 1e5 else f"{count / 1000:.3g} kB"


def _aligned(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table for a terminal."""
    cells = [head, *rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    for row in cells:
        yield "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)).rstrip()
