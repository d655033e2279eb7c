"""Macroscopic runs have a verdict on their quality too, and record finite numbers alone."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import macro.run
from macro.__main__ import main
from tests.support.small import moments, report, sets

CASE = """\
[grid]
n_x = [8, 1]
length = [6.283185307179586, 1.0]
n_p = [24, 24]

[physics]
epsilon = 0.2
alpha = 0.0
tau = 0.1
potential = "2.5*cos(x1)"

[initial]
n0 = 1
n = [0, 0, 0]

[time]
t_end = 30.0
dt = 0.1
"""


@pytest.fixture
def arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A run whose density falls into a well that eight points cannot hold."""
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    case = tmp_path / "case.toml"
    case.write_text(CASE)
    model = ["--model", "drift-diffusion", "--tolerance", "1e-4"]
    return ["run", str(case), "--output", str(tmp_path / "output"), *model]


def test_an_unresolved_run(arguments: list[str], tmp_path: Path) -> None:
    assert main(arguments) == 4
    found = report(tmp_path / "output")
    assert (found["state"], found["quality"]["verdict"]) == ("finished", "unresolved")
    assert found["quality"]["worst"]["tail_n0"]["error"] > 0.01
    assert any("use more points grid.n_x" in line for line in found["quality"]["warnings"])


def test_the_same_run_on_enough_points(arguments: list[str], tmp_path: Path) -> None:
    assert main([*arguments, *sets("grid.n_x=[48, 1]")]) == 0
    assert report(tmp_path / "output")["quality"]["verdict"] == "resolved"


def test_what_is_not_finite_is_not_recorded(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    exact = macro.run.values
    broken = {"free_energy": np.inf}
    monkeypatch.setattr(macro.run, "values", lambda *given: exact(*given) | broken)
    assert main(arguments) == 1
    assert "free_energy: got a value that is not finite" in capsys.readouterr().err
    assert len(moments(tmp_path / "output")["time"]) == 0
