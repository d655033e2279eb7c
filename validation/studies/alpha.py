"""What Rashba coupling adds to the error of the local model, and where its error is below 1 %."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wigner.case.problem import build
from wigner.case.spec import parse_case

from ..formulas import corrections
from ..harness import figures
from ..harness.claims import Cell, Claim, Drawing, Expected, Result, Table, at_least, at_most, near
from ..harness.orders import order_claim
from ..harness.study import Setting, Study
from ..harness.tasks import Outcomes, Task
from ..solutions import kinetic, macroscopic, truncation
from ..solutions.cases import STRIP, Shipped, changed, chosen, ladder, slowed

SHIPPED = Shipped(
    STRIP,
    small=("grid.n_x=[12, 1]", "grid.n_p=[16, 16]", "initial.n0=1 + 0.15*sin(x1)"),
    full=("grid.n_x=[16, 1]",),
)
# How near the local model has to be to count as good.
GOOD = 0.01
BUDGET = "budget"
# The largest eps|n|/n0 of the ladder.
POLARISED = 0.8


def epsilons(setting: Setting) -> list[float]:
    """From twice the case's epsilon down, or from where no spin is far from positive."""
    case = chosen(setting, SHIPPED)
    n0, *n = build(case).N
    polarisation = float((np.linalg.norm(n, axis=0) / n0).max()) / case.physics.epsilon
    return ladder(
        min(2 * case.physics.epsilon, POLARISED / max(polarisation, 1e-3)), setting.pick(3, 5)
    )


def alphas(setting: Setting) -> list[float]:
    """From twice the case's alpha (or twice 0.5, if it has none) down, and zero."""
    alpha = chosen(setting, SHIPPED).physics.alpha or 0.5
    return [*ladder(2 * alpha, setting.pick(2, 4)), 0.0]


def taus(setting: Setting) -> list[float]:
    """Relaxation times for which the region is drawn, around the case's."""
    tau = slowed(chosen(setting, SHIPPED)).physics.tau
    return setting.pick([tau / 2], ladder(4 * tau, 4))


def plan(setting: Setting) -> list[Task]:
    """Rates over (eps, alpha), kinetic solutions against the local model, and the terms."""
    case = changed(chosen(setting, SHIPPED), "maxwellian.tolerance=1e-9")
    rough = changed(
        case,
        "time.scheme=sdirk2",
        f"time.dt={case.time.t_end / setting.pick(4, 8)!r}",
        "maxwellian.tolerance=1e-5",
    )
    pairs = [(e, a) for e in epsilons(setting) for a in alphas(setting)]
    return [
        *(
            Task(f"rates/{e:g}/{a:g}", rates, (truncation.with_physics(case, e, a).text,))
            for e, a in pairs
        ),
        *(
            Task(
                f"region/{tau:g}/{e:g}/{a:g}",
                kinetic_against_local,
                (changed(truncation.with_physics(rough, e, a), f"physics.tau={tau!r}").text,),
                weight=2,
            )
            for tau in taus(setting)
            for e, a in pairs
        ),
        Task(BUDGET, truncation.budget, (case.text,)),
    ]


def rates(text: str) -> dict[str, NDArray]:
    """Local minus nonlocal rate at t = 0 with tau = 1, by variant, ``(4, N1, N2)``."""
    return truncation.rate_differences(parse_case(text))


def kinetic_against_local(text: str) -> dict[str, float]:
    """Relative distance of either local model from the kinetic solution at t_end."""
    case = parse_case(text)
    N = kinetic.at_end(case)
    u = build(case).physics.unscaled(N)
    return {
        name: macroscopic.relative(macroscopic.at_end(case, name), u) for name in truncation.MODELS
    }


def conclude(setting: Setting, outcomes: Outcomes) -> Result:
    """Orders of what Rashba coupling adds to the error, and the region of one percent."""
    case = chosen(setting, SHIPPED)
    claims = [*_in_epsilon(setting, outcomes), *_region_claims(setting, outcomes)]
    summary = (
        "What Rashba coupling adds to the error of the local model: the difference of local and "
        "nonlocal rates at α less that at α = 0 (τ = 1). Then the distance of local from kinetic "
        f"solutions at t = {case.time.t_end:g}, over ε, α and τ."
    )
    tables = tuple(_table(setting, outcomes, tau) for tau in taus(setting))
    drawings = (_draw_region(setting, outcomes), _draw_orders(setting, outcomes), _budget(outcomes))
    return Result(summary, tuple(claims), tables, drawings)


