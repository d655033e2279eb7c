"""The file that has the constants of a machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.machines import MACHINE
from wigner.errors import CaseError
from wigner.job.constants import Constants, load


def written(directory: Path, text: str) -> Path:
    path = directory / "machine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("machine", [MACHINE, replace(MACHINE, network=None)])
def test_a_file_is_read_as_it_was_written(tmp_path: Path, machine: Constants) -> None:
    text = machine.text(("made by hand",))
    assert text.startswith("# made by hand\n# Constants of a machine")
    assert load(written(tmp_path, text)) == machine


def test_costs_grow_with_the_logarithm_of_points() -> None:
    core = MACHINE.core | {"position": (10.0, 30.0), "moment_map": (1.0, 3.0)}
    machine = replace(MACHINE, core=core)
    points = {"position": (4, 16, 32, 64, 1000), "moment_map": (1, 4, 8, 16, 99)}
    for kind, least in (("position", 10.0), ("moment_map", 1.0)):
        found = [1e9 * machine.seconds(kind, n) for n in points[kind]]
        assert found == pytest.approx([least, least, 2 * least, 3 * least, 3 * least])
    assert machine.sweep == 2e-9


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("ranks = 4", "ranks = 0", "node.ranks: got 0, expected an integer of at least 1"),
        ("barrier = 1e-05\n", "", "node.barrier: got nothing, expected a number above 0"),
        ("memory", "memroy", "node.memroy: got 1e+20, expected a key of [node]"),
        ("latency = 2e-06\n", "", "network.latency: got nothing"),
        ("[network]", "[net]", "net: got "),
        ("points = [16.0, 64.0]", "points = [64, 16]", "core.points: got [64.0, 16.0], expected"),
        ("position = [10.0, 10.0]", "position = [10]", "core.position: got [10.0], expected 2 num"),
        ("position = [10.0, 10.0]", "position = [1, -1]", "core.position: got [1, -1], expected a"),
        ("[core]", "[core", "expected constants of a machine in TOML"),
        ("[node]", "node = 1\n[core2]", "node: got 1, expected a section [node]"),
    ],
)
def test_faults_of_a_file(tmp_path: Path, old: str, new: str, told: str) -> None:
    _, text = MACHINE.text().split("\n\n", 1)  # without comments
    assert text.count(old) == 1
    with pytest.raises(CaseError) as caught:
        load(written(tmp_path, text.replace(old, new)))
    assert told in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    told = (
        "none.toml: got no such file, expected constants of a machine in TOML; write one by: wigner"
    )
    with pytest.raises(CaseError, match=told):
        load(tmp_path / "none.toml")
    with pytest.raises(CaseError, match=r"got an error \(Is a directory: "):
        load(tmp_path)
