"""What is conserved, or may only fall, along solutions: totals, free energy, spectra.

The density operator is built from W as matrices, on cases that vary along one axis of x.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from macro.entropic import Entropic
from wigner.case.problem import Problem, build
from wigner.case.spec import parse_case
from wigner.evolution.solver import Solver
from wigner.phase_space.moments import Diagnostics, Moments, density, diagnostics, moments

from . import kinetic, macroscopic
from .density_operator import Strip


def relaxation(text: str) -> dict[str, NDArray]:
    """Mass, total spin and its rate along a solution, and what a collision does to N.

    By name, ``(records,)``, and ``(records, 3)`` for spins.
    """
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
    """d/dt int n dx = (2 alpha/eps) int <p_perp x w> dx, ``(3,)``, from (24).

    Only precession turns spin.
    """
    (_, P1, P2, P3) = fields.momentum  # <p w_k>/eps, two directions each
    precession = np.stack([-P3[0], -P3[1], P1[0] + P2[1]])
    return 2 * alpha * precession.sum(axis=(1, 2)) * dx


def operator(text: str) -> dict[str, NDArray]:
    """Free energy, purity and smallest eigenvalue of the density operator along a solution.

    By name, ``(records,)``: (27), (22).
    """
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
                "tails": max(scalars.edge_mass, scalars.tail_eta, scalars.tail_xi),
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
    """The free energy int n0 (a0 + V + phi/2) dx along the entropic model, and its dissipation.

    By name, at times ``(17,)``.
    """
    case = parse_case(text)
    model = macroscopic.model(case, "entropic")
    assert isinstance(model, Entropic)
    u = macroscopic.initial(case)
    u[1:] = 0.0
    times = np.linspace(0.0, case.time.t_end, 17)
    states = macroscopic.solution(model, u, case.time.t_end, times=times)
    found = [
        (model.free_energy(u, model.multipliers(u), t), model.dissipation(u, t))
        for t, u in zip(times, states, strict=True)
    ]
    energy, dissipation = np.array(found).T
    return {"t": times, "energy": energy, "dissipation": dissipation}


def _strip(solver: Solver) -> tuple[Strip, NDArray, Problem]:
    """The plane waves of a solver's lattice, H on them, and the problem."""
    problem = solver.problem
    strip = Strip(problem.grid, problem.physics.epsilon, problem.physics.alpha)
    return strip, strip.hamiltonian(problem.physics.V), problem
