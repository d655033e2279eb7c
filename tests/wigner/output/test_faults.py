"""Faults injected for real: full and read-only disks, damaged files, two runs, a killed rank.

Each must end in one clear error that leaves what was there, and the run must then go on to the
same end as one that met no fault.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.support import small
from tests.support.small import report, sets, snapshot
from wigner.__main__ import main
from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.errors import CheckpointError, RecordsError
from wigner.output import checkpoint
from wigner.output.records import Records
from wigner.phase_space.layout import Layout

OFTEN = sets("output.every=0.1", "output.checkpoint=0.1")
# A run without MPI, which needs files of its own, under a limit of the size of any file.
LIMITED = """
import resource, sys
sys.modules["mpi4py"] = None
if {limit}:
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
from wigner.__main__ import main
sys.exit(main({arguments}))
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that meets no fault."""
    directory = tmp_path_factory.mktemp("undisturbed")
    case, output = str(small.write_case(directory)), directory / "whole"
    assert launch("run", case, "--output", str(output), *OFTEN).returncode == 0
    return output


@pytest.fixture
def whole(undisturbed: Path, tmp_path: Path, case: str) -> Path:
    """A copy of it, to be damaged; ``case`` goes on without MPI as it does."""
    return shutil.copytree(undisturbed, tmp_path / "whole")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 100 kB, which ``remount`` makes larger; only root can have one."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(path)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def remount(disk: Path, options: str) -> None:
    """Change the size or the rights of a disk."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=True)


def launch(*arguments: str, limit: int = 0) -> subprocess.CompletedProcess:
    """The command in a process of its own."""
    return small.call("-c", LIMITED.format(limit=limit, arguments=list(arguments)))


def same(output: Path, whole: Path) -> None:
    """Assert that a run came to the end of the whole one."""
    small.same_records(output, whole)
    np.testing.assert_array_equal(small.state(output), small.state(whole))
    assert report(output)["state"] == "finished"


def go_on(case: str, output: Path) -> None:
    """Resume a run, or begin it if it left nothing to resume."""
    run = ["run", case, "--output", str(output), *OFTEN]
    assert main(["resume", str(output)] if (output / "case.toml").exists() else run) == 0


def one_error(said: str) -> str:
    """The line of the one error; there is no traceback."""
    assert "Traceback" not in said
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    others = [line for line in errors if line.startswith("error: run.json and run.log may lack")]
    assert len(errors) == 1 + len(others), said
    return errors[0]


@pytest.mark.parametrize("kilobytes", [4, 24, 100, 400, 550, 900])
def test_a_full_disk(case: str, whole: Path, disk: Path, kilobytes: int) -> None:
    output = disk / "output"
    remount(disk, f"size={kilobytes}k")
    done = launch("run", case, "--output", str(output), *OFTEN)
    assert done.returncode == 1, done.stderr
    error = one_error(done.stderr)
    assert "No space left on device" in error
    assert "is whole up to its last record and checkpoint: correct the cause, then resume" in error
    remount(disk, "size=20m")
    go_on(case, output)
    same(output, whole)


@pytest.mark.parametrize("limit", [500, 1500, 10_000, 100_000, 310_000, 420_000])
def test_a_limit_of_the_size_of_files(case: str, tmp_path: Path, whole: Path, limit: int) -> None:
    output = tmp_path / "output"
    done = launch("run", case, "--output", str(output), *OFTEN, limit=limit)
    assert done.returncode == 1, done.stderr
    assert "File too large" in one_error(done.stderr)
    go_on(case, output)
    same(output, whole)


def test_a_log_that_cannot_be_written_stops_nothing(case: str, tmp_path: Path) -> None:
    output = tmp_path / "output"
    output.mkdir()
    (output / "run.log").write_bytes(b"x" * 600_000)
    done = launch("run", case, "--output", str(output), limit=600_000)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "finished at t = 0.4" in done.stderr


