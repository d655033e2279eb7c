"""Kinetic solutions against the macroscopic models as tau falls.

The nonlocal model drops terms of order tau^2: so the difference falls as tau^2, and over tau^2 it
tends to a limit. From W = M(N) + tau G ("prepared") there is no initial layer; from W = M(N) there
is one, which shifts N by a further multiple of tau^2.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wigner.case.problem import build
from wigner.case.spec import Case, parse_case
from wigner.errors import CaseError

from ..harness import figures
from ..harness.claims import (
    BURIED,
    EARLY,
    Claim,
    Drawing,
    Expected,
    Result,
    Table,
    at_least,
    at_most,
    near,
)
from ..harness.orders import DASH, MARGIN, order_claim, rows_of_orders
from ..harness.study import Setting, Study
from ..harness.tasks import Outcomes, Task
from ..solutions import kinetic, macroscopic
from ..solutions.cases import SQUARE, STRIP, Shipped, changed, chosen, ladder, slowed
from . import pictures
from .off import off

SHIPPED = Shipped(
    STRIP,
    small=(
        "grid.n_x=[14, 1]",
        "initial.n0=1 + 0.2*sin(x1)",
        "physics.potential=0.5*cos(x1)",
        "physics.tau=0.06",
        "maxwellian.tolerance=1e-9",
    ),
    full=("grid.n_x=[20, 1]", "grid.n_p=[24, 24]", "physics.tau=0.06"),
)
PICTURE = Shipped(
    SQUARE,
    small=("grid.n_x=[8, 8]", "grid.n_p=[16, 16]", "time.dt=0.25", "maxwellian.tolerance=1e-6"),
)
# The largest tau to begin with: from longer ones no order is seen, and M + tau G may be no state.
LONGEST = 0.2
STATES = ("prepared", "maxwellian")
MODELS = ("nonlocal", "local", "local-published")
# The order that is expected from either state. From "prepared" data the coefficient of tau^2 is so
# small in some components that tau^3 weighs as much: of order two at least, three at most.
ORDERS = {"prepared": Expected(1.9, 3.1), "maxwellian": near(2, 0.1)}


def solved(setting: Setting) -> Case:
    """The case with the largest tau of the ladder: its own, unless that is far from small.

    Its quantum Maxwellians are close enough for differences of order tau^2.
    """
    case = slowed(chosen(setting, SHIPPED, general=True))
    tau, tolerance = min(case.physics.tau, LONGEST), min(case.maxwellian.tolerance, 1e-8)
    return changed(case, f"physics.tau={tau!r}", f"maxwellian.tolerance={tolerance!r}")


def taus(setting: Setting) -> list[float]:
    """Five values over a factor 16 (small: three over 4), from the case's tau down."""
    return ladder(solved(setting).physics.tau, setting.pick(3, 5))


def plan(setting: Setting) -> list[Task]:
    """For each tau a kinetic solution from either state, and the models; and one picture."""
    case = solved(setting)
    picture = PICTURE.in_size(setting) if setting.case is None else case
    dt = case.time.t_end / setting.pick(8, 48)
    cases = {
        (state, tau): changed(
            case, f"physics.tau={tau!r}", f"initial.state={state}", f"time.dt={dt!r}"
        ).text
        for state in STATES
        for tau in taus(setting)
    }
    return [
        *(
            Task(f"{state}/{tau:g}", kinetic.densities_with_error, (text,), weight=20)
            for (state, tau), text in cases.items()
        ),
        *(
            Task(f"models/{tau:g}", model_densities, (cases["prepared", tau],), weight=8)
            for tau in taus(setting)
        ),
        Task("picture", picture_densities, (picture.text,), weight=40),
    ]


def model_densities(text: str) -> dict[str, NDArray]:
    """(n0, n), ``(4, N1, N2)``, at t_end of each model that has all that the case has."""
    case, found = parse_case(text), {}
    for name in MODELS:
        with suppress(CaseError):
            found[name] = macroscopic.at_end(case, name)
    return found


def picture_densities(text: str) -> dict[str, NDArray]:
    """(n0, n), ``(4, N1, N2)``, in two dimensions: at t = 0, kinetic and nonlocal at t_end."""
    case = parse_case(text)
    times, N = kinetic.densities(case)
    unscaled = build(case).physics.unscaled
    u = macroscopic.initial(case)
    model = macroscopic.model(case, "nonlocal")
    return {
        "t": times[-1],
        "initial": unscaled(N[0]),
        "kinetic": unscaled(N[-1]),
        "nonlocal": macroscopic.solution(model, u, case.time.t_end, rtol=1e-5),
        "length": np.array(case.grid.length),
        "tau": case.physics.tau,
    }


def difference(outcomes: Outcomes, state: str, tau: float, name: str) -> NDArray:
    """Kinetic minus macroscopic (n0, n) at t_end, ``(4, N1, N2)``."""
    return outcomes[f"{state}/{tau:g}"]["u"] - outcomes[f"models/{tau:g}"][name]


