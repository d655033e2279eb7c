"""Names that are not UTF-8: of directories, of case files, and in what is typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from macro.__main__ import main as solve_model
from tests.support import small
from tests.support.small import report, sets
from validation.__main__ import main as validate
from validation.harness.study import Study
from validation.harness.tasks import Task
from wigner.__main__ import main
from wigner.output import files

BAD = os.fsdecode(b"caf\xe9")
HOPELESS = sets("maxwellian.max_evaluations=1", "maxwellian.tolerance=1e-12")


@pytest.fixture
def badly_named(case: str, tmp_path: Path) -> Path:
    """A directory and a case whose names are not UTF-8."""
    directory = tmp_path / BAD
    directory.mkdir()
    (directory / f"{BAD}.toml").write_text(Path(case).read_text())
    return directory


def test_text_is_escaped_where_it_cannot_be_written(tmp_path: Path) -> None:
    assert files.printable(BAD) == r"caf\udce9"
    files.write_text(tmp_path / "text.json", json.dumps(BAD, ensure_ascii=False))
    assert json.loads((tmp_path / "text.json").read_text()) == BAD


def test_runs(badly_named: Path, capsys: pytest.CaptureFixture) -> None:
    case, output = str(badly_named / f"{BAD}.toml"), badly_named / "output"
    assert main(["run", case, "--output", str(output)]) == 0
    assert main(["resume", str(output), "--t-end", "0.5"]) == 0
    assert report(output)["state"] == "finished"
    assert main(["run", case, "--output", str(output)]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert files.printable(told).startswith(f"error: output: got {files.printable(str(output))},")


def test_a_failure_is_told_and_noted(badly_named: Path, monkeypatch, capsys) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(badly_named))

    monkeypatch.setattr("wigner.output.records.Records.append", full)
    arguments = ["run", str(badly_named / f"{BAD}.toml"), "--output", str(badly_named / "output")]
    for command in (main, lambda argv: solve_model([*argv, "--model", "local", "--overwrite"])):
        assert command(arguments) == 1
        said = capsys.readouterr().err
        assert "No space left on device" in said
        assert "Traceback" not in said
        assert report(badly_named / "output")["state"] == "failed"
        log = (badly_named / "output" / "run.log").read_text("utf-8")
        assert r"caf\udce9" in log.splitlines()[-1]


@pytest.mark.parametrize("entry", [b"physics.tau=\xe9", b"physics.t\xe9u=1", b"initial.n0=1+\xff"])
def test_what_is_typed_must_be_utf_8(case: str, output: Path, entry: bytes, capsys) -> None:
    typed = os.fsdecode(entry)
    for command in (["run", case, "--output", str(output)], ["info", case]):
        assert main([*command, "--set", typed]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"error: override: got {typed!a}, expected text in UTF-8; type it")
    assert not output.exists()


def constant() -> dict[str, float]:
    """A task."""
    return {"value": 1.0}


def test_a_study_is_reported(badly_named: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415

    from validation.harness.claims import Drawing, Result  # noqa: PLC0415

    def conclude(*_: object) -> Result:
        return Result("A summary.", (), drawings=(Drawing("a-figure", "A caption.", Figure),))

    study = Study("tau", "A title", lambda setting: [Task("one", constant)], conclude)
    monkeypatch.setattr("validation.__main__.STUDIES", [study])
    arguments = ["tau", str(badly_named / f"{BAD}.toml"), "--output", str(badly_named / "study")]
    assert validate([*arguments, "--size", "small"]) == 0
    found = json.loads((badly_named / "study" / "report.json").read_text("utf-8"))
    assert r"caf\udce9" in found["command"]
    assert (badly_named / "study" / "figures" / "a-figure.svg").exists()
    assert r"caf\udce9" in (badly_named / "study" / "report.html").read_text("utf-8")


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii"])
def test_standard_output_of_any_kind(encoding: str) -> None:
    parse = "from wigner.job.launch import parse; parse(argparse.ArgumentParser(), [])"
    code = f"import argparse; {parse}; print({BAD!r})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=small.environment() | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"caf\\udce9\n"
