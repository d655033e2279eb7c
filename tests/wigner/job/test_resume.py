"""``wigner resume``: a run that was interrupted ends as one that was not."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.support import small
from tests.support.small import report, sets, snapshot
from wigner.__main__ import main
from wigner.case.problem import build, lattice
from wigner.case.spec import parse_case
from wigner.job.run import execute
from wigner.job.supervise import FINISHED
from wigner.output import checkpoint
from wigner.output.observer import Observer
from wigner.phase_space.communicator import SERIAL

PLAIN: list[str] = []
DRIVEN = [*small.DRIVEN, 'output.phase_space=["x2 p1", "p1 p2"]']
# M(N) is made on fewer points of x, and on more of them at the end.
COARSE = ["grid.n_x=[18, 16]", "physics.epsilon=0.2", "physics.potential=1.5*cos(x1)"]
COARSE += ["maxwellian.richardson=auto", "maxwellian.tolerance=1e-5"]
SCHEMES = pytest.mark.parametrize(
    ("scheme", "fields"),
    [
        ("sdirk2", PLAIN),
        ("sdirk3", PLAIN),
        ("strang", PLAIN),
        ("sdirk2", DRIVEN),
        ("sdirk2", COARSE),
    ],
    ids=["sdirk2", "sdirk3", "strang", "driven", "coarse"],
)


@SCHEMES
def test_two_halves_are_a_whole_to_the_last_bit(
    case: str, tmp_path: Path, scheme: str, fields: list[str]
) -> None:
    whole, half = tmp_path / "whole", tmp_path / "half"
    entries = [f"time.scheme={scheme}", *fields]
    assert main(["run", case, "--output", str(whole), *sets(*entries, "time.t_end=0.6")]) == 0
    assert main(["run", case, "--output", str(half), *sets(*entries, "time.t_end=0.3")]) == 0
    made = report(half)["maxwellian_lattice"]
    assert main(["resume", str(half), "--t-end", "0.6"]) == 0
    if fields is COARSE:
        assert (made, report(half)["maxwellian_lattice"]) == ([12, 8], [18, 8])
    np.testing.assert_array_equal(small.state(half), small.state(whole))
    times = small.moments(half)["time"]
    np.testing.assert_array_equal(times, [0, 0.2, 0.3, 0.4, 0.6])  # one more at the old end
    names = ("n0", "n", "current", "a0", "a", "work", "heat", "torque", "energy")
    planes = ("W_x2_p1", "W_p1_p2") if fields is DRIVEN else ()
    for name in (*names, *planes):
        ours, theirs = small.moments(half)[name], small.moments(whole)[name]
        np.testing.assert_array_equal(np.delete(ours, 2, axis=0), theirs, err_msg=name)


@SCHEMES
@pytest.mark.mpi(n=[2, 3])
def test_on_other_ranks(comm: object, shared_path: Path, scheme: str, fields: list[str]) -> None:
    alone, together, back, whole = (shared_path / name for name in ("1", "1P", "P1", "P"))
    entries = [f"time.scheme={scheme}", *fields]
    longer = parse_case(small.CASE, entries)
    case = parse_case(small.CASE, [*entries, "time.t_end=0.2"])
    if comm.rank == 0:
        for output in (alone, together, back, whole):
            output.mkdir()
        for output in (alone, together):
            assert execute(case, build(case), output, SERIAL) == FINISHED
        assert execute(longer, build(longer), alone, SERIAL, resume=True) == FINISHED
    comm.Barrier()
    assert main(["resume", str(together), "--t-end", "0.4"]) == 0
    assert execute(case, build(case), back, comm) == FINISHED
    assert execute(longer, build(longer), whole, comm) == FINISHED
    if comm.rank == 0:
        assert [session["ranks"] for session in report(together)["sessions"]] == [1, comm.size]
        with h5py.File(together / "moments.h5") as file:
            assert file.attrs["ranks"] == comm.size
        (shared_path / "PP").mkdir()
        for path in back.rglob("*.*"):  # the half, to be resumed on one rank and on all
            (shared_path / "PP" / path.relative_to(back)).parent.mkdir(exist_ok=True)
            (shared_path / "PP" / path.relative_to(back)).write_bytes(path.read_bytes())
        assert execute(longer, build(longer), back, SERIAL, resume=True) == FINISHED
        for output in (together, back):
            small.same_records(output, alone, 1e-12)
            W = small.state(output)
            np.testing.assert_allclose(W, small.state(alone), rtol=0, atol=1e-12)
    comm.Barrier()
    assert execute(longer, build(longer), shared_path / "PP", comm, resume=True) == FINISHED
    if comm.rank == 0:  # on as many ranks, to the last bit
        small.same_records(shared_path / "PP", whole)
        np.testing.assert_array_equal(small.state(shared_path / "PP"), small.state(whole))


def test_chosen_steps_go_on_as_they_were(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped by a signal between two records, and after t_end at one."""
    whole, stopped, half = (tmp_path / name for name in ("whole", "stopped", "half"))
    chosen = sets("time.dt=auto", "time.tolerance=1e-5", "maxwellian.tolerance=1e-8")
    assert main(["run", case, "--output", str(whole), *chosen]) == 0
    assert main(["run", case, "--output", str(half), *chosen, "--set", "time.t_end=0.2"]) == 0
    assert main(["resume", str(half), "--t-end", "0.4"]) == 0
    step = Observer.step

    def stop_once(observer: Observer, t: float, counts: list[int]) -> None:
        step(observer, t, counts)
        if observer.steps == 3:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(Observer, "step", stop_once)
        assert main(["run", case, "--output", str(stopped), *chosen]) == 3
    assert 0 < report(stopped)["t"] < 0.2
    assert main(["resume", str(stopped)]) == 0
    for output in (half, stopped):
        small.same_records(output, whole)
        np.testing.assert_array_equal(small.state(output), small.state(whole))
        assert report(output)["steps"] == report(whole)["steps"] > 4
    assert report(whole)["case"]["time"]["dt"] == "auto"


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_after_a_signal_at_any_step(
    case: str, tmp_path: Path, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, output = tmp_path / "whole", tmp_path / "output"
    assert main(["run", case, "--output", str(whole)]) == 0
    expect, step = Observer.expect, Observer.step

    def maybe(observer: Observer) -> None:
        if observer.steps == steps and not resumed:
            signal.raise_signal(signal.SIGTERM)

    resumed = []
    monkeypatch.setattr(Observer, "expect", lambda o, n: (expect(o, n), maybe(o)))
    monkeypatch.setattr(Observer, "step", lambda o, t, counts: (step(o, t, counts), maybe(o)))
    assert main(["run", case, "--output", str(output)]) == 3
    assert report(output)["steps"] == steps
    resumed.append(True)
    assert main(["resume", str(output)]) == 0
    small.same_records(output, whole)
    np.testing.assert_array_equal(small.state(output), small.state(whole))
    found = report(output)
    assert (found["state"], found["steps"], found["records"]) == ("finished", 4, 3)
    assert "message" not in found


def test_after_a_kill(tmp_path: Path) -> None:
    case, output, whole = small.write_case(tmp_path), tmp_path / "output", tmp_path / "whole"
    with small.running(output, case, *sets("time.t_end=1000", "output.checkpoint=0.5")) as process:
        small.wait_for(lambda: len(small.checkpoints(output)) > 1)
        process.kill()
        process.wait()
        records = len(small.moments(output)["time"])
    assert report(output)["state"] == "running"
    last = small.checkpoints(output)[-1]
    with h5py.File(last) as file:
        t, known = float(file["state/t"][()]), int(file["state/records"][()])
    assert known <= records
    t_end = round(t + 0.4, 1)
    assert small.call("-m", "wigner", "resume", output, "--t-end", t_end).returncode == 0
    done = small.call("-m", "wigner", "run", case, "--output", whole, *sets(f"time.t_end={t_end}"))
    assert done.returncode == 0, done.stderr
    small.same_records(output, whole)
    np.testing.assert_array_equal(small.state(output), small.state(whole))


def test_the_report_of_a_resumed_run(half: Path) -> None:
    first = report(half)
    assert main(["resume", str(half), "--t-end", "0.8"]) == 0
    found, fields = report(half), small.moments(half)
    assert (found["state"], found["t"], found["t_end"]) == ("finished", 0.8, 0.8)
    assert (found["steps"], found["records"]) == (8, 6)
    assert found["case"]["time"]["t_end"] == 0.8
    one, two = found["sessions"]
    assert one == first["sessions"][0]
    assert (one["steps"], one["t_start"], two["steps"], two["t_start"]) == (3, 0, 5, 0.3)
    assert found["wall_seconds"] == round(one["wall_seconds"] + two["wall_seconds"], 3)
    evaluations = one["evaluations"] + two["evaluations"]
    assert found["evaluations_per_step"] == evaluations / 8
    assert found["evaluations_per_solve"] == evaluations / 16
    drift = abs(fields["mass"][-1] / fields["mass"][0] - 1)
    assert found["mass_drift"] == drift < 1e-13
    spin = fields["spin_total"]
    np.testing.assert_allclose(found["spin_drift"], spin[-1] - spin[0], rtol=0, atol=1e-14)


def test_a_new_end_is_kept_by_the_next_resume(half: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Observer.step

    def interrupted(observer: Observer, t: float, counts: list[int]) -> None:
        step(observer, t, counts)
        signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(Observer, "step", interrupted)
        assert main(["resume", str(half), "--t-end", "0.6"]) == 3
    assert main(["resume", str(half)]) == 0
    assert report(half)["t"] == 0.6
    with h5py.File(half / "moments.h5") as file:
        assert parse_case(file.attrs["case"]).time.t_end == 0.6


def test_a_later_end_under_a_force_keeps_the_lattice(case: str, output: Path) -> None:
    """p_max = "auto" has room for how far the force carries W until t_end."""
    forced = [
        "grid.n_x=[1, 1]",
        "physics.potential=0",
        "initial.n0=1",
        'initial.n=["0", "0", "0.1"]',
    ]
    forced = sets('physics.field=["0.5", "0"]', *forced)
    begun = sets("time.t_end=0.1", "output.every=0.1")
    assert main(["run", case, "--output", str(output), *forced, *begun]) in (0, 4)
    p1 = checkpoint.extent(output / checkpoint.DIRECTORY)[0]
    later = parse_case(small.CASE, [*forced[1::2], "time.t_end=0.3"])
    assert lattice(later).p_max[0] > p1 + 0.01
    for end in ("0.2", "0.3"):
        assert main(["resume", str(output), "--t-end", end]) in (0, 4)
    assert main(["resume", str(output)]) in (0, 4)
    assert small.moments(output)["time"][-1] == 0.3
    assert checkpoint.extent(output / checkpoint.DIRECTORY)[0] == p1


def test_a_finished_run_stays_as_it_is(half: Path) -> None:
    before = snapshot(half)
    assert main(["resume", str(half)]) == 0
    after = snapshot(half)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"run.json", "run.log", "moments.h5"}
    assert report(half)["state"] == "finished"
    assert report(half)["t"] == 0.3
    np.testing.assert_array_equal(small.moments(half)["time"], [0, 0.2, 0.3])


def test_an_end_that_is_past(half: Path, capsys: pytest.CaptureFixture) -> None:
    before = snapshot(half)
    assert main(["resume", str(half), "--t-end", "0.25"]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    told = "error: time.t_end: got 0.25, expected at least t = 0.3, which the run has reached"
    assert line.startswith(told)
    assert main(["resume", str(half), "--t-end", "nan"]) == 2
    assert {**snapshot(half), "run.log": b""} == {**before, "run.log": b""}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("epsilon = 0.4", "epsilon = 0.3", "physics.epsilon: got 0.3, expected 0.4, with which"),
        ("0.2*cos(x1)", "0.3*cos(x1)", 'potential: got "0.3*cos(x1)", expected "0.2*cos(x1)", '),
        ("[16, 18]", "[16, 20]", "grid.n_p: got [16, 20], expected [16, 18], with which this run"),
        ("5.0]", "6.0]", "grid.length: got [6.283185307179586, 6.0], expected [6.283185307179586"),
    ],
)
def test_a_change_of_physics_is_refused(
    half: Path, capsys: pytest.CaptureFixture, old: str, new: str, told: str
) -> None:
    text = (half / "case.toml").read_text()
    (half / "case.toml").write_text(text.replace(old, new))
    before = snapshot(half)
    assert main(["resume", str(half), "--t-end", "0.4"]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert sum(told in line for line in errors) == 1
    assert all(
        line.endswith("undo the change, or start a new run in another directory") for line in errors
    )
    assert {**snapshot(half), "run.log": b""} == {**before, "run.log": b""}


def test_the_rhythm_of_the_output_may_change(half: Path) -> None:
    change = sets("output.every=0.1", "output.checkpoint=0.05")
    assert main(["resume", str(half), "--t-end", "0.6", *change]) == 0
    np.testing.assert_allclose(small.moments(half)["time"], [0, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert [path.name[-4:] for path in small.checkpoints(half)] == ["5.h5", "6.h5"]
    assert main(["resume", str(half), "--t-end", "0.8"]) == 0  # and is kept
    assert report(half)["case"]["output"]["every"] == 0.1


def test_the_numerics_may_change(half: Path) -> None:
    finer = sets("time.dt=0.05", "maxwellian.richardson=2", "time.scheme=strang")
    assert main(["resume", str(half), "--t-end", "0.4", *finer]) == 0
    found = report(half)
    assert (found["steps"], found["splitting_steps"], found["t"]) == (5, [1, 2], 0.4)


def test_all_changes_that_are_refused_are_told(half: Path, capsys) -> None:
    before = snapshot(half)
    change = sets("physics.tau=0.2", "initial.state=classical", "output.every=0.1")
    assert main(["resume", str(half), *change]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert [line.split(", with")[0] for line in lines] == [
        'error: initial.state: got "classical", expected "maxwellian"',
        "error: physics.tau: got 0.2, expected 0.1",
    ]
    assert {**snapshot(half), "run.log": b""} == {**before, "run.log": b""}


def test_there_must_be_something_to_resume(
    half: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    capsys.readouterr()
    assert main(["resume", str(tmp_path / "nowhere")]) == 2
    assert "expected the directory of a run" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()
    for path in small.checkpoints(half):
        path.unlink()
    assert main(["resume", str(half), "--t-end", "0.4"]) == 2
    assert "error: checkpoint: got none, expected a complete one in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "got"),
    [
        ("time.t_end=0.1", r"a file without them \(Index"),
        ("physics.tau=0.11", "records of another run"),  # at the same times
        (None, r"a file without them \(.*No such file"),
    ],
)
def test_records_of_another_run(
    half: Path, case: str, change: str | None, got: str, capsys: pytest.CaptureFixture
) -> None:
    if change is None:
        (half / "moments.h5").unlink()
    else:
        other = half.parent / "other"
        assert main(["run", case, "--output", str(other), *sets("time.t_end=0.3", change)]) == 0
        (half / "moments.h5").write_bytes((other / "moments.h5").read_bytes())
    before = snapshot(half)
    assert main(["resume", str(half), "--t-end", "0.4"]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert re.match(f"error: moments.h5: got {got}", line)
    assert "expected the 3 up to the checkpoint at t = 0.3, which is whole; put back the" in line
    assert {**snapshot(half), "run.log": b""} == {**before, "run.log": b""}


def test_a_lost_report_is_no_obstacle(half: Path) -> None:
    (half / "run.json").write_text('{"state": "runn')
    assert main(["resume", str(half), "--t-end", "0.4"]) == 0
    found = report(half)
    assert (found["state"], found["steps"], len(found["sessions"])) == ("finished", 4, 1)
    assert found["mass_drift"] < 1e-13
