"""File systems that lack locks, synchronisation or reservation; links and rights that are kept."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.support import refused, small
from tests.support.small import report, sets
from wigner.__main__ import main
from wigner.output import files

needs_seccomp = pytest.mark.skipif(refused.missing() is not None, reason=str(refused.missing()))
OFTEN = sets("output.every=0.1", "output.checkpoint=0.1")
# A run, and its resumption from a checkpoint, in a process whose kernel refuses some calls.
REFUSED = """
import sys
from tests.support.refused import refuse
sys.modules["mpi4py"] = None
from wigner.__main__ import main
refuse({number}, *{calls})
run = main(["run", {case!r}, "--output", {output!r}, "--set", "time.t_end=0.2"])
sys.exit(run or main(["resume", {output!r}, "--t-end", "0.4"]))
"""


@needs_seccomp
@pytest.mark.parametrize(
    ("number", "calls", "warnings"),
    [
        (errno.ENOLCK, ["flock"], 2),
        (errno.EOPNOTSUPP, ["flock"], 2),
        (errno.EACCES, ["flock"], 2),
        (errno.EINVAL, ["fsync", "fallocate"], 0),
    ],
)
def test_a_file_system_without(
    case: str, tmp_path: Path, number: int, calls: list[str], warnings: int
) -> None:
    output = tmp_path / "output"
    code = REFUSED.format(number=number, calls=calls, case=case, output=str(output))
    done = small.call("-c", code)
    assert done.returncode == 0, done.stderr
    told = f"warning: {output} cannot be locked ({os.strerror(number)}): make sure that no other"
    assert done.stderr.count(told) == warnings
    assert report(output)["state"] == "finished"
    np.testing.assert_allclose(small.moments(output)["time"], [0, 0.2, 0.4])


def test_locks_of_other_programs_are_no_obstacle(case: str, half: Path) -> None:
    locked = [half / "moments.h5", *small.checkpoints(half)]
    held = [path.open("rb") for path in locked]
    try:
        for file in held:
            fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="unable to lock file"):
            h5py.File(locked[0], "r")
        assert main(["resume", str(half), "--t-end", "0.4"]) == 0
    finally:
        for file in held:
            file.close()


def test_a_directory_that_cannot_be_synchronised(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, refused_directories = os.fsync, set()

    def on_files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            refused_directories.add(os.readlink(f"/proc/self/fd/{descriptor}"))
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", on_files_only)
    output = tmp_path / "output"
    assert main(["run", case, "--output", str(output)]) == 0
    assert {str(output), str(output / "checkpoint")} <= refused_directories


def test_a_disk_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output error"):
        files.write_text(tmp_path / "text", "")


def test_links_and_rights_are_kept(case: str, tmp_path: Path) -> None:
    output, elsewhere = tmp_path / "output", tmp_path / "elsewhere"
    output.mkdir()
    elsewhere.mkdir()
    for name in ("moments.h5", "run.log"):  # the records are to be on another disk
        (output / name).symlink_to(elsewhere / f"my-{name}")
    (output / "checkpoint").symlink_to(elsewhere)
    assert main(["run", case, "--output", str(output), *OFTEN, *sets("time.t_end=0.2")]) == 0
    (output / "moments.h5").chmod(0o640)
    (output / "run.json").chmod(0o664)
    assert main(["resume", str(output), "--t-end", "0.4"]) == 0
    assert (output / "moments.h5").is_symlink()
    assert (output / "moments.h5").readlink() == elsewhere / "my-moments.h5"
    modes = [
        stat.S_IMODE(path.stat().st_mode)
        for path in (elsewhere / "my-moments.h5", output / "run.json")
    ]
    assert modes == [0o640, 0o664]
    assert len(small.moments(output)["time"]) == 5
    assert sorted(path.name for path in elsewhere.iterdir()) == [
        "ck-000000003.h5",
        "ck-000000004.h5",
        "my-moments.h5",
        "my-run.log",
    ]
    assert sorted(path.name for path in output.iterdir()) == [
        *("case.toml", "checkpoint", "moments.h5", "run.json", "run.log")
    ]
