"""What a sweep starts is run in this process."""

from __future__ import annotations

import pytest

from tests.support.sweeps import Runs
from wigner.sweep import process


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """What a sweep starts."""
    found = Runs()
    monkeypatch.setattr(process, "call", found.call)
    return found
