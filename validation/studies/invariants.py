"""What is conserved along a solution (mass, spin, spectrum), and that the free energy falls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cumulative_simpson, simpson

from macro.entropic import Entropic
from wigner.case.problem import Problem, build
from wigner.case.spec import parse_case
from wigner.evolution.solver import Solver
from wigner.phase_space.moments import Diagnostics, Moments, density, diagnostics, moments

from ..harness import figures
from ..harness.claims import Claim, Drawing, Result, Table, at_least, at_most
from ..harness.study import Setting, Study
from ..harness.tasks import Outcomes, Task
from ..solutions import kinetic, macroscopic
from ..solutions.cases import STRIP, Shipped, changed, chosen
from ..solutions.density_operator import Strip

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


def plan(setting: Setting) -> list[Task]:
    """A relaxation, the same without Rashba coupling, and transport alone."""
    case = chosen(setting, SHIPPED)
    case = changed(case, f"output.every={case.time.dt!r}")  # for integrals over time
    strip = case if 1 in case.grid.n_x else SHIPPED.in_size(setting)
    return [
        Task("relaxation", relaxation, (case.text,), weight=5),
        Task("operator", operator, (strip.text,), weight=10),
        Task("no-rashba", relaxation, (changed(case, "physics.alpha=0").text,), weight=5),
        Task("transport", transport, (strip.text,)),
        Task("entropic", entropic, (case.text,)),
    ]


def relaxation(text: str) -> dict[str, NDArray]:
    """Mass, total spin and its rate along a solution, and what a collision does to N."""
    rows = []
    for t, solver, W in kinetic.records(parse_case(text)):
        problem = solver.problem
        fields, scalars = _moments(solver, W)
        N, M = _equilibrium(solver, W)
        rows.append(
            {
                "t": t,
                "mass": scalars.mass,
                "spin": scalars.spin,
                "rate": spin_rate(fields, problem.physics.alpha, problem.grid.dx),
                "collision": np.abs(density(solver.layout, M) - N).max(),
                "energy": scalars.energy,
                "purity": scalars.purity,
            }
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _moments(solver: Solver, W: NDArray) -> tuple[Moments, Diagnostics]:
    """Fields and scalars of W."""
    physics = solver.problem.physics
    fields = moments(solver.layout, W, physics)
    return fields, diagnostics(solver.layout, W, fields, physics)


def _equilibrium(solver: Solver, W: NDArray) -> tuple[NDArray, NDArray]:
    """N = <W> and M(N)."""
    N, M = density(solver.layout, W), solver.layout.x_major()
    solver.maxwellian.symbol(N, M, solver.maxwellian.memory.A)
    return N, M


def spin_rate(fields: Moments, alpha: float, dx: float) -> NDArray:
    """d/dt int n dx = (2 alpha/eps) int <p_perp x w> dx, from (24): only precession turns spin."""
    (_, P1, P2, P3) = fields.momentum  # <p w_k>/eps, two directions each
    precession = np.stack([-P3[0], -P3[1], P1[0] + P2[1]])
    return 2 * alpha * precession.sum(axis=(1, 2)) * dx


def operator(text: str) -> dict[str, NDArray]:
    """Free energy, purity and smallest eigenvalue of the density operator along a solution."""
    rows = []
    for t, solver, W in kinetic.records(parse_case(text)):
        strip, H, problem = _strip(solver)
        rho = strip.density(W)
        values = np.linalg.eigvalsh(rho)
        trace, square = strip.weight * values.sum(), strip.weight * (values**2).sum()
        _, scalars = _moments(solver, W)
        _, M = _equilibrium(solver, W)
        rows.append(
            {
                "t": t,
                "free_energy": strip.free_energy(rho, H),
                "equilibrium": strip.free_energy(strip.density(M), H),
                "purity": square / trace**2,
                "purity_of_W": scalars.purity,
                "trace_of_W": scalars.mass * 2 / (2 * np.pi * problem.physics.epsilon) ** 2,
                "trace": trace,
                "smallest": values.min() / values.max(),
            }
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def transport(text: str) -> dict[str, float]:
    """Changes of spectrum, norm and mass in eight steps of transport alone."""
    case = parse_case(text)
    solver = Solver(case, build(case))
    strip, _, _ = _strip(solver)
    W = solver.initial_state()
    before = W.copy()
    flow = solver.transport.flow(case.time.dt)
    for _ in range(8):
        flow(W)
    first, last = (np.linalg.eigvalsh(strip.density(w)) for w in (before, W))
    return {
        "spectrum": np.abs(last - first).max() / np.abs(first).max(),
        "norm": abs(np.linalg.norm(W) / np.linalg.norm(before) - 1),
        "mass": abs(W[0].real.sum() / before[0].real.sum() - 1),
        "moved": np.abs(W - before).max() / np.abs(before).max(),
    }


def entropic(text: str) -> dict[str, NDArray]:
    """E = int n0 (a0 + V) dx along the entropic model, and its dissipation."""
    case = parse_case(text)
    model = macroscopic.model(case, "entropic")
    assert isinstance(model, Entropic)
    u = macroscopic.initial(case)
    u[1:] = 0.0
    times = np.linspace(0.0, case.time.t_end, 17)
    states = macroscopic.solution(model, u, case.time.t_end, times=times)
    physics = model.physics
    energy = [float((u[0] * (model.multipliers(u)[0] + physics.V)).sum()) for u in states]
    return {
        "t": times,
        "energy": np.array(energy) * model.x.cell,
        "dissipation": np.array([model.dissipation(u) for u in states]),
    }


def _strip(solver: Solver) -> tuple[Strip, NDArray, Problem]:
    """The plane waves of a solver's lattice, H on them, and the problem."""
    problem = solver.problem
    strip = Strip(problem.grid, problem.physics.epsilon, problem.physics.alpha)
    return strip, strip.hamiltonian(problem.physics.V), problem


