"""The directory of a study: what it may be named, and what a full disk costs."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from validation.__main__ import main
from validation.harness import tasks
from validation.harness.claims import Drawing, Result
from validation.harness.study import Study
from validation.harness.tasks import Task
from wigner.output import files


def constant() -> dict[str, float]:
    """A task."""
    return {"value": 1.0}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A study of one task, in place of all others."""
    result = Result("A summary.", (), drawings=(Drawing("a-figure", "A caption.", Figure),))
    study = Study("tau", "A title", lambda _: [Task("one", constant)], lambda *_: result)
    monkeypatch.setattr("validation.__main__.STUDIES", [study])


@pytest.mark.parametrize(
    ("name", "told"), [("x" * 300, "File name too long"), ("file/below", "Not a directory")]
)
def test_a_directory_that_cannot_be(tmp_path: Path, name: str, told: str, capsys) -> None:
    (tmp_path / "file").touch()
    assert main(["tau", "--output", str(tmp_path / name)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: output: got {tmp_path / name}, expected a directory to write")
    assert told in line


def test_no_directory_is_not_this_one(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["tau", "--output", ""])
    assert caught.value.code == 2
    assert "got '', expected a directory; . is this one" in capsys.readouterr().err


def test_what_cannot_be_kept_is_reported_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tasks, "save", full)
    assert main(["tau", "--output", str(tmp_path)]) == 0
    said = capsys.readouterr().err
    assert "tau/one: computed, but not kept ([Errno 28] No space left on device)" in said
    assert (tmp_path / "report.html").exists()


def test_a_report_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "write_text", full)
    assert main(["tau", "--output", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    told = "error: [Errno 28] No space left on device; what was computed is in tasks/: correct the"
    assert told in said
    assert "Traceback" not in said
    assert [path.name for path in (tmp_path / "tasks").iterdir()] == ["tau_one.npz"]
