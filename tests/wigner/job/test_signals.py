"""A signal ends a run after the step it is at, with a checkpoint."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support import small
from tests.support.mpi_runner import missing
from tests.support.small import report, sets
from wigner.__main__ import main
from wigner.output.observer import Directory, Observer
from wigner.timing import Phases

LONG = sets("time.t_end=1000", "output.every=0.1")
needs_mpi = pytest.mark.skipif(missing() is not None, reason=str(missing()))


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
