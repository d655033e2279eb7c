"""When a run writes a checkpoint, and when it stops."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.support import small
from tests.support.small import report, sets
from wigner.__main__ import main
from wigner.case.spec import OutputSpec
from wigner.job.agenda import Agenda, time_limit
from wigner.phase_space.communicator import SERIAL

NOW = 1.8e9


def agenda(elapsed: list[float], **keys: float) -> Agenda:
    """An agenda whose clock is the last entry of a list."""
    spec = {"checkpoint": None, "checkpoint_wall": 1e9, "wall_limit": None} | keys
    return Agenda(
        OutputSpec(every=1.0, phase_space=(), **spec), SERIAL, [], lambda: elapsed[-1], 0.0
    )


def test_an_empty_agenda_asks_for_nothing() -> None:
    assert agenda([0.0]).decide(5.0) == (False, None)


def test_checkpoints_by_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("wigner.job.agenda.time.monotonic", lambda: clock[0])
    wall = agenda([0.0], checkpoint_wall=10.0)
    due = []
    for now in (1.0, 9.0, 11.0, 12.0, 20.9, 21.0):
        clock[0] = now
        due.append(wall.decide(1.0).save)
        if due[-1]:
            wall.saved(1.0)
    assert due == [False, False, True, False, False, True]


def test_the_limit_leaves_room_for_no_step_that_would_exceed_it() -> None:
    clock = [50.0]
    limit = agenda(clock, wall_limit=100.0)
    stops = []
    for now in (60.0, 70.0, 85.0, 88.0):  # the longest step takes 15
        clock.append(now)
        stops.append(limit.decide(1.0).stop)
    assert stops == [None, None, None, "output.wall_limit = 100 s"]


def test_a_job_that_is_about_to_end_begins_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PBS_WALLTIME", "100")
    assert agenda([94.0]).decide(0.0).stop is None
    stop = agenda([96.0]).decide(0.0).stop  # 5 s are kept in reserve
    assert stop is not None
    assert "PBS_WALLTIME" in stop
    monkeypatch.delenv("PBS_WALLTIME")
    assert agenda([96.0], wall_limit=1.0).decide(0.0).stop is None  # which is asked after a step


@pytest.mark.parametrize(
    ("variables", "seconds", "source"),
    [
        ({}, None, None),
        ({"SLURM_JOB_END_TIME": f"{NOW + 7200:.0f}"}, 7200 - 60 - 5, "SLURM_JOB_END_TIME = 1800"),
        ({"COBALT_ENDTIME": f"{NOW + 200:.0f}"}, 200 - 10 - 5, "COBALT_ENDTIME"),
        ({"PBS_WALLTIME": "3600"}, 3600 - 60 - 5, "PBS_WALLTIME = 3600"),
        ({"OAR_JOB_WALLTIME_SECONDS": "3600"}, 3600 - 60 - 5, "OAR_JOB_WALLTIME_SECONDS"),
        ({"SLURM_JOB_END_TIME": "1800007200", "PBS_WALLTIME": "60"}, 60 - 3 - 5, "PBS_WALLTIME"),
        ({"SLURM_JOB_END_TIME": f"{NOW - 10:.0f}"}, None, None),
        ({"SLURM_JOB_END_TIME": "tomorrow", "PBS_WALLTIME": "1:00:00"}, None, None),
    ],
)
def test_the_end_of_a_batch_job(
    variables: dict[str, str], seconds: float | None, source: str | None
) -> None:
    found = time_limit(None, variables, NOW, saving=5.0)
    if seconds is None:
        assert found is None
    else:
        assert found.seconds == pytest.approx(seconds)
        assert source in found.source


def test_the_earlier_limit_holds() -> None:
    slurm = {"SLURM_JOB_END_TIME": f"{NOW + 7200:.0f}"}
    assert time_limit(100.0, slurm, NOW, 5.0) == (100.0, "output.wall_limit = 100 s")
    assert "SLURM" in time_limit(1e5, slurm, NOW, 5.0).source


def test_a_run_stops_before_its_job_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    end = f"{time.time() + 5:.0f}"
    monkeypatch.setenv("SLURM_JOB_END_TIME", end)
    case, output = small.write_case(tmp_path), tmp_path / "output"
    long = sets("time.t_end=1000", "output.every=100")
    assert main(["run", str(case), "--output", str(output), *long]) == 3
    assert time.time() < float(end)
    reason = f"the end of the job (SLURM_JOB_END_TIME = {end})"
    assert report(output)["message"] == f"stopped by {reason}; resume goes on"
    steps = report(output)["steps"]
    assert steps > 3
    assert small.checkpoints(output)[-1].name == f"ck-{steps:09d}.h5"
    monkeypatch.delenv("SLURM_JOB_END_TIME")
    t_end = f"{report(output)['t'] + 0.1:.1f}"
    for wrong in ("soon", "3 ps"):  # no unit without a material
        assert main(["resume", str(output), "--t-end", wrong]) == 2
        assert f'time.t_end: got "{wrong}", expected a ' in capsys.readouterr().err
    assert main(["resume", str(output), "--t-end", t_end]) == 0
    assert report(output)["steps"] == steps + 1


def test_the_wall_clock_limit(case: str, output: Path) -> None:
    limit = sets("output.wall_limit=0.001")
    assert main(["run", case, "--output", str(output), *limit]) == 3
    found = report(output)
    assert (found["state"], found["steps"]) == ("stopped", 1)
    assert found["message"] == "stopped by output.wall_limit = 0.001 s; resume goes on"
