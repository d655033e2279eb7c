"""Sweeps by a table of the case, and those of macroscopic models."""

from __future__ import annotations

import csv
import shlex
from pathlib import Path

import numpy as np
import pytest
import xarray

from macro.__main__ import main as macro_main
from tests.support import small
from tests.support.made_runs import make_run
from tests.support.sweeps import ONE, SHORT, TAU, Runs, names, table
from wigner.__main__ import main
from wigner.sweep.plan import Plan
from wigner.sweep.table import as_csv
from wigner.sweep.varied import read_varied


def test_a_table_of_the_case_does_what_vary_does(
    case: str, output: Path, runs: Runs, capsys
) -> None:
    table = """
[sweep]
zip = true
physics.tau = [0.1, 0.05]
initial.n0 = ["2", "2 + 0.1*cos(x1)"]
"""
    Path(case).write_text(Path(case).read_text() + table)
    command = ["sweep", case, "--output", str(output), *ONE]
    assert main(command) == 0
    assert names(output) == {"tau=0.1,initial_n0=2", "tau=0.05,initial_n0=2+0.1_cos_x1"}
    with xarray.open_dataset(output / "sweep.nc") as data:
        assert data.n0.dims[0] == "run"
        assert list(data.tau.values) == [0.1, 0.05]
    for kept in output.glob("tau=*/case.toml"):  # a run by itself is no sweep
        assert "sweep" not in kept.read_text()
    # the copy in the directory is as good, and --vary replaces the values of a key
    again = ["sweep", str(output / "sweep.toml"), "--output", str(output), *ONE]
    assert main(again) == 0
    assert len(runs) == 2
    assert main([*again, "--vary", "physics.tau=0.05,0.2", "--lines"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [shlex.split(line)[4] for line in lines] == [
        str(output / "tau=0.05,initial_n0=2"),
        str(output / "tau=0.2,initial_n0=2+0.1_cos_x1"),
    ]


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ("physics.tua = [1]", "sweep.physics.tua: got [1], expected a key of [sweep.physics]"),
        ("phsics.tau = [1]", "sweep.phsics: got"),
        ("physics.tau = 0.1", "sweep.physics.tau: got 0.1, expected a list of values"),
        ("physics.tau = []", "sweep.physics.tau: got [], expected a list of values"),
        ("physics = 1", "sweep.physics: got 1, expected a key of [physics] and its values"),
        ("zip = 1", "sweep.zip: got 1, expected true or false"),
    ],
)
@pytest.mark.parametrize("command", ["sweep", "run"])
def test_a_table_that_is_wrong_is_told_by_every_command(
    case: str, output: Path, capsys, command: str, table: str, what: str
) -> None:
    Path(case).write_text(f"{Path(case).read_text()}\n[sweep]\n{table}\n")
    assert main([command, case, "--output", str(output)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {what}")
    assert len(said.splitlines()) == 1
    assert not output.exists()


def test_values_and_times_have_their_units(output: Path) -> None:
    """As they were typed; where all have one unit, it stands in the heading."""
    several = "material.relaxation_time=0.1 ps,0.2 ps"
    typed = (several, "time.dt=10 fs,0.02 ps")
    plan = Plan(output / "case.toml", (), read_varied(typed, []), zipped=False, directory=output)
    for member in [*plan.members][:3]:
        made = make_run(plan.home(member), (4, 1), material=True)
        (made / "run.json").write_text('{"state": "finished", "t": 0.3}')
    rows = list(csv.DictReader(as_csv(plan).splitlines()))
    assert [row["relaxation_time (ps)"] for row in rows] == ["0.1", "0.1", "0.2", "0.2"]
    assert [row["dt"] for row in rows] == ["10 fs", "0.02 ps"] * 2
    assert [row["t"] for row in rows] == ["0.3", "0.3", "0.3", ""]
    assert float(rows[0]["t (fs)"]) == pytest.approx(0.3 * 292.7, rel=1e-3)
    assert list(rows[0])[:7] == [
        "directory",
        "relaxation_time (ps)",
        "dt",
        "state",
        "verdict",
        "t",
        "t (fs)",
    ]


def test_no_key_varies(case: str, output: Path, capsys) -> None:
    assert main(["sweep", case, "--output", str(output)]) == 2
    assert "use --vary physics.tau=0.01,0.03, or a table [sweep]" in capsys.readouterr().err


def test_a_value_of_the_table_given_twice(case: str, output: Path, capsys) -> None:
    Path(case).write_text(f"{Path(case).read_text()}\n[sweep]\nphysics.tau = [0.1, 0.1]\n")
    assert main(["sweep", case, "--output", str(output)]) == 2
    assert "error: sweep: got physics.tau = 0.1 twice" in capsys.readouterr().err


def test_a_macroscopic_model_is_swept(case: str, output: Path, runs: Runs, capsys) -> None:
    command = ["sweep", case, *TAU, "--output", str(output), "--model", "local", "--quiet"]
    assert macro_main([*command, *SHORT]) == 0
    assert names(output) == {"tau=0.1", "tau=0.05"}
    with xarray.open_dataset(output / "sweep.nc") as data:
        assert data.n0.dims == ("tau", "time", "x1", "x2")
        assert data.attrs["model"] == "local"
        for tau in (0.1, 0.05):
            one = small.moments(output / f"tau={tau}")
            for name in ("n0", "current", "step"):
                np.testing.assert_array_equal(data.sel(tau=tau)[name], one[name])
    assert macro_main([*command, *SHORT]) == 0
    assert len(runs) == 2
    # what was stopped begins anew, and so does what is to end later
    assert macro_main([*command, "--set", "time.t_end=0.3", "--set", "output.every=0.1"]) == 0
    assert len(runs) == 4
    assert [row["t"] for row in table(output)] == ["0.3", "0.3"]
    # a directory belongs to one model, and to one tolerance
    capsys.readouterr()
    late = ["--set", "time.t_end=0.3", "--set", "output.every=0.1"]
    for other in (["--tolerance", "1e-7"], ["--model", "nonlocal"]):
        assert macro_main([*command, *late, *other]) == 2
        assert "a run with model local, tolerance 1e-08" in capsys.readouterr().err
    assert main([*command[:6], *late]) == 2
    assert "a run with model local, expected one with model kinetic" in capsys.readouterr().err
    assert len(runs) == 4


def test_lines_of_a_model_are_commands_of_its_own(case: str, output: Path, capsys) -> None:
    command = ["sweep", case, *TAU, "--output", str(output), "--model", "local", "--lines"]
    assert macro_main(command) == 0
    lines = [shlex.split(line) for line in capsys.readouterr().out.splitlines()]
    assert [line[:2] for line in lines] == [["wigner-macro", "run"]] * 2
    assert all(line[line.index("--model") + 1] == "local" for line in lines)


def test_all_that_a_model_lacks_is_told_before(case: str, output: Path, capsys) -> None:
    vary = ["--vary", "physics.beta=0,0.3"]
    command = ["sweep", case, *vary, "--output", str(output), "--model", "local-published"]
    assert macro_main(command) == 2
    assert "beta=0.3: physics.beta: got 0.3" in capsys.readouterr().err
    assert not output.exists()
