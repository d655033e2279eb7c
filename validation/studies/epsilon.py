"""The local model against the nonlocal one as epsilon falls, at alpha = 0 and along alpha = eps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..formulas import corrections
from ..harness import figures
from ..harness.claims import Claim, Correction, Drawing, Expected, Result, Table, near
from ..harness.orders import DASH, observed_orders, order_claim
from ..harness.study import Setting, Study
from ..harness.tasks import Outcomes, Task
from ..solutions import truncation
from ..solutions.cases import STRIP, Shipped, changed, chosen, ladder, slowed
from ..solutions.truncation import Misprint

# tau weighs the error of solutions against that of the integrator.
WEIGHT = ("physics.tau=0.2",)
SHIPPED = Shipped(
    STRIP,
    small=("grid.n_x=[16, 1]", "initial.n0=1 + 0.1*sin(x1)", "time.t_end=0.2", *WEIGHT),
    full=("grid.n_x=[24, 1]", *WEIGHT),
)
LINES = {"zero": "α = 0", "diagonal": "α = ε"}
# Corrected and published orders in epsilon on each line.
ORDERS = {"zero": (near(4, 0.2), near(2, 0.2)), "diagonal": (near(3, 0.3), near(1, 0.3))}
# What the tolerance of the constraint leaves of a rate, and of a solution.
FLOORS = {"rates": 1e-9, "solutions": 2e-10}
KINDS = {"rates": truncation.rate_errors, "solutions": truncation.solution_errors}
# For each misprint the line on which it shows, and the correction that it belongs to.
ALONE = {
    Misprint.DIFFUSION: ("zero", corrections.DIFFUSION),
    Misprint.DOUBLE_CROSS: ("zero", corrections.DOUBLE_CROSS),
    Misprint.RASHBA: ("diagonal", corrections.RASHBA),
}


def epsilons(setting: Setting) -> list[float]:
    """The ladder, from the case's epsilon down."""
    return ladder(chosen(setting, SHIPPED).physics.epsilon, setting.pick(3, 4))


def plan(setting: Setting) -> list[Task]:
    """Rates and solutions for each epsilon on both lines, and the precession alone."""
    case = changed(slowed(chosen(setting, SHIPPED)), "maxwellian.tolerance=1e-11")
    tasks = []
    for epsilon in epsilons(setting):
        for line in LINES:
            alpha = 0.0 if line == "zero" else epsilon
            text = truncation.with_physics(case, epsilon, alpha).text
            tasks += [
                Task(f"{kind}/{line}/{epsilon:g}", function, (text,), weight)
                for (kind, function), weight in zip(KINDS.items(), (1, 8), strict=True)
            ]
            if line == "zero":
                name = f"precession/zero/{epsilon:g}"
                tasks.append(Task(name, truncation.precession_errors, (text,)))
    return tasks


def series(setting: Setting, outcomes: Outcomes, kind: str, line: str, name: str) -> NDArray:
    """Errors over epsilon, ``(epsilons,)``."""
    return np.array([outcomes[f"{kind}/{line}/{e:g}"][name] for e in epsilons(setting)], float)


def conclude(setting: Setting, outcomes: Outcomes) -> Result:
    """Orders of both forms on both lines, and of each misprint alone."""
    claims = [
        claim for kind in KINDS for line in LINES for claim in _forms(setting, outcomes, kind, line)
    ]
    claims += [_alone(setting, outcomes, name) for name in ALONE]
    claims += _precession(setting, outcomes)
    summary = (
        "The local model (6)-(7), corrected and as published, against the nonlocal model (4)-(5): "
        "rates at t = 0 (with τ = 1, so that all terms weigh alike) and solutions at t_end. Each "
        "misprint is also put alone into the corrected model."
    )
    tables = [_table(setting, outcomes, kind, line) for kind in KINDS for line in LINES]
    return Result(summary, tuple(claims), tuple(tables), (_draw(setting, outcomes),))


def _order(
    setting: Setting,
    outcomes: Outcomes,
    path: Sequence[str],
    key: str,
    statement: str,
    *,
    expected: Expected,
    printed: Expected | None = None,
    about: Correction,
) -> Claim:
    kind, line, name = path
    return order_claim(
        f"epsilon.{key}",
        statement,
        "Theorem 1.2",
        epsilons(setting),
        series(setting, outcomes, kind, line, name),
        expected,
        floor=FLOORS.get(kind, 1e-9),
        printed=printed,
        right=series(setting, outcomes, kind, line, "local") if printed else None,
        about=about,
    )


