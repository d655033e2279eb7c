"""When a run makes its steps: record times are met exactly, steps between them are equal."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from wigner.evolution.evolve import record_times, schedule


def test_schedule_lands_on_every_time():
    times = record_times(1.0, 0.3)
    assert times == pytest.approx([0.3, 0.6, 0.9, 1.0])
    plan = list(schedule(times, 0.11))
    assert [i.end for i in plan if i.landed] == times
    assert max(i.length for i in plan) <= 0.11
    assert all(b.t == pytest.approx(a.end) for a, b in itertools.pairwise(plan))
    assert {i.length for i in plan} == {0.1}


@pytest.mark.parametrize(
    ("times", "dt", "message"),
    [([0.2, 0.1], 0.1, "increasing"), ([0.0], 0.1, "increasing"), ([1.0], 0.0, "dt: got 0.0")],
)
def test_impossible_schedules_are_refused(times, dt, message):
    with pytest.raises(ValueError, match=message):
        schedule(times, dt)


def test_times_that_divide_evenly_have_one_step_length():
    plan = list(schedule(record_times(0.5, 0.05), 0.025))
    assert len(plan) == 20
    assert len({i.length for i in plan}) == 1


@pytest.mark.parametrize("every", [0.1, 0.05, 0.7, 1.1, 1 / 3, 2.5e-7, 3e9])
def test_times_of_records_are_the_multiples_that_one_would_type(every: float) -> None:
    found = record_times(40.5 * every, every)
    assert found[:-1] == [float(k * Fraction(repr(every))) for k in range(1, 41)]
    assert record_times(0.4, 0.1) == [0.1, 0.2, 0.3, 0.4]
