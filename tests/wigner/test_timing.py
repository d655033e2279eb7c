"""Wall time by phase: nothing is counted twice."""

from __future__ import annotations

import pytest

from wigner.timing import Phases


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock whose time is the last entry."""
    times = [0.0]
    monkeypatch.setattr("wigner.timing.time.perf_counter", lambda: times[-1])
    return times


def test_a_phase_within_another_is_counted_once(clock: list[float]) -> None:
    phases, others = Phases(), {"constraint": 0.0}
    phases.include(others)
    with phases("records"):
        clock.append(1.0)
        with phases("transport"):
            clock.append(3.0)
        others["constraint"] += 4.0  # measured by somebody else meanwhile
        clock.append(8.0)
    clock.append(10.0)
    assert phases.seconds() == {"transport": 2.0, "records": 2.0, "constraint": 4.0, "other": 2.0}
