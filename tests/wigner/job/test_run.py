"""``wigner run``: what it leaves and what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support import small
from tests.support.small import report, sets
from wigner.__main__ import main
from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.job.run import execute
from wigner.job.supervise import FINISHED
from wigner.output.observer import Observer
from wigner.phase_space.communicator import SERIAL


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
    assert 1 <= found["evaluations_per_solve"] <= 10
    assert found["evaluations_per_step"] == 4 * found["evaluations_per_solve"]
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
        assert execute(parsed, build(parsed), alone, SERIAL) == FINISHED
    comm.Barrier()
    assert main(["run", str(case), "--output", str(together)]) == 0
    if comm.rank == 0:
        assert report(together)["ranks"] == comm.size
        small.same_records(together, alone, 1e-12)
        np.testing.assert_allclose(small.state(together), small.state(alone), rtol=0, atol=1e-12)


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
