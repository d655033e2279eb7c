"""A signal ends a run after the step it is at, with a checkpoint."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest

from macro.__main__ import main as solve_model
from tests.support import small
from tests.support.mpi_runner import statuses_of_a_signal
from tests.support.small import report, sets
from wigner.__main__ import main
from wigner.output import files
from wigner.output.observer import Directory, Observer
from wigner.output.run_json import Report, Session
from wigner.timing import Phases

LONG = sets("time.t_end=1000", "output.every=0.1")


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
    start = Directory.start

    def interrupted(directory: Directory, phases: Phases) -> Observer:
        signal.raise_signal(signal.SIGTERM)
        return start(directory, phases)

    monkeypatch.setattr(Directory, "start", interrupted)
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


# A run that is killed in its third step, perhaps after it was asked to stop.
KILLED = """
import os, signal, sys
sys.modules["mpi4py"] = None
from wigner.__main__ import main
from wigner.evolution.solver import Solver
steps, step = [], Solver.step

def killing(solver, length):
    advance = step(solver, length)
    def killed(W, t):
        steps.append(length)
        if len(steps) == 3:
            for number in {signals}:
                os.kill(os.getpid(), number)
        advance(W, t)
    return killed

Solver.step = killing
sys.exit(main({arguments}))
"""


@pytest.mark.parametrize(
    ("signals", "state", "told"),
    [
        ([], "running", "no word of the cause"),
        (
            [signal.SIGINT, signal.SIGTERM],
            "stopped",
            "stopped by SIGINT in the step after t = 0.2; resume goes on",
        ),
    ],
)
def test_a_run_that_is_killed_before_it_can_stop(
    case: str, tmp_path: Path, signals: list[int], state: str, told: str, capsys
) -> None:
    output = tmp_path / "output"
    arguments = ["run", case, "--output", str(output)]
    numbers = [int(number) for number in (*signals, signal.SIGKILL)]
    done = small.call("-c", KILLED.format(signals=numbers, arguments=arguments))
    assert done.returncode == -signal.SIGKILL
    found = report(output)
    assert (found["state"], found.get("message", "no word of the cause")) == (state, told)
    assert main(["resume", str(output)]) == 0
    assert f"the session before did not come to its end: {told}\n" in capsys.readouterr().err
    found = report(output)
    assert found["state"] == "finished"
    assert "message" not in found
    assert [session["end"] for session in found["sessions"]] == [f"killed ({told})", "finished"]
    np.testing.assert_allclose(small.moments(output)["time"], [0, 0.2, 0.4])


@pytest.mark.parametrize(
    ("command", "options", "advice"),
    [
        (main, [], "resume goes on"),
        (solve_model, ["--model", "local"], "its records are kept; start again in a new directory"),
    ],
)
def test_a_signal_is_in_the_report_at_once(
    case: str, output: Path, command, options: list[str], advice: str, monkeypatch
) -> None:
    step, told = Observer.step, []

    def interrupted(observer: Observer, t: float, evaluations: list[int]) -> None:
        step(observer, t, evaluations)
        signal.raise_signal(signal.SIGTERM)
        told.append((report(output)["state"], report(output)["message"]))

    monkeypatch.setattr(Observer, "step", interrupted)
    assert command(["run", case, "--output", str(output), *options]) == 3
    ((state, message),) = told
    assert state == "stopped"
    assert message.startswith("stopped by SIGTERM in the step after t = 0")
    assert f"; {advice}" in message


def test_a_signal_while_the_report_is_written(tmp_path: Path, monkeypatch) -> None:
    found, write = Report(tmp_path), files.write_text

    def interrupted(path: Path, text: str) -> None:
        if len(texts) == 1:
            found.interrupt("stopped by SIGINT")
        write(path, text)
        texts.append(text)

    texts: list[str] = []
    monkeypatch.setattr(files, "write_text", interrupted)
    session = Session(1, 0.0)
    found.begin(session, {})
    found.update(session, {"t": 0.1})
    assert len(texts) == 3
    assert (report(tmp_path)["state"], report(tmp_path)["t"]) == ("stopped", 0.1)
    found.update(session, {"t": 0.2})
    assert report(tmp_path)["message"] == "stopped by SIGINT"
    found.update(session, {"state": "finished"})
    found.interrupt("stopped by SIGTERM")
    assert report(tmp_path)["state"] == "finished"
    assert "message" not in report(tmp_path)


@pytest.mark.mpiexec
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_mpiexec(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open MPI's gives ranks so many seconds, twice; not every mpiexec has their status."""
    for name in ("OMPI", "PRTE"):
        monkeypatch.setenv(f"{name}_MCA_odls_base_sigkill_timeout", "3")
    case, output = small.write_case(tmp_path), tmp_path / "output"
    with small.running(output, case, *LONG, ranks=2) as process:
        process.send_signal(number)
        said = process.communicate(timeout=20)[0]
    assert process.returncode in statuses_of_a_signal(), said
    assert report(output)["state"] == "stopped"
    assert len(small.checkpoints(output)) == 2
