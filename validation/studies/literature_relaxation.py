"""Rows of the study of literature: relaxation of a density wave and of a uniform spin."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from wigner.case.spec import Case, parse_case

from ..harness.claims import Claim, at_most, near
from ..harness.study import Setting
from ..harness.tasks import Outcomes, Task
from ..oracle import dispersion, waves
from ..solutions import kinetic, macroscopic
from ..solutions.cases import GAS, Shipped
from ..solutions.small_waves import amplitudes, lattice, rates

MERMIN = "Mermin, Phys. Rev. B 1, 2362 (1970)"
PEREL = "D’yakonov, Perel’, Sov. Phys. Solid State 13, 3023 (1972)"

# A wave of q = 1, beyond diffusion at eps q = 0.4, where classical response is wrong by 1 %.
WAVE = (
    "physics.epsilon=0.4",
    "grid.n_x=[4, 1]",
    "initial.n0=1 + 1e-4*cos(x1)",
    "maxwellian.tolerance=1e-9",
    "output.every=0.25",
)
WAVES = {
    0.1: Shipped(
        GAS,
        small=(*WAVE, "time.t_end=1.5", "time.dt=0.0625"),
        full=(*WAVE, "time.t_end=2", "time.dt=0.03125", "maxwellian.tolerance=1e-11"),
    ),
    1.0: Shipped(
        GAS,
        small=(*WAVE, "time.t_end=2", "time.dt=0.125"),
        full=(*WAVE, "time.t_end=3", "time.dt=0.0625", "grid.n_p=[32, 32]"),
    ),
    10.0: Shipped(
        GAS,
        small=(*WAVE, "time.t_end=2", "time.dt=0.25"),
        full=(*WAVE, "time.t_end=3", "time.dt=0.125", "grid.n_p=[32, 32]"),
    ),
}
# A uniform spin with tau = 1, eps alpha so small that its square is far below all bounds.
SPIN = (
    "physics.epsilon=0.004",
    'initial.n=["0.5", "0", "0.5"]',
    "maxwellian.tolerance=1e-11",
    "time.dt=0.25",
)
NARROW, WIDE = 0.1, 0.6  # alpha tau
SPINS = {
    NARROW: Shipped(
        GAS,
        small=(*SPIN, "time.t_end=13", "output.every=1", "grid.n_p=[20, 20]"),
        full=(*SPIN, "time.t_end=20", "output.every=1", "time.dt=0.125", "grid.n_p=[32, 32]"),
    ),
    WIDE: Shipped(
        GAS,
        small=(*SPIN, "time.t_end=4", "time.dt=0.125"),
        full=(*SPIN, "time.t_end=8", "time.dt=0.0625", "grid.n_p=[48, 48]"),
    ),
}


def plan(setting: Setting) -> list[Task]:
    """The waves by tau, the spins by alpha tau."""
    return [
        *(
            Task(f"wave/{tau:g}", wave, (case.in_size(setting).text, tau), weight=3)
            for tau, case in WAVES.items()
        ),
        *(
            Task(f"spin/{alpha:g}", spin, (case.in_size(setting).text, alpha), weight=3)
            for alpha, case in SPINS.items()
        ),
    ]


def claims(setting: Setting, outcomes: Outcomes) -> list[Claim]:
    """Solutions beside those of the Volterra equations, and their slowest rates."""
    return [*_of_waves(setting, outcomes), *_of_spins(setting, outcomes)]


def wave(text: str, tau: float) -> dict[str, NDArray]:
    """Amplitude of a density wave over its first value, and Mermin's, ``(records,)``."""
    case = parse_case(text, (f"physics.tau={tau!r}",))
    times, N = kinetic.densities(case)
    found = amplitudes(N[:, 0], (1, 0)).real
    t, h, k = lattice(case)
    C = dispersion.density_wave(t, 1.0, case.physics.epsilon)[:, None, None]
    expected = waves.relaxed(C, C / tau, tau, h)[::k, 0, 0].real
    return {"t": times, "found": found / found[0], "expected": expected}


