"""Checkpoints: when they are written, and that none which is damaged is trusted."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.support import small
from tests.support.small import report, sets, snapshot
from wigner.__main__ import main


def flip(path: Path, offset: int) -> None:
    """Change one bit of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 4]))


def spoil(path: Path, how: str) -> None:
    """Damage a checkpoint."""
    if how == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "incomplete":  # killed before it was sealed, then renamed by hand
        with path.open("r+b") as file:
            file.write(bytes(512))
    elif how == "state":
        with h5py.File(path, "r+") as file:
            file["state/latest"][0, 0, 0] += 1e-15
    else:
        with h5py.File(path, "r+") as file:
            del file["state/secant_steps"]


def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    half: Path, tmp_path: Path, case: str, capsys: pytest.CaptureFixture
) -> None:
    whole = tmp_path / "whole"
    assert main(["run", case, "--output", str(whole)]) == 0
    new = small.checkpoints(half)[-1]
    flip(new, new.stat().st_size // 2)
    capsys.readouterr()
    assert main(["resume", str(half), "--t-end", "0.4"]) == 0
    said = capsys.readouterr().err
    assert f"warning: checkpoint {new.name} cannot be used: checksum of component" in said
    assert "resumed at t = 0.2 after 2 steps" in said
    small.same_records(half, whole)
    np.testing.assert_array_equal(small.state(half), small.state(whole))


@pytest.mark.parametrize("how", ["truncated", "empty", "incomplete", "state", "part"])
def test_nothing_wrong_is_trusted(half: Path, how: str, capsys: pytest.CaptureFixture) -> None:
    for path in small.checkpoints(half):
        spoil(path, how)
    before = snapshot(half)
    capsys.readouterr()
    assert main(["resume", str(half), "--t-end", "0.4"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert sum("cannot be used" in line for line in lines) == 2
    assert lines[-1].startswith("error: checkpoint: got ck-000000003.h5 (")
    assert lines[-1].endswith(
        "put back an undamaged copy, or run its case.toml anew in another directory"
    )
    assert {**snapshot(half), "run.log": b""} == {**before, "run.log": b""}


def test_checkpoints_by_simulated_time(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    output = tmp_path / "output"
    (tmp_path / "output" / "checkpoint").mkdir(parents=True)
    (tmp_path / "output" / "checkpoint").rmdir()
    arguments = sets("time.t_end=0.8", "output.checkpoint=0.25")
    assert main(["run", case, "--output", str(output), *arguments]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("ck-")]
    assert [line.split(" at t = ")[1] for line in said] == ["0", "0.3", "0.5", "0.8"]
    assert [path.name for path in small.checkpoints(output)] == [
        "ck-000000005.h5",
        "ck-000000008.h5",
    ]


def test_a_checkpoint_that_cannot_be_written(
    half: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    before = small.state(half)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("wigner.output.sealed.os.pwrite", full)
        assert main(["resume", str(half), "--t-end", "0.4"]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert report(half)["state"] == "failed"
    names = [path.name for path in sorted((half / "checkpoint").iterdir())]
    assert names == ["ck-000000002.h5", "ck-000000003.h5"]
    np.testing.assert_array_equal(small.state(half), before)
    assert main(["resume", str(half)]) == 0
    np.testing.assert_allclose(small.moments(half)["time"], [0, 0.2, 0.3, 0.4])


def test_abandoned_parts_are_removed(case: str, half: Path) -> None:
    abandoned = half / "checkpoint" / "ck-000000009.part"
    abandoned.write_bytes(b"half a checkpoint")
    assert main(["resume", str(half), "--t-end", "0.4"]) == 0
    assert not abandoned.exists()
