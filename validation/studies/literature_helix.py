"""Rows of the study of literature: helices of the spin with Rashba and Dresselhaus coupling."""

from __future__ import annotations

import json
import math

import numpy as np
from numpy.typing import NDArray

from wigner.case.problem import build
from wigner.case.spec import Case, parse_case

from ..harness.claims import Claim, at_least, at_most, near
from ..harness.study import Setting
from ..harness.tasks import Outcomes, Task
from ..oracle import dispersion, waves
from ..solutions import kinetic, macroscopic
from ..solutions.cases import GAS, Shipped
from ..solutions.small_waves import amplitudes, kernels, rates, relaxed, wave_vector

HELIX = "Bernevig, Orenstein, Zhang, Phys. Rev. Lett. 97, 236601 (2006), cond-mat/0606196"
SEEN = "Koralek et al., Nature 458, 610 (2009), arXiv:0903.4709"

# Rashba coupling alone, alpha = 1, at the wave number where the helix lives longest.
BEST = math.sqrt(15) / 2
SLOW = (
    "physics.alpha=1.0",
    "physics.tau=0.1",
    "physics.epsilon=0.02",
    "grid.n_x=[4, 1]",
    f"grid.length=[{2 * math.pi / BEST!r}, 1.0]",
    f'initial.n=["cos({BEST!r}*x1)", "0", "sin({BEST!r}*x1)"]',
    "time.t_end=2",
    "time.dt=0.0625",
    "output.every=0.25",
)
RASHBA = Shipped(
    GAS,
    small=(*SLOW, "maxwellian.tolerance=1e-10"),
    full=(*SLOW, "maxwellian.tolerance=1e-12", "time.dt=0.03125", "grid.n_p=[32, 32]"),
)
SETTLED = 4  # records from t = 10 tau on, with exp(-t/tau) below 5e-5
# Both couplings, a wave across no symmetry, eps of order one half.
MIXED = (
    "physics.alpha=0.6",
    "physics.beta=0.25",
    "physics.tau=0.5",
    "physics.epsilon=0.4",
    "grid.n_x=[4, 4]",
    "grid.length=[6.283185307179586, 7.0]",
    'initial.n=["1e-3*cos({0})", "5e-4*cos({0})", "1e-3*sin({0})"]'.format(
        f"x1 + {2 * math.pi / 7!r}*x2"
    ),
    "output.every=0.25",
)
BOTH = Shipped(
    GAS,
    small=(*MIXED, "time.t_end=1", "time.dt=0.125", "maxwellian.tolerance=1e-10"),
    full=(*MIXED, "time.t_end=2", "time.dt=0.0625", "grid.n_p=[32, 32]"),
)
# alpha = beta, |q| = sqrt 2 = 4 alpha, eps|n|/n0 = 0.8.
EQUAL = math.sqrt(2) / 4
PERSISTENT = (
    f"physics.alpha={EQUAL!r}",
    f"physics.beta={EQUAL!r}",
    "physics.tau=0.3",
    "physics.epsilon=0.5",
    "grid.n_x=[4, 4]",
    "grid.length=[6.283185307179586, 6.283185307179586]",
    "output.every=0.25",
)
EQUALS = Shipped(
    GAS,
    small=(*PERSISTENT, "time.t_end=1", "time.dt=0.125", "maxwellian.tolerance=1e-9"),
    full=(*PERSISTENT, "time.t_end=2", "time.dt=0.0625", "grid.n_p=[32, 32]"),
)
LARGE, SMALL = 1.6, 1e-3  # |n| of the helices


def helix(size: float, direction: int) -> str:
    """n = size (e3 cos(q.x) - u sin(q.x)) along u = [1, direction]/sqrt2, |q| = sqrt 2."""
    phase = f"(x1 + {direction}*x2)"
    across = f"-{size / math.sqrt(2)!r}*sin{phase}"
    formulas = [across, f"{direction}*({across})", f"{size!r}*cos{phase}"]
    return f"initial.n={json.dumps(formulas)}"


def plan(setting: Setting) -> list[Task]:
    """The helix of Rashba coupling, a wave with both, and the persistent helix and two others."""
    equal = EQUALS.in_size(setting).text
    return [
        Task("helix/rashba", rashba, (RASHBA.in_size(setting).text,), weight=4),
        Task("helix/both", mixed, (BOTH.in_size(setting).text,), weight=6),
        Task("helix/stays", stays, (equal,), weight=6),
        Task("helix/crossed", crossed, (equal,), weight=6),
    ]


def medium(case: Case) -> waves.Medium:
    """The gas of a case."""
    physics = case.physics
    return waves.Medium(physics.epsilon, physics.alpha, physics.beta)


def rashba(text: str) -> dict[str, NDArray | float]:
    """Rates of the two slow modes of a helix: kinetic, by the oracle, and of the local model.

    Each is ``(2,)``; the series from which they are found are ``(records, 4)``.
    """
    case = parse_case(text)
    mode, gas, tau = (1, 0), medium(case), case.physics.tau
    q = wave_vector(case, mode)
    times, N = kinetic.densities(case)
    found = amplitudes(N, mode)
    expected = relaxed(case, gas, mode, found[0], 0.0)
    diffusive = dispersion.diffusive_spin(gas.coupling, q, tau)[[0, 2]]  # the third is n2's

    def kernel(t: NDArray) -> NDArray:
        return kernels(gas, q, t, tau, 0.0)[1][:, 1:, 1:]

    modes = [-waves.mode(kernel, tau, -rate, reach=30 * tau).real for rate in diffusive]
    u = macroscopic.solution(
        macroscopic.model(case, "local"), macroscopic.initial(case), times[-1], times=times
    )
    spin, interval = [1, 3], float(times[1])
    return {
        "found": found / np.abs(found[0]).max(),
        "expected": expected / np.abs(found[0]).max(),
        "rates": -rates(found[SETTLED:][:, spin], interval).real,
        "modes": np.array(modes),
        "diffusive": diffusive,
        "local": -rates(amplitudes(u, mode)[:, spin], interval).real,
    }


