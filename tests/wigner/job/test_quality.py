"""A run ends with a verdict on its own quality."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import wigner
from tests.support import small
from tests.support.small import report, sets
from wigner.__main__ import main
from wigner.case.spec import parse_case
from wigner.evolution.quality import INDICATORS
from wigner.job.example import HOME

CASE = """\
[grid]
n_x = [8, 1]
length = [6.283185307179586, 1.0]
n_p = [16, 14]

[physics]
epsilon = 0.3
alpha = 0.0
tau = 10.0
potential = "0.3*cos(x1)"

[initial]
n0 = "1 + 0.2*cos(x1)"
n = ["0", "0", "0.5*cos(x1)"]

[time]
t_end = 4.0
dt = 0.4

[maxwellian]
tolerance = 1e-4
richardson = 1
"""


@pytest.fixture
def weak(tmp_path: Path) -> str:
    """A case whose W winds up in p, as there are few collisions."""
    path = tmp_path / "weak.toml"
    path.write_text(CASE)
    return str(path)


def test_an_unresolved_run(weak: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    output = tmp_path / "output"
    assert main(["run", weak, "--output", str(output)]) == 4
    found = report(output)
    quality = found["quality"]
    assert (found["state"], quality["verdict"]) == ("finished", "unresolved")
    assert quality["worst"].keys() == INDICATORS.keys() - {"tail_rate"}
    worst = quality["worst"]["tail_eta"]
    assert worst["value"] > 0.05
    assert quality["estimated_error"]["n0"] > 0.01
    told = [warning for warning in quality["warnings"] if "tail_eta" in warning]
    times = [float(warning.split()[2].rstrip(":")) for warning in told]
    assert len(times) > 1
    assert 0 < min(times) < 4  # between the records, of which there are two
    said = capsys.readouterr()
    assert all(warning in said.err + said.out for warning in told)
    *_, last = (output / "run.log").read_text().splitlines()
    assert "finished at t = 4" in last
    assert "unresolved: since t = " in last
    # nothing is left to do, and the verdict stands
    assert main(["resume", str(output)]) == 4
    assert report(output)["quality"] == quality


def test_the_same_run_with_collisions(weak: str, tmp_path: Path) -> None:
    output = tmp_path / "output"
    assert main(["run", weak, "--output", str(output), *sets("physics.tau=0.1")]) == 0
    assert report(output)["quality"]["verdict"] != "unresolved"


def test_a_resumed_run_has_the_same_verdict(weak: str, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    records = sets("output.every=2")
    assert main(["run", weak, "--output", str(whole), *records]) == 4
    assert main(["run", weak, "--output", str(parts), *records, *sets("time.t_end=2")]) == 4
    half = report(parts)["quality"]
    assert main(["resume", str(parts), "--t-end", "4"]) == 4
    assert report(parts)["quality"] == report(whole)["quality"] != half
    small.same_records(parts, whole)


@pytest.mark.parametrize("p_max", ["auto", "7.0"])
@pytest.mark.parametrize("alpha", ["0", "0.8"])
def test_defaults_and_bounds_agree(
    weak: str, tmp_path: Path, p_max: str, alpha: str, capsys: pytest.CaptureFixture
) -> None:
    output, lattice = tmp_path / "output", sets("grid.n_p=[24, 24]", f"grid.p_max={p_max}")
    changes = sets(f"physics.alpha={alpha}", "physics.tau=0.1", "time.t_end=1", "grid.n_x=[12, 1]")
    changes += sets("maxwellian.richardson=auto")
    assert main(["run", weak, "--output", str(output), *lattice, *changes]) == 0
    assert "warning" not in capsys.readouterr().err
    quality = report(output)["quality"]
    assert (quality["verdict"], quality["warnings"]) == ("resolved", [])


def test_the_estimate_for_a_spin_that_a_current_makes() -> None:
    """Against a run on a finer lattice: w is ten times n, and what is wound up of it comes back."""
    changes = ["grid.n_x=[16, 1]", 'time.t_end="1.5 ps"', 'time.dt="0.1 ps"']
    changes += ["physics.potential=0.3*cos(2*pi*x1/6)", "maxwellian.tolerance=1e-5"]
    device = (HOME / "device.toml").read_text("utf-8")
    coarse, fine = (
        list(wigner.run(parse_case(device, [*changes, f"grid.n_p=[{n}, 20]"]))) for n in (32, 64)
    )
    largest = max(np.abs(record.n).max() for record in fine)
    errors = [np.abs(a.n - b.n).max() for a, b in zip(coarse, fine, strict=True)]
    error = max(errors) / largest
    assert error > 5e-4
    assert 1 / 3 < coarse[-1].quality.error("n") / error < 10