def errors(setting: Setting, outcomes: Outcomes, state: str, name: str) -> NDArray:
    """Largest difference of each component, ``(tau, 4)``."""
    differences = [difference(outcomes, state, tau, name) for tau in taus(setting)]
    return np.abs(differences).max(axis=(2, 3))


def conclude(setting: Setting, outcomes: Outcomes) -> Result:
    """Order two in tau for every component, the limit, and which local model is closer."""
    case = solved(setting)
    claims = [
        *(_slope(setting, outcomes, state, k) for state in STATES for k in range(4)),
        _limit(setting, outcomes),
        *_comparisons(setting, outcomes),
    ]
    physics = case.physics
    summary = (
        f"Kinetic solutions at t = {case.time.t_end:g} against the nonlocal model (4)-(5) and the "
        f"local model (6)-(7) for τ from {taus(setting)[0]:g} to {taus(setting)[-1]:g}; ε = "
        f"{physics.epsilon:g}, α = {physics.alpha:g}. Time steps are so small that their errors "
        "are far below τ² (see the table)."
    )
    own = chosen(setting, SHIPPED, general=True).physics.tau
    if physics.tau < own:
        summary += f" The case has τ = {own:g}, far from where the models are for."
    answer = "" if setting.case is None else _answer(setting, outcomes)
    drawings = (_draw_errors(setting, outcomes), _draw_limit(setting, outcomes), _picture(outcomes))
    tables = tuple(_table(setting, outcomes, state) for state in STATES)
    return Result(f"{answer} {summary}".strip(), tuple(claims), tables, drawings, answer)


def _answer(setting: Setting, outcomes: Outcomes) -> str:
    """How far the models are from the solution of a user's case, from its own state if it can."""
    case = solved(setting)
    state = case.initial.state if case.initial.state in STATES else STATES[0]
    known = [name for name in MODELS[:2] if name in outcomes[f"models/{taus(setting)[0]:g}"]]
    apart = {n: [difference(outcomes, state, tau, n) for tau in taus(setting)] for n in known}
    u = outcomes[f"{state}/{taus(setting)[0]:g}"]["u"]
    told = off(taus(setting), apart, u, _floor(setting, outcomes, state))
    return f"From “{state}” data, at t = {case.time.t_end:g}: {told}"


def _floor(setting: Setting, outcomes: Outcomes, state: str) -> float:
    """The largest error in time of any kinetic solution."""
    return max(float(outcomes[f"{state}/{tau:g}"]["error"].max()) for tau in taus(setting))


def _slope(setting: Setting, outcomes: Outcomes, state: str, k: int) -> Claim:
    return order_claim(
        f"tau.{state}.n{k}",
        f"kinetic minus nonlocal is O(τ²) in {figures.COMPONENTS[k]} from “{state}” data",
        "Theorem 1.1",
        taus(setting),
        errors(setting, outcomes, state, "nonlocal")[:, k],
        ORDERS[state],
        floor=float(outcomes[f"{state}/{taus(setting)[-1]:g}"]["error"][k]),
        least=3,
    )


def _limit(setting: Setting, outcomes: Outcomes) -> Claim:
    limits = [
        difference(outcomes, "maxwellian", tau, "nonlocal") / tau**2 for tau in taus(setting)[-3:]
    ]
    largest = np.abs(limits[-1]).max()
    before, last = (
        float(np.abs(finer - coarser).max() / largest) if largest > 0 else 0.0
        for coarser, finer in pairwise(limits)
    )
    note, undecided = f"over the halving before that {before:.2g}", ""
    if errors(setting, outcomes, "maxwellian", "nonlocal")[-1].max() <= MARGIN * _floor(
        setting, outcomes, "maxwellian"
    ):
        note, undecided = "the difference is too near the error in time", BURIED
    elif 0.1 < last < 0.8 * before:
        undecided = EARLY
    return Claim(
        "tau.limit",
        "(kinetic minus nonlocal)/τ² tends to a limit from “maxwellian” data: relative change over "
        "the last halving of τ",
        "Theorem 1.1",
        last,
        at_most(0.1),
        note=note,
        undecided=undecided,
    )


def _comparisons(setting: Setting, outcomes: Outcomes) -> list[Claim]:
    """What is so in the shipped case; in another it depends on the fields."""
    if setting.case is not None:
        return []
    prepared, layered = (errors(setting, outcomes, state, "nonlocal")[-1].max() for state in STATES)
    printed, corrected = (
        errors(setting, outcomes, "prepared", name)[0].max()
        for name in ("local-published", "local")
    )
    return [
        Claim(
            "tau.layer",
            "most of that limit is the initial layer: “prepared” data, which have none, leave less "
            "by the factor",
            "section 3",
            float(layered / prepared),
            at_least(3),
        ),
        Claim(
            "tau.local",
            "the corrected local model is closer to the kinetic solution than the published one: "
            "ratio of their errors at the largest τ",
            "Theorem 1.2",
            float(printed / corrected),
            at_least(1.5),
        ),
    ]


