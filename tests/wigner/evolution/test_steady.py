"""State "steady": where the moments rest, and what happens where they do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.errors import StateError
from wigner.evolution import steady
from wigner.evolution.evolve import Interval
from wigner.evolution.solver import Solver
from wigner.flows.two_sided import PhaseSpace
from wigner.maxwellian.equilibrium_state import equilibrium_density
from wigner.phase_space.communicator import SERIAL, Communicator
from wigner.phase_space.layout import Layout
from wigner.phase_space.moments import density, moments

CASE = """
[grid]
n_x = [1, 1]
length = [6.283185307179586, 1]
n_p = [20, 20]
[physics]
epsilon = 0.05
alpha = 0.6
tau = 0.5
[initial]
n0 = "1"
n = ["0", "0", "0"]
state = "steady"
[time]
t_end = 1
dt = 0.4
[maxwellian]
tolerance = 1e-6
"""


FORCE = 'physics.field=["0.1", "-0.05"]'


def begun(*overrides: str, comm: Communicator = SERIAL) -> tuple[Solver, np.ndarray]:
    case = parse_case(CASE, overrides)
    solver = Solver(case, build(case), comm)
    return solver, solver.initial_state()


def chosen(
    tolerance: float, *overrides: str, comm: Communicator = SERIAL
) -> tuple[Solver, NDArray, int]:
    """A solver with dt = "auto", moments of its steady state, ``(13, N1, N2)``, and steps to it."""
    case = parse_case(CASE, ("time.dt=auto", f"time.tolerance={tolerance:g}", *overrides))
    solver, calls = Solver(case, build(case), comm), []
    W = solver.initial_state(lambda: calls.append(1))
    return solver, steady._moments(solver.space, W), len(calls)


def test_spins_are_polarised_by_a_steady_current() -> None:
    """n = alpha tau n0 (-E2, E1, 0) for small eps; the run goes on from there, E switched off."""
    solver, W = begun('physics.field=["0.1*step(0.3 - t, 0.03)", "-0.05"]')
    n = density(solver.layout, W)[1:, 0, 0] / 0.05
    np.testing.assert_allclose(n, 0.6 * 0.5 * np.array([0.05, 0.1, 0.0]), rtol=0.03, atol=1e-7)
    for _ in solver.evolve(W, 0.0, 0):
        pass
    later = density(solver.layout, W)[1:, 0, 0] / 0.05
    assert later[1] < 0.95 * n[1]
    assert later[0] == pytest.approx(n[0], abs=1e-3)


def test_a_current_rests_too() -> None:
    """J = tau n0 E in a uniform gas, whose densities rest all the time."""
    solver, W = begun("physics.alpha=0", "time.dt=0.2", 'physics.field=["0.1", "-0.2"]')
    current = moments(solver.layout, W, solver.space.physics).current[0, :, 0, 0]
    np.testing.assert_allclose(current, [0.05, -0.1], rtol=0.02)


def test_slow_changes_are_not_rest_from_the_first_step_on() -> None:
    """Steps much shorter than tau change little each."""
    entries = ["physics.alpha=0", "time.dt=1e-4", "maxwellian.tolerance=1e-4", "time.t_end=1e-3"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steady, "MOST_STEPS", 8)
        with pytest.raises(StateError, match="still change by"):
            begun(*entries, 'physics.field=["0.1", "0"]')


def test_without_a_force_it_is_the_equilibrium() -> None:
    """To the order of the scheme in dt."""
    entries = ["grid.n_x=[10, 1]", "physics.potential=0.4*cos(x1)", "physics.epsilon=0.3"]
    errors = []
    for dt in (0.4, 0.2):
        zeeman = 'physics.zeeman=["0", "0", "0.5"]'
        solver, W = begun(*entries, zeeman, f"time.dt={dt}")
        exact = equilibrium_density(solver.maxwellian.whole, 1.0)
        errors.append(np.abs(density(solver.layout, W) - exact).max())
    assert errors[1] < 5e-3
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.3)


def test_what_does_not_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "MOST_STEPS", 6)
    entries = ("physics.alpha=0", 'initial.n=["3", "0", "0"]')
    with pytest.raises(StateError, match=r'"steady", but the moments still change by .* after 12'):
        begun(*entries, 'physics.zeeman=["0", "0", "1"]')


def test_spins_that_live_long_in_a_uniform_gas_are_not_waited_for() -> None:
    """Where a force moves them by less than is allowed in all their life, 4e6 steps."""
    solver, W = begun("physics.alpha=0.0005", FORCE, "maxwellian.tolerance=1e-4")
    current = moments(solver.layout, W, solver.space.physics).current[0, :, 0, 0]
    np.testing.assert_allclose(current, [0.05, -0.025], rtol=0.03)


def test_rests_of_chosen_steps_that_differ_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "MOST_HALVINGS", 1)
    with pytest.raises(StateError, match=r"steps of .* and .* lead to moments that are .* apart"):
        chosen(1e-6, FORCE, "maxwellian.tolerance=1e-7", "time.scheme=strang")


@pytest.mark.parametrize("tolerance", [1e-3, 1e-4])
def test_chosen_steps_come_to_the_same_rest_in_few(tolerance: float) -> None:
    """Spins and current of the uniform gas, within the tolerance; the run begins as ever."""
    solver, found, steps = chosen(tolerance, FORCE)
    n = 0.05 * 0.6 * 0.5 * np.array([0.05, 0.1, 0.0])
    np.testing.assert_allclose(found[1:4, 0, 0], n, atol=tolerance)
    np.testing.assert_allclose(found[[4, 8], 0, 0], [0.05, -0.025], atol=2 * tolerance)
    assert steps < 100
    assert solver.adaptive is not None
    assert solver.adaptive.dt == solver.case.time.dt
    assert not solver.ledger.values.any()


def test_a_slow_wave_is_waited_for() -> None:
    """From a flat density on a long box: what it changes by in a step is far below its way."""
    waves = ("grid.n_x=[6, 1]", "grid.length=[30, 1]", "physics.potential=0.05*cos(2*pi*x1/30)")
    quick = ("grid.n_p=[16, 12]", "physics.alpha=0", "physics.tau=0.2", "maxwellian.richardson=1")
    solver, found, _ = chosen(4e-3, *waves, *quick)
    exact = equilibrium_density(solver.maxwellian.whole, 1.0)
    assert np.ptp(exact[0]) > 0.09
    np.testing.assert_allclose(found[0], exact[0], atol=4e-3)


class Noisy:
    """A way whose moments move to and fro by what is allowed, and go nowhere."""

    comm, uniform, slowest = SERIAL, False, 20.0

    def __init__(self) -> None:
        self.W, self.steps, self.moments = np.zeros(1), 0, np.ones((13, 1, 1))

    def change(self) -> float:
        self.steps += 1
        self.moments = np.full((13, 1, 1), 1 + 1e-9 * (self.steps % 2))
        return 1e-9


@pytest.mark.parametrize("dt", [0.1, 0.4])
def test_two_lives_of_the_slowest_wave_are_waited_for(dt: float) -> None:
    """However many steps that is: short ones are looked at in strides."""
    way = Noisy()
    steady._rest(way, lambda W, t: None, dt, 1e-6, lambda: None)  # type: ignore[arg-type]
    assert way.steps * dt == pytest.approx(2 * way.slowest)


def test_heat_is_a_change() -> None:
    """Of a gas at rest with the same density and another temperature."""
    problem = build(parse_case(CASE))
    space = PhaseSpace(Layout(problem.grid, SERIAL), problem.physics)
    p1, p2 = problem.grid.p
    square = (p1[:, None] ** 2 + p2[None, :] ** 2).ravel()
    cold, hot = (
        np.stack([np.exp(-square / (2 * T)) / (2 * np.pi * T), 0 * square])[:, None] + 0j
        for T in (0.8, 1.0)
    )
    way = steady.Way(space, cold)
    way.W = hot
    assert way.change() == pytest.approx(0.2, rel=1e-3)


class Scripted:
    """Steps of given lengths, each with a change of the moments."""

    def __init__(self, *steps: tuple[float, float]) -> None:
        self.steps, self.W, self.made = steps, np.zeros(1), 0

    def advance(self, W: NDArray, t: float, times: Sequence[float]) -> Iterator[Interval]:
        for length, _ in self.steps:
            yield Interval(t, length, t + length, landed=False)

    def change(self) -> float:
        self.made += 1
        return self.steps[self.made - 1][1]


@pytest.mark.parametrize(
    ("steps", "made"),
    [
        (9 * [(1.0, 0.0)], 9),  # the first is longer than none before
        ([*((2.0**k, 0.0) for k in range(12)), *8 * [(2048.0, 0.0)]], 20),  # not while they grow
        ([(1.0, 0.0), *8 * [(0.5, 0.0)]], 9),  # shorter ones count
        ([*8 * [(1.0, 0.0)], (1.0, 1.0), *8 * [(1.0, 0.0)]], 17),  # in a row
    ],
)
def test_chosen_steps_end_when_they_no_longer_grow_and_are_quiet(
    steps: list[tuple[float, float]], made: int
) -> None:
    way = Scripted(*steps, (77.0, 0.0))
    found = steady._chosen(way, way, 1.0, 0.5, lambda: None)  # type: ignore[arg-type]
    assert way.made == made
    assert found == steps[-1][0]


@pytest.mark.mpi(n=3)
def test_chosen_steps_are_those_of_any_number_of_ranks(comm: Communicator) -> None:
    entries = ("grid.n_x=[5, 1]", "grid.n_p=[16, 12]", "physics.potential=0.4*cos(x1)", FORCE)
    quick = ("physics.epsilon=0.3", "physics.alpha=0", "physics.tau=1", "maxwellian.richardson=1")
    _, found, steps = chosen(1e-2, *entries, *quick, comm=comm)
    _, alone, expected = chosen(1e-2, *entries, *quick)
    assert steps == expected < 100
    np.testing.assert_allclose(found, alone, rtol=0, atol=1e-10)
    assert len({part.tobytes() for part in comm.allgather(found)}) == 1


def test_a_tolerance_is_named_where_nobody_gave_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "MOST_CHOSEN", 4)
    monkeypatch.setattr(steady, "MOST_STEPS", 20)
    entries = ("physics.alpha=0", 'initial.n=["3", "0", "0"]')
    with pytest.raises(StateError, match=r"after 24 of them.*; use .* a larger time.tolerance or"):
        chosen(1e-3, *entries, 'physics.zeeman=["0", "0", "1"]')
