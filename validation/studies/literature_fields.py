"""Rows of the study of literature: the spin in a uniform electric field, and in a magnetic one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wigner.case.spec import Case, parse_case
from wigner.phase_space.moments import moments

from ..harness.claims import Claim, at_most
from ..harness.study import Setting
from ..harness.tasks import Outcomes, Task
from ..oracle import dispersion, waves
from ..solutions import kinetic
from ..solutions.cases import GAS, Shipped
from ..solutions.small_waves import limit, pushed, relaxed

EDELSTEIN = "Edelstein, Solid State Commun. 73, 233 (1990)"
MISHCHENKO = "Mishchenko, Shytov, Halperin, Phys. Rev. Lett. 93, 226602 (2004), cond-mat/0406730"
EQUAL = "Duckheim, Loss et al., Phys. Rev. B 81, 085303 (2010), arXiv:0909.4253"
LARMOR = "Bloch, Phys. Rev. 70, 460 (1946)"

# A weak field: what is of order E^2 in the spin is below 1e-5 of it.
E = (0.004, 0.002)
PUSHED = (
    "physics.tau=0.5",
    "physics.epsilon=0.02",
    f'physics.field=["{E[0]!r}", "{E[1]!r}"]',
    "maxwellian.tolerance=1e-10",
    "time.t_end=5",
    "time.dt=0.125",
)
FIELD = Shipped(
    GAS,
    small=PUSHED,
    full=(
        *PUSHED,
        "maxwellian.tolerance=1e-12",
        "grid.n_p=[32, 32]",
        "time.t_end=8",
        "time.dt=0.05",
    ),
)
# alpha and beta: beyond motional narrowing, so that the spin is soon steady.
COUPLINGS = {"rashba": (1.5, 0.0), "both": (1.5, -0.3)}
LAST = 5  # records from which the steady spin is extrapolated
# Equal couplings in the field direction in which they cancel, and in the one in which they add up.
CANCELLED = ("physics.alpha=0.5", "physics.beta=0.5", "time.t_end=2.5", "time.dt=0.25")
CANCELS, ADDS = ("0.02", "-0.02"), ("0.02", "0.02")
# A magnetic field, with no coupling to p: any spin, eps of order one half.
B = (0.6, -0.3, 0.9)
TURNING = (
    "physics.epsilon=0.5",
    f'physics.zeeman=["{B[0]!r}", "{B[1]!r}", "{B[2]!r}"]',
    'initial.n=["0.9", "0.2", "-0.4"]',
    "maxwellian.tolerance=1e-11",
    "time.dt=0.25",
    "time.t_end=3",
)
LARMORS = Shipped(GAS, small=TURNING, full=(*TURNING, "time.dt=0.05", "grid.n_p=[32, 32]"))
# The same with coupling to p: the spin relaxes to what b makes of it, from none.
WEAK = (0.03, -0.02, 0.05)
MADE = (
    "physics.alpha=0.7",
    "physics.beta=0.2",
    "physics.epsilon=0.1",
    f'physics.zeeman=["{WEAK[0]!r}", "{WEAK[1]!r}", "{WEAK[2]!r}"]',
    "maxwellian.tolerance=1e-10",
    "time.dt=0.25",
    "time.t_end=7",
)
MAGNETS = Shipped(
    GAS, small=MADE, full=(*MADE, "time.dt=0.1", "time.t_end=12", "grid.n_p=[40, 40]")
)


def plan(setting: Setting) -> list[Task]:
    """Spins in electric fields by coupling, in directions of alpha = beta, and in magnetic ones."""
    field = FIELD.in_size(setting).text
    return [
        *(
            Task(f"field/{name}", edelstein, (field, alpha, beta), weight=3)
            for name, (alpha, beta) in COUPLINGS.items()
        ),
        Task("field/cancels", equal, (field,), weight=2),
        Task("magnetic/larmor", larmor, (LARMORS.in_size(setting).text,)),
        Task("magnetic/made", magnetised, (MAGNETS.in_size(setting).text,), weight=2),
    ]


def medium(case: Case, b: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> waves.Medium:
    """The gas of a case."""
    physics = case.physics
    return waves.Medium(physics.epsilon, physics.alpha, physics.beta, b)


def edelstein(text: str, alpha: float, beta: float) -> dict[str, NDArray]:
    """n(t) in a field over the largest of it, beside linear response, and <p2 w3> over its largest.

    Series of n are ``(records, 3)``.

    ``steady`` is what n tends to, and ``closed`` Edelstein's.
    """
    case = parse_case(text, (f"physics.alpha={alpha!r}", f"physics.beta={beta!r}"))
    t, n, current = _spin_and_current(case)
    gas = medium(case)
    expected = pushed(case, gas, np.array(E))[:, 1:].real / case.physics.epsilon
    closed = dispersion.edelstein(gas.coupling, np.array(E), case.physics.tau)
    scale = np.abs(closed).max()
    return {
        "t": t,
        "found": n / scale,
        "expected": expected / scale,
        "closed": closed / scale,
        "steady": limit(n[-LAST:, :2]) / scale,
        "current": limit(current[-LAST:, None]) / np.abs(current).max(),
    }


def _spin_and_current(case: Case) -> tuple[NDArray, NDArray, NDArray]:
    """t, n and <p2 w3>/eps of a uniform solution at its records, ``(k,)``, ``(k, 3)``, ``(k,)``."""
    times, spins, currents = [], [], []
    for t, solver, W in kinetic.records(case):
        times.append(t)
        fields = moments(solver.layout, W, solver.problem.physics)
        spins.append(fields.n[:, 0, 0])
        currents.append(fields.momentum[3, 1, 0, 0])
    return np.array(times), np.array(spins), np.array(currents)


def equal(text: str) -> dict[str, float]:
    """The largest |n| over tau |Lambda| |E| with alpha = beta, by the direction of the field."""
    found = {}
    for name, (E1, E2) in (("cancels", CANCELS), ("adds", ADDS)):
        case = parse_case(text, (*CANCELLED, f'physics.field=["{E1}", "{E2}"]'))
        _, N = kinetic.densities(case)
        size = case.physics.tau * math.hypot(float(E1), float(E2)) * 2 * case.physics.alpha
        n = N[:, 1:, 0, 0] / case.physics.epsilon
        found[name] = float(np.linalg.norm(n, axis=1).max() / size)
    return found


def larmor(text: str) -> dict[str, NDArray]:
    """n(t) of a spin in a magnetic field over its length, and the turn by 2 |b| t about b.

    Both are ``(records, 3)``.
    """
    case = parse_case(text)
    times, N = kinetic.densities(case)
    n = N[:, 1:, 0, 0] / case.physics.epsilon
    b = np.array(B)
    expected = [dispersion.turned(n[0], b, 2 * float(np.linalg.norm(b)) * t) for t in times]
    scale = np.linalg.norm(n[0])
    return {"found": n / scale, "expected": np.array(expected) / scale}


def magnetised(text: str) -> dict[str, NDArray]:
    """n(t) from none in a weak magnetic field, over that of the equilibrium, and linear response.

    Both are ``(records, 3)``.

    ``closed`` is -b/|b| tanh(eps |b|)/eps, which spin-orbit coupling changes by order eps^2.
    """
    case = parse_case(text)
    _, N = kinetic.densities(case)
    gas = medium(case, WEAK)
    rest = waves.equilibrium(gas)
    start = np.array([1.0, 0.0, 0.0, 0.0]) - rest
    expected = rest + relaxed(case, gas, (0, 0), start, 0.0).real
    scale = np.linalg.norm(rest[1:])
    closed = dispersion.magnetisation(np.array(WEAK), case.physics.epsilon)
    return {
        "found": N[:, 1:, 0, 0] / scale,
        "expected": expected[:, 1:] / scale,
        "steady": limit(N[-LAST:, 1:, 0, 0]) / scale,
        "rest": rest[1:] / scale,
        "closed": case.physics.epsilon * closed / scale,
    }


def claims(setting: Setting, outcomes: Outcomes) -> list[Claim]:
    """Edelstein's spin and the spin-Hall current, then precession and magnetisation."""
    return [*_electric(setting, outcomes), *_magnetic(outcomes)]


