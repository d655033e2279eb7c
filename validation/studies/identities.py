"""The identities of sections 2 and 3, both sides computed by different means.

Statements are evaluated for one quantum Maxwellian with all components and alpha != 0, whose
multipliers are those of eps = 0 for the densities of a case: with fields of x1 and x2 in a small
box at large eps, and with fields of x1, where the lattices are fine. Some statements hold exactly
at every lattice point; in the others the sides differ because the lattices end in p and in x.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from macro.calculus import cross
from wigner.case.problem import lattice
from wigner.case.spec import Case, parse_case

from ..formulas import corrections, statements
from ..formulas.exact import Fields, classical, fitted, low_pass, on_box, on_line
from ..formulas.maxwellian_symbol import Setup
from ..formulas.statements import Sides
from ..harness import figures
from ..harness.claims import (
    MOOT,
    Claim,
    Drawing,
    Expected,
    Result,
    Table,
    at_least,
    at_most,
    near,
    relative_claim,
)
from ..harness.orders import order_claim
from ..harness.study import Setting, Study
from ..harness.tasks import Outcomes, Task
from ..oracle import bgk, dense, rates
from ..solutions.cases import STRIP, Shipped, chosen, ladder

LINE = Shipped(STRIP, small=("physics.epsilon=0.4",), full=("physics.epsilon=0.3",))
PLANE = """\
[grid]
n_x = [11, 11]
length = [2.6, 2.8]
n_p = [24, 24]
p_max = 6.2

[physics]
epsilon = 0.6
alpha = 0.5
tau = 0.1
potential = "0.2*cos(pi*x1/1.3) + 0.15*cos(pi*(x1/1.3 + x2/1.4) + 0.4)"

[initial]
n0 = "1 + 0.15*sin(pi*x1/1.3)*cos(pi*x2/1.4)"
n = ["0.2*cos(pi*(x1/1.3 + x2/1.4))", "0.2*sin(pi*x2/1.4)", "0.2*cos(pi*x1/1.3)*sin(pi*x2/1.4 + 1)"]

