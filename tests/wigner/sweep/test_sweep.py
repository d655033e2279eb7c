"""``wigner sweep`` with its runs in this process."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path

import numpy as np
import pytest
import xarray

from tests.support import small
from tests.support.sweeps import ONE, SHORT, TAU, Runs, names, table
from wigner.__main__ import main
from wigner.evolution.quality import Quality
from wigner.output import files
from wigner.output.observer import Observer
from wigner.sweep import process


def test_every_combination_is_run_once(case: str, output: Path, runs: Runs, capsys) -> None:
    command = ["sweep", case, *TAU, "--vary", "physics.alpha=0.2,-0.4", *ONE]
    command += ["--output", str(output), "--quiet"]
    assert main(command) == 0
    assert len(runs) == 4
    assert all(each[-1] == "--quiet" for each in runs)
    assert names(output) == {
        f"tau={tau},alpha={alpha}" for tau in ("0.1", "0.05") for alpha in ("0.2", "-0.4")
    }
    rows = table(output)
    assert [(row["tau"], row["alpha"]) for row in rows] == [
        ("0.1", "0.2"),
        ("0.1", "-0.4"),
        ("0.05", "0.2"),
        ("0.05", "-0.4"),
    ]
    with xarray.open_dataset(output / "sweep.nc") as data:
        assert data.n0.dims == ("tau", "alpha", "time", "x1", "x2")
        for row in rows:
            one = small.moments(output / row["directory"])
            both = data.sel(tau=float(row["tau"]), alpha=float(row["alpha"]))
            for name in ("time", "x1", "n0", "current", "potential", "spin_total", "mass"):
                np.testing.assert_array_equal(both[name], one[name], err_msg=name)
            assert float(row["spin_total_2"]) == one["spin_total"][-1, 1]
            assert (row["state"], row["t"], str(both.state.values)) == (
                "finished",
                "0.1",
                "finished",
            )
            assert str(both.directory.values) == row["directory"]
        assert not data.isnull().any().to_array().any()
    capsys.readouterr()
    assert main(command[:-1]) == 0
    assert len(runs) == 4
    assert "run 4 of 4, tau=0.05,alpha=-0.4: is finished" in capsys.readouterr().err


def test_zipped_keys_change_together(case: str, output: Path, runs: Runs) -> None:
    command = ["sweep", case, *TAU, "--vary", "grid.n_x=[6,2],[8,2]", "--zip", *ONE]
    assert main([*command, "--output", str(output)]) == 0
    assert names(output) == {"tau=0.1,n_x=6_2", "tau=0.05,n_x=8_2"}
    with xarray.open_dataset(output / "sweep.nc") as data:
        assert data.n0.dims == ("run", "time", "x1", "x2")
        assert list(data.tau.values) == [0.1, 0.05]
        assert list(data.n_x.values) == ["[6, 2]", "[8, 2]"]
        assert {"tau", "n_x"} <= set(data.coords)
        for k, name in enumerate(("tau=0.1,n_x=6_2", "tau=0.05,n_x=8_2")):
            one = small.moments(output / name)
            there = data.n0.isel(run=k).dropna("x1", how="all")
            np.testing.assert_allclose(there.x1, one["x1"])
            np.testing.assert_array_equal(there, one["n0"])


def test_more_values_may_be_given_later(case: str, output: Path, runs: Runs) -> None:
    command = ["sweep", case, "--output", str(output), *ONE]
    assert main([*command, *TAU]) == 0
    assert main([*command, "--vary", "physics.tau=0.2,0.1,0.05"]) == 0
    assert len(runs) == 3
    with xarray.open_dataset(output / "sweep.nc") as data:
        assert list(data.tau.values) == [0.2, 0.1, 0.05]


def test_a_later_end_goes_on(case: str, output: Path, runs: Runs) -> None:
    command = ["sweep", case, "--output", str(output), *TAU, "--set", "output.every=0.1"]
    assert main([*command, "--set", "time.t_end=0.1"]) == 0
    assert main([*command, "--set", "time.t_end=0.2"]) == 0
    assert [each[0] for each in runs] == ["run", "run", "resume", "resume"]
    assert [row["t"] for row in table(output)] == ["0.2", "0.2"]


def test_a_directory_of_another_case_is_refused(
    case: str, output: Path, runs: Runs, capsys
) -> None:
    command = ["sweep", case, "--output", str(output), *TAU]
    assert main([*command, *SHORT]) == 0
    before = small.snapshot(output)
    capsys.readouterr()
    assert main([*command, *SHORT, "--set", "physics.alpha=0.7", "--set", "time.t_end=0.1"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "tau=0.1: got a run with physics.alpha = 0.5, time.t_end = 0.2, expected one" in said[0]
    assert "with physics.alpha = 0.7, time.t_end = 0.1; use another --output" in said[0]
    assert small.snapshot(output) == before
    assert len(runs) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["physics.tau=0.1,-1", "--set", "time.dt=0"],
            ["time.dt: got 0, expected", "tau=-1: physics.tau: got -1, expected a positive number"],
        ),
        (["grid.n_p=16,3,2"], ["n_p=3: grid.n_p: got 3,", "n_p=2: grid.n_p: got 2,"]),
        (
            ["physics.tau=1,2", "--vary", "grid.n_p=16,3"],
            ["tau=1,n_p=3 and 1 more: grid.n_p: got 3,"],
        ),
        (["physics.tua=1,2"], ["tua=1: physics.tua: got 1,", "tua=2: physics.tua: got 2,"]),
        (
            ["physics.tau=1,2,3", "--vary", "physics.alpha=1,2", "--zip"],
            ["--zip: got 3 of physics.tau, 2 of physics.alpha, expected as many values of each"],
        ),
        (["physics.tau=1,2", "--ranks", "99"], ["ranks: got 99"]),
    ],
)
def test_all_cases_are_checked_first(
    case: str, output: Path, runs: Runs, capsys, arguments: list[str], told: list[str]
) -> None:
    assert main(["sweep", case, "--output", str(output), "--vary", *arguments]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == len(told), said
    for line, start in zip(said, told, strict=True):
        assert line.startswith(f"error: {start}")
    assert not output.exists()
    assert not runs


def test_a_run_that_fails_does_not_stop_the_others(
    case: str, output: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    record = Observer.record

    def failing(observer: Observer, values: dict) -> None:
        record(observer, values)
        if observer.t > 0.05 and len(runs) == 1:
            raise OSError("the disk is full")

    monkeypatch.setattr(Observer, "record", failing)
    command = ["sweep", case, "--output", str(output), *TAU, *SHORT]
    assert main(command) == 1
    said = capsys.readouterr().err
    assert "error: run 1 of 2, tau=0.1: failed with status 1; the disk is full; " in said
    assert [row["state"] for row in table(output)] == ["failed", "finished"]
    assert table(output)[0]["message"].startswith("the disk is full")
    with xarray.open_dataset(output / "sweep.nc") as data:
        assert list(np.isnan(data.mass.values).sum(axis=1)) == [1, 0]
    assert main(command) == 0
    assert [each[0] for each in runs] == ["run", "run", "resume"]
    whole = output.parent / "whole"
    assert main(["run", case, "--output", str(whole), *SHORT]) == 0
    small.same_records(output / "tau=0.1", whole)


def test_a_signal_stops_the_sweep(
    case: str, output: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    number = signal.SIGTERM
    handler = signal.getsignal(number)
    step = Observer.step

    def interrupted(observer: Observer, t: float, evaluations: list[int]) -> None:
        step(observer, t, evaluations)
        if len(runs) == 2 and observer.steps == 1:
            signal.raise_signal(number)

    monkeypatch.setattr(Observer, "step", interrupted)

    def call(*arguments) -> int:
        status = found(*arguments)
        if status == 3:  # the signal was for this process too, whose handler was another
            arguments[2].append(number)
        return status

    found = runs.call
    monkeypatch.setattr(process, "call", call)
    command = ["sweep", case, "--output", str(output), *SHORT]
    command += ["--vary", "physics.tau=0.1,0.05,0.2"]
    assert main(command) == 3
    assert signal.getsignal(number) is handler
    assert [row["state"] for row in table(output)] == ["finished", "stopped", "waiting"]
    assert "1 finished, 1 stopped, 1 waiting; sweep.nc and sweep.csv" in capsys.readouterr().err
    monkeypatch.setattr(Observer, "step", step)
    assert main(command) == 0
    assert [each[0] for each in runs] == ["run", "run", "resume", "run"]


def test_a_limit_stops_each_run(case: str, output: Path, runs: Runs) -> None:
    command = ["sweep", case, "--output", str(output), *TAU, *SHORT]
    assert main([*command, "--set", "output.wall_limit=1e-9"]) == 3
    assert [row["state"] for row in table(output)] == ["stopped", "stopped"]
    assert main([*command, "--set", "output.wall_limit=1e9"]) == 0


def test_an_unresolved_run_is_told(
    case: str, output: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Quality, "verdict", property(lambda quality: "unresolved"))
    command = ["sweep", case, "--output", str(output), "--vary", "physics.tau=0.1", *ONE]
    assert main(command) == 4
    assert table(output)[0]["state"] == "unresolved"
    assert main(command) == 4
    assert len(runs) == 1


def test_lines_for_an_array_job(case: str, output: Path, runs: Runs, capsys) -> None:
    command = ["sweep", case, *TAU, "--vary", "initial.n0=1,1 + 0.1*sin(x1)", *ONE]
    command += ["--output", str(output), "--ranks", "2", "--lines"]
    assert main(command) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert not said.err
    assert len(lines) == 4
    assert not runs
    assert [path.name for path in output.iterdir()] == ["sweep.toml"]
    parts = shlex.split(lines[1])
    assert parts[:5] == ["mpiexec", "-n", "2", "wigner", "run"]
    assert main(parts[4:]) == 0
    assert main(command) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [lines[0], *lines[2:]]
    assert said.err.endswith("1 of 4 runs are finished\n")


def test_the_case_may_be_edited_meanwhile(case: str, output: Path, runs: Runs) -> None:
    def edit() -> None:
        Path(case).write_text("nonsense")

    runs.before = edit
    assert main(["sweep", case, "--output", str(output), *TAU, *ONE]) == 0
    assert main(["sweep", str(output / "sweep.toml"), "--output", str(output), *TAU, *ONE]) == 0
    assert len(runs) == 2


def test_a_directory_of_one_run_is_refused(case: str, half: Path, runs: Runs, capsys) -> None:
    before = small.snapshot(half)
    assert main(["sweep", case, "--output", str(half), *TAU]) == 2
    assert "expected a directory for several runs, but run.json" in capsys.readouterr().err
    assert small.snapshot(half) == before


def test_under_mpiexec_a_sweep_is_refused(
    case: str, output: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr("wigner.sweep.commands.launched", lambda: 2)
    assert main(["sweep", case, "--output", str(output), *TAU]) == 2
    assert "use --ranks for the ranks of each run" in capsys.readouterr().err
    assert not output.exists()


def test_two_sweeps_in_one_directory(case: str, output: Path, runs: Runs, capsys) -> None:
    def again() -> None:
        assert main(["sweep", case, "--output", str(output), *TAU, *ONE]) == 2
        assert "a directory that no run is using" in capsys.readouterr().err

    runs.before = again
    assert main(["sweep", case, "--output", str(output), *TAU, *ONE]) == 0


def test_a_name_that_is_not_utf_8(case: str, tmp_path: Path, runs: Runs, capsys) -> None:
    output = tmp_path / "caf\udce9"
    assert main(["sweep", case, "--output", str(output), *TAU, *ONE]) == 0
    assert files.printable(str(output)) in capsys.readouterr().err


def test_memory_is_that_of_the_machines_that_runs_may_have(
    case: str, output: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr("wigner.sweep.plan.machine_memory", lambda: 70_000_000)
    command = ["sweep", case, *TAU, "--output", str(output), *ONE]
    assert main(command) == 2
    assert "expected a lattice for the 70 MB of" in capsys.readouterr().err
    assert main([*command, "--lines"]) == 0
