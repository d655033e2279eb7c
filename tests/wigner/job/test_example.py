"""``wigner example``."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support import small
from wigner.__main__ import main
from wigner.case.spec import parse_case

HOME = Path(__file__).parents[3] / "scripts" / "examples"
NAMES = sorted(path.stem for path in HOME.glob("*.toml"))


@pytest.mark.parametrize("arguments", [[], ["--list"], ["helix", "--list"]])
def test_examples_are_listed(arguments: list[str], capsys: pytest.CaptureFixture) -> None:
    assert main(["example", *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert all(line.endswith(".") and len(line) < 100 for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_a_case(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["example", name]) == 0
    assert capsys.readouterr().out.startswith(f"{name}.toml: ")
    text = Path(f"{name}.toml").read_text()
    assert text == (HOME / f"{name}.toml").read_text()
    assert parse_case(text).output.every
    assert text.startswith("# ")
    assert max(map(len, text.splitlines())) <= 100


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("mine")
    assert main(["example", "helix", "--output", str(path)]) == 2
    assert capsys.readouterr().err == (
        f"error: --output: got {path}, expected a new file; name another with --output\n"
    )
    assert path.read_text() == "mine"


def test_a_file_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["example", "helix", "--output", str(tmp_path / "no" / "a.toml")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"expected a file to write; No such file or directory: {tmp_path}" in line


def test_an_unknown_example(capsys: pytest.CaptureFixture) -> None:
    assert main(["example", "helx"]) == 2
    told = 'error: example: got "helx", expected the name of an example; did you mean helix?\n'
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("command", [["example"], ["info", str(HOME / "gate.toml")]])
def test_nobody_reads_what_is_said(command: list[str]) -> None:
    with subprocess.Popen(
        small.command("-m", "wigner", *command),
        env=small.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()  # as head does when it has seen enough
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")
