"""``wigner machine``: constants that are measured, on one rank and on nodes that are pretended."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from wigner.__main__ import main
from wigner.job import estimate, measure
from wigner.job.constants import load
from wigner.phase_space.communicator import NODES, SERIAL

SMALL = {
    "SIZES": (8, 12),
    "CELLS": 2**10,
    "ERRORS": (1e-2, 1e-6),
    "WINDOWS": 8,
    "EXCHANGED": 2**12,
    "COPIED": 2**16,
    "LARGE": 2**12,
    "REPEAT": 2,
}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMALL.items():
        monkeypatch.setattr(measure, name, value)
    monkeypatch.setattr(estimate, "PATIENCE", 0.0)


def test_one_rank(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "machine.toml"
    assert main(["machine", "--output", str(path)]) == 0
    assert "for the network, start this on two nodes" in capsys.readouterr().out
    found = load(path)
    assert (found.ranks, found.network) == (1, None)
    assert found.core["points"] == (64.0, 144.0)
    assert found.core["windows"][0] < found.core["windows"][1]
    text = path.read_text()
    assert main(["machine", "--output", str(path)]) == 2
    assert "error: --output: got " in capsys.readouterr().err
    assert path.read_text() == text


def test_no_directory_for_the_file(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["machine", "--output", str(tmp_path / "none" / "machine.toml")]) == 2
    assert "expected a file in a directory that is there" in capsys.readouterr().err


def test_times_are_a_unit_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """A millisecond for anything makes 1 ms a cell of what is timed; sums are of a whole field."""
    monkeypatch.setattr(estimate, "shortest", lambda action: (action(), 1e-3)[1])
    monkeypatch.setattr(measure, "_exchange", lambda n, node, watch: 2e-3)
    core = measure._core(SERIAL, measure.Watch(SERIAL))
    for n, position, alone in zip(measure.SIZES, core["position"], core["alone"], strict=True):
        cells = (n * measure._enough(n)) ** 2
        parts = max(1, measure._enough(n) ** 2 // estimate.ROWS)
        assert position == pytest.approx(1e6 * parts / cells, rel=5e-3)
        assert alone == pytest.approx(1e6 / n**2, rel=5e-3)
    assert core["exchange"] == [2e6, 2e6]
    assert core["relaxation"] == pytest.approx(1e6 / measure.EXCHANGED, rel=5e-3)


@pytest.mark.mpi(n=2)
@pytest.mark.parametrize("nodes", [1, 2])
def test_two_ranks(
    comm: object, shared_path: Path, nodes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, NODES, str(nodes))
    path = shared_path / "machine.toml"
    assert measure.machine(comm, path) == 0
    comm.Barrier()
    found = load(path)
    assert found.ranks == 2 // nodes
    assert (found.network is None) == (nodes == 1)
    if found.network is not None:
        times = np.array([found.network.latency, found.network.message])
        assert np.all((times > 1e-8) & (times < 1e-2))
        assert 1e4 < found.network.bandwidth < 1e12
