"""sweep.csv: a row for each run, with its keys, its state and the scalars of its last record."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..case.values import shown
from ..output import files
from ..output.variables import LABELS
from .plan import Member, Plan
from .states import report, verdict, word

# Values of run.json that a row has besides.
KEPT = ("t", "steps", "records", "wall_seconds", "mass_drift")


def as_csv(plan: Plan) -> str:
    """The table as text."""
    rows = [_row(plan, member) for member in plan.members]
    names = dict.fromkeys(name for row in rows for name in row)
    last = [name for name in ("message",) if names.pop(name, 0) is None]
    text = io.StringIO()
    table = csv.DictWriter(text, [*names, *last], restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _row(plan: Plan, member: Member) -> dict[str, object]:
    """What is known of a run, by the heading of its column."""
    values = {each.name: plan.value(each, member) for each in plan.varied}
    plain = {k: v if isinstance(v, str | int | float) else shown(v) for k, v in values.items()}
    found = report(plan, member)
    row = {"directory": member.name, **plain, "state": word(found), "verdict": verdict(found)}
    row |= {name: found[name] for name in KEPT if name in found}
    row |= dict(_scalars(plan.home(member) / "moments.h5"))
    return row | ({"message": found["message"]} if "message" in found else {})


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