[time]
t_end = 1.0
dt = 0.1
"""
FINE = ("grid.n_x=[15, 15]", "grid.n_p=[28, 28]", "grid.p_max=6.7", "physics.epsilon=0.5")
SQUARE_BOX = Shipped(PLANE, full=FINE)


# Bounds on differences: of what is exact point by point, of what comes from a solver.
POINTWISE = 1e-9
SOLVED = 1e-6


@dataclass(frozen=True)
class Identity:
    """A statement, its two sides, and a bound on their difference (0: that of the lattice)."""

    key: str
    place: str
    statement: str
    sides: Callable[[Setup], Sides]
    bound: float = 0.0
    setups: tuple[str, ...] = ("plane", "line")


IDENTITIES = (
    Identity("2.1", "Lemma 2.1", "W(ρ̂₁ρ̂₂) = W(ρ̂₁) # W(ρ̂₂)", statements.lemma_2_1),
    Identity("15", "(15)", "∬ f # g dx dp = ∬ fg dx dp", statements.eq_15, POINTWISE),
    Identity("16", "(16)", "⟨f # g⟩ = f ⟨g⟩ for f = f(x)", statements.eq_16, POINTWISE),
    Identity("20", "Lemma 2.3, (20)", "iε θ_ε[V] f = V # f − f # V", statements.eq_20),
    Identity("21.mean", "Lemma 2.3, (21)", "⟨θ_ε[V] f⟩ = 0", statements.eq_21_mean, POINTWISE),
    Identity("21.first", "Lemma 2.3, (21)", "⟨p θ_ε[V] f⟩ = −∇V ⟨f⟩", statements.eq_21_first),
    Identity("trace", "before (22)", "Tr ρ̂ = (2πε)⁻² tr ∬ W dx dp", statements.trace),
    Identity("22", "(22)", "Tr(ρ̂₁ρ̂₂) = (2πε)⁻² tr ∬ W₁W₂ dx dp", statements.eq_22),
    Identity(
        "23",
        "Lemma 2.4, (23)",
        "p·∇w₀ + αε∇⊥·w − θ_ε[V]w₀ = W((i/ε)[H, ρ̂])₀",
        statements.eq_23,
    ),
    Identity(
        "24",
        "Lemma 2.4, (24)",
        "p·∇w + αε∇⊥w₀ − θ_ε[V]w − 2αp⊥×w is the spin part of W((i/ε)[H, ρ̂])",
        statements.eq_24,
    ),
    Identity("30", "(30)", "−iε TM = Ã # M − M # Ã", statements.eq_30),
    Identity("2.7", "Lemma 2.7", "−iε⟨TM⟩ = [Ã, N]", statements.lemma_2_7, POINTWISE),
    Identity("31", "(31)", "⟨TM⟩ = 2ε(n×a)·σ", statements.eq_31, POINTWISE),
    Identity("32", "(32)", "TM by θ_ε[ã₀], θ_ε[a] and M ×#even a", statements.eq_32),
    Identity(
        "33",
        "(33)",
        "⟨TTM⟩₀ = div(n₀∇(a₀+V) + ε²n·∇a) + 2αε²∇⊥·(n×a)",
        statements.eq_33,
    ),
    Identity("34", "(34)", "the spin part of ⟨TTM⟩", statements.eq_34),
    Identity("35", "(35)", "⟨T∂ₜM⟩ = 2ε(∂ₜn×a + n×∂ₜa)·σ", statements.eq_35, POINTWISE),
    Identity(
        "1.1.zeroth",
        "Theorem 1.1",
        "the τ⁰ part of (4)–(5), (a₀, a) from the moment map, is −⟨TM⟩",
        statements.theorem_1_1_zeroth,
        SOLVED,
        ("line",),
    ),
    Identity(
        "1.1.first",
        "Theorem 1.1",
        "the τ¹ part of (4)–(5), (a₀, a) from the moment map, is ⟨TTM⟩ + ⟨T∂ₜ⁰M⟩",
        statements.theorem_1_1_first,
        SOLVED,
        ("line",),
    ),
)
EXPANSION = ladder(0.2, 3)  # eps in Lemma 2.2
LAST = 3
DEFINITION = {"plane": "in two dimensions", "line": "for fields of x₁"}


def plan(setting: Setting) -> list[Task]:
    """All identities on the line; with the shipped case also in the plane, and what needs none."""
    line = Task("line", evaluate, (chosen(setting, LINE).text, "line"), 5)
    moyal = [Task(f"2.2/{epsilon:g}", expansion, (PLANE, epsilon)) for epsilon in EXPANSION]
    plane = SQUARE_BOX.in_size(Setting(setting.size)).text
    if setting.case:
        return [line]
    commutes = Task("commuting", commuting, (PLANE,))
    return [Task("plane", evaluate, (plane, "plane"), 20), line, *moyal, commutes]


def identities(where: str) -> list[Identity]:
    """The identities of a setup. Theorem 1.1 is left out of the plane, where its model is slow."""
    return [identity for identity in IDENTITIES if where in identity.setups]


def evaluate(text: str, where: str) -> dict[str, Sequence[float] | float]:
    """By identity: sizes of both sides, their relative difference, and the scale of that; what the
    sides are made of. And the factor in the definition of theta.
    """
    case = parse_case(text)
    s = {"plane": in_plane, "line": along_line}[where](case)
    theta, integral, _ = statements.definition_of_theta(s)
    sides = {identity.key: identity.sides(s) for identity in identities(where)}
    sizes = {key: (*both.sizes(), statements.natural(s, both)) for key, both in sides.items()}
    return sizes | {"theta": fitted(theta, [integral])[0], "epsilon": s.epsilon}


def in_plane(case: Case) -> Setup:
    """The setup of a case with fields of x1 and x2."""
    physics, grid = case.physics, case.grid
    box = rates.box(grid.n_x, grid.length, physics.epsilon, physics.alpha, p_max=6.5)
    return setup(on_box(case, box), grid.n_p, lattice(case).p_max)


def along_line(case: Case) -> Setup:
    """The setup of a case with fields of x1."""
    return setup(on_line(case, case.physics.epsilon, case.physics.alpha), (36, 36), (7.5, 7.5))


def setup(fields: Fields, n_p: tuple[int, int], p_max: tuple[float, float]) -> Setup:
    """The Maxwellian with the multipliers of eps = 0, their high modes removed."""
    n1, n2 = fields.box.n
    mu = low_pass(classical(fields.u), (n1 // 5, n2 // 5))
    return Setup(fields.box, fields.V, bgk.exponential(fields.box, mu), n_p, p_max)


def expansion(text: str, epsilon: float) -> dict[str, list[float]]:
    """Errors of Lemma 2.2 for waves in phase space."""
    case = parse_case(text)
    box = dense.Box((5, 5), case.grid.length, epsilon, 0.0)
    vacuum = bgk.exponential(box, np.zeros((4, 5, 5)))
    s = Setup(box, np.zeros((5, 5)), vacuum, (7, 7), lattice(case).p_max)
    return {"errors": statements.lemma_2_2(s, LAST)}


def commuting(text: str) -> dict[str, float]:
    """<T M> over n0 of a state with all spins along one axis, and of one with all components."""
    general = in_plane(parse_case(text))
    mu = general.mu.copy()
    mu[1:] = np.multiply.outer([0.6, 0.0, 0.8], mu[3])
    box = replace(general.box, alpha=0.0)
    aligned = replace(general, box=box, M=bgk.exponential(box, mu))
    sizes = {}
    for name, s in {"aligned": aligned, "general": general}.items():
        n0, n = s.u[0].max(), s.u[1:]
        sizes[name] = np.abs(s.rates.TM).max() / n0
        sizes[f"{name} commutator"] = np.abs(cross(n, s.mu[1:])).max() / n0
    return sizes


def conclude(setting: Setting, outcomes: Outcomes) -> Result:
    """A row for every identity in every setup."""
    setups = [where for where in DEFINITION if where in outcomes]
    lattice = {where: lattices(setting)[where] for where in setups}
    claims = [
        *(
            claim
            for where in setups
            for claim in _identities(where, outcomes[where], lattice[where])
        ),
        *(_definition(where, outcomes[where]) for where in setups),
        *(() if setting.case else (*_expansion(outcomes), *_commuting(outcomes["commuting"]))),
    ]
    return Result(
        "Both sides of each identity, computed by different means for a quantum Maxwellian with "
        "all components and α ≠ 0: symbols on a phase-space lattice under the solver's θ_ε, T and "
        "Moyal product, against dense density matrices. Errors are relative to the larger side.",
        tuple(claims),
        tuple(_table(where, outcomes[where], lattice[where]) for where in setups),
        (_draw(outcomes, setups),),
    )


def lattices(setting: Setting) -> dict[str, float]:
    """What the lattices may leave of a difference."""
    return {"plane": setting.pick(3e-5, 1e-6), "line": 1e-8}


def allowed(identity: Identity, lattice: float) -> float:
    """The bound of an identity on a lattice."""
    return identity.bound if identity.bound == POINTWISE else max(identity.bound, lattice)


def _identities(where: str, measured: dict, lattice: float) -> list[Claim]:
    claims = []
    for identity in identities(where):
        _, _, error, scale, natural = (float(size) for size in measured[identity.key])
        claims.append(
            relative_claim(
                f"identities.{where}.{identity.key}",
                f"{identity.statement}, {DEFINITION[where]}: the relative difference",
                identity.place,
                error * scale,
                scale,
                at_most(allowed(identity, lattice)),
                natural=natural,
            )
        )
    return claims


def _definition(where: str, measured: dict) -> Claim:
    printed, factor = (np.pi / float(measured["epsilon"])) ** 2, float(measured["theta"])
    return Claim(
        f"identities.{where}.theta",
        f"the factor of the integral that defines θ_ε is (2ε)⁻², as printed, {DEFINITION[where]}: "
        "(2π)² times the factor",
        "section 2.3",
        factor * (2 * np.pi) ** 2,
        near(1, 1e-4),
        near(printed, 1e-4 * printed),
        corrections.THETA,
        *(("V is constant in this case", MOOT) if np.isnan(factor) else ()),
    )


def _expansion(outcomes: Outcomes) -> list[Claim]:
    errors = np.array([outcomes[f"2.2/{epsilon:g}"]["errors"] for epsilon in EXPANSION])
    return [
        order_claim(
            f"identities.2.2.{j}",
            f"f # g = Σ εʲ f #ⱼ g for j ≤ {j}, up to O(ε^{j + 1})",
            "Lemma 2.2",
            EXPANSION,
            errors[:, j],
            near(j + 1, 0.1),
            floor=1e-14,
        )
        for j in range(LAST + 1)
    ]


def _commuting(measured: dict) -> list[Claim]:
    def claim(name: str, statement: str, expected: Expected) -> Claim:
        key = f"identities.2.7.{name.replace(' ', '.')}"
        return Claim(key, statement, "Lemma 2.7", float(measured[name]), expected)

    return [
        claim("aligned", "⟨TM⟩ = 0 where Ã and N commute: |⟨TM⟩|/n₀", at_most(POINTWISE)),
        claim("aligned commutator", "… and they commute: |n×a|/n₀", at_most(POINTWISE)),
        claim("general", "⟨TM⟩ ≠ 0 where they do not: |⟨TM⟩|/n₀", at_least(1e-4)),
    ]


def _table(where: str, measured: dict, lattice: float) -> Table:
    rows = []
    for identity in identities(where):
        left, right, error, *_ = (float(size) for size in measured[identity.key])
        most = allowed(identity, lattice)
        rows.append((identity.place, identity.statement, left, right, error, most))
    return Table(
        f"identities-{where}",
        f"Identities {DEFINITION[where]}, ε = {float(measured['epsilon']):g}",
        ("place", "statement", "max |left|", "max |right|", "difference", "allowed"),
        tuple(rows),
    )


def _draw(outcomes: Outcomes, setups: Sequence[str]) -> Drawing:
    caption = "How far the two sides of each identity are apart."
    return Drawing("identities", caption, partial(_figure, outcomes, setups))


def _figure(outcomes: Outcomes, setups: Sequence[str]) -> Figure:
    figure, axes = figures.panels(1, size=(6.5, 5.0))
    ax, places = axes[0, 0], [f"{identity.place}" for identity in IDENTITIES]
    for k, where in enumerate(setups):
        errors = [outcomes[where].get(identity.key, [0, 0, np.nan])[2] for identity in IDENTITIES]
        ax.plot(
            np.maximum(errors, 1e-17),
            range(len(places)),
            figures.MARKERS[k],
            color=figures.COLOURS[k],
            label=DEFINITION[where],
        )
    ax.set(xscale="log", xlabel="relative difference of the two sides")
    ax.set_yticks(range(len(places)), places, fontsize=9)
    ax.invert_yaxis()
    ax.grid(visible=True, axis="both", color="#e3e7ec", lw=0.8)
    figures.legend(ax, loc="best")
    return figure


STUDY = Study("identities", "Identities of sections 2 and 3", plan, conclude)