def _electric(setting: Setting, outcomes: Outcomes) -> list[Claim]:
    found = []
    tau, epsilon = FIELD.in_size(setting).physics.tau, FIELD.in_size(setting).physics.epsilon
    for name, (alpha, beta) in COUPLINGS.items():
        run = outcomes[f"field/{name}"]
        about = f"α = {alpha:g}, β = {beta:g}, τ = {tau:g}"
        found += [
            Claim(
                f"literature.edelstein.{name}",
                f"a uniform field makes the spin n = −τ ΛE n₀, {about}: largest difference of "
                "what it tends to, over the largest component",
                EDELSTEIN,
                float(np.abs(run["steady"] - run["closed"][:2]).max()),
                at_most(4e-3),
                note=f"it holds as ε → 0, here with ε²α²/3 = {epsilon**2 * alpha**2 / 3:.1e}",
            ),
            Claim(
                f"literature.edelstein.{name}.time",
                "and reaches it from rest as linear response at this ε has it: largest difference",
                EDELSTEIN,
                float(np.abs(run["found"] - run["expected"]).max()),
                at_most(1e-3),
            ),
        ]
    run = outcomes["field/rashba"]
    found += [
        Claim(
            "literature.spin-hall",
            "the spin-Hall current ⟨p₂w₃⟩ vanishes in the bulk once the spin is steady: what it "
            "tends to, over its largest value on the way",
            MISHCHENKO,
            float(np.abs(run["current"]).max()),
            at_most(2e-3),
        ),
        Claim(
            "literature.edelstein.cancels",
            "at α = β no spin comes of a field along [11̄0], where the couplings cancel: |n| over "
            "τ (α + β) |E|",
            EQUAL,
            float(outcomes["field/cancels"]["cancels"]),
            at_most(1e-6),
        ),
        Claim(
            "literature.edelstein.conserved",
            "nor of one along [110], as the spin that it would make is conserved: |n| likewise",
            EQUAL,
            float(outcomes["field/cancels"]["adds"]),
            at_most(1e-6),
        ),
    ]
    return found


def _magnetic(outcomes: Outcomes) -> list[Claim]:
    turn, made = outcomes["magnetic/larmor"], outcomes["magnetic/made"]
    return [
        Claim(
            "literature.larmor",
            "without spin-orbit coupling a spin of any size turns by 2|b|t about b, ε = 0.5, and "
            "collisions leave it alone: largest difference, of a length of one",
            LARMOR,
            float(np.abs(turn["found"] - turn["expected"]).max()),
            at_most(1e-9),
        ),
        Claim(
            "literature.magnetised",
            "with it the spin relaxes from none to that of exp(−H) in a weak b, as linear response "
            "has it: largest difference, over the spin at rest",
            LARMOR,
            float(np.abs(made["found"] - made["expected"]).max()),
            at_most(2e-4),
            note=f"|n| at the end is {np.linalg.norm(made['found'][-1]):.4f} of that at rest",
        ),
        Claim(
            "literature.magnetisation",
            "it tends to −n₀ tanh(ε|b|)/ε along b, to which spin-orbit coupling adds only order "
            "ε²: largest difference, over |n|",
            LARMOR,
            float(np.abs(made["steady"] - made["closed"]).max()),
            at_most(1e-2),
        ),
    ]
