"""``wigner run``: what it leaves, what it says, and how it ends."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.support import small
from tests.support.mpi_runner import missing
from tests.support.small import call, report, sets, snapshot
from wigner.__main__ import main
from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.job.run import execute
from wigner.output.observer import Observer
from wigner.phase_space.communicator import SERIAL

LONG = sets("time.t_end=1000", "output.every=0.1")
needs_mpi = pytest.mark.skipif(missing() is not None, reason=str(missing()))


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A case file; mpi4py is not there."""
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    return str(small.write_case(tmp_path))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A directory that is not there yet."""
    return tmp_path / "new" / "output"


def test_a_serial_run_without_mpi4py(
    case: str, output: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["run", case, "--output", str(output)]) == 0
    names = {path.name for path in output.iterdir()}
    assert names == {"moments.h5", "run.json", "run.log", "case.toml", "checkpoint"}
    assert (output / "case.toml").read_text() == small.CASE
    assert [path.name[-4:] for path in small.checkpoints(output)] == ["0.h5", "4.h5"]
    said = capsys.readouterr()
    assert not said.out
    assert "finished at t = 0.4: 4 steps" in said.err
    assert "finished at t = 0.4: 4 steps" in (output / "run.log").read_text()


def test_the_report(case: str, output: Path) -> None:
    assert main(["run", case, "--output", str(output), *sets("time.scheme=sdirk3")]) == 0
    found, fields = report(output), small.moments(output)
    assert (found["state"], found["t"], found["t_end"]) == ("finished", 0.4, 0.4)
    assert (found["steps"], found["records"], found["ranks"]) == (4, 3, 1)
    assert found["mass_drift"] < 1e-13
    spin = fields["spin_total"]
    np.testing.assert_allclose(found["spin_drift"], spin[-1] - spin[0], rtol=0, atol=1e-14)
    assert np.abs(found["spin_drift"]).max() > 1e-3
    assert found["edge_mass"] == fields["edge_mass"][-1]
    assert 2 <= found["evaluations_per_solve"] <= 10
    assert found["evaluations_per_step"] == 3 * found["evaluations_per_solve"]
    assert found["case"]["grid"]["n_x"] == [6, 4]
    assert found["case"]["initial"]["n0"] == "1 + 0.2*sin(x1)"
    assert found["versions"]["numpy"] == np.__version__
    assert found["revision"]
    assert 3e7 < found["peak_memory_bytes_per_rank"] < 2e9
    phases = found["wall_seconds_by_phase"]
    expected = {"setup", "transport", "constraint", "exponential", "records", "checkpoints"}
    assert set(phases) == expected | {"other"}
    assert all(seconds > 0 for seconds in phases.values())
    assert sum(phases.values()) == pytest.approx(found["wall_seconds"], abs=0.005)


def test_the_report_while_the_run_goes_on(
    case: str, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    step = Observer.step

    def look(observer: Observer, t: float, evaluations: list[int]) -> None:
        step(observer, t, evaluations)
        seen.append(report(output))

    monkeypatch.setattr(Observer, "step", look)
    assert main(["run", case, "--output", str(output)]) == 0
    assert [found["state"] for found in seen] == ["running"] * 4
    assert [found["records"] for found in seen] == [1, 1, 2, 2]
    assert [found["steps"] for found in seen] == [0, 0, 2, 2]
    assert seen[-1]["evaluations_per_step"] > 2


@pytest.mark.mpi(n=[1, 2, 3])
def test_ranks_agree_with_a_serial_run(comm: object, shared_path: Path) -> None:
    case, together, alone = shared_path / "case.toml", shared_path / "P", shared_path / "1"
    if comm.rank == 0:
        small.write_case(shared_path)
        alone.mkdir()
        parsed = parse_case(small.CASE)
        assert execute(parsed, build(parsed), alone, SERIAL)
    comm.Barrier()
    assert main(["run", str(case), "--output", str(together)]) == 0
    if comm.rank == 0:
        assert report(together)["ranks"] == comm.size
        small.same_records(together, alone, 1e-12)
        np.testing.assert_allclose(small.state(together), small.state(alone), rtol=0, atol=1e-12)


@needs_mpi
def test_mpiexec_from_the_shell(tmp_path: Path) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "output"
    done = call("-m", "wigner", "run", case, "--output", output, ranks=2)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("finished at t = 0.4") == 1
    assert report(output)["ranks"] == 2


def test_processes_that_cannot_find_each_other(tmp_path: Path) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "output"
    hidden = "import sys; sys.modules['mpi4py'] = None; from wigner.__main__ import main; "
    code = f"{hidden} sys.exit(main(['run', {str(case)!r}, '--output', {str(output)!r}]))"
    for rank, told in (("0", 1), ("1", 0)):
        done = call("-c", code, OMPI_COMM_WORLD_SIZE="2", OMPI_COMM_WORLD_RANK=rank)
        assert done.returncode == 2
        assert done.stderr.count("error: ranks: got no mpi4py") == told
    assert not output.exists()


def test_an_mpi4py_that_finds_no_mpi_is_none(
    case: str, output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mpi4py").mkdir()
    (tmp_path / "mpi4py" / "__init__.py").touch()
    broken = tmp_path / "mpi4py" / "MPI.py"
    broken.write_text("raise RuntimeError('cannot load MPI library')")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "mpi4py"]:
        monkeypatch.delitem(sys.modules, name)
    assert main(["run", case, "--output", str(output)]) == 0
    assert report(output)["ranks"] == 1


def test_lines_of_progress_in_a_log(case: str, output: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("wigner.output.logs.QUIET", 0.0)
    assert main(["run", case, "--output", str(output)]) == 0
    said = capsys.readouterr().err
    assert "\r" not in said
    assert "\x1b" not in said
    lines = [line for line in said.splitlines() if line.startswith("t = ")]
    assert len(lines) == 4
    assert lines[1].startswith("t = 0.2 of 0.4, step 2 of 4, ")
    assert lines[-1].endswith(" 0 s left")
    assert (output / "run.log").read_text().count("step 2 of 4") == 1


def test_few_lines_of_progress_in_a_long_log(case: str, output: Path, capsys) -> None:
    assert main(["run", case, "--output", str(output)]) == 0
    assert capsys.readouterr().err.count(" s left") == 1


def test_one_line_of_progress_on_a_terminal(tmp_path: Path) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "output"
    ours, theirs = pty.openpty()
    arguments = small.command("-m", "wigner", "run", case, "--output", output)
    with subprocess.Popen(arguments, stderr=theirs, env=small.environment()) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:  # the other side is closed
                break
            said += chunk
            if not chunk:
                break
    os.close(ours)
    assert process.returncode == 0
    lines = said.decode().split("\r\n")
    rewritten = [line for line in lines if "step 1 of 4" in line]
    assert len(rewritten) == 1
    assert lines[-1] == "\r\x1b[K"
    text = said.decode()
    assert text.count(" s left") == 4
    assert all(len(part) <= 79 + len("\r\x1b[K") for part in text.split("\r") if "left" in part)


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


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "case.toml"],
        ["walk"],
        [],
        ["info", "case.toml", "--ranks", "0"],
        ["resume", "x", "--t-end", "y"],
    ],
)
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: wigner" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ([], ["run", "resume", "info", "exit status: 0 finished, 1 failed"]),
        (["run"], ["mpiexec -n 4 python -m wigner run", "moments.h5", "--set section.key=value"]),
        (["resume"], ["--t-end", "any number of ranks"]),
        (["info"], ["--ranks", "Nothing is run"]),
    ],
)
def test_help(command: list[str], expected: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert all(text in said for text in expected)


@needs_mpi
def test_help_and_errors_are_told_once(tmp_path: Path) -> None:
    case = small.write_case(tmp_path)
    done = call("-m", "wigner", "run", case, ranks=3)
    assert done.returncode == 2
    assert done.stderr.count("the following arguments are required: --output") == 1
    bad = [case, "--output", tmp_path / "output", *sets("physics.epsilon=9")]
    done = call("-m", "wigner", "run", *bad, ranks=2)
    assert done.returncode == 2
    assert done.stderr.count("error: initial.n: got ") == 1
    assert not (tmp_path / "output").exists()


def test_a_constraint_that_fails(case: str, output: Path, capsys) -> None:
    hopeless = sets("maxwellian.max_evaluations=3", "maxwellian.tolerance=1e-12")
    classical = sets("initial.state=classical", "maxwellian.richardson=1")
    assert main(["run", case, "--output", str(output), *hopeless, *classical]) == 1
    said = capsys.readouterr().err
    assert said.count("error: at t = 0, after 0 steps: moment constraint: not solved after 3") == 1
    assert "there is no checkpoint yet" in said
    assert "Traceback" not in said
    found = report(output)
    assert found["state"] == "failed"
    assert "moment constraint: not solved" in found["message"]
    assert "error: at t = 0, after 0 steps: moment constraint" in (output / "run.log").read_text()


def test_a_failure_keeps_what_was_recorded(
    case: str, output: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    step = Observer.step

    def fail(observer: Observer, t: float, evaluations: list[int]) -> None:
        step(observer, t, evaluations)
        if observer.steps == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Observer, "step", fail)
    assert main(["run", case, "--output", str(output), *sets("output.checkpoint=0.1")]) == 1
    said = capsys.readouterr().err
    assert f"error: [Errno 28] No space left on device; {output} is whole up to its last" in said
    assert report(output)["state"] == "failed"
    assert list(small.moments(output)["time"]) == [0, 0.2]
    assert [path.name[-4:] for path in small.checkpoints(output)] == ["1.h5", "2.h5"]


def test_a_fault_of_the_program(
    case: str, output: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr("wigner.job.run.moments", lambda *_: 1 // 0)
    assert main(["run", case, "--output", str(output)]) == 1
    said = capsys.readouterr().err
    assert "error: ZeroDivisionError: integer division or modulo by zero" in said
    assert "Traceback" in said
    assert "please report it" in said
    assert report(output)["state"] == "failed"


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


FAULT = """\
import sys
import wigner.run
from mpi4py import MPI
from wigner.__main__ import main

