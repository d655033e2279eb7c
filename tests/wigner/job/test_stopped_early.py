"""A run can be stopped while its steady state is sought: status 3, nothing kept, run again."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from macro.__main__ import main as solve_model
from tests.support.small import report, sets
from wigner.__main__ import main
from wigner.evolution import steady
from wigner.job import agenda

KINETIC: tuple = (main, [])
CHOSEN: tuple = (main, sets("time.dt=auto", "time.tolerance=1e-3"))
MODEL: tuple = (solve_model, ["--model", "local"])
# Spins that turn for ever: there is no rest.
RESTLESS = sets(
    "initial.state=steady",
    "physics.alpha=0",
    "physics.potential=0",
    'initial.n0="1"',
    'initial.n=["0.3", "0", "0"]',
    'physics.zeeman=["0", "0", "2"]',
    "physics.tau=1",
    "grid.n_x=[1, 1]",
)


@pytest.mark.parametrize(("command", "options"), [KINETIC, CHOSEN, MODEL])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_on_the_way_to_a_steady_state(
    case: str, output: Path, command, options: list[str], number: int, monkeypatch, capsys
) -> None:
    heed, calls = agenda.Agenda.heed, []

    def interrupted(self: agenda.Agenda) -> None:
        calls.append(1)
        if len(calls) == 3:
            signal.raise_signal(number)
        heed(self)

    monkeypatch.setattr(agenda.Agenda, "heed", interrupted)
    arguments = ["run", case, "--output", str(output), *options]
    assert command([*arguments, *RESTLESS]) == 3
    assert len(calls) == 3
    found, name = report(output), signal.Signals(number).name
    assert (found["state"], found["steps"]) == ("stopped", 0)
    assert found["message"] == (
        f"stopped by {name}; nothing of it is kept before it rests: run again, the same directory "
        "may be used"
    )
    assert "Traceback" not in capsys.readouterr().err
    assert command(arguments) == 0


@pytest.mark.parametrize(("command", "options"), [KINETIC, MODEL])
def test_a_limit_on_the_way_to_a_steady_state(
    case: str, output: Path, command, options: list[str]
) -> None:
    limit = sets("output.wall_limit=1e-6")
    arguments = ["run", case, "--output", str(output), *options, *RESTLESS, *limit]
    assert command(arguments) == 3
    assert report(output)["message"].startswith("stopped by output.wall_limit = 1e-06 s; nothing")


def test_resume_seeks_it_again(case: str, output: Path, monkeypatch, capsys) -> None:
    limit = sets("output.wall_limit=1e-6")
    assert main(["run", case, "--output", str(output), *RESTLESS, *limit]) == 3
    monkeypatch.setattr(steady, "MOST_STEPS", 2)
    assert main(["resume", str(output), *sets("output.wall_limit=60")]) == 1
    assert 'initial.state: got "steady", but the moments still' in capsys.readouterr().err
