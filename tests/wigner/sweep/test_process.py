"""Runs of a sweep in processes of their own, and signals that reach them."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import small
from wigner.errors import CaseError
from wigner.job.agenda import Requests
from wigner.sweep import process
from wigner.sweep.process import _environment, _watch, call, launcher

LONG = small.sets("time.t_end=1000", "output.every=0.1")


def test_a_process_has_the_status_of_its_command(tmp_path: Path) -> None:
    requests = Requests()
    assert call(["run", str(tmp_path / "no.toml"), "--output", "x"], [], requests, 0.0) == 2
    assert requests.heard is None


def test_a_signal_that_came_before_is_passed_on() -> None:
    waits = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert call([], waits, Requests([signal.SIGTERM]), 0.0) == -process.END


def test_what_is_left_of_a_batch_job() -> None:
    given = {"PBS_WALLTIME": "3600", "OAR_JOB_WALLTIME_SECONDS": "5", "SLURM_JOB_END_TIME": "9"}
    found = _environment(dict(given), 100.7)
    assert found["PBS_WALLTIME"] == "3500"
    assert found["OAR_JOB_WALLTIME_SECONDS"] == "1"
    assert found["SLURM_JOB_END_TIME"] == "9"
    assert found["PYTHONPATH"].split(os.pathsep) == [place for place in sys.path if place]


def test_no_mpiexec_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert launcher(1) == []
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CaseError, match="--ranks: got no mpiexec beside this python"):
        launcher(2)
    (tmp_path / "mpiexec").write_text("#!/bin/sh\n")
    (tmp_path / "mpiexec").chmod(0o755)
    assert launcher(2) == [str(tmp_path / "mpiexec"), "-n", "2"]


def test_a_run_does_not_outlive_its_sweep(tmp_path: Path) -> None:
    begun, asked = tmp_path / "begun", tmp_path / "asked"
    waits = f"trap 'echo > {asked}; exit' USR1; echo > {begun}; while :; do sleep 0.1; done"
    code = (
        "from wigner.job.agenda import Requests; from wigner.sweep.process import call; "
        f"call([], ['/bin/sh', '-c', {waits!r}], Requests(), 0.0)"
    )
    with subprocess.Popen(small.command("-c", code), env=small.environment()) as running:
        small.wait_for(begun.exists)
        time.sleep(0.3)  # until the watcher knows of it
        assert not asked.exists()
        running.kill()
        small.wait_for(asked.exists)


def test_a_run_that_ends_by_itself_is_not_asked_to() -> None:
    with subprocess.Popen(["/bin/sh", "-c", "read -r line"], stdin=subprocess.PIPE) as another:
        with _watch() as watch:
            watch(another.pid)
        assert another.poll() is None
        another.communicate(b"over\n")
    assert another.returncode == 0


@pytest.mark.parametrize("ranks", [1, pytest.param(2, marks=pytest.mark.mpiexec)])
def test_a_signal_to_the_sweep_stops_its_run(tmp_path: Path, ranks: int) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "output"
    first = output / "tau=0.1"
    command = ["-m", "wigner", "sweep", case, "--vary", "physics.tau=0.1,0.2", "--output", output]
    with subprocess.Popen(
        small.command(*command, "--ranks", ranks, *LONG),
        env=small.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        try:
            small.wait_for(
                lambda: (first / "run.json").exists() and small.report(first).get("records", 0) > 1
            )
            running.send_signal(signal.SIGTERM)
            said = running.communicate(timeout=40)[0]
        finally:
            running.kill()
    assert running.returncode == 3, said
    found = small.report(first)
    assert (found["state"], found["ranks"]) == ("stopped", ranks)
    assert len(small.checkpoints(first)) == 2
    assert not (output / "tau=0.2").exists()
    rows = list(csv.DictReader((output / "sweep.csv").read_text().splitlines()))
    assert [row["state"] for row in rows] == ["stopped", "waiting"]
    assert "the same command goes on" in said
