"""Files of a user that hide a package of this project are told of."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import small
from wigner import machine

ROOT = Path(__file__).parents[2]


def call(directory: Path, *arguments: object) -> subprocess.CompletedProcess:
    """``python -m`` from a directory, whose files Python finds first."""
    return subprocess.run(
        small.command("-m", *arguments),
        env=small.environment() | {"PYTHONPATH": str(ROOT)},
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_nothing_hides_anything_here() -> None:
    assert list(machine.shadowed()) == [] or ROOT not in machine._homes()


def test_a_file_of_the_name_of_a_package(tmp_path: Path) -> None:
    case = small.write_case(tmp_path)
    (tmp_path / "macro.py").write_text("raise SystemExit('mine')")
    told = f"macro: {tmp_path / 'macro.py'} hides the package in {ROOT}; rename it: the commands"
    assert f"\nwarning: {told}" in call(tmp_path, "wigner", "info", case).stdout
    assert f"\nwarning: {told}" in call(tmp_path, "wigner", "run", case, "--output", "run").stderr
    assert told in (tmp_path / "run" / "run.log").read_text()
    done = call(tmp_path, "validation", "tau", "--output", "study")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {told}")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", ["macro", "validation"])
def test_a_file_named_wigner(tmp_path: Path, module: str) -> None:
    (tmp_path / "wigner.py").touch()
    done = call(tmp_path, module, "--help")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert "does another file hide wigner?" in line


def test_another_copy_of_wigner(tmp_path: Path) -> None:
    if ROOT not in machine._homes():
        pytest.skip("this copy is not the installed one")
    for name in ("wigner", "macro"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    case = small.write_case(tmp_path)
    said = call(tmp_path, "wigner", "info", case).stdout
    assert f"\nwarning: wigner: taken from {tmp_path}, not from {ROOT}, where it is inst" in said
    assert "warning: macro:" not in said  # it belongs to that copy
    code = "from wigner.__main__ import main; main(['info', 'case.toml'])"
    plain = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "taken from" not in plain.stdout