def test_a_disk_that_became_read_only(case: str, whole: Path, disk: Path) -> None:
    output = disk / "output"
    remount(disk, "size=20m")
    shorter = sets("time.t_end=0.2")
    assert main(["run", case, "--output", str(output), *OFTEN, *shorter]) == 0
    before = snapshot(output)
    remount(disk, "ro")
    for arguments in (["resume", str(output)], ["run", case, "--output", str(disk / "new")]):
        done = launch(*arguments)
        assert done.returncode == 2
        error = one_error(done.stderr)
        assert "expected a directory to write in; " in error
        assert "Read-only file system" in error
    remount(disk, "rw")
    assert snapshot(output) == before
    assert main(["resume", str(output), "--t-end", "0.4"]) == 0
    same(output, whole)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_the_right_to_write(case: str, tmp_path: Path, capsys) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    assert main(["run", case, "--output", str(tmp_path / "closed")]) == 2
    assert "expected a directory to write in; " in one_error(capsys.readouterr().err)


def flipped(good: bytes, places: np.ndarray, path: Path) -> Iterator[int]:
    """Write a file with one bit changed, at one place after the other."""
    for place in places:
        damaged = bytearray(good)
        damaged[place] ^= 1 << int(place % 8)
        path.write_bytes(damaged)
        yield int(place)


def test_no_flipped_bit_of_a_checkpoint_goes_unnoticed(whole: Path) -> None:
    path, problem = small.checkpoints(whole)[-1], build(parse_case(small.CASE))
    small.checkpoints(whole)[0].unlink()
    layout, good = Layout(problem.grid), path.read_bytes()
    W, found = layout.x_major(), layout.x_major()
    state = checkpoint.load(path.parent, layout, W, problem.identity)
    places = np.r_[0:512:2, 512 : len(good) : 601]
    outcomes: Counter[str] = Counter()
    for _ in flipped(good, places, path):
        try:
            again = checkpoint.load(path.parent, layout, found, problem.identity)
        except CheckpointError:
            outcomes["refused"] += 1
            continue
        outcomes["as it was"] += 1
        np.testing.assert_array_equal(found, W)
        for name, array in again.arrays().items():
            np.testing.assert_array_equal(array, state.arrays()[name], err_msg=name)
    assert outcomes["refused"] > 400
    assert outcomes["as it was"] <= 256  # behind the seal, in the room that it does not need


def test_no_flipped_bit_of_the_records_goes_unnoticed(whole: Path) -> None:
    path = whole / "moments.h5"
    good, expected = path.read_bytes(), small.moments(whole)
    digest = Records(path).resume(5)
    outcomes: Counter[str] = Counter()
    for _ in flipped(good, np.arange(0, len(good), 601), path):
        try:
            if Records(path).resume(5) != digest:
                raise RecordsError
        except RecordsError:
            outcomes["refused"] += 1
            continue
        outcomes["as it was"] += 1
        with h5py.File(path) as file:
            for name in Records(path).names:
                np.testing.assert_array_equal(file[name][:], expected[name], err_msg=name)
    assert min(outcomes["refused"], outcomes["as it was"]) > 50


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_checkpoint_gives_way(whole: Path, share: float, capsys) -> None:
    old, new = small.checkpoints(whole)
    size = new.stat().st_size
    W = small.state(whole)
    os.truncate(new, int(share * size))
    assert main(["resume", str(whole)]) == 0
    said = capsys.readouterr().err
    assert f"warning: checkpoint {new.name} cannot be used: " in said
    assert "resumed at t = 0.3 after 3 steps" in said
    np.testing.assert_array_equal(small.state(whole), W)
    for path in (old, small.checkpoints(whole)[-1]):
        os.truncate(path, int(share * size))
    before = snapshot(whole)
    assert main(["resume", str(whole)]) == 2
    error = one_error(capsys.readouterr().err)
    assert f"got {new.name} (" in error
    assert f"{old.name} (" in error
    assert (
        "moments.h5 is not touched; put back an undamaged copy, or run its case.toml anew" in error
    )
    assert {**snapshot(whole), "run.log": b""} == {**before, "run.log": b""}


