"""Errors of the kinetic solver over the step, the lattices, the splitting and the tolerance."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wigner.flows.splitting import FOURTH, SPLITTINGS

from ..harness import figures
from ..harness.claims import Claim, Drawing, Expected, Result, Table, at_least, at_most, near
from ..harness.orders import DASH, observed_orders, order_claim
from ..harness.study import Setting, Study
from ..harness.tasks import Outcomes, Task
from ..solutions import errors
from ..solutions.cases import STRIP, Shipped, changed, chosen
from ..solutions.errors import SCHEMES
from . import budget

SMALL = ("grid.n_x=[8, 1]", "grid.n_p=[16, 16]", "physics.potential=0.5*cos(x1)")
SHIPPED = Shipped(STRIP, small=SMALL)
# What a lattice may leave of an error in time: roundoff and the constraint's residual.
FLOOR = 1e-10
RESOLVED = 1e-6


# What each lattice study runs through, and what it compares with.
LADDERS: dict[str, dict[str, tuple[Sequence[float], float]]] = {
    "small": {
        "n_x": ((6, 10, 14), 20),
        "n_p": ((14, 16, 20), 28),
        "p_max": ((4.5, 5.5), 7.5),
        "tolerance": ((1e-3, 1e-5, 1e-7), 1e-11),
    },
    "full": {
        "n_x": ((8, 10, 12, 16, 20, 24), 32),
        "n_p": ((14, 16, 18, 20, 24, 28), 36),
        "p_max": ((4.5, 5.0, 5.5, 6.0, 6.5, 7.0), 8.5),
        "tolerance": ((1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8), 1e-11),
    },
}
OVER: dict[str, Callable[..., errors.Errors]] = {
    "n_x": errors.over_n_x,
    "n_p": errors.over_n_p,
    "p_max": errors.over_p_max,
    "tolerance": errors.over_tolerance,
}


def plan(setting: Setting) -> list[Task]:
    """One task for each tau, one for the splittings, and one for each kind of lattice error.

    Of a user's case the error of the run as it is, see ``budget``.
    """
    if setting.case is not None:
        return budget.plan(setting)
    case = changed(chosen(setting, SHIPPED, general=True), "maxwellian.tolerance=1e-11")
    steps, finest = setting.pick(((4, 8, 16), 48), ((4, 8, 16, 32), 128))
    dt = case.time.t_end / setting.pick(2, 4)
    coarse = changed(case, "time.scheme=sdirk2", f"time.dt={dt!r}").text
    ladders = LADDERS[setting.size]
    return [
        *(
            Task(f"dt/{tau:g}", errors.in_time, (case.text, tau, steps, finest), weight=20)
            for tau in taus(setting)
        ),
        Task("splitting", errors.of_splittings, (case.text, steps)),
        *(Task(name, OVER[name], (coarse, *ladders[name]), weight=3) for name in OVER),
    ]


def taus(setting: Setting) -> tuple[float, ...]:
    """From a tau that the steps resolve to one far shorter than they are."""
    return setting.pick((1.0, 1e-6), (1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-6))


def conclude(setting: Setting, outcomes: Outcomes) -> Result:
    """Orders in time at every tau, orders of the splittings, and the errors of each lattice."""
    if setting.case is not None:
        return budget.conclude(setting, outcomes)
    case = chosen(setting, SHIPPED, general=True)
    return Result(
        f"Errors of N = (n₀, εn) at t = {case.time.t_end:g}, relative to the largest density, "
        f"each of one cause. ε = {case.physics.epsilon:g}, α = {case.physics.alpha:g}, "
        f"n_x = {list(case.grid.n_x)}, initial state “{case.initial.state}”.",
        (
            *_time_claims(setting, outcomes),
            *_splitting_claims(outcomes),
            *_lattice_claims(outcomes),
        ),
        (*_time_tables(setting, outcomes), *_other_tables(outcomes)),
        (_draw_time(setting, outcomes), _draw_lattices(outcomes)),
    )


def _time_claims(setting: Setting, outcomes: Outcomes) -> list[Claim]:
    resolved, limit = taus(setting)[0], taus(setting)[-1]

    def claim(scheme: str, tau: float, order: float, within: float) -> Claim:
        run = outcomes[f"dt/{tau:g}"]
        return order_claim(
            f"convergence.dt.{scheme}.{tau:g}",
            f"{scheme} is of order {order:g} in dt at τ = {tau:g}",
            "",
            run["dt"],
            run[scheme],
            near(order, within),
            floor=FLOOR,
        )

    return [
        *(claim(scheme, resolved, order, 0.2) for scheme, order in SCHEMES.items()),
        claim("strang", limit, 1, 0.3),
        *(_uniform_claim(scheme, setting, outcomes) for scheme in ("sdirk2", "sdirk3")),
    ]


def _uniform_claim(scheme: str, setting: Setting, outcomes: Outcomes) -> Claim:
    """The smallest order seen between any two steps at any tau."""
    orders = [
        order
        for tau in taus(setting)
        for order in observed_orders(
            outcomes[f"dt/{tau:g}"]["dt"], outcomes[f"dt/{tau:g}"][scheme], floor=FLOOR
        )
        if order is not None
    ]
    return Claim(
        f"convergence.dt.{scheme}.uniform",
        f"{scheme} loses no order as τ → 0: the lowest order between two steps at any τ",
        "",
        min(orders, default=math.nan),
        at_least(1.8),
    )


def _splitting_claims(outcomes: Outcomes) -> list[Claim]:
    errors_of_flow = outcomes["splitting"]
    return [
        order_claim(
            f"convergence.splitting.{name}",
            f"the splitting “{name}” of the flow exp(−tT) is of order {splitting.order}",
            "",
            errors_of_flow["dt"],
            errors_of_flow[name],
            near(splitting.order, 0.2),
            floor=1e-13,
            least=2 if splitting is FOURTH else 3,
        )
        for name, splitting in SPLITTINGS.items()
    ]


LATTICES = {
    "n_x": ("points per x axis", "n_x"),
    "n_p": ("points per p axis, box to suit", "n_p"),
    "p_max": ("p box, spacing that resolves η to 8", "P"),
}


def _lattice_claims(outcomes: Outcomes) -> list[Claim]:
    claims = []
    for name, (meaning, _) in LATTICES.items():
        values, errors = outcomes[name]["values"], outcomes[name]["errors"]
        seen = [-order for order in observed_orders(values, errors, floor=FLOOR) if order]
        claims += [
            Claim(
                f"convergence.{name}.spectral",
                f"errors fall faster than any power: the highest order over the {meaning}",
                "",
                max(seen, default=math.nan),
                at_least(8),
            ),
            Claim(
                f"convergence.{name}.error",
                f"error at {LATTICES[name][1]} = {values[-1]:g}",
                "",
                float(errors[-1]),
                at_most(RESOLVED),
            ),
        ]
    by_tolerance = outcomes["tolerance"]
    share = float(np.max(by_tolerance["errors"] / by_tolerance["values"]))
    statement = "largest error over the tolerance of the quantum Maxwellian that caused it"
    return [*claims, Claim("convergence.tolerance", statement, "", share, Expected(0, 1))]


def _time_tables(setting: Setting, outcomes: Outcomes) -> list[Table]:
    tables = []
    for scheme in SCHEMES:
        rows = []
        for tau in taus(setting):
            run = outcomes[f"dt/{tau:g}"]
            orders = observed_orders(run["dt"], run[scheme], floor=FLOOR)
            pairs = zip(run[scheme], orders, strict=True)
            cells = [
                cell for k, (e, order) in enumerate(pairs) for cell in (e, order)[: 1 + (k > 0)]
            ]
            rows.append((tau, *(None if cell is None else float(cell) for cell in cells)))
        steps = [f"dt = {dt:.3g}" for dt in outcomes[f"dt/{taus(setting)[0]:g}"]["dt"]]
        columns = [name for k, step in enumerate(steps) for name in (step, "order")[: 1 + (k > 0)]]
        tables.append(
            Table(
                f"convergence-{scheme}",
                f"{scheme}: error of N over dt and τ",
                ("τ", *columns),
                tuple(rows),
                DASH,
            )
        )
    return tables


def _other_tables(outcomes: Outcomes) -> list[Table]:
    tables = [
        _table(outcomes[name]["values"], {meaning: outcomes[name]["errors"]}, name, symbol, FLOOR)
        for name, (meaning, symbol) in LATTICES.items()
    ]
    by_tolerance, split = outcomes["tolerance"], outcomes["splitting"]
    tables.append(
        _table(
            by_tolerance["values"], {"N": by_tolerance["errors"]}, "tolerance", "tolerance", 1e-12
        )
    )
    schemes = {name: split[name] for name in SPLITTINGS}
    tables.append(_table(split["dt"], schemes, "splitting", "dt", 1e-13))
    return tables


def _table(h: NDArray, series: dict[str, NDArray], key: str, symbol: str, floor: float) -> Table:
    """Errors and observed orders side by side."""
    columns = [cells for name in series for cells in (f"error: {name}", "order")]
    sign = 1 if h[0] > h[-1] else -1  # of errors that fall as h grows
    orders = {
        name: [None if o is None else sign * o for o in observed_orders(h, errors, floor=floor)]
        for name, errors in series.items()
    }
    rows = tuple(
        (float(value), *(c for name in series for c in (float(series[name][k]), orders[name][k])))
        for k, value in enumerate(h)
    )
    return Table(f"convergence-{key}", f"Errors over {symbol}", (symbol, *columns), rows, DASH)


def _draw_time(setting: Setting, outcomes: Outcomes) -> Drawing:
    caption = (
        "Error of N over the step, by scheme and relaxation time. The SDIRK schemes follow the "
        "dynamics whatever τ is; Strang's splitting falls to order 1 where dt ≫ τ."
    )
    return Drawing("convergence-dt", caption, partial(_figure_of_dt, setting, outcomes))


def _figure_of_dt(setting: Setting, outcomes: Outcomes) -> Figure:
    figure, axes = figures.panels(len(SCHEMES), size=(4.2, 3.9), shared=True)
    for ax, (scheme, order) in zip(axes[0], SCHEMES.items(), strict=True):
        for k, tau in enumerate(taus(setting)):
            run = outcomes[f"dt/{tau:g}"]
            figures.line(ax, run["dt"], run[scheme], f"τ = {tau:g}", k)
        figures.logarithmic(ax, "dt", "", scheme)
        least = min(outcomes[f"dt/{tau:g}"][scheme].min() for tau in taus(setting))
        figures.slope(ax, run["dt"], least, order)
    axes[0, 0].set_ylabel("error of N")
    figures.legend(axes[0, 0], loc="lower right", ncols=2)
    return figure


def _draw_lattices(outcomes: Outcomes) -> Drawing:
    caption = (
        "Spectral convergence in the x lattice, the p lattice and the p box, and the error over "
        "the tolerance asked of the quantum Maxwellian."
    )
    return Drawing("convergence-lattices", caption, partial(_figure_of_lattices, outcomes))


def _figure_of_lattices(outcomes: Outcomes) -> Figure:
    figure, axes = figures.panels(4, size=(3.4, 3.3))
    names = {name: symbol for name, (_, symbol) in LATTICES.items()} | {"tolerance": "tolerance"}
    for k, (ax, (name, symbol)) in enumerate(zip(axes[0], names.items(), strict=True)):
        figures.line(ax, outcomes[name]["values"], outcomes[name]["errors"], "", k)
        figures.logarithmic(ax, symbol, "error of N" if k == 0 else "")
        if name != "tolerance":
            ax.set_xscale("linear")
    return figure


def essential(setting: Setting) -> Collection[str]:
    """Of a user's case the run as it is: what its finer runs tell, they tell one by one."""
    every = (task.name for task in plan(setting))
    return [budget.GIVEN] if setting.case is not None else [*every]


STUDY = Study("convergence", "Convergence of the kinetic solver", plan, conclude, essential)