def _table(setting: Setting, outcomes: Outcomes, state: str) -> Table:
    sizes = errors(setting, outcomes, state, "nonlocal")
    floor = _floor(setting, outcomes, state)
    rows = [
        (*row, float(outcomes[f"{state}/{row[0]:g}"]["error"].max()))
        for row in rows_of_orders(taus(setting), sizes, floor)
    ]
    columns = [cell for name in figures.COMPONENTS for cell in (name, "order")]
    return Table(
        f"tau-{state}",
        f"Kinetic minus nonlocal at t_end, “{state}” data",
        ("τ", *columns, "error in time"),
        tuple(rows),
        DASH,
    )


NAMES = {
    "nonlocal": "nonlocal (4)-(5)",
    "local": "local (6)-(7), corrected",
    "local-published": "local (6)-(7), as published",
}


def _draw_errors(setting: Setting, outcomes: Outcomes) -> Drawing:
    caption = (
        "Kinetic solution against the macroscopic models over τ: the nonlocal model follows to "
        "order two, from either initial state; the local model as far as its expansion in ε goes; "
        "the local model as published stays away."
    )
    return Drawing("tau", caption, partial(_figure, setting, outcomes))


def _figure(setting: Setting, outcomes: Outcomes) -> Figure:
    figure, axes = figures.panels(2, 2, size=(4.8, 3.5))
    for row, state in zip(axes, STATES, strict=True):
        for ax, part, title in zip(row, (slice(0, 1), slice(1, 4)), ("n₀", "n"), strict=True):
            for k, (name, label) in enumerate(NAMES.items()):
                if name not in outcomes[f"models/{taus(setting)[0]:g}"]:
                    continue
                sizes = errors(setting, outcomes, state, name)[:, part].max(axis=1)
                figures.line(ax, taus(setting), sizes, label, k)
            figures.logarithmic(ax, "τ", "", f"{title}, “{state}” data")
            least = errors(setting, outcomes, state, "nonlocal")[-1, part].max()
            figures.slope(ax, taus(setting), least, 2)
        row[0].set_ylabel("kinetic minus macroscopic")
    figures.legend(axes[0, 0], loc="best")
    return figure


def _draw_limit(setting: Setting, outcomes: Outcomes) -> Drawing:
    caption = (
        "The difference over τ², “maxwellian” data: the curves settle to a limit as τ falls (dark)."
    )
    return Drawing("tau-limit", caption, partial(_figure_of_limit, setting, outcomes))


def _figure_of_limit(setting: Setting, outcomes: Outcomes) -> Figure:
    case = chosen(setting, SHIPPED, general=True)
    axis = 0 if case.grid.n_x[0] > 1 else 1
    figure, axes = figures.panels(4, 1, size=(3.6, 3.2))
    for k, ax in enumerate(axes[0]):
        for row, tau in enumerate(taus(setting)):
            profile = difference(outcomes, "maxwellian", tau, "nonlocal")[k] / tau**2
            profile = kinetic.resampled(profile, (64, 1) if axis == 0 else (1, 64))
            cut = np.take(profile, 0, axis=1 - axis)
            x = np.arange(cut.size) * case.grid.length[axis] / cut.size
            shade = 0.25 + 0.75 * row / (len(taus(setting)) - 1)
            ax.plot(x, cut, color=figures.COLOURS[0], alpha=shade, lw=1.5, label=f"τ = {tau:g}")
        ax.set(xlabel=f"x{'₁₂'[axis]}")
        ax.set_title(figures.COMPONENTS[k], fontsize=11)
    axes[0, 0].set_ylabel("(kinetic minus nonlocal)/τ²")
    figures.legend(axes[0, 0], loc="best")
    return figure


def _picture(outcomes: Outcomes) -> Drawing:
    picture = outcomes["picture"]
    flat = 1 in picture["initial"].shape[1:]
    what = (
        "Densities along the axis on which they vary"
        if flat
        else "Density (above) and spin texture (below) in two dimensions, colour for n₀ and n₃, "
        "arrows for (n₁, n₂),"
    )
    caption = (
        f"{what} at τ = {float(picture['tau']):g}. Kinetic and nonlocal differ by at most "
        f"{float(np.abs(picture['kinetic'] - picture['nonlocal']).max()):.1g}."
    )
    draw = pictures.profiles if flat else pictures.texture
    return Drawing("tau-densities" if flat else "tau-texture", caption, partial(draw, picture))


STUDY = Study("tau", "Kinetic equation and macroscopic models as τ → 0", plan, conclude)