def test_rows_that_a_rank_did_not_write(whole: Path, capsys: pytest.CaptureFixture) -> None:
    new = small.checkpoints(whole)[-1]
    with h5py.File(new) as file:
        start, row = file["W"].id.get_offset(), file["W"][0, 0, 0].nbytes
    with new.open("r+b") as raw:
        raw.seek(start + 12 * row)
        raw.write(bytes(12 * row))
    assert main(["resume", str(whole)]) == 0
    told = f"checkpoint {new.name} cannot be used: checksum of component 0, x point 12 is wrong"
    assert told in capsys.readouterr().err


def test_checkpoints_of_another_case(case: str, whole: Path, capsys) -> None:
    other = whole.parent / "other"
    assert main(["run", case, "--output", str(other), *OFTEN, *sets("physics.tau=0.2")]) == 0
    for path in small.checkpoints(other):
        shutil.copy(path, whole / "checkpoint")
    capsys.readouterr()
    assert main(["resume", str(whole), "--t-end", "0.6"]) == 2
    error = one_error(capsys.readouterr().err)
    assert error.startswith("error: physics.tau: got 0.1, expected 0.2, with which this run began")


def test_two_runs_in_one_directory(tmp_path: Path) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "output"
    with small.running(output, case, *sets("time.t_end=1000", "output.every=0.1")) as process:
        for arguments in (["resume", str(output)], ["run", str(case), "--output", str(output)]):
            done = launch(*arguments)
            assert done.returncode == 2
            assert one_error(done.stderr).startswith(f"error: output: got {output}, expected a")
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=20)[0]
    assert process.returncode == 3, said
    t_end = f"{report(output)['t'] + 0.1:.1f}"
    assert launch("resume", str(output), "--t-end", t_end).returncode == 0


def test_runs_started_at_once_in_one_directory(case: str, tmp_path: Path) -> None:
    output = tmp_path / "output"
    code = LIMITED.format(limit=0, arguments=["run", case, "--output", str(output), *OFTEN])
    processes = [
        subprocess.Popen(small.command("-c", code), stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[1] for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 2, 2], said
    assert report(output)["state"] == "finished"
    np.testing.assert_allclose(small.moments(output)["time"], [0, 0.1, 0.2, 0.3, 0.4])


@pytest.mark.mpiexec
def test_a_killed_rank_ends_all(tmp_path: Path) -> None:
    case, output, whole = (tmp_path / name for name in ("case.toml", "output", "whole"))
    small.write_case(tmp_path)
    code = (
        "import os, signal, sys; from mpi4py import MPI\n"
        "from wigner.output.observer import Observer\n"
        "from wigner.__main__ import main\n"
        "step = Observer.step\n"
        "def die(observer, *arguments):\n"
        "    step(observer, *arguments)\n"
        "    if observer.steps == 3 and MPI.COMM_WORLD.rank == 1:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "Observer.step = die\n"
        f"sys.exit(main(['run', {str(case)!r}, '--output', {str(output)!r}, *{OFTEN}]))\n"
    )
    assert small.call("-c", code, ranks=2).returncode != 0
    assert report(output)["state"] == "running"
    for arguments in (["resume", output], ["run", case, "--output", whole, *OFTEN]):
        assert small.call("-m", "wigner", *arguments, ranks=2).returncode == 0
    same(output, whole)


def test_no_memory_left(case: str, tmp_path: Path, monkeypatch, capsys) -> None:
    def starve(*_: object) -> None:
        raise MemoryError("Unable to allocate 9.31 GiB")

    monkeypatch.setattr("wigner.job.run.Solver", starve)
    assert main(["run", case, "--output", str(tmp_path / "output")]) == 1
    error = one_error(capsys.readouterr().err)
    assert error.startswith("error: memory: Unable to allocate 9.31 GiB; use more ranks, more")
