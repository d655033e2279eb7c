"""What a sweep starts is run in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support import small
from tests.support.sweeps import Runs
from wigner.sweep import process


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A case file as elsewhere, on fewer points x, as there are many runs; mpi4py is not there."""
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    path = tmp_path / "case.toml"
    path.write_text(small.CASE.replace("n_x = [6, 4]", "n_x = [6, 2]"))
    return str(path)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """What a sweep starts."""
    found = Runs()
    monkeypatch.setattr(process, "call", found.call)
    return found
