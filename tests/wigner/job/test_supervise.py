"""Input is checked before anything is done; a failure on any rank ends all of them."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from tests.support import small
from tests.support.small import call, report, sets, snapshot
from wigner.__main__ import main

FAULT = """\
import sys
import wigner.job.observed
from mpi4py import MPI
from wigner.__main__ import main

wigner.job.supervise.GRACE = 0.5
moments, calls = wigner.job.observed.moments, []

def fail(*arguments):
    calls.append(0)
    if len(calls) == 2 and MPI.COMM_WORLD.rank in {ranks}:
        {action}
    return moments(*arguments)

wigner.job.observed.moments = fail
sys.exit(main({arguments}))
"""


def test_an_output_with_results_is_left_alone(
    case: str, output: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["run", case, "--output", str(output)]) == 0
    before = snapshot(output)
    capsys.readouterr()
    assert main(["run", case, "--output", str(output)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: output: got {output}, expected a new directory, but run.json")
    assert line.endswith("use another, or resume")
    assert snapshot(output) == before


@pytest.mark.parametrize("name", ["moments.h5", "checkpoint", "case.toml"])
def test_any_trace_of_a_run_counts(case: str, output: Path, name: str) -> None:
    output.mkdir(parents=True)
    (output / name).touch()
    assert main(["run", case, "--output", str(output)]) == 2
    assert list(snapshot(output)) == [name]


def test_an_output_that_cannot_be_a_directory(case: str, tmp_path: Path, capsys) -> None:
    assert main(["run", case, "--output", case]) == 2
    assert "expected a directory to write in" in capsys.readouterr().err
    assert main(["run", case, "--output", f"{case}/below"]) == 2
    assert Path(case).read_text() == small.CASE


def test_a_directory_in_use_is_refused(case: str, output: Path, capsys) -> None:
    output.mkdir(parents=True)
    with (output / "run.log").open("a") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        assert main(["run", case, "--output", str(output)]) == 2
    assert "expected a directory that no run is using" in capsys.readouterr().err
    assert list(snapshot(output)) == ["run.log"]


def test_bad_input_creates_nothing(case: str, output: Path, capsys) -> None:
    arguments = ["run", case, "--output", str(output)]
    assert main([*arguments, *sets("time.dt=-1", "physics.tau=0")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[:2] for line in lines] == [
        ["error", " physics.tau"],
        ["error", " time.dt"],
    ]
    assert main([*arguments, *sets("initial.n0=0")]) == 2
    assert not output.parent.exists()


def test_an_interruption_of_the_checks_leaves_other_runs_alone(
    case: str, output: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    assert main(["run", case, "--output", str(output)]) == 0
    before = snapshot(output)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wigner.job.commands.load_case", interrupt)
    assert main(["run", case, "--output", str(output)]) == 1
    assert "error: interrupted before the run began" in capsys.readouterr().err
    assert snapshot(output) == before


def test_a_constraint_that_fails(case: str, output: Path, capsys) -> None:
    hopeless = sets("maxwellian.max_evaluations=3", "maxwellian.tolerance=1e-12")
    classical = sets("initial.state=classical", "maxwellian.richardson=1")
    assert main(["run", case, "--output", str(output), *hopeless, *classical]) == 1
    said = capsys.readouterr().err
    assert said.count("error: at t = 0, after 0 steps: moment constraint: got a residual") == 1
    assert "there is no checkpoint yet" in said
    assert "Traceback" not in said
    found = report(output)
    assert found["state"] == "failed"
    assert "moment constraint: got a residual" in found["message"]
    assert "error: at t = 0, after 0 steps: moment constraint" in (output / "run.log").read_text()


def test_a_fault_of_the_program(
    case: str, output: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr("wigner.job.observed.moments", lambda *_: 1 // 0)
    assert main(["run", case, "--output", str(output)]) == 1
    said = capsys.readouterr().err
    assert "error: ZeroDivisionError: integer division or modulo by zero" in said
    assert "Traceback" in said
    assert "please report it" in said
    assert report(output)["state"] == "failed"


@pytest.mark.mpiexec
@pytest.mark.parametrize(
    ("ranks", "action", "told"),
    [
        ([1], "raise IndexError('boom')", "error: rank 1: IndexError: boom"),
        ([2], "raise OSError('disk on fire')", "error: rank 2: disk on fire; "),
        ([0, 1, 2], "raise IndexError('boom')", "error: IndexError: boom"),
    ],
)
def test_a_failure_on_some_ranks_ends_all(
    tmp_path: Path, ranks: list[int], action: str, told: str
) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "output"
    arguments = ["run", str(case), "--output", str(output)]
    done = call("-c", FAULT.format(ranks=ranks, action=action, arguments=arguments), ranks=3)
    assert done.returncode == 1
    assert done.stderr.count("error: ") == done.stderr.count(told) == 1
    found = report(output)
    assert found["state"] == "failed"
    assert told.removeprefix("error: ") in found["message"]