def mixed(text: str) -> dict[str, NDArray]:
    """N of a wave with both couplings, ``(records, 4)``, over its largest component."""
    case = parse_case(text)
    _, N = kinetic.densities(case)
    found = amplitudes(N, (1, 1))
    scale = np.abs(found[0]).max()
    return {
        "found": found / scale,
        "expected": relaxed(case, medium(case), (1, 1), found[0], 0.0) / scale,
    }


def stays(text: str) -> dict[str, float]:
    """How much N of the persistent helix changes, and how much its rate in the nonlocal model is.

    Relative to the largest eps n, and to that of n.
    """
    case = parse_case(text, (helix(LARGE, 1),))
    _, N = kinetic.densities(case)
    u = macroscopic.initial(case)
    rate = macroscopic.model(case, "nonlocal").rate(u)
    return {
        "kinetic": float(np.abs(N - N[0]).max() / np.abs(N[0, 1:]).max()),
        "nonlocal": float(np.abs(rate).max() / np.abs(u[1:]).max()),
        "polarisation": build(case).physics.epsilon * LARGE,
    }


def crossed(text: str) -> dict[str, NDArray]:
    """The same wave along [1, -1], where it relaxes, as :func:`mixed`."""
    case = parse_case(text, (helix(SMALL, -1), "maxwellian.tolerance=1e-11"))
    mode = (1, -1)
    times, N = kinetic.densities(case)
    found = amplitudes(N, mode)
    scale = np.abs(found[0]).max()
    return {
        "t": times,
        "found": found / scale,
        "expected": relaxed(case, medium(case), mode, found[0], 0.0) / scale,
    }


def claims(setting: Setting, outcomes: Outcomes) -> list[Claim]:
    """Solutions, rates, and that the persistent helix stays."""
    run = outcomes["helix/rashba"]
    alpha, tau = 1.0, RASHBA.in_size(setting).physics.tau
    natural = alpha**2 * tau
    return [
        _followed(
            "rashba",
            "a helix with Rashba coupling, q = (√15/2) α, ατ = 0.1, follows its kinetic equation",
            run,
            1e-4,
        ),
        Claim(
            "literature.helix.rate",
            "its slow rate over the root of its dispersion relation",
            HELIX,
            float(run["rates"][0] / run["modes"][0]),
            near(1.0, 1e-3),
            note=f"{run['modes'][0] / natural:.5f} α²τ, in the diffusive limit 7/4 α²τ",
        ),
        Claim(
            "literature.helix.fast",
            "the rate of the helix that turns the other way, over the root",
            HELIX,
            float(run["rates"][1] / run["modes"][1]),
            near(1.0, 1e-3),
            note=f"{run['modes'][1] / natural:.5f} α²τ, in the diffusive limit 71/4 α²τ",
        ),
        Claim(
            "literature.helix.local",
            "the local model has the rates 7/4 α²τ and 71/4 α²τ there: largest relative difference",
            HELIX,
            float(np.abs(run["local"] / (natural * np.array([1.75, 17.75])) - 1).max()),
            at_most(5e-4),
            note="it has terms of ε² q² besides",
        ),
        _followed(
            "both",
            "a wave of spin with α = 0.6, β = 0.25, ε = 0.4, ατ = 0.3 along (1, 0.9) follows its "
            "kinetic equation, its density too",
            outcomes["helix/both"],
            1e-4,
        ),
        *_persistent(outcomes),
    ]


def _followed(key: str, statement: str, run: dict[str, NDArray], bound: float) -> Claim:
    found, expected = run["found"], run["expected"]
    return Claim(
        f"literature.helix.{key}",
        f"{statement}; largest difference, of an amplitude of one",
        HELIX,
        float(np.abs(found - expected).max()),
        at_most(bound),
        note=f"the largest component is {np.abs(expected[-1]).max():.3g} at the end",
    )


def _persistent(outcomes: Outcomes) -> list[Claim]:
    stay, cross = outcomes["helix/stays"], outcomes["helix/crossed"]
    polarisation = float(stay["polarisation"])
    return [
        Claim(
            "literature.helix.stays",
            f"at α = β the helix |q| = 4α along [110] stays, ε = 0.5, ε|n|/n₀ = {polarisation:g}: "
            "largest change of ⟨W⟩ over the largest εn",
            f"{HELIX}; {SEEN}",
            float(stay["kinetic"]),
            at_most(1e-9),
        ),
        Claim(
            "literature.helix.nonlocal",
            "and in the nonlocal model: its largest rate over the largest n",
            HELIX,
            float(stay["nonlocal"]),
            at_most(1e-9),
        ),
        _followed("crossed", "along [11̄0] it relaxes as its kinetic equation has it", cross, 1e-4),
        Claim(
            "literature.helix.only",
            "there it is lost by the end: share of it that is gone",
            HELIX,
            1 - float(np.abs(cross["found"][-1]).max()),
            at_least(0.1),
        ),
    ]
