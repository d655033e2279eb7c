"""Steps chosen from a tolerance: the error is the one asked for, and they follow the state."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.setups import space
from wigner.errors import ConstraintError, Fault, SolveError
from wigner.evolution import adaptive, initial
from wigner.evolution.adaptive import Adaptive
from wigner.evolution.evolve import Interval
from wigner.evolution.relaxation import Collisions, Step, make_step
from wigner.flows.transport import Transport
from wigner.maxwellian.equilibrium import Maxwellian

LINE = (2 * np.pi, 1.0)
TIMES = (0.25, 0.5)


class Problem:
    """A small problem along x1."""

    def __init__(self, tau: float, state: str) -> None:
        self.space = space(
            (8, 1),
            (18, 18),
            0.4,
            alpha=0.6,
            tau=tau,
            length=LINE,
            p_max=(5.5, 5.5),
            V=lambda x1, _: 0.5 * np.cos(x1),
        )
        self.maxwellian = Maxwellian(self.space, 1e-9, levels=1)
        self.collisions = Collisions(self.maxwellian)
        x1 = self.space.layout.grid.x[0][:, None]
        N = np.stack([1 + 0.3 * np.sin(x1), 0.2 * np.cos(x1), 0.1 + 0 * x1, 0.2 * np.sin(x1 + 1)])
        self.start = initial.prepare(state, self.maxwellian, N)

    def step(self, dt: float) -> Step:
        return make_step("sdirk2", Transport(self.space), self.collisions, dt)

    def solve(self, tolerance: float, dt: float = 0.1) -> tuple[NDArray, list[Interval]]:
        W = self.start.copy()
        steps = Adaptive(self.collisions, self.step, 2, tolerance, dt)
        return W, list(steps.advance(W, 0.0, TIMES))

    def exact(self, count: int) -> NDArray:
        W, step = self.start.copy(), self.step(TIMES[-1] / count)
        for _ in range(count):
            step(W)
        return W


@pytest.mark.parametrize(("tau", "state"), [(1.0, "maxwellian"), (0.05, "classical")])
def test_the_tolerance_asked_for_bounds_the_error(tau: float, state: str) -> None:
    """That of the run, of some ten steps, is of the size of that of a step."""
    problem = Problem(tau, state)
    exact, errors, counts = problem.exact(200), [], []
    for tolerance in (1e-3, 1e-5):
        W, intervals = problem.solve(tolerance)
        errors.append(np.linalg.norm(W - exact) / np.linalg.norm(exact))
        counts.append(len(intervals))
        assert errors[-1] < 3 * tolerance
    assert errors[1] < 0.3 * errors[0]
    assert counts[1] > counts[0]


def test_steps_are_parts_of_the_time_between_records() -> None:
    _, intervals = Problem(0.05, "classical").solve(1e-4)
    assert [i.end for i in intervals if i.landed] == list(TIMES)
    assert [i.t for i in intervals[1:]] == [i.end for i in intervals[:-1]]
    for interval in intervals:
        k = np.log2(0.25 / interval.length)
        assert k == pytest.approx(round(k), abs=1e-9)
        done = (interval.t % 0.25) / interval.length
        assert done == pytest.approx(round(done), abs=1e-6)


def test_steps_grow_after_the_initial_layer() -> None:
    """A classical state becomes M(N) within some tau; then steps follow the fields."""
    _, intervals = Problem(0.01, "classical").solve(1e-4)
    lengths = np.array([interval.length for interval in intervals])
    assert lengths.min() < 0.01
    assert lengths[-1] >= 4 * lengths.min()
    assert lengths[:3].max() < 0.02


def test_from_any_step_on_the_same_steps_follow() -> None:
    problem = Problem(0.05, "classical")
    whole, intervals = problem.solve(1e-4)
    for stop in (1, len(intervals) - 2):
        W = problem.start.copy()
        first = Adaptive(problem.collisions, problem.step, 2, 1e-4, 0.1)
        taken = list(islice(first.advance(W, 0.0, TIMES), stop))
        second = Adaptive(problem.collisions, problem.step, 2, 1e-4, first.dt)
        taken += second.advance(W, taken[-1].end, TIMES)
        assert taken == intervals
        # M(N) is found from another start, to a tenth of what so few points p miss of its moments
        np.testing.assert_allclose(W, whole, rtol=0, atol=1e-6 * np.abs(whole).max())


def failing(problem: Problem, longest: float) -> Callable[[float], Step]:
    """Steps whose constraint cannot be solved where they are longer than some length."""

    def make(dt: float) -> Step:
        step = problem.step(dt)

        def fail(W: NDArray, t: float) -> None:
            W[:] = np.nan
            raise ConstraintError(Fault("moment constraint", "no solution", "one"))

        return step if dt <= longest else fail

    return make


def test_a_constraint_that_cannot_be_solved_makes_shorter_steps() -> None:
    problem = Problem(1.0, "maxwellian")
    W = problem.start.copy()
    steps = Adaptive(problem.collisions, failing(problem, 0.04), 2, 1e-3, 0.25)
    lengths = [interval.length for interval in steps.advance(W, 0.0, (0.25,))]
    assert max(lengths) == 0.03125
    assert np.isfinite(W).all()
    with pytest.raises(ConstraintError, match=r"shorter steps failed too, down to 7\.8e-03"):
        list(
            Adaptive(problem.collisions, failing(problem, 0), 2, 1e-3, 0.25).advance(W, 0, (0.25,))
        )


def test_a_tolerance_that_no_step_meets_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adaptive, "MOST_HALVINGS", 3)
    with pytest.raises(SolveError, match=r"time step: got an error of .*; raise time.tolerance"):
        Problem(0.01, "classical").solve(1e-9)
