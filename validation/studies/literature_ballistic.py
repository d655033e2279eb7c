"""Rows of the study of literature: spins that turn along a path, at a barrier and in a wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wigner.case.problem import build
from wigner.case.spec import Case, parse_case
from wigner.evolution.solver import Solver
from wigner.phase_space import pauli
from wigner.phase_space.moments import density

from ..harness.claims import Claim, at_most
from ..harness.study import Setting
from ..harness.tasks import Outcomes, Task
from ..oracle import dense, packets
from ..solutions.cases import GAS, Shipped

DATTA = "Datta, Das, Appl. Phys. Lett. 56, 665 (1990)"
WAVES = "Schrödinger’s equation of a spinor"
WIRE = "as Bergold, Manfredi, Tronci, arXiv:2603.23758, with other parameters"

# A bunch of spins along e3, so few that they do not push the density: eps^2 = 4e-6.
BUNCH = (
    "physics.alpha=0.8",
    "physics.epsilon=0.002",
    'initial.n=["0", "0", "0.5*exp(2*(cos(x1) - 1))"]',
    "initial.state=classical",
    "time.t_end=1.5",
)
PATH = Shipped(
    GAS,
    small=(*BUNCH, "grid.n_x=[32, 1]", "grid.n_p=[56, 32]"),
    full=(*BUNCH, "grid.n_x=[48, 1]", "grid.n_p=[72, 48]"),
)
SEEN = 1e-3  # where |w| is above this share of its largest value, its angle is looked at
# A cloud that drifts at 2, in a box of 16.
SENT = (
    "physics.epsilon=0.5",
    "grid.length=[16.0, 1.0]",
    "grid.p_max=[7.0, 4.0]",
    "time.splitting=fourth",
    "time.t_end=2.5",
    "maxwellian.tolerance=1e-6",
)
CLOUD = Shipped(
    GAS,
    small=(*SENT, "grid.n_x=[69, 1]", "grid.n_p=[66, 16]", "time.dt=0.125"),
    full=(*SENT, "grid.n_x=[81, 1]", "grid.n_p=[84, 24]", "time.dt=0.0625"),
)


@dataclass(frozen=True)
class Forces:
    """What acts on a cloud: Rashba coupling, V as a formula and as a function, and b."""

    alpha: float
    formula: str
    V: Callable[[NDArray], NDArray]
    b: tuple[float, float, float] = (0.0, 0.0, 0.0)


# A barrier of which part goes through, and a wire with a soft trap, whose Zeeman field lies across
# the axis e2 of its spin-orbit coupling.
FORCES = {
    "barrier": Forces(
        0.4,
        "1.6*exp(13*(cos(pi*(x1 - 8)/8) - 1))",
        lambda x: 1.6 * np.exp(-26 * np.sin(np.pi * (x - 8) / 16) ** 2),
    ),
    "wire": Forces(
        0.5,
        "2*(1 - cos(pi*(x1 - 8)/8))",
        lambda x: 4 * np.sin(np.pi * (x - 8) / 16) ** 2,
        (1.2, 0.0, 0.4),
    ),
}
FIBRES = 19  # values of p2 in the dense box, twice as many for W


def plan(setting: Setting) -> list[Task]:
    """A bunch of spins without forces, and clouds of one spin with them."""
    cloud = CLOUD.in_size(setting).text
    return [
        Task("ballistic/path", path, (PATH.in_size(setting).text,)),
        *(Task(f"ballistic/{name}", sent, (cloud, name), weight=6) for name in FORCES),
    ]


def path(text: str) -> dict[str, NDArray | float]:
    """How far x-major W is from spins turned by 2 alpha L, and the largest error of their angle.

    The spin at p began along e3 at a distance L = |p| t, and turned about p_perp.
    """
    case = parse_case(text)
    solver, W, t = _flown(case)
    p1, p2 = solver.problem.grid.p_flat
    x1 = solver.problem.grid.x[0][:, None]
    w = pauli.unpack(W)[1:]
    n = 0.5 * np.exp(2 * (np.cos(x1 - p1 * t) - 1))
    size = case.physics.epsilon * n * np.exp(-(p1**2 + p2**2) / 2) / (2 * np.pi)
    p = np.hypot(p1, p2)
    angle = 2 * case.physics.alpha * p * t
    turned = np.stack([-np.sin(angle) * p1 / p, -np.sin(angle) * p2 / p, np.cos(angle)])
    expected = size * turned[:, None]
    along = -(w[0] * p1 + w[1] * p2) / p
    turn = np.exp(1j * (np.arctan2(along, w[2]) - angle))
    seen = size > SEEN * size.max()
    return {
        "error": float(np.abs(w - expected).max() / size.max()),
        "angle": float(np.abs(np.angle(turn))[seen].max()),
        "largest": float(np.broadcast_to(angle, size.shape)[seen].max()),
    }


def _flown(case: Case) -> tuple[Solver, NDArray, float]:
    """A solver, its W at t_end without collisions, and t_end; there is no force on the way."""
    solver, t = Solver(case, build(case)), case.time.t_end
    W = solver.initial_state()
    solver.transport.flow(t)(W)
    return solver, W, t


def sent(text: str, name: str) -> dict[str, NDArray]:
    """<W> of a cloud at t_end, kinetic without collisions and by Schroedinger's equation.

    ``(4, N1)`` each; ``x`` and ``start`` beside them. ``name`` is one of ``FORCES``.
    """
    forces = FORCES[name]
    entries = (f"physics.alpha={forces.alpha!r}", f"physics.potential={forces.formula}")
    zeeman = json.dumps([repr(component) for component in forces.b])
    case = parse_case(text, (*entries, f"physics.zeeman={zeeman}"))
    problem = build(case)
    (n, _), (length, _) = case.grid.n_x, case.grid.length
    x = problem.grid.x[0].ravel()
    cloud = packets.Cloud(
        shape=np.exp(4 * (np.cos(2 * np.pi * (x - 4.5) / length) - 1)),
        spin=(0.0, 0.0, 1.0),
        drift=(2.0, 0.0),
        theta=0.3,
    )
    epsilon, p_max = case.physics.epsilon, problem.grid.p_max[1]
    box, fine = (dense.strip(n, length, epsilon, forces.alpha, p_max, k * FIBRES) for k in (1, 2))
    start, expected = packets.sent(box, cloud, forces.V(x), forces.b, case.time.t_end)
    W_start = dense.wigner(fine, packets.operator(fine, cloud), *problem.grid.p)
    solver = Solver(case, problem)
    W = solver.layout.x_major()
    W[:] = pauli.pack(W_start.reshape(4, n, -1))
    flow = solver.transport.flow(case.time.dt)
    for _ in range(round(case.time.t_end / case.time.dt)):
        flow(W)
    return {
        "x": x,
        "start": start,
        "expected": expected,
        "found": density(solver.layout, W)[..., 0],
    }


def _length(N: NDArray) -> float:
    """|<w>| over <w0> of a whole cloud."""
    total = N.sum(axis=1)
    return float(np.linalg.norm(total[1:]) / total[0])


def claims(setting: Setting, outcomes: Outcomes) -> list[Claim]:
    """Angles along a path, and densities behind a barrier and in a wire."""
    run, cloud, wire = (outcomes[f"ballistic/{name}"] for name in ("path", "barrier", "wire"))
    expected = cloud["expected"]
    through = (cloud["x"] > 8) & (cloud["x"] < 15)
    share = float(expected[0, through].sum() / expected[0].sum())
    tilt = float(expected[3, through].sum() / expected[0, through].sum())
    return [
        Claim(
            "literature.path.angle",
            "on a ballistic path of length L a spin turns by 2αL = 2mα_R L/ħ², whatever its "
            "speed: largest error of the angle in W, in radians",
            DATTA,
            float(run["angle"]),
            at_most(1e-4),
            note=f"angles reach {float(run['largest']):.3g}",
        ),
        Claim(
            "literature.path.spin",
            "and keeps its length: largest error of w(x, p) over its largest value",
            DATTA,
            float(run["error"]),
            at_most(2e-5),
        ),
        Claim(
            "literature.barrier",
            "a cloud of one spin with Rashba coupling that meets a barrier: largest difference of "
            "⟨W⟩ from the solution of Schrödinger’s equation, n₀ ≤ 1 before",
            WAVES,
            float(np.abs(cloud["found"] - expected).max()),
            at_most(1e-4),
            note=f"{share:.0%} is behind it at the end, with εn₃/n₀ = {tilt:.2f} of 1 that it had",
        ),
        Claim(
            "literature.wire",
            "and in a wire (N₂ = 1) with a trap and a Zeeman field across its spin-orbit axis, "
            "α = 0.5, |b| = 1.3: the same difference",
            f"{WAVES}; {WIRE}",
            float(np.abs(wire["found"] - wire["expected"]).max()),
            at_most(1e-4),
            note=f"its spin falls from 1 to {_length(wire['expected']):.2f} of n₀",
        ),
    ]
