"""Section 4 of the paper: which expansions in eps hold, and which factors the numbers ask for.

Orders are slopes of the largest difference between a formula and the exact value, over a ladder of
eps with everything else fixed. A factor is fitted to what is left when all other terms of a formula
are subtracted from the exact value, for each eps, and continued to eps = 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wigner.case.problem import build

from ..formulas import semiclassical
from ..formulas.section4 import FACTORS, ROWS, Factor, Row
from ..formulas.semiclassical import Kind, Series
from ..harness import figures
from ..harness.claims import EARLY, MOOT, Cell, Claim, Drawing, Result, Table, near
from ..harness.orders import DASH, SHOWS, OrderError, fitted_slope, order_claim
from ..harness.study import Setting, Study
from ..harness.tasks import Outcomes, Task
from ..solutions.cases import SQUARE, STRIP, Shipped, chosen, ladder

SHIPPED = Shipped(STRIP, small=("physics.epsilon=0.28",), full=("physics.epsilon=0.28",))
# Gentle fields: two dimensions reach no small eps.
GENTLE = (
    'initial.n0="1 + 0.15*sin(x1)*cos(x2)"',
    'initial.n=["0.2*cos(x1 + x2)", "0.2*sin(x2)", "0.2*cos(x1)*sin(x2 + 1)"]',
)
PLANE = Shipped(SQUARE, small=GENTLE, full=GENTLE)
# What the constraint's residual and the box of the dense operators may leave of an error.
FLOOR = 1e-9
# The largest eps|n|/n0 of a ladder: the expansions are in powers of its square.
POLARISED = 0.35
# The Rashba constant where the case has none.
ALPHA = 0.5
# How near a fitted factor has to come to a small whole number.
WITHIN = 0.05
# The ladders in eps of those kinds of tasks that do not start from the eps of the case.
LADDERS = {Kind.PLANE: ladder(0.7, 3, 1.4), Kind.INVERSE: ladder(0.1, 3, 1.4)}


def epsilons(setting: Setting, kind: Kind) -> list[float]:
    """The ladder of eps of a kind of task."""
    if kind in LADDERS:
        return LADDERS[kind]
    case = chosen(setting, SHIPPED)
    n0, *n = build(case).N
    polarisation = float((np.linalg.norm(n, axis=0) / n0).max()) / case.physics.epsilon
    top = min(case.physics.epsilon, POLARISED / max(polarisation, 1e-3))
    return ladder(top, setting.pick(3, 4), setting.pick(1.3, math.sqrt(2)))


def kinds(setting: Setting) -> list[Kind]:
    """The kinds of tasks of a setting: the plane only with the shipped case, <M> in full size."""
    left_out = {Kind.PLANE} if setting.size != "full" else set()
    if setting.case is not None:
        left_out = {Kind.PLANE, Kind.INVERSE}
    return [kind for kind in Kind if kind not in left_out]


def plan(setting: Setting) -> list[Task]:
    """For each kind and eps, the errors and factors."""
    case = chosen(setting, SHIPPED)
    text, plane = case.text, chosen(Setting(setting.size), PLANE).text
    alpha = case.physics.alpha or ALPHA

    def task(kind: Kind, epsilon: float) -> Task:
        name, weight = f"{kind}/{epsilon:g}", epsilon**-2
        match kind:
            case Kind.SYMBOL:
                return Task(name, semiclassical.of_symbol, (text, epsilon, alpha, 1.0), weight)
            case Kind.BETA:
                return Task(name, semiclassical.of_symbol, (text, epsilon, alpha, 0.6), weight)
            case Kind.RASHBA:
                return Task(name, semiclassical.of_densities, (text, epsilon, alpha), weight)
            case Kind.PLAIN:
                return Task(name, semiclassical.of_densities, (text, epsilon, 0.0), weight)
            case Kind.PLANE:
                return Task(name, semiclassical.in_plane, (plane, epsilon, alpha), weight)
            case Kind.INVERSE:
                return Task(name, semiclassical.inverse, (plane, epsilon, alpha), weight)

    return [task(kind, epsilon) for kind in kinds(setting) for epsilon in epsilons(setting, kind)]


def series(
    setting: Setting, outcomes: Outcomes, kind: Kind, name: Series
) -> tuple[list[float], list[float]]:
    """The ladder of eps, and what the tasks of a kind measured under a name."""
    ladder_ = epsilons(setting, kind)
    return ladder_, [float(outcomes[f"{kind}/{epsilon:g}"][name]) for epsilon in ladder_]


def conclude(setting: Setting, outcomes: Outcomes) -> Result:
    """The orders and factors of section 4."""
    case = chosen(setting, SHIPPED)
    rows = [row for row in ROWS if row.kind in kinds(setting) and decides(setting, outcomes, row)]
    limits = {factor.key: limit(setting, outcomes, factor) for factor in FACTORS}
    return Result(
        "The expansions of section 4 against dense operator algebra, for the densities of one "
        f"case (fields of x₁) at α = {case.physics.alpha or ALPHA:g} and at α = 0. Factors are "
        "fitted to the exact values, all other terms subtracted, and continued to ε = 0. Formulas "
        "as printed are left out where the case hardly has the term that is wrong.",
        (
            *(_order(setting, outcomes, row) for row in rows),
            *(_factor(factor, *limits[factor.key]) for factor in FACTORS),
        ),
        (_table_of_factors(setting, outcomes, limits), _table_of_errors(setting, outcomes, rows)),
        (_draw(setting, outcomes),),
    )


def decides(setting: Setting, outcomes: Outcomes, row: Row) -> bool:
    """Whether a printed formula has an error far above that of the corrected one."""
    if row.right is None:
        return True
    wrong, right = (
        series(setting, outcomes, row.kind, name)[1][-1] for name in (row.series, row.right)
    )
    return wrong > SHOWS * right


def _order(setting: Setting, outcomes: Outcomes, row: Row) -> Claim:
    return order_claim(
        f"expansions.{row.key}",
        row.statement,
        row.place,
        *series(setting, outcomes, row.kind, row.series),
        row.expected,
        floor=FLOOR,
        printed=row.printed,
        about=row.about,
    )


def limit(setting: Setting, outcomes: Outcomes, factor: Factor) -> tuple[float, float]:
    """A fitted factor at eps = 0, and how sure that is.

    It is that of the polynomial in eps^2 through the three smallest eps; the one through two of
    them tells how far it can be trusted. Not a number if the case does not have the term.
    """
    h, values = series(setting, outcomes, factor.kind, factor.series)
    if not np.all(np.isfinite(values)):
        return math.nan, math.nan
    best, rough = (float(np.polyfit(np.square(h[-n:]), values[-n:], n - 1)[-1]) for n in (3, 2))
    return best, abs(best - rough)


def _factor(factor: Factor, value: float, doubt: float) -> Claim:
    wrong, expected = factor.printed != factor.correct, near(factor.correct, WITHIN)
    number = f"{factor.printed:+g}, as printed" if wrong else f"{factor.correct:+g}"
    note, undecided = "", ""
    if math.isnan(value):
        note, undecided = "the case does not have the term, or not apart from others", MOOT
    elif value not in expected and abs(value - factor.correct) <= WITHIN + doubt:
        note, undecided = f"continued to ε = 0 to ± {doubt:.2g}", EARLY
    return Claim(
        f"expansions.factor.{factor.key}",
        f"the factor of {factor.term} in {factor.place} is {number}",
        factor.place,
        value,
        expected,
        near(factor.printed, WITHIN) if wrong else None,
        factor.about,
        note,
        undecided,
    )


def _table_of_factors(
    setting: Setting, outcomes: Outcomes, limits: dict[str, tuple[float, float]]
) -> Table:
    h = epsilons(setting, Kind.RASHBA)
    return Table(
        "expansions-factors",
        "Factors that the exact values ask for",
        ("term", "in", "printed", *(f"ε = {epsilon:.3g}" for epsilon in h), "ε → 0", "correct"),
        tuple(
            (
                factor.term,
                factor.place,
                factor.printed,
                *series(setting, outcomes, factor.kind, factor.series)[1],
                limits[factor.key][0],
                factor.correct,
            )
            for factor in FACTORS
        ),
    )


def _table_of_errors(setting: Setting, outcomes: Outcomes, rows: Sequence[Row]) -> Table:
    cells: list[tuple[Cell, ...]] = []
    for row in rows:
        h, errors = series(setting, outcomes, row.kind, row.series)
        slope: float | None = None
        with suppress(OrderError):
            slope = fitted_slope(h, errors, floor=FLOOR)
        cells.append((row.place, row.statement, row.kind, errors[0], h[-1], errors[-1], slope))
    return Table(
        "expansions-errors",
        "Largest errors at the two ends of the ladder, and their order",
        ("place", "statement", "tasks", "error at the largest ε", "smallest ε", "error", "order"),
        tuple(cells),
        DASH,
    )


# Title, kind of tasks, and the curves: series with the order of a line beside it.
PANELS: tuple[tuple[str, Kind, dict[str, tuple[Series, int | None]]], ...] = (
    (
        "M(x, p), Prop. 4.1",
        Kind.SYMBOL,
        {
            "scalar": (Series.SCALAR_2, 4),
            "spin, corrected": (Series.SPIN_3, 5),
            "spin, as printed": (Series.SPIN_3_PRINTED, 3),
        },
    ),
    (
        "multipliers, Lemma 4.2",
        Kind.RASHBA,
        {
            "a₀": (Series.EQ_45, 4),
            "a, corrected": (Series.EQ_48, None),
            "a, as printed": (Series.EQ_48_PRINTED, 2),
        },
    ),
    (
        "terms of (7) at α = 0",
        Kind.PLAIN,
        {
            "(49)": (Series.EQ_49, 4),
            "(49), as printed": (Series.EQ_49_PRINTED, None),
            "(51)": (Series.EQ_51, None),
            "(51), as printed": (Series.EQ_51_PRINTED, 2),
            "−4(n×a)×a, dropped": (Series.DROPPED, None),
            "the same, cancelled": (Series.CANCELLED, None),
        },
    ),
)


def _draw(setting: Setting, outcomes: Outcomes) -> Drawing:
    caption = (
        "Errors of the expansions over ε. What is corrected falls with the order that the "
        "expansion has; what is printed wrongly stays behind."
    )
    return Drawing("expansions-orders", caption, partial(_figure_of_orders, setting, outcomes))


def _figure_of_orders(setting: Setting, outcomes: Outcomes) -> Figure:
    figure, axes = figures.panels(len(PANELS), size=(4.2, 3.9))
    for ax, (title, kind, lines) in zip(axes[0], PANELS, strict=True):
        _panel(ax, setting, outcomes, kind, lines)
        figures.logarithmic(ax, "ε", "largest error" if ax is axes[0, 0] else "", title)
        figures.legend(ax, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return figure


def _panel(
    ax: Axes,
    setting: Setting,
    outcomes: Outcomes,
    kind: Kind,
    lines: dict[str, tuple[Series, int | None]],
) -> None:
    for k, (label, (name, order)) in enumerate(lines.items()):
        h, errors = series(setting, outcomes, kind, name)
        figures.line(ax, h, errors, label, k)
        if order is not None:
            figures.slope(ax, h, errors[-1], order)


STUDY = Study("expansions", "Semiclassical expansions", plan, conclude)
