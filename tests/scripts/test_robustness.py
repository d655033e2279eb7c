"""``scripts/robustness_sweep.py``: random cases end well or say why, or the sweep tells."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

import robustness_sweep


def test_random_cases(capsys: pytest.CaptureFixture) -> None:
    status = robustness_sweep.main(
        ["--first", "10", "--cases", "10", "--seed", "4", "--points", "12"]
    )
    said = capsys.readouterr().out
    assert status == 0, said
    assert len(re.findall(r"^case \d+: (?:finished|refused|stopped)", said, re.MULTILINE)) == 10
    finished = re.search(r"^ *(\d+) finished", said, re.MULTILINE)
    assert int(finished[1]) >= 5


def test_a_case_of_a_seed_is_always_the_same() -> None:
    texts = [
        [robustness_sweep.draw(np.random.default_rng([seed, k]), 64) for k in (0, 1, 2)]
        for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1]
    assert not set(texts[0]) & set(texts[2])


@pytest.fixture
def run(tmp_path: Path) -> tuple[str, Path]:
    """A case that finishes, and where it will have been run."""
    return robustness_sweep.draw(np.random.default_rng([6, 3]), 4), tmp_path / "case"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (1, "error: ZeroDivisionError: division by zero\nTraceback"),
        (1, "error: at t = 0, after 0 steps: moment constraint: got a residual\nTraceback"),
        (2, "error: output: got x, expected a directory"),
        (0, "error: [Errno 28] No space left on device"),
        (139, ""),
    ],
)
def test_what_no_case_may_end_in(
    run: tuple[str, Path], status: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(_: object) -> int:
        sys.stderr.write(said)
        return status

    monkeypatch.setattr(robustness_sweep, "wigner", ended)
    assert robustness_sweep.outcome(*run)[0] == "WRONG"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("n0", lambda values: values - values.min()),
        ("mass", lambda values: values * [1, 1 + 3e-12]),
        ("energy", lambda values: values * [1, np.nan]),
    ],
)
def test_what_no_record_may_hold(run: tuple[str, Path], name: str, change) -> None:
    text, directory = run
    assert robustness_sweep.outcome(text, directory) == ("finished", "")
    path = directory / "run" / "moments.h5"
    with h5py.File(path, "r+") as file:
        file[name][:] = change(file[name][:])
    assert robustness_sweep._finished(path)[0] == "WRONG"