wigner.job.supervise.GRACE = 0.5
moments, calls = wigner.job.run.moments, []

def fail(*arguments):
    calls.append(0)
    if len(calls) == 2 and MPI.COMM_WORLD.rank in {ranks}:
        {action}
    return moments(*arguments)

wigner.job.run.moments = fail
sys.exit(main({arguments}))
"""


@needs_mpi
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
    clock = time.monotonic()
    done = call("-c", FAULT.format(ranks=ranks, action=action, arguments=arguments), ranks=3)
    assert time.monotonic() - clock < 10
    assert done.returncode == 1
    assert done.stderr.count("error: ") == done.stderr.count(told) == 1
    found = report(output)
    assert found["state"] == "failed"
    assert told.removeprefix("error: ") in found["message"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_stops_a_run(
    case: str, output: Path, number: int, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    step, handler = Observer.step, signal.getsignal(number)

    def interrupted(observer: Observer, t: float, evaluations: list[int]) -> None:
        step(observer, t, evaluations)
        if observer.steps == 2:
            signal.raise_signal(number)

    monkeypatch.setattr(Observer, "step", interrupted)
    assert main(["run", case, "--output", str(output)]) == 3
    assert signal.getsignal(number) is handler
    name = signal.Signals(number).name
    found = report(output)
    assert (found["state"], found["steps"], found["t"]) == ("stopped", 2, 0.2)
    assert found["message"] == f"stopped by {name}; resume goes on"
    assert f"stopped at t = 0.2 by {name}" in capsys.readouterr().err
    assert [path.name[-4:] for path in small.checkpoints(output)] == ["0.h5", "2.h5"]


def test_a_signal_during_set_up(case: str, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = Observer.start

    def interrupted(observer: Observer) -> None:
        signal.raise_signal(signal.SIGTERM)
        start(observer)

    monkeypatch.setattr(Observer, "start", interrupted)
    assert main(["run", case, "--output", str(output)]) == 3
    assert (report(output)["state"], report(output)["steps"]) == ("stopped", 0)
    assert [path.name for path in small.checkpoints(output)] == ["ck-000000000.h5"]


def test_a_signal_after_the_last_step_is_too_late(
    case: str, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = Observer.finish

    def interrupted(observer: Observer, *arguments: object) -> None:
        signal.raise_signal(signal.SIGTERM)
        finish(observer, *arguments)

    monkeypatch.setattr(Observer, "finish", interrupted)
    assert main(["run", case, "--output", str(output)]) == 0
    assert report(output)["state"] == "finished"


def test_more_signals_while_the_first_is_obeyed(tmp_path: Path) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "output"
    with small.running(output, case, *LONG) as process:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGINT):
            process.send_signal(number)
        said = process.communicate(timeout=20)[0]
    assert process.returncode == 3, said
    assert report(output)["state"] == "stopped"
    assert "Traceback" not in said


@needs_mpi
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_mpiexec(tmp_path: Path, number: int) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "output"
    with small.running(output, case, *LONG, ranks=2) as process:
        process.send_signal(number)
        said = process.communicate(timeout=20)[0]
    assert process.returncode == 3, said
    assert report(output)["state"] == "stopped"
    assert len(small.checkpoints(output)) == 2


def test_the_wall_clock_limit(case: str, output: Path) -> None:
    limit = sets("output.wall_limit=0.001")
    assert main(["run", case, "--output", str(output), *limit]) == 3
    found = report(output)
    assert (found["state"], found["steps"]) == ("stopped", 1)
    assert found["message"] == "stopped by output.wall_limit = 0.001 s; resume goes on"