def added(outcomes: Outcomes, epsilon: float, alpha: float, name: str) -> float:
    """Largest change of the error of the rates by alpha."""
    with_alpha, without = (outcomes[f"rates/{epsilon:g}/{a:g}"][name] for a in (alpha, 0.0))
    return float(np.abs(with_alpha - without).max())


def _in_epsilon(setting: Setting, outcomes: Outcomes) -> list[Claim]:
    """Over epsilon at the smallest alpha."""
    alpha, right = alphas(setting)[-2], near(2, 0.3)
    wrong = near(0, 0.3)

    def claim(
        name: str, key: str, statement: str, expected: Expected, printed: Expected | None = None
    ) -> Claim:
        errors = [added(outcomes, epsilon, alpha, name) for epsilon in epsilons(setting)]
        return order_claim(
            f"alpha.epsilon.{key}",
            f"{statement}: order in ε at α = {alpha:g}",
            "Theorem 1.2",
            epsilons(setting),
            errors,
            floor=1e-10,
            expected=expected,
            printed=printed,
            right=[added(outcomes, e, alpha, "local") for e in epsilons(setting)],
            about=corrections.RASHBA,
        )

    return [
        claim("local", "corrected", "the error that α adds to (6)-(7) corrected", expected=right),
        claim(
            "local-published",
            "published",
            "the error that α adds to (6)-(7) as published",
            expected=wrong,
            printed=right,
        ),
        claim(
            "rashba",
            "alone",
            "the error that α adds with the printed term −2ατ ∇⊥ × n alone",
            expected=wrong,
            printed=right,
        ),
    ]


def region(setting: Setting, outcomes: Outcomes, tau: float, name: str) -> NDArray:
    """Relative distance from the kinetic solution, ``(epsilon, alpha)``."""
    return np.array(
        [
            [float(outcomes[f"region/{tau:g}/{e:g}/{a:g}"][name]) for a in alphas(setting)]
            for e in epsilons(setting)
        ]
    )


def _region_claims(setting: Setting, outcomes: Outcomes) -> list[Claim]:
    """How good the models are in the shipped case; in another it depends on the fields."""
    if setting.case is not None:
        return []
    good, printed = (
        np.mean([region(setting, outcomes, tau, name) < GOOD for tau in taus(setting)])
        for name in truncation.MODELS
    )
    tau = taus(setting)[-1]
    corner = region(setting, outcomes, tau, "local")[-1, -1]
    return [
        Claim(
            "alpha.region.corner",
            f"the local model is good to 1 % of the kinetic solution at τ = {tau:g}, ε = "
            f"{epsilons(setting)[-1]:g}, α = 0: its relative error over 1 %",
            "Theorem 1.2",
            float(corner / GOOD),
            at_most(1.0),
        ),
        Claim(
            "alpha.region.size",
            "the corrected local model is good to 1 % at no fewer points (ε, α, τ) than the "
            "published one: difference of the shares",
            "Theorem 1.2",
            float(good - printed),
            at_least(0.0),
            note=f"corrected {good:.0%}, published {printed:.0%} of the points of the map",
        ),
    ]


def _table(setting: Setting, outcomes: Outcomes, tau: float) -> Table:
    corrected = 100 * region(setting, outcomes, tau, "local")
    printed = 100 * region(setting, outcomes, tau, "local-published")
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (e, *(f"{right:.2g} ({wrong:.2g})" for right, wrong in zip(*lines, strict=True)))
        for e, *lines in zip(epsilons(setting), corrected, printed, strict=True)
    )
    return Table(
        f"alpha-region-{tau:g}",
        f"Local against kinetic solution in %, corrected (published), τ = {tau:g}",
        ("ε", *(f"α = {a:g}" for a in alphas(setting))),
        rows,
    )


