"""A gate, a Zeeman field and a force that are switched on: kinetic solutions and the models.

The run begins in the equilibrium of V and b. Nothing moves there, so no initial layer forms, and
what is left of the difference to the nonlocal model is of order tau^2 in every component, with
Rashba and Dresselhaus coupling and fields that vary in time. The local model is its expansion in
epsilon and the couplings: its spin is off by a term of order epsilon^4 at small tau.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wigner.case.spec import Case, parse_case
from wigner.errors import CaseError, Fault

from ..harness import figures
from ..harness.claims import Claim, Drawing, Result, Table, at_least, near
from ..harness.orders import DASH, order_claim, rows_of_orders
from ..harness.study import Setting, Study
from ..harness.tasks import Outcomes, Task
from ..solutions import kinetic, macroscopic
from ..solutions.cases import Shipped, changed, chosen, ladder, slowed

SWITCHED = """\
[grid]
n_x = [16, 1]
length = [6.283185307179586, 1.0]
n_p = [22, 22]

[physics]
epsilon = 0.2
alpha = 0.4
beta = 0.2
tau = 0.04
potential = "0.4*cos(x1) + 0.4*sin(x1 + 1)*step(t - 0.3, 0.06)"
zeeman = ["0.4", "0.3*cos(x1)", "-0.5"]
field = ["0.2*step(t - 0.3, 0.06)", "-0.3*step(t - 0.3, 0.06)"]

[initial]
n0 = "1"
state = "equilibrium"

[time]
t_end = 0.6
dt = 0.03
scheme = "sdirk3"

[maxwellian]
tolerance = 1e-9
"""
SHIPPED = Shipped(
    SWITCHED,
    small=("grid.n_x=[8, 1]", "grid.n_p=[18, 18]", "maxwellian.tolerance=1e-7"),
)
# What is small in the local model, and by how much larger it is taken: 2^4 times the error.
SMALL, COARSE = ("epsilon", "alpha", "beta"), 2.0


def solved(setting: Setting) -> Case:
    """The case with its largest tau.

    Raises
    ------
    CaseError
        If nothing is switched in it.
    """
    case = slowed(chosen(setting, SHIPPED, general=True))
    if not case.physics.varies:
        raise CaseError(
            Fault(
                "physics.potential",
                "no field of the case that varies in time",
                "a gate that is switched",
                'write for instance potential = "0.5*cos(x1)*step(t - 0.3, 0.1)"',
            )
        )
    return case


def taus(setting: Setting) -> list[float]:
    """Five values over a factor 16 (small: three over 4), from the case's tau down."""
    return ladder(solved(setting).physics.tau, setting.pick(3, 5))


def plan(setting: Setting) -> list[Task]:
    """For each tau the kinetic solution and the models, and both again for larger epsilon."""
    case = solved(setting)
    dt = case.time.t_end / setting.pick(12, 40)
    last = taus(setting)[-1]
    cases: dict[str, tuple[str, ...]] = {
        f"{tau:g}": (f"physics.tau={tau!r}",) for tau in taus(setting)
    }
    if setting.case is None:
        larger = (f"physics.{key}={COARSE * getattr(case.physics, key)!r}" for key in SMALL)
        cases["coarse"] = (f"physics.tau={last!r}", *larger)
    texts = {key: changed(case, *keys, f"time.dt={dt!r}").text for key, keys in cases.items()}
    return [
        *(
            Task(f"kinetic/{key}", kinetic.densities_with_error, (text,), weight=20)
            for key, text in texts.items()
        ),
        *(Task(f"models/{key}", model_densities, (text,), weight=8) for key, text in texts.items()),
    ]


def model_densities(text: str) -> dict[str, NDArray]:
    """(n0, n), ``(4, N1, N2)``, at t_end of the nonlocal and of the local model, and at t = 0."""
    case = parse_case(text)
    found = {name: macroscopic.at_end(case, name) for name in ("nonlocal", "local")}
    return {**found, "initial": macroscopic.initial(case)}


def errors(setting: Setting, outcomes: Outcomes, name: str) -> NDArray:
    """Largest difference of each component at t_end, ``(tau, 4)``."""
    return np.array([_error(outcomes, f"{tau:g}", name) for tau in taus(setting)])