def _forms(setting: Setting, outcomes: Outcomes, kind: str, line: str) -> list[Claim]:
    right, wrong = ORDERS[line]
    about = corrections.RASHBA if line == "diagonal" else corrections.DOUBLE_CROSS
    return [
        _order(
            setting,
            outcomes,
            (kind, line, "local"),
            f"{kind}.{line}.corrected",
            f"{kind}: (6)-(7) corrected follows (4)-(5) as ε → 0 with {LINES[line]}: order in ε",
            expected=right,
            about=about,
        ),
        _order(
            setting,
            outcomes,
            (kind, line, "local-published"),
            f"{kind}.{line}.published",
            f"{kind}: (6)-(7) as published follows (4)-(5) to the same order, with {LINES[line]}",
            expected=wrong,
            printed=right,
            about=about,
        ),
    ]


def _alone(setting: Setting, outcomes: Outcomes, name: Misprint) -> Claim:
    line, about = ALONE[name]
    right, wrong = ORDERS[line]
    return _order(
        setting,
        outcomes,
        ("rates", line, name),
        f"alone.{name}",
        f"rates: the printed “{name}” term alone, all else corrected, with {LINES[line]}",
        expected=wrong,
        printed=right,
        about=about,
    )


def _precession(setting: Setting, outcomes: Outcomes) -> list[Claim]:
    path = ("precession", "zero")
    return [
        _order(
            setting,
            outcomes,
            (*path, "local"),
            "precession.corrected",
            "−2 n × a = (ε²/6) n × B, as (7) has it: order in ε at α = 0",
            expected=near(4, 0.2),
            about=corrections.PRECESSION,
        ),
        _order(
            setting,
            outcomes,
            (*path, "precession"),
            "precession.published",
            "−2 n × a = (ε²/6) (n/n₀) × B, as (49) has it: order in ε at α = 0",
            expected=near(2, 0.2),
            printed=near(4, 0.2),
            about=corrections.PRECESSION,
        ),
    ]


def _table(setting: Setting, outcomes: Outcomes, kind: str, line: str) -> Table:
    names = ("local", "local-published", *(ALONE if kind == "rates" else ()))
    columns = [cell for name in names for cell in (name, "order")]
    errors = {name: series(setting, outcomes, kind, line, name) for name in names}
    orders = {
        name: observed_orders(epsilons(setting), errors[name], floor=FLOORS[kind]) for name in names
    }
    rows = tuple(
        (epsilon, *(cell for n in names for cell in (float(errors[n][k]), orders[n][k])))
        for k, epsilon in enumerate(epsilons(setting))
    )
    alone = (
        "Columns with the name of a correction: that misprint alone. " if kind == "rates" else ""
    )
    title = f"{kind.capitalize()}: local minus nonlocal, {LINES[line]}"
    return Table(f"epsilon-{kind}-{line}", title, ("ε", *columns), rows, alone + DASH)


def _draw(setting: Setting, outcomes: Outcomes) -> Drawing:
    caption = (
        "The local against the nonlocal model over ε. Corrected, it is of order 4 at α = 0 and of "
        "order 3 along α = ε; as published, of orders 2 and 1."
    )
    return Drawing("epsilon", caption, partial(_figure, setting, outcomes))


def _figure(setting: Setting, outcomes: Outcomes) -> Figure:
    figure, axes = figures.panels(4, size=(3.7, 3.6))
    panels = [(kind, line) for kind in KINDS for line in LINES]
    for ax, (kind, line) in zip(axes[0], panels, strict=True):
        for k, (name, label) in enumerate(
            (("local", "corrected"), ("local-published", "published"))
        ):
            errors = series(setting, outcomes, kind, line, name)
            figures.line(ax, epsilons(setting), errors, label, k)
            order = (4, 2)[k] if line == "zero" else (3, 1)[k]
            figures.slope(ax, epsilons(setting), errors[-1], order)
        figures.logarithmic(ax, "ε", "", f"{kind}, {LINES[line]}")
    axes[0, 0].set_ylabel("local minus nonlocal")
    figures.legend(axes[0, 0])
    return figure


STUDY = Study("epsilon", "Local against nonlocal model as ε → 0", plan, conclude)