def _draw_region(setting: Setting, outcomes: Outcomes) -> Drawing:
    caption = (
        "Where the local model is good: its distance from the kinetic solution at t_end, over α "
        "and ε for several τ. The thick line is 1 %."
    )
    return Drawing("alpha-region", caption, partial(_figure_of_region, setting, outcomes))


def _figure_of_region(setting: Setting, outcomes: Outcomes) -> Figure:
    figure, axes = figures.panels(len(taus(setting)), 2, size=(3.5, 3.0), shared=True)
    a, e = np.abs(alphas(setting))[::-1], np.array(epsilons(setting))[::-1]
    for row, (name, label) in zip(
        axes, (("local", "corrected"), ("local-published", "published")), strict=True
    ):
        for ax, tau in zip(row, taus(setting), strict=True):
            image = figures.map_of_errors(
                ax, a, e, region(setting, outcomes, tau, name)[::-1, ::-1], GOOD
            )
            ax.set_title(f"{label}, τ = {tau:g}", fontsize=11)
        row[0].set_ylabel("ε")
    for ax in axes[-1]:
        ax.set_xlabel("|α|")
    figure.colorbar(
        image, ax=axes.ravel().tolist(), label="relative distance from kinetic", shrink=0.8
    )
    return figure


def _draw_orders(setting: Setting, outcomes: Outcomes) -> Drawing:
    caption = (
        "What Rashba coupling adds to the error of the local rates: of order 2 in ε with the "
        "corrected term, of order 0 as published."
    )
    return Drawing("alpha-orders", caption, partial(_figure_of_orders, setting, outcomes))


def _figure_of_orders(setting: Setting, outcomes: Outcomes) -> Figure:
    figure, axes = figures.panels(2, size=(4.8, 3.6))
    a, alpha = np.abs(alphas(setting)[:-1]), alphas(setting)[-2]
    labels = (("local", "corrected"), ("local-published", "published"))
    for k, (name, label) in enumerate(labels):
        for style, epsilon in (("-", epsilons(setting)[0]), ("--", epsilons(setting)[-1])):
            errors = [added(outcomes, epsilon, value, name) for value in alphas(setting)[:-1]]
            figures.line(axes[0, 0], a, errors, f"{label}, ε = {epsilon:g}", k, style)
        errors = [added(outcomes, e, alpha, name) for e in epsilons(setting)]
        figures.line(axes[0, 1], epsilons(setting), errors, label, k)
        figures.slope(axes[0, 1], epsilons(setting), errors[-1], (2, 0)[k])
    figures.logarithmic(axes[0, 0], "|α|", "error of the rates that α adds")
    figures.logarithmic(axes[0, 1], "ε", "", f"α = {alpha:g}")
    figures.legend(axes[0, 0])
    return figure


def _budget(outcomes: Outcomes) -> Drawing:
    caption = (
        "Budget of the local model at t = 0: root mean square of each term, corrected and as "
        "published; lines mark the error of the sum against the nonlocal model."
    )
    return Drawing("alpha-budget", caption, partial(_figure_of_budget, outcomes))


def _figure_of_budget(outcomes: Outcomes) -> Figure:
    sizes = outcomes[BUDGET]
    names = [key.split("/")[1] for key in sizes if key.startswith("corrected/")]
    names.append("double precession")
    figure, axes = figures.panels(2, size=(5.6, 3.8))
    for ax, component, title in zip(axes[0], (0, 1), ("∂ₜn₀", "∂ₜn"), strict=True):
        figures.bars(
            ax,
            names,
            {
                label: [
                    float(sizes[f"{form}/{n}"][component]) if f"{form}/{n}" in sizes else 0.0
                    for n in names
                ]
                for form, label in (("corrected", "corrected"), ("published", "as published"))
            },
            {
                "error, corrected": float(sizes["error/local"][component]),
                "error, published": float(sizes["error/local-published"][component]),
            },
        )
        ax.set_title(f"terms of {title}", fontsize=11)
        ax.set_xlabel("root mean square")
    figures.legend(axes[0, 0], loc="lower right")
    return figure


STUDY = Study("alpha", "Local model over α, and where it is good", plan, conclude)
