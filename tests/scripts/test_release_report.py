"""The page of the site that shows a report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.release_report import main

CLAIM = {
    "key": "one",
    "statement": "|n| is below n₀",
    "place": "(4)",
    "measured": 0.123456,
    "expected": "≤ 1",
    "verdict": "holds",
    "holds": True,
}
FIGURE = {"files": ["figures/a.svg", "figures/a.png"], "caption": "Errors_of a"}
REPORT = {
    "size": "small",
    "seconds": 120.0,
    "ranks": 2,
    "revision": "abc",
    "versions": {"wigner-bgk": "1", "python": "3", "numpy": "2", "scipy": "1"},
    "studies": [
        {
            "name": "tau",
            "title": "Small τ",
            "summary": "What is\nseen.",
            "claims": [CLAIM, CLAIM | {"measured": None, "verdict": "FAILS", "holds": False}],
            "figures": [FIGURE, {"files": [], "caption": "none", "fault": "why"}],
        }
    ],
}


def test_the_page_has_claims_and_small_figures(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "a.svg").write_text("long, long")
    (tmp_path / "figures" / "a.png").write_text("short")
    (tmp_path / "report.json").write_text(json.dumps(REPORT))
    docs = tmp_path / "docs"
    (docs / "report").mkdir(parents=True)
    (docs / "report" / "old.svg").touch()
    assert main(tmp_path, docs) == 0
    assert [path.name for path in (docs / "report").iterdir()] == ["a.png"]
    lines = (docs / "report.md").read_text("utf-8").splitlines()
    assert lines[2].startswith("1 of 2 claims hold, in the size `small`, computed in 2 minutes")
    assert "revision `abc` with wigner-bgk 1, python 3" in lines[2]
    assert r"| \|n\| is below n₀ | (4) | 0.123 | ≤ 1 | holds |" in lines
    assert r"| \|n\| is below n₀ | (4) | — | ≤ 1 | FAILS |" in lines
    assert r"![Errors\_of a](report/a.png)" in lines
    assert "    wigner-validate tau --output tau --size small" in lines
    assert not any("none" in line for line in lines)


def test_no_report_leaves_the_page_alone(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(tmp_path, tmp_path / "docs") == 2
    assert "got no report" in capsys.readouterr().err
    assert not (tmp_path / "docs").exists()
