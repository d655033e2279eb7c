"""The verdict on a run: what is worst, when, what it means, and what is said about it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.evolution.quality import DOUBTFUL, INDICATORS, UNRESOLVED, Quality, Winding
from wigner.evolution.solver import Solver
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.moments import resolution
from wigner.physics import Physics

CASE = """\
[grid]
n_x = [8, 1]
length = [6.283185307179586, 1.0]
n_p = [16, 16]

[physics]
epsilon = 0.3
alpha = 0.7
tau = 0.1
potential = "0.5*cos(x1)"

[initial]
n0 = "1 + 0.3*cos(x1)"
n = [0, 0, 0]

[time]
t_end = 1.0
dt = 0.1

[maxwellian]
tolerance = 1e-4
"""
NOTHING = {"tail_eta": 0.0, "spin_tail_eta": 0.0}
SPIN = {"spin_share": 0.1, "n_share": 0.1}
FREE = Winding(math.inf, 1.0, NOTHING)


def history(name: str, *values: float) -> Quality:
    """The quality after these values of an indicator at t = 0, 1, ..."""
    quality = Quality()
    for t, value in enumerate(values):
        quality = quality.after(float(t), {name: value, **SPIN}, FREE)
    return quality


@pytest.mark.parametrize("name", INDICATORS)
@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (0.9 * DOUBTFUL, "resolved"),
        (1.1 * DOUBTFUL, "doubtful"),
        (0.9 * UNRESOLVED, "doubtful"),
        (1.1 * UNRESOLVED, "unresolved"),
    ],
)
def test_each_indicator_decides(name: str, error: float, verdict: str) -> None:
    quality = history(name, 0.0, error / INDICATORS[name].weight, 0.0)
    assert quality.verdict == verdict
    assert quality.error(INDICATORS[name].of) == pytest.approx(error)
    assert quality.worst[name].time == quality.worst[name].error_time == 1.0
    assert quality.summary.startswith(verdict)
    assert name in quality.summary


def test_it_is_told_at_each_bound_and_when_ten_times_worse() -> None:
    quality = history("tail_eta", 5e-4, 2e-3, 5e-3, 0.011, 0.09, 0.12, 0.5)
    assert [warning.split(":")[0] for warning in quality.warnings] == ["t = 1", "t = 3", "t = 5"]
    assert "tail_eta = 1.2e-01" in quality.warnings[-1]
    assert "use more points grid.n_p" in quality.warnings[-1]


def test_collisions_damp_what_is_wound_up() -> None:
    winding = Winding(0.5, 4.0, {"tail_eta": 0.02, "spin_tail_eta": 0.0})
    quality = Quality().after(3.0, {"tail_eta": 0.12, "edge_mass": 0.12}, winding)
    assert quality.worst["tail_eta"].value == 0.12
    assert quality.worst["tail_eta"].error == pytest.approx(0.1 * math.exp(-6.0))
    assert quality.worst["edge_mass"].error == 0.12 * INDICATORS["edge_mass"].weight
    assert winding.error("tail_eta", 0.12, 1e3) == pytest.approx(0.1 * math.exp(-8.0))
    assert winding.error("tail_eta", 0.01, 0.0) == 0.0


def test_the_worst_value_and_the_worst_error_may_be_at_different_times() -> None:
    winding = Winding(0.5, 9.0, NOTHING)
    quality = Quality().after(1.0, {"tail_eta": 0.05}, winding)
    worst = quality.after(2.0, {"tail_eta": 0.08}, winding).worst["tail_eta"]
    assert (worst.value, worst.time) == (0.08, 2.0)
    assert (worst.error, worst.error_time) == (pytest.approx(0.05 * math.exp(-2.0)), 1.0)


@pytest.mark.parametrize(
    ("name", "share"), [("spin_tail_eta", "spin_share"), ("tail_n", "n_share")]
)
def test_errors_of_the_spin_are_shares_of_its_largest_so_far(name: str, share: str) -> None:
    """What is lost of w is compared with n, however large w is beside it."""
    weight = INDICATORS[name].weight
    quality = Quality().after(0.0, {**SPIN, name: 0.1, share: 0.02, "n_share": 0.02}, FREE)
    assert quality.worst[name].error == pytest.approx(0.1 * weight)
    larger = quality.after(1.0, {**SPIN, name: 0.0, share: 0.2, "n_share": 0.2}, FREE)
    assert larger.worst[name].error == pytest.approx(0.01 * weight)
    assert larger.worst[name].error_time == 0.0
    later = larger.after(2.0, {**SPIN, name: 0.5, share: 0.02, "n_share": 0.02}, FREE)
    assert later.worst[name].value == pytest.approx(0.1)  # the largest of all
    assert later.worst[name].error == pytest.approx(0.05 * weight)


def test_a_spin_that_is_small_beside_w() -> None:
    """With spin-orbit coupling w has parts whose sum over p is small or nothing."""
    values = {"spin_tail_eta": 0.01, "spin_share": 0.1, "n_share": 0.005}
    assert Quality().after(0.0, values, FREE).error("n") == pytest.approx(0.2)


def test_a_spin_that_is_roundoff_is_not_judged() -> None:
    noise = {"spin_tail_eta": 1.0, "tail_n": 1.0, "spin_share": 1e-9, "n_share": 1e-9}
    quality = Quality().after(0.0, noise, FREE)
    assert quality.worst["tail_n"].value == pytest.approx(1e-9)
    assert quality.error("n") == 0
    assert quality.after(1.0, {**noise, **SPIN}, FREE).error("n") == pytest.approx(1.0)


def test_the_flight_to_the_edge_of_the_eta_lattice() -> None:
    grid = PhaseGrid((8, 1), (2 * math.pi, 1.0), (16, 16), (4.0, 4.0))  # reach 2 pi
    still = Physics(0.2, 0.0, 2.0, np.zeros((8, 1)))
    assert Winding.on(grid, still).flight == pytest.approx(2 * math.pi)
    spinning = Physics(0.2, 0.5, 2.0, np.zeros((8, 1)))  # alpha turns spins as fast again
    assert Winding.on(grid, spinning).flight == pytest.approx(math.pi)
    point = PhaseGrid((1, 1), (1.0, 1.0), (16, 16), (4.0, 4.0))
    assert Winding.on(point, still).flight == math.inf


@pytest.mark.parametrize("n_p", [[16, 14], [24, 24]])
@pytest.mark.parametrize("p_max", ["auto", 5.0])
@pytest.mark.parametrize("n", ["0", "1.0"])
def test_a_thermal_state_is_not_wound_up(n_p: list[int], p_max: float | str, n: str) -> None:
    changes = (f"grid.n_p={n_p}", f"grid.p_max={p_max}", f'initial.n=["0", "{n}", "0"]')
    case = parse_case(CASE, changes)
    problem = build(case)
    solver = Solver(case, problem)
    found = resolution(solver.layout, solver.initial_state(), problem.N)
    winding = Winding.on(problem.grid, problem.physics)
    for name in ("tail_eta", "spin_tail_eta"):
        assert getattr(found, name) > 0
        assert winding.error(name, getattr(found, name), 0.0) < DOUBTFUL


def test_a_checkpoint_keeps_it() -> None:
    quality = history("tail_eta", 5e-4, 2e-3, 0.1).after(7.0, {"edge_mass": 1 / 3}, FREE)
    assert Quality.from_plain(json.loads(json.dumps(quality.plain()))) == quality


def test_the_verdict_of_nothing() -> None:
    assert Quality().verdict == Quality().summary == "resolved"
    assert Quality().as_dict()["worst"] == {}
