"""What is conserved along a solution (mass, spin, spectrum), and that the free energy falls."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.integrate import cumulative_simpson, simpson

from ..harness import figures
from ..harness.claims import (
    BURIED,
    MOOT,
    Claim,
    Drawing,
    Result,
    Table,
    at_most,
    number,
    relative_claim,
)
from ..harness.study import Setting, Study
from ..harness.tasks import Arrays, Outcomes, Task
from ..solutions import conservation, macroscopic
from ..solutions.cases import STRIP, Shipped, changed, chosen, slowed

# From a state that is no Maxwellian, so that there is entropy to gain, on a lattice that holds it.
FAR = ("initial.state=classical", "physics.tau=0.3", "maxwellian.tolerance=1e-11")
SHIPPED = Shipped(
    STRIP,
    small=(
        *FAR,
        "grid.n_x=[10, 1]",
        "grid.n_p=[24, 24]",
        "physics.potential=0.5*cos(x1)",
        "time.t_end=0.6",
    ),
    full=(
        *FAR,
        "grid.n_x=[20, 1]",
        "grid.n_p=[48, 24]",
        "grid.p_max=7",
        "time.t_end=1.0",
    ),
)
ROUNDOFF = 1e-12
# Difference of the spin from its balance, with Simpson's rule over the records.
BALANCE = 1e-4
# What a lattice leaves of a statement on the whole of W, over the largest of its tails.
LEFT = 100.0


def plan(setting: Setting) -> list[Task]:
    """A relaxation, the same without Rashba coupling, transport alone, and the entropic model.

    What needs the density operator is left out of a user's case that varies along both axes.
    """
    case = chosen(setting, SHIPPED)
    case = changed(case, f"output.every={case.time.dt!r}")  # for integrals over time
    straight, slow = changed(case, "physics.alpha=0"), slowed(case)
    tasks = [
        Task("relaxation", conservation.relaxation, (case.text,), weight=5),
        Task("no-rashba", conservation.relaxation, (straight.text,), weight=5),
        Task("entropic", conservation.entropic, (slow.text,)),
    ]
    if 1 in case.grid.n_x:
        tasks += [
            Task("operator", conservation.operator, (case.text,), weight=10),
            Task("transport", conservation.transport, (case.text,)),
        ]
    return tasks


def conclude(setting: Setting, outcomes: Outcomes) -> Result:
    """How far conserved quantities drift, and that the free energy falls."""
    bent, straight = outcomes["relaxation"], outcomes["no-rashba"]
    case = chosen(setting, SHIPPED)
    claims = [
        _drift("mass", "the mass ∫n₀ dx does not drift", bent, "mass"),
        _drift("spin", "without Rashba coupling the spin ∫n dx does not drift", straight, "spin"),
        _spin_balance(bent),
        Claim(
            "invariants.collisions",
            "collisions change neither density nor spin: max |⟨M(N)⟩ − N|",
            "Theorem 2.6",
            float(bent["collision"].max()),
            at_most(ROUNDOFF),
        ),
    ]
    summary = (
        f"A relaxation from the initial state “{case.initial.state}” with τ = "
        f"{case.physics.tau:g}, ε = {case.physics.epsilon:g}, α = {case.physics.alpha:g}."
    )
    tables: tuple[Table, ...] = ()
    rho = outcomes.get("operator")
    if rho is not None:
        claims += _operator_claims(rho, outcomes["transport"], case.maxwellian.tolerance)
        summary += " The density operator is built from W as matrices, whose eigenvalues give (27)."
        tables = (_table(rho),)
    else:
        summary += " The fields vary along both axes, too many for matrices: (27) is left out."
    claims += _entropic_claims(outcomes["entropic"])
    return Result(summary, tuple(claims), tables, (_draw(bent, rho),))


def _spin_balance(run: Arrays) -> Claim:
    """The rate of the spin by precession, integrated over time."""
    total, sparse = (simpson(run["rate"][::n], x=run["t"][::n], axis=0) for n in (1, 2))
    change = run["spin"][-1] - run["spin"][0]
    difference = float(np.abs(change - total).max())
    note, undecided = "the integral over time is Simpson's over the records", ""
    if max(np.abs(total).max(), np.abs(change).max()) <= ROUNDOFF * run["mass"][0]:
        undecided = MOOT
    elif difference <= float(np.abs(total - sparse).max()) and difference > BALANCE:
        note, undecided = f"{note}, which are too far apart: use a smaller time.dt", BURIED
    return Claim(
        "invariants.spin-balance",
        "with it, d/dt ∫n dx = (2α/ε) ∫⟨p⊥ × w⟩ dx; difference at t_end",
        "(24)",
        difference,
        at_most(BALANCE),
        note=note,
        undecided=undecided,
    )


def _operator_claims(rho: Arrays, flow: Arrays, tolerance: float) -> list[Claim]:
    """What the matrices tell, as far as the lattice lets them."""
    noise = tolerance * float(np.abs(rho["free_energy"]).max())
    tails = float(rho["tails"].max())

    def by_lattice(key: str, statement: str, place: str, size: float, bound: float) -> Claim:
        beyond = size > bound and size <= LEFT * tails
        note = f"the lattice leaves tails of {number(tails)} of W" if beyond else ""
        undecided, expected = BURIED if beyond else "", at_most(bound)
        key = f"invariants.{key}"
        return Claim(key, statement, place, size, expected, note=note, undecided=undecided)

    return [
        by_lattice(
            "trace",
            "Tr ρ of the matrices is (2πε)⁻² tr ∬W; relative difference",
            "section 2.3",
            _relative(rho["trace"], rho["trace_of_W"]),
            1e-8,
        ),
        by_lattice(
            "purity",
            "Tr ρ² of the matrices is (2πε)⁻² tr ∬W²; relative difference",
            "(22)",
            _relative(rho["purity"], rho["purity_of_W"]),
            1e-8,
        ),
        by_lattice(
            "positivity",
            "the density operator stays positive: minus its smallest eigenvalue over its largest",
            "Definition 2.5",
            -float(rho["smallest"].min()),
            1e-7,
        ),
        _falls(
            "free-energy",
            "the free energy falls from record to record: its largest change",
            "(27)",
            np.diff(rho["free_energy"]),
            noise,
        ),
        _falls(
            "minimum",
            "M(N) has the least free energy of all W with these N: the largest G(M(N)) − G(W)",
            "Definition 2.5",
            rho["equilibrium"] - rho["free_energy"],
            noise,
        ),
        by_lattice(
            "spectrum",
            "transport leaves the eigenvalues of ρ alone; largest change over the largest",
            "Lemma 2.4",
            float(flow["spectrum"]),
            1e-5,
        ),
        Claim(
            "invariants.norm",
            "and the norm of W; relative change",
            "Lemma 2.4",
            float(flow["norm"]),
            at_most(ROUNDOFF),
            note=f"while W changes by {float(flow['moved']):.2g} of its maximum",
        ),
    ]


def _entropic_claims(run: Arrays) -> list[Claim]:
    """The free energy of the entropic model falls, by its dissipation."""
    energy, natural = run["energy"], float(np.abs(run["energy"]).max())
    lost, rough = (float(simpson(run["dissipation"][::n], x=run["t"][::n])) for n in (1, 2))
    claim = relative_claim(
        "invariants.dissipation",
        "dE/dt = −τ ∫n₀ |∇(a₀ + V)|² dx; relative difference over t_end",
        "section 1.4",
        abs(energy[0] - energy[-1] - lost),
        abs(lost),
        at_most(1e-5),
        natural=natural,
        note="the integral over time is Simpson's over 17 records",
    )
    if claim.fails and abs(energy[0] - energy[-1] - lost) <= abs(lost - rough):
        note = f"{claim.note}, which are too far apart"
        claim = replace(claim, note=note, undecided=BURIED)
    return [
        _falls(
            "entropic",
            "E = ∫n₀(a₀ + V) dx of the entropic model falls: its largest change between records",
            "section 1.4",
            np.diff(energy),
            macroscopic.RTOL * natural,
        ),
        claim,
    ]


def _falls(key: str, statement: str, place: str, changes: NDArray, noise: float) -> Claim:
    """The claim that no change is positive; undecided if it is one of rest, up to noise."""
    worst, still = float(changes.max()), float(np.abs(changes).max()) <= noise
    note = f"changes are known to ± {number(noise)}"
    undecided = MOOT if still else BURIED if 0 < worst <= noise else ""
    return Claim(
        f"invariants.{key}",
        statement,
        place,
        worst,
        at_most(0.0),
        note=note if undecided else "",
        undecided=undecided,
    )


def _drift(key: str, statement: str, run: Arrays, name: str) -> Claim:
    """The claim that a total does not change, relative to its size, or to the mass."""
    values = run[name]
    scale = max(float(run["mass"][0]), float(np.abs(values[0]).max()))
    drift = float(np.abs(values - values[0]).max()) / scale
    return Claim(f"invariants.{key}", statement, "", drift, at_most(ROUNDOFF))


def _relative(a: NDArray, b: NDArray) -> float:
    return float(np.abs(a / b - 1).max())


def _table(rho: Arrays) -> Table:
    names = ("t", "free_energy", "equilibrium", "purity", "smallest")
    rows = [
        tuple(float(value) for value in row) for row in zip(*(rho[n] for n in names), strict=True)
    ]
    return Table(
        "invariants-free-energy",
        "Free energy (27), that of M(N), purity, and smallest eigenvalue over largest",
        ("t", "G(W)", "G(M(N))", "purity", "λ_min/λ_max"),
        tuple(rows[:: max(1, len(rows) // 10)]),
    )


def _draw(bent: Arrays, rho: Arrays | None) -> Drawing:
    falls = (
        "Along a kinetic solution the free energy falls, and M(N) has less of it than any other W "
        "with the same N; total"
    )
    caption = f"{falls if rho else 'Total'} spin changes by precession in the Rashba field alone."
    return Drawing("invariants", caption, partial(_figure, bent, rho))


def _figure(bent: Arrays, rho: Arrays | None) -> Figure:
    figure, axes = figures.panels(3 if rho else 1, size=(4.2, 3.5))
    if rho:
        energy, purity = axes[0, :2]
        t = rho["t"]
        figures.line(energy, t, rho["free_energy"], "G(W)", 0, positive=False)
        figures.line(energy, t, rho["equilibrium"], "G(M(N))", 1, positive=False)
        energy.set(xlabel="t", title="free energy (27)")
        figures.legend(energy)
        figures.line(purity, t, rho["purity"], "", 2, positive=False)
        purity.set(xlabel="t", title="purity Tr ρ² / (Tr ρ)²")
    spin = axes[0, -1]
    for k in range(3):
        spin.plot(bent["t"], bent["spin"][:, k], color=figures.COLOURS[k], label=f"∫n{'₁₂₃'[k]} dx")
    integral = bent["spin"][0] + cumulative_simpson(bent["rate"], x=bent["t"], axis=0, initial=0)
    spin.plot(bent["t"], integral, ":", color="black", lw=2.2, label="_")
    spin.set(xlabel="t", title="total spin; dotted: its balance")
    figures.legend(spin)
    return figure


STUDY = Study("invariants", "What is kept, and what only falls", plan, conclude)
