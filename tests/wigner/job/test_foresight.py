"""Weak collisions are foreseen: what is proposed is enough, and what is enough is not warned of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.small import report, sets
from wigner.__main__ import main
from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.job.foresight import foreseen

CASE = """\
[grid]
n_x = [12, 1]
length = [6.283185307179586, 1.0]
n_p = [20, 20]

[physics]
epsilon = 0.3
alpha = 0.0
tau = 1.0
potential = "0.3*cos(x1)"

[initial]
n0 = "1 + 0.2*cos(x1)"
n = ["0", "0", "0.5*cos(x1)"]

[time]
t_end = 5.0
dt = 0.25

[maxwellian]
tolerance = 1e-4
richardson = 1
"""


def told(*overrides: str) -> list[str]:
    """What is foreseen."""
    case = parse_case(CASE, overrides)
    return [str(fault) for fault in foreseen(case, build(case))]


@pytest.mark.parametrize("tau", [0.01, 0.1, 0.5])
def test_frequent_collisions_need_no_warning(tau: float) -> None:
    assert not told(f"physics.tau={tau}")


def test_what_is_at_rest_does_not_wind_up() -> None:
    rest = ("initial.n0=exp(-0.3*cos(x1))", "initial.n=[0, 0, 0]", "physics.tau=100")
    assert not told(*rest)
    assert not told("physics.tau=100", "time.t_end=0.25")  # nor what has no time
    assert len(told("physics.tau=100")) == 1  # and nothing moves along the second axis


def test_a_uniform_spin_winds_up_by_its_precession() -> None:
    uniform = ("initial.n0=1", "physics.potential=0", "initial.n=[0, 0.5, 0]", "physics.tau=10")
    assert not told(*uniform)
    found = told(*uniform, "physics.alpha=0.5")
    assert [re.search(r"axis (\d)", line)[1] for line in found] == ["1", "2"]


def test_what_is_proposed_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    case, few, many = tmp_path / "case.toml", tmp_path / "few", tmp_path / "many"
    case.write_text(CASE)
    assert main(["info", str(case)]) == 0
    page = capsys.readouterr().out
    match = re.search(r"warning: grid.n_p: 20 points on axis 1, .*; use n_p of (\d+) on it", page)
    assert main(["run", str(case), "--output", str(few)]) in (0, 4)
    assert match[0] in capsys.readouterr().err
    assert report(few)["quality"]["verdict"] != "resolved"
    enough = sets(f"grid.n_p=[{match[1]}, 20]")
    assert main(["run", str(case), "--output", str(many), *enough]) == 0
    quality = report(many)["quality"]
    assert quality["verdict"] == "resolved", quality["warnings"]
