"""What is built holds all that is needed elsewhere, and knows the revision it was made from."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from wigner import machine

ROOT = Path(__file__).parents[2]


def test_every_file_of_the_packages_is_packaged() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    packaged = {
        path
        for package, patterns in settings["package-data"].items()
        for pattern in patterns
        for path in ROOT.joinpath(*package.split(".")).glob(pattern)
    }
    built = ROOT / "wigner" / machine.REVISION
    held = {path for top in ("wigner", "macro", "validation") for path in (ROOT / top).rglob("*")}
    held = {path for path in held if path.is_file() and "__pycache__" not in path.parts}
    unlike = {path for path in held if path.suffix != ".py"} - {built}
    assert unlike == packaged
    modules = {path.parent for path in held if path.suffix == ".py"}
    assert all((directory / "__init__.py").exists() for directory in modules)


def test_the_revision_outside_of_a_checkout(tmp_path: Path) -> None:
    module = tmp_path / "wigner" / "machine.py"
    module.parent.mkdir()
    shutil.copy(machine.__file__, module)
    revision = runpy.run_path(str(module))["revision"]
    assert revision() == "unknown"
    module.with_name(machine.REVISION).write_text("0123abc+\n")
    assert revision() == "0123abc+"


@pytest.mark.slow
def test_a_wheel_elsewhere(tmp_path: Path) -> None:
    """Built from a copy without the history of git, as in an archive; pip fetches setuptools."""
    source, target = tmp_path / "source", tmp_path / "target"
    skipped = shutil.ignore_patterns(".*", "__pycache__", "build", "tests", "*.egg-info")
    shutil.copytree(ROOT, source, ignore=skipped)
    (source / "wigner" / machine.REVISION).write_text("0123abc\n")
    pip = [sys.executable, "-m", "pip", "-q", "install", "--no-deps", "--target", str(target)]
    subprocess.run([*pip, str(source)], check=True, timeout=300)
    environment = dict(os.environ) | {"PYTHONPATH": str(target)}

    def call(*arguments: str) -> str:
        command = [sys.executable, "-P", "-m", *arguments]
        options = {"cwd": tmp_path, "env": environment, "timeout": 100, "text": True}
        return subprocess.run(command, check=True, capture_output=True, **options).stdout

    assert "helix.toml: A persistent" in call("wigner", "example", "helix")
    small = ["grid.n_x=[6, 6]", "grid.n_p=16", "time.t_end=0.1", "output.every=0.1"]
    overrides = [argument for entry in small for argument in ("--set", entry)]
    call("wigner", "run", "helix.toml", "--output", "run", *overrides)
    assert '"revision": "0123abc"' in (tmp_path / "run" / "run.json").read_text()
    assert call("macro", "--help")
    assert call("validation", "--help")
