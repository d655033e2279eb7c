"""Rows of the study of literature: electrons that repel each other, plasmons and screening."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wigner.case.problem import build
from wigner.case.spec import Case, parse_case
from wigner.evolution.solver import Solver
from wigner.phase_space.moments import density

from ..harness.claims import Claim, at_least, at_most, near
from ..harness.study import Setting
from ..harness.tasks import Outcomes, Task
from ..oracle import dispersion, waves
from ..solutions import kinetic
from ..solutions.cases import GAS, Shipped
from ..solutions.small_waves import amplitudes, oscillation, relaxed
from .literature_relaxation import MERMIN

VLASOV = "Landau, J. Phys. USSR 10, 25 (1946); Stern, Phys. Rev. Lett. 18, 546 (1967)"
LINDHARD = "Lindhard, Dan. Mat. Fys. Medd. 28, no. 8 (1954); Stern, Phys. Rev. Lett. 18, 546 (1967)"
DEBYE = "Debye, Hückel, Phys. Z. 24, 185 (1923); Stern, Phys. Rev. Lett. 18, 546 (1967)"

# A wave of q = 1/2 that phi = 4 n0 drives: the damping of the textbook's k lambda_D = 1/2.
Q, STRENGTH = 0.5, 4.0
COUPLINGS = {"2deg": STRENGTH * Q, "poisson": STRENGTH * Q**2}
RINGING = (
    "grid.n_x=[4, 1]",
    "grid.length=[12.566370614359172, 1.0]",
    "initial.n0=1 + 1e-4*cos(x1/2)",
    "maxwellian.tolerance=1e-9",
    "output.every=0.25",
)
PLASMON = Shipped(
    GAS,
    small=(*RINGING, "time.t_end=8", "time.dt=0.25", "grid.n_p=[32, 12]"),
    full=(*RINGING, "time.t_end=12", "time.dt=0.125", "grid.n_p=[56, 16]"),
)
# By name: eps, and what phi is made by. The first is classical but for eps^2 q^2 = 6e-4.
GASES = {"classical": (0.05, "poisson"), "quantum": (1.2, "2deg")}
NEVER, OFTEN = 1e7, 2.0  # tau, without collisions and with them
COLLIDING = (0.4, "2deg")
# From here on little but the plasmon is left; modes that the fit allows for.
SETTLED, DEPTH = 4.0, 6
# A static charge, so weak that the answer is linear, at eps q = 0.9.
STATIC = 1e-4
CHARGE = (
    "physics.epsilon=1.8",
    f"physics.potential={STATIC!r}*cos(x1/2)",
    "initial.state=equilibrium",
    "grid.n_x=[4, 1]",
    "grid.length=[12.566370614359172, 1.0]",
    "time.t_end=0.5",
    "time.dt=0.25",
)
CHARGES = Shipped(GAS, small=CHARGE, full=(*CHARGE, "grid.n_p=[32, 32]"))


def plan(setting: Setting) -> list[Task]:
    """Plasmons by the gas, and what a static charge gathers."""
    ringing = PLASMON.in_size(setting).text
    return [
        *(
            Task(f"plasmon/{name}", plasmon, (ringing, *gas, NEVER), weight=5)
            for name, gas in GASES.items()
        ),
        Task("plasmon/colliding", plasmon, (ringing, *COLLIDING, OFTEN), weight=5),
        *(
            Task(f"screening/{kind}", screening, (CHARGES.in_size(setting).text, kind))
            for kind in COUPLINGS
        ),
    ]


def interacting(text: str, epsilon: float, kind: str, tau: float) -> Case:
    """The case with electrons that repel each other."""
    entries = (f"physics.epsilon={epsilon!r}", f"physics.tau={tau!r}", f"field.kind={kind}")
    return parse_case(text, (*entries, f"field.coupling={COUPLINGS[kind]!r}"))


def plasmon(text: str, epsilon: float, kind: str, tau: float) -> dict[str, NDArray]:
    """Amplitude of n0 over its first value, beside the Volterra equation; and omega of its end.

    Series are ``(records,)``.

    ``exact`` is omega without collisions.
    """
    case = interacting(text, epsilon, kind, tau)
    times, N = kinetic.densities(case)
    found = amplitudes(N, (1, 0))
    expected = relaxed(case, waves.Medium(epsilon), (1, 0), found[0], STRENGTH)
    y = found[:, 0].real / found[0, 0].real
    interval = float(times[1])
    late = y[round(SETTLED / interval) :]
    return {
        "t": times,
        "found": y,
        "expected": expected[:, 0].real / found[0, 0].real,
        "omega": np.array(oscillation(late, interval, DEPTH)),
        "exact": np.array(dispersion.plasmon(Q, STRENGTH, epsilon)),
    }


def screening(text: str, kind: str) -> dict[str, float]:
    """n0 of the wave that a static potential makes in equilibrium, and Debye's, over the potential.

    ``moved`` is how much of it changes in time, ``bare`` what it were if electrons did not repel.
    """
    physics = parse_case(text).physics
    case = interacting(text, physics.epsilon, kind, physics.tau)
    solver = Solver(case, build(case))
    W = solver.initial_state()
    start = density(solver.layout, W)
    _, N = kinetic.densities(case)
    epsilon = case.physics.epsilon
    n = float(amplitudes(start[0], (1, 0)).real)
    return {
        "found": n / STATIC,
        "expected": dispersion.screened(1.0, Q, STRENGTH, epsilon),
        "classical": dispersion.screened(1.0, Q, STRENGTH, 0.0),
        "bare": -dispersion.static_response(epsilon * Q),
        "moved": float(np.abs(N - start).max() / abs(n)),
    }


def claims(setting: Setting, outcomes: Outcomes) -> list[Claim]:
    """Frequencies and dampings, then what screens a charge."""
    found = []
    for name, (epsilon, kind) in GASES.items():
        run = outcomes[f"plasmon/{name}"]
        omega, exact = complex(run["omega"]), complex(run["exact"])
        source = LINDHARD if name == "quantum" else VLASOV
        about = f"ε = {epsilon:g}, {'1/|k|' if kind == '2deg' else 'Poisson’s'} kernel"
        classical = dispersion.plasmon(Q, STRENGTH, 0.0)
        found += [
            Claim(
                f"literature.plasmon.{name}.frequency",
                f"the plasmon at q = 1/2, {about}: its frequency over the dispersion relation’s",
                source,
                omega.real / exact.real,
                near(1.0, 1e-4),
                note=f"{exact.real:.6f}, classical {classical.real:.6f}",
            ),
            Claim(
                f"literature.plasmon.{name}.damping",
                "and its Landau damping",
                source,
                omega.imag / exact.imag,
                near(1.0, 1e-4),
                note=f"{-exact.imag:.6f}, classical {-classical.imag:.6f}",
            ),
            Claim(
                f"literature.plasmon.{name}.time",
                "and the density from the beginning on: largest difference, of one at first",
                source,
                float(np.abs(run["found"] - run["expected"]).max()),
                at_most(1e-5),
            ),
        ]
    exact, run = complex(outcomes["plasmon/quantum"]["exact"]), outcomes["plasmon/colliding"]
    found += [
        Claim(
            "literature.plasmon.colliding",
            f"with collisions, τ = {OFTEN:g}, ε = {COLLIDING[0]:g}, the density follows Mermin’s "
            "response with its own field: largest difference, of one at first",
            MERMIN,
            float(np.abs(run["found"] - run["expected"]).max()),
            at_most(1e-3),
        ),
        Claim(
            "literature.plasmon.apart",
            "the quantum form is told from the classical: relative difference of the dampings",
            LINDHARD,
            abs(exact.imag / dispersion.plasmon(Q, STRENGTH, 0.0).imag - 1),
            at_least(0.01),
        ),
    ]
    return [*found, *_screened(outcomes)]


def _screened(outcomes: Outcomes) -> list[Claim]:
    found = []
    for kind in COUPLINGS:
        run = {name: float(value) for name, value in outcomes[f"screening/{kind}"].items()}
        found.append(
            Claim(
                f"literature.screening.{kind}",
                f"a static charge is screened in equilibrium, {kind}: n₀ over −φV/(1 + vφ)",
                DEBYE,
                run["found"] / run["expected"],
                near(1.0, 1e-4),
                note=f"{run['expected']:.5f} V; unscreened {run['bare']:.5f} V, with ε = 0 "
                f"{run['classical']:.5f} V",
            )
        )
    moved = max(float(outcomes[f"screening/{kind}"]["moved"]) for kind in COUPLINGS)
    found.append(
        Claim(
            "literature.screening.still",
            "and stays as it is: largest change of N, over that of n₀ by the charge",
            DEBYE,
            moved,
            at_most(1e-4),
        )
    )
    return found