def _error(outcomes: Outcomes, key: str, name: str) -> NDArray:
    """Kinetic minus a model at t_end, the largest of each component."""
    solution, models = outcomes[f"kinetic/{key}"]["u"], outcomes[f"models/{key}"]
    return np.abs(solution - models[name]).max(axis=(1, 2))


def conclude(setting: Setting, outcomes: Outcomes) -> Result:
    """Order two in tau for every component of the nonlocal model, and order four of the local."""
    case, last = solved(setting), f"{taus(setting)[-1]:g}"
    nonlocal_errors = errors(setting, outcomes, "nonlocal")
    claims = [
        order_claim(
            f"gate.n{k}",
            f"kinetic minus nonlocal is O(τ²) in {figures.COMPONENTS[k]} with a switched gate",
            "Theorem 1.1, with Λ, b(x, t), E(t) and V(x, t)",
            taus(setting),
            nonlocal_errors[:, k],
            near(2, 0.25),
            floor=float(outcomes[f"kinetic/{last}"]["error"][k]),
            least=3,
        )
        for k in range(4)
    ]
    if setting.case is None:
        claims += _of_local(outcomes, last)
    physics = case.physics
    summary = (
        f"From equilibrium, V, b and E of the case are switched; t = {case.time.t_end:g}, ε = "
        f"{physics.epsilon:g}, α = {physics.alpha:g}, β = {physics.beta:g}, τ from "
        f"{taus(setting)[0]:g} to {taus(setting)[-1]:g}."
    )
    return Result(summary, tuple(claims), (_table(setting, outcomes),), (_draw(setting, outcomes),))


def _of_local(outcomes: Outcomes, last: str) -> list[Claim]:
    """How far the local model is off, and how that falls with epsilon."""
    coarse, fine = (_error(outcomes, key, "local")[1:].max() for key in ("coarse", last))
    moved = outcomes["kinetic/" + last]["u"] - outcomes["models/" + last]["initial"]
    return [
        Claim(
            "gate.local",
            "the spin of the local model is off by O(ε⁴) at the smallest τ, α and β growing as ε: "
            "order between two ε",
            "Theorem 1.2, corrected, with Λ, b(x, t), E(t) and V(x, t)",
            float(np.log2(coarse / fine) / np.log2(COARSE)),
            near(4, 0.4),
        ),
        Claim(
            "gate.answer",
            "the answer to the switch is larger than what the nonlocal model leaves of it, by the "
            "factor",
            "Theorem 1.1",
            float(np.abs(moved).max() / _error(outcomes, last, "nonlocal").max()),
            at_least(20),
        ),
    ]


def _table(setting: Setting, outcomes: Outcomes) -> Table:
    sizes = errors(setting, outcomes, "nonlocal")
    floor = max(float(outcomes[f"kinetic/{tau:g}"]["error"].max()) for tau in taus(setting))
    rows = rows_of_orders(taus(setting), sizes, floor)
    columns = [cell for name in figures.COMPONENTS for cell in (name, "order")]
    return Table("gate", "Kinetic minus nonlocal at t_end", ("τ", *columns), tuple(rows), DASH)


def _draw(setting: Setting, outcomes: Outcomes) -> Drawing:
    caption = (
        "Kinetic solution against the models over τ after the switch: the nonlocal model follows "
        "to order two; the local one as far as its expansion in ε goes."
    )
    return Drawing("gate", caption, partial(_figure, setting, outcomes))


def _figure(setting: Setting, outcomes: Outcomes) -> Figure:
    figure, axes = figures.panels(2, 1, size=(4.8, 3.5))
    for ax, part, title in zip(axes[0], (slice(0, 1), slice(1, 4)), ("n₀", "n"), strict=True):
        for k, name in enumerate(("nonlocal", "local")):
            sizes = errors(setting, outcomes, name)[:, part].max(axis=1)
            figures.line(ax, taus(setting), sizes, name, k)
        figures.logarithmic(ax, "τ", "", title)
        least = errors(setting, outcomes, "nonlocal")[-1, part].max()
        figures.slope(ax, taus(setting), least, 2)
    axes[0, 0].set_ylabel("kinetic minus macroscopic")
    figures.legend(axes[0, 0], loc="best")
    return figure


STUDY = Study("gate", "A switched gate: kinetic equation and macroscopic models", plan, conclude)
