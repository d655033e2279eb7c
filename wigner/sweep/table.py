"""sweep.csv: a row for each run, with its keys, its state and the scalars of its last record."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..case.dimensions import usual
from ..case.values import shown
from ..output import files
from ..output.variables import LABELS
from .plan import Member, Plan
from .states import report, verdict, word

# What is known of a run, by the heading of its column.
Row = dict[str, Any]
SECONDS = "t in s"  # while the rows are made
# Values of run.json that a row has besides.
KEPT = ("t", "steps", "records", "wall_seconds", "mass_drift")


def as_csv(plan: Plan) -> str:
    """The table as text."""
    rows = [*_in_one_unit([_row(plan, member) for member in plan.members])]
    names = dict.fromkeys(name for row in rows for name in row)
    last = [name for name in ("message",) if names.pop(name, 0) is None]
    text = io.StringIO()
    table = csv.DictWriter(text, [*names, *last], restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _row(plan: Plan, member: Member) -> Row:
    """What is known of a run, by the heading of its column."""
    found, varied = report(plan, member), dict(_varied(plan, member))
    row: Row = {"directory": member.name, **varied, "state": word(found), "verdict": verdict(found)}
    path = plan.home(member) / "moments.h5"
    for name in (name for name in KEPT if name in found):
        row[name] = found[name]
        if name == "t" and (second := _second(path)):
            row[SECONDS] = second * float(found[name])
    row |= dict(_scalars(path))
    return row | ({"message": found["message"]} if "message" in found else {})


def _varied(plan: Plan, member: Member) -> Iterator[tuple[str, object]]:
    """Values of the keys: numbers below the unit that all of them have, or else as typed."""
    for each in plan.varied:
        values, unit = each.measured
        value = values[each.values.index(plan.value(each, member))]
        plain = value if isinstance(value, str | int | float) else shown(value)
        yield (f"{each.name} ({unit})" if unit else each.name), plain


def _in_one_unit(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows with their times in SI, where they are known, in one unit that suits them all."""
    size, unit = usual("s", max((row[SECONDS] for row in rows if SECONDS in row), default=0.0))
    heading = {SECONDS: f"t ({unit})"}
    for row in rows:
        told = {SECONDS: float(f"{row[SECONDS] / size:.12g}")} if SECONDS in row else {}
        yield {heading.get(name, name): value for name, value in (row | told).items()}


def _second(path: Path) -> float:
    """The unit of time of a run in s; 0 where it is not known."""
    try:
        with files.hdf5(path, "r") as file:
            return float(file["time"].attrs.get("si_factor", 0.0))
    except (OSError, RuntimeError, KeyError, ValueError):  # damage shows in many ways
        return 0.0


def _scalars(path: Path) -> Iterator[tuple[str, float]]:
    """The last record of each scalar, nothing of a file that cannot be read."""
    try:
        with files.hdf5(path, "r") as file:
            for name, data in file.items():
                axes = [next(iter(axis.keys()), "") for axis in data.dims]
                if axes[:1] != ["time"] or len(axes) > 2 or not len(data) or name == "time":
                    continue
                last = np.atleast_1d(data[-1])
                labels = LABELS[axes[1]] if len(axes) == 2 else ("",)
                for label, value in zip(labels, last, strict=True):
                    yield f"{name}_{label}".rstrip("_"), float(value)
    except (OSError, RuntimeError, KeyError, ValueError):  # damage shows in many ways
        return
