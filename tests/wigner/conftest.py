"""Fixtures of the tests that run a whole case."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support import small
from tests.support.small import sets
from wigner.__main__ import main


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A case file; mpi4py is not there."""
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    return str(small.write_case(tmp_path))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A directory that is not there yet."""
    return tmp_path / "new" / "output"


@pytest.fixture
def half(case: str, tmp_path: Path) -> Path:
    """A run to t = 0.3 of 0.4, with checkpoints at 0.2 and 0.3."""
    output = tmp_path / "half"
    arguments = sets("time.t_end=0.3", "output.checkpoint=0.2")
    assert main(["run", case, "--output", str(output), *arguments]) == 0
    return output
