"""``command`` in run.json: what was typed."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest

from macro.__main__ import main as solve_model
from tests.support import small
from tests.support.small import report, sets
from wigner.__main__ import main
from wigner.machine import command

SHORT = sets("time.t_end=0.1", "output.every=0.1")


def test_what_was_typed(tmp_path: Path) -> None:
    """With spaces in it as a shell wants them; each session has its own."""
    case, output = small.write_case(tmp_path), tmp_path / "with space"
    typed = ["run", str(case), "--output", str(output), *SHORT, *sets("initial.n0=1 + 0.1")]
    assert small.call("-m", "wigner", *typed).returncode == 0
    again = ["resume", str(output), "--t-end", "0.2"]
    assert small.call("-m", "wigner", *again).returncode == 0
    found = report(output)
    assert found["command"] == shlex.join(["python", "-m", "wigner", *again])
    assert shlex.split(found["sessions"][0]["command"]) == ["python", "-m", "wigner", *typed]


def test_models_and_sweeps(tmp_path: Path) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "model"
    typed = ["run", str(case), "--model", "local", "--output", str(output), *SHORT]
    assert small.call("-m", "macro", *typed).returncode == 0
    assert report(output)["command"] == shlex.join(["python", "-m", "macro", *typed])
    sweep = ["sweep", str(case), "--vary", "physics.tau=0.1", "--output", str(tmp_path / "taus")]
    assert small.call("-m", "macro", *sweep, "--model", "local", *SHORT).returncode == 0
    told = report(tmp_path / "taus" / "tau=0.1")["command"]
    assert told.startswith("python -m macro run ")
    assert "physics.tau=0.1" in shlex.split(told)


def test_calls_from_python(case: str, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/script.py", "run"])
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    assert main(["run", case, "--output", str(output), *SHORT]) == 0
    assert report(output)["command"] == "called from Python (script.py)"
    typed = ["run", case, "--model", "local", "--output", str(output), "--overwrite", *SHORT]
    assert solve_model(typed) == 0
    assert report(output)["command"] == "called from Python (script.py)"
    for argv in ([""], []):
        monkeypatch.setattr(sys, "argv", argv)
        assert command() == "called from Python (interactive)"


def test_console_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/wigner-macro", "run", "a case.toml"])
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    assert command() == "wigner-macro run 'a case.toml'"