def spin(text: str, alpha: float) -> dict[str, NDArray]:
    """(n1, n3) of a uniform spin over their first values, Dawson's, and the local model's.

    Series are ``(records, 2)``, the rates of the local model ``(2,)``.
    """
    case = parse_case(text, (f"physics.alpha={alpha!r}",))
    times, N = kinetic.densities(case)
    found = N[:, [1, 3], 0, 0]
    tau = case.physics.tau
    t, h, k = lattice(case)
    columns = [C[:, None, None] for C in dispersion.uniform_spin(t, alpha)]
    expected = [waves.relaxed(C, C / tau, tau, h)[::k, 0, 0].real for C in columns]
    u = macroscopic.initial(case)
    local = macroscopic.solution(macroscopic.model(case, "local"), u, tau)[[1, 3], 0, 0]
    return {
        "t": times,
        "found": found / found[0],
        "expected": np.stack(expected, axis=1),
        "local": -np.log(local / u[[1, 3], 0, 0]) / tau,
    }


def _case(setting: Setting, cases: dict[float, Shipped], key: float) -> Case:
    return cases[key].in_size(setting)


def _of_waves(setting: Setting, outcomes: Outcomes) -> list[Claim]:
    found = []
    for tau, shipped in WAVES.items():
        run = outcomes[f"wave/{tau:g}"]
        epsilon = shipped.in_size(setting).physics.epsilon
        found.append(
            Claim(
                f"literature.wave.{tau:g}",
                f"a density wave, q = 1, ε = {epsilon:g}, τ = {tau:g}, follows Mermin’s response "
                "in time; largest difference, of an amplitude of one",
                MERMIN,
                float(np.abs(run["found"] - run["expected"]).max()),
                at_most(2e-5),
                note=f"it is {run['expected'][-1]:.3g} at the end",
            )
        )
    tau = min(WAVES)
    run = outcomes[f"wave/{tau:g}"]
    epsilon = WAVES[tau].in_size(setting).physics.epsilon
    rate = -rates(run["found"][-2:, None], float(np.diff(run["t"])[0]))[0].real
    exact = dispersion.slowest_rate(
        lambda t: float(dispersion.density_wave(np.array(t), 1.0, epsilon)), tau
    )
    diffusive = tau / dispersion.static_response(epsilon)
    found.append(
        Claim(
            "literature.wave.rate",
            f"its slowest rate at τ = {tau:g}, over the root of Mermin’s equation",
            MERMIN,
            float(rate / exact),
            near(1.0, 1e-4),
            note=f"{exact:.6f}; diffusion τq²/φ(εq) has {diffusive:.6f}, classical τq² {tau:.6f}",
        )
    )
    return found


def _streamed_spin(k: int, t: float) -> float:
    """C(t) of a uniform spin, in plane or out of it."""
    return float(dispersion.uniform_spin(np.array(t), NARROW)[k])


def _of_spins(setting: Setting, outcomes: Outcomes) -> list[Claim]:
    found = []
    for alpha in SPINS:
        run = outcomes[f"spin/{alpha:g}"]
        found.append(
            Claim(
                f"literature.spin.{alpha:g}",
                f"a uniform spin with ατ = {alpha:g}, in plane and out of it, relaxes as C = 1 − "
                "z D(z) and 1 − 2z D(z), z = √2 αt, have it; largest difference",
                PEREL,
                float(np.abs(run["found"] - run["expected"]).max()),
                at_most(2e-5),
                note=f"out of plane it is {run['expected'][-1, 1]:.3g} at the end",
            )
        )
    run = outcomes[f"spin/{NARROW:g}"]
    interval = float(np.diff(run["t"])[0])
    for k, (name, factor) in enumerate((("plane", 4), ("across", 8))):
        exact = dispersion.slowest_rate(partial(_streamed_spin, k), 1.0)
        narrowing = factor * NARROW**2
        rate = -rates(run["found"][-3:, k : k + 1], interval)[0].real
        found += [
            Claim(
                f"literature.spin.rate.{name}",
                f"its slowest rate at ατ = {NARROW:g}, over the root beyond motional narrowing",
                PEREL,
                float(rate / exact),
                near(1.0, 1e-4),
                note=f"{exact:.7f}; narrowing has {factor}α²τ = {narrowing:g}",
            ),
            Claim(
                f"literature.spin.local.{name}",
                f"the local model relaxes it with the rate {factor}α²τ of narrowing: ratio",
                PEREL,
                float(run["local"][k] / narrowing),
                near(1.0, 1e-5),
            ),
        ]
    return found