def conclude(setting: Setting, outcomes: Outcomes) -> Result:
    """How far conserved quantities drift, and that the free energy falls."""
    bent, straight = outcomes["relaxation"], outcomes["no-rashba"]
    rho, flow = outcomes["operator"], outcomes["transport"]
    case = chosen(setting, SHIPPED)
    claims = (
        _drift("mass", "the mass ∫n₀ dx does not drift", "", bent["mass"]),
        _drift(
            "spin", "without Rashba coupling the spin ∫n dx does not drift", "", straight["spin"]
        ),
        Claim(
            "invariants.spin-balance",
            "with it, d/dt ∫n dx = (2α/ε) ∫⟨p⊥ × w⟩ dx; difference at t_end",
            "(24)",
            float(np.abs(bent["spin"][-1] - bent["spin"][0] - _integral(bent)).max()),
            at_most(1e-4),
            note="the integral over time is Simpson's over the records",
        ),
        Claim(
            "invariants.collisions",
            "collisions change neither density nor spin: max |⟨M(N)⟩ − N|",
            "Theorem 2.6",
            float(bent["collision"].max()),
            at_most(ROUNDOFF),
        ),
        Claim(
            "invariants.trace",
            "Tr ρ of the matrices is (2πε)⁻² tr ∬W; relative difference",
            "section 2.3",
            _relative(rho["trace"], rho["trace_of_W"]),
            at_most(1e-8),
        ),
        Claim(
            "invariants.purity",
            "Tr ρ² of the matrices is (2πε)⁻² tr ∬W²; relative difference",
            "(22)",
            _relative(rho["purity"], rho["purity_of_W"]),
            at_most(1e-8),
        ),
        Claim(
            "invariants.positivity",
            "the density operator stays positive: its smallest eigenvalue over its largest",
            "Definition 2.5",
            float(rho["smallest"].min()),
            at_least(-1e-7),
        ),
        Claim(
            "invariants.free-energy",
            "the free energy falls from record to record: its largest change",
            "(27)",
            float(np.diff(rho["free_energy"]).max()),
            at_most(0.0),
        ),
        Claim(
            "invariants.minimum",
            "M(N) has the least free energy of all W with these N: the smallest G(W) − G(M(N))",
            "Definition 2.5",
            float((rho["free_energy"] - rho["equilibrium"]).min()),
            at_least(0.0),
        ),
        Claim(
            "invariants.spectrum",
            "transport leaves the eigenvalues of ρ alone; largest change over the largest",
            "Lemma 2.4",
            float(flow["spectrum"]),
            at_most(1e-5),
            note=f"while W changes by {float(flow['moved']):.2g} of its maximum",
        ),
        Claim(
            "invariants.norm",
            "and the norm of W; relative change",
            "Lemma 2.4",
            float(flow["norm"]),
            at_most(ROUNDOFF),
        ),
        *_entropic_claims(outcomes["entropic"]),
    )
    summary = (
        f"A relaxation from the initial state “{case.initial.state}” with τ = "
        f"{case.physics.tau:g}, ε = {case.physics.epsilon:g}, α = {case.physics.alpha:g}. The "
        "density operator is built from W as matrices, whose eigenvalues give (27)."
    )
    return Result(summary, claims, (_table(rho),), (_draw(bent, rho),))


