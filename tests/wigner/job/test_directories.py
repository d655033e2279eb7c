"""Which directories a new run may use, and what it deletes in them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import pytest

from macro.__main__ import main as solve_model
from tests.support import small
from tests.support.small import report, sets, snapshot
from wigner.__main__ import main
from wigner.errors import CaseError
from wigner.job.directories import check_new

# No constraint converges under these, so that a run fails at t = 0.
HOPELESS = sets("maxwellian.max_evaluations=1", "maxwellian.tolerance=1e-12")
COMMANDS = [
    pytest.param(main, [], id="wigner"),
    pytest.param(solve_model, ["--model", "nonlocal"], id="macro"),
]
Main = Callable[[list[str]], int]


@pytest.mark.parametrize(("command", "model"), COMMANDS)
def test_a_failure_at_the_start_leaves_a_directory_for_another_try(
    case: str, output: Path, command: Main, model: list[str], capsys: pytest.CaptureFixture
) -> None:
    arguments = ["run", case, "--output", str(output), *model]
    assert command([*arguments, *HOPELESS]) == 1
    assert command([*arguments, *HOPELESS]) == 1
    capsys.readouterr()
    assert command(arguments) == 0
    assert "deletes the results of an earlier run" in capsys.readouterr().err
    assert report(output)["state"] == "finished"
    assert "message" not in report(output)
    assert len(report(output)["sessions"]) == 1
    assert len(small.moments(output)["time"]) == 3


def test_the_message_says_so(case: str, output: Path, capsys: pytest.CaptureFixture) -> None:
    classical = sets("initial.state=classical")
    assert main(["run", case, "--output", str(output), *HOPELESS, *classical]) == 1
    said = capsys.readouterr().err
    assert "there is no checkpoint yet: run again, the same directory may be used" in said


@pytest.mark.parametrize(("command", "model"), COMMANDS)
def test_results_are_deleted_on_demand_only(
    case: str, output: Path, command: Main, model: list[str], capsys: pytest.CaptureFixture
) -> None:
    arguments = ["run", case, "--output", str(output), *model]
    assert command([*arguments, *sets("time.dt=0.05", "output.checkpoint=0.1")]) == 0
    (output / "notes.txt").write_text("mine")
    before = snapshot(output)
    capsys.readouterr()
    assert command(arguments) == 2
    assert "; --overwrite deletes the results in it; use another" in capsys.readouterr().err
    assert command([*arguments, "--overwrite", *sets("time.dt=-1")]) == 2  # checked before
    assert snapshot(output) == before
    assert command([*arguments, "--overwrite"]) == 0
    said = capsys.readouterr().err
    assert f"deletes the results of an earlier run in {output}: moments.h5 (" in said
    names = ["ck-000000000.h5", "ck-000000004.h5"] if not model else []
    assert [path.name for path in small.checkpoints(output)] == names
    assert all(f"{path} (" in said for path in before if path.startswith("ck-"))
    assert (output / "notes.txt").read_text() == "mine"
    assert len(report(output)["sessions"]) == 1


def test_what_no_run_has_left_is_never_deleted(case: str, output: Path, capsys) -> None:
    output.mkdir(parents=True)
    (output / "case.toml").write_text("mine")
    for name in ("moments.h5", "run.json"):
        (output / name).write_text("[]")
        before = snapshot(output)
        assert main(["run", case, "--output", str(output), "--overwrite"]) == 2
        assert f"expected a new directory, but {name} is there; use" in capsys.readouterr().err
        assert snapshot(output) == before


def test_a_run_that_may_be_at_work_is_left_alone(half: Path) -> None:
    for path in small.checkpoints(half):
        path.unlink()
    with h5py.File(half / "moments.h5", "r+") as file:
        for name in [name for name in file if file[name].maxshape[0] is None]:
            file[name].resize(1, axis=0)
    text = (half / "run.json").read_text()
    for state, unlocked, free in (
        ("failed", "no locks", True),
        ("running", "no locks", False),
        ("running", "", True),
    ):
        (half / "run.json").write_text(text.replace('"finished"', f'"{state}"'))
        try:
            check_new(half, overwrite=False, resumable=True, unlocked=unlocked)
        except CaseError:
            assert not free
        else:
            assert free


@pytest.fixture
def closed(case: str) -> Iterator[Path]:
    """A directory that this process may not search; root takes another user's rights for it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        parent = Path(name)
        parent.chmod(0o755)
        (parent / "case.toml").write_text(Path(case).read_text())
        (parent / "closed").mkdir(mode=0o600)
        root = os.geteuid() == 0
        try:
            if root:
                os.seteuid(65534)
            yield parent / "closed"
        finally:
            if root:
                os.seteuid(0)
            (parent / "closed").chmod(0o700)


UNUSABLE = [
    pytest.param("x" * 300, "File name too long", id="long"),
    pytest.param("case.toml/below", "Not a directory", id="file"),
]


@pytest.mark.parametrize(("name", "told"), UNUSABLE)
@pytest.mark.parametrize(("command", "model"), COMMANDS)
def test_a_directory_that_cannot_be(
    case: str, tmp_path: Path, command: Main, model: list[str], name: str, told: str, capsys
) -> None:
    output = tmp_path / name
    assert command(["run", case, "--output", str(output), *model]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error: " in line]
    assert line.startswith(f"error: output: got {output}, expected a directory to write in; ")
    assert told in line


def test_a_directory_that_cannot_be_searched(closed: Path, capsys: pytest.CaptureFixture) -> None:
    case = str(closed.parent / "case.toml")
    for output in (closed, closed / "below"):
        assert main(["run", case, "--output", str(output)]) == 2
        said = capsys.readouterr().err
        assert f"error: output: got {output}, expected a directory to write in; " in said
        assert "Permission denied" in said
        assert main(["resume", str(output)]) == 2
        said = capsys.readouterr().err
        assert f"error: output: got {output}, expected the directory of a run; " in said


def test_a_name_too_long_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["resume", str(tmp_path / ("x" * 300))]) == 2
    said = capsys.readouterr().err
    assert "expected the directory of a run; " in said
    assert "File name too long" in said


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (main, ["run", "case.toml", "--output"]),
        (main, ["resume"]),
        (solve_model, ["run", "case.toml", "--model", "local", "--output"]),
    ],
)
@pytest.mark.parametrize("name", ["", " "])
def test_no_directory_is_not_this_one(
    command: Main, arguments: list[str], name: str, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as caught:
        command([*arguments, name])
    assert caught.value.code == 2
    assert f"got {name!r}, expected a directory; . is this one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "model", "remedy"),
    [
        (main, [], "then resume"),
        (solve_model, ["--model", "local"], "then run again with --overwrite"),
    ],
)
def test_the_remedy_is_one_that_the_command_has(
    case: str, output: Path, command: Main, model: list[str], remedy: str, monkeypatch, capsys
) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("wigner.output.records.Records.append", full)
    assert command(["run", case, "--output", str(output), *model]) == 1
    assert f"correct the cause, {remedy}\n" in capsys.readouterr().err
