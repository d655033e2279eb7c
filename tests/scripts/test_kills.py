"""``scripts/kill_loop.py``: what is killed at random goes on to the same end, or the loop tells."""

from __future__ import annotations

import re

import numpy as np
import pytest

import kill_loop


@pytest.mark.parametrize("ranks", [1, pytest.param(2, marks=pytest.mark.mpiexec)])
def test_killed_runs_come_to_the_same_end(ranks: int, capsys: pytest.CaptureFixture) -> None:
    status = kill_loop.main(["--kills", "3", "--seed", "5", "--ranks", str(ranks)])
    said = capsys.readouterr().out
    assert status == 0, said
    counts = re.search(r"(\d+) kills.*; (\d+) runs finished, (\d+) of them identical", said)
    kills, runs, identical = map(int, counts.groups())
    assert kills >= 3
    assert runs == identical >= 1


def records(count: int) -> dict[str, np.ndarray]:
    """So many records."""
    time = np.arange(float(count))
    return {"time": time, "n0": np.ones((count, 2)) * time[:, None], "evaluations": time}


def test_what_is_wrong_with_records() -> None:
    expected = records(4)
    assert kill_loop.differences({}, expected) == []
    assert kill_loop.differences(records(3), expected) == []
    counted = {**records(4), "evaluations": np.zeros(4)}
    assert kill_loop.differences(counted, expected) == ["evaluations"]
    for time in ([0, 1, 1], [0, 2, 3], [1, 2, 3]):  # twice, a gap, none at the beginning
        found = {**records(3), "time": np.array(time, dtype=float)}
        assert kill_loop.differences(found, expected) == ["time"]
    found = records(3)
    found["n0"][2, 1] += 1e-15
    assert kill_loop.differences(found, expected) == ["n0"]
    assert kill_loop.differences(records(5), expected) != []
    torn = {**records(3), "n0": records(2)["n0"]}
    assert kill_loop.differences(torn, expected) == ["records of different lengths"]