def _entropic_claims(run: dict[str, NDArray]) -> list[Claim]:
    """The free energy of the entropic model falls, by its dissipation."""
    energy, lost = run["energy"], float(simpson(run["dissipation"], x=run["t"]))
    return [
        Claim(
            "invariants.entropic",
            "E = ∫n₀(a₀ + V) dx of the entropic model falls: its largest change between records",
            "section 1.4",
            float(np.diff(energy).max()),
            at_most(0.0),
        ),
        Claim(
            "invariants.dissipation",
            "dE/dt = −τ ∫n₀ |∇(a₀ + V)|² dx; relative difference over t_end",
            "section 1.4",
            float(abs((energy[0] - energy[-1]) / lost - 1)),
            at_most(1e-5),
            note="the integral over time is Simpson's over 17 records",
        ),
    ]


def _drift(key: str, statement: str, place: str, values: NDArray) -> Claim:
    """The claim that a total does not change, relative to its size or to one."""
    drift = np.abs(values - values[0]).max() / max(1.0, np.abs(values[0]).max())
    return Claim(f"invariants.{key}", statement, place, float(drift), at_most(ROUNDOFF))


def _integral(run: dict[str, NDArray]) -> NDArray:
    """The change of spin that its rate gives."""
    return simpson(run["rate"], x=run["t"], axis=0)


def _relative(a: NDArray, b: NDArray) -> float:
    return float(np.abs(a / b - 1).max())


def _table(rho: dict[str, NDArray]) -> Table:
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


def _draw(bent: dict[str, NDArray], rho: dict[str, NDArray]) -> Drawing:
    figure, axes = figures.panels(3, size=(4.2, 3.5))
    energy, purity, spin = axes[0]
    figures.line(energy, rho["t"], rho["free_energy"], "G(W)", 0)
    figures.line(energy, rho["t"], rho["equilibrium"], "G(M(N))", 1)
    energy.set(xlabel="t", title="free energy (27)")
    figures.line(purity, rho["t"], rho["purity"], "", 2)
    purity.set(xlabel="t", title="purity Tr ρ² / (Tr ρ)²")
    for k in range(3):
        spin.plot(bent["t"], bent["spin"][:, k], color=figures.COLOURS[k], label=f"∫n{'₁₂₃'[k]} dx")
    integral = bent["spin"][0] + cumulative_simpson(bent["rate"], x=bent["t"], axis=0, initial=0)
    spin.plot(bent["t"], integral, ":", color="black", lw=2.2, label="_")
    spin.set(xlabel="t", title="total spin; dotted: its balance")
    for ax in (energy, spin):
        figures.legend(ax)
    caption = (
        "Along a kinetic solution the free energy falls, and M(N) has less of it than any other W "
        "with the same N; total spin changes by precession in the Rashba field alone."
    )
    return Drawing("invariants", caption, figure)


STUDY = Study("invariants", "What is kept, and what only falls", plan, conclude)
