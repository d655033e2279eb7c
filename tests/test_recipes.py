"""The page of recipes works as it stands there, on a small case."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest

import wigner
from shown import BLOCK, DOCS, status, typed
from tests.support import small
from tests.support.case_texts import MATERIAL
from wigner.job.example import HOME

PAGE = (DOCS / "recipes.md").read_text(encoding="utf-8")
CASE = small.CASE.replace("epsilon = 0.4\nalpha = 0.5\ntau = 0.1\n", "") + MATERIAL


def steps() -> list[tuple[str, str]]:
    """Blocks of bash and of Python in their order: the language, and what is done."""
    return [(kind, block) for kind, block in BLOCK.findall(PAGE) if kind in ("bash", "python")]


@pytest.mark.slow
def test_what_a_reader_runs_is_resolved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The recipes with the case that they name, as large as it is."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    names: dict = {}
    for kind, done in steps():
        if kind == "python":
            exec(done, names)
        else:
            assert [status(words, {}) for words in typed(done)] == [0] * len(typed(done))
    told = [json.loads(path.read_text())["quality"] for path in tmp_path.rglob("run.json")]
    assert [quality["verdict"] for quality in told] == ["resolved"] * 5
    last = [names[name] for name in ("ours", "theirs", "last", "records")]
    assert {record.quality.verdict for record in [*last[:3], last[3][-1]]} == {"resolved"}
    warned = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert [message for message in warned if "estimated error" in message] == []


def test_the_longest_relaxation_time_is_resolved() -> None:
    """On the pages for newcomers: W winds up most where collisions are fewest."""
    pages = [(DOCS / name).read_text(encoding="utf-8") for name in ("recipes.md", "tutorial.md")]
    varied = re.findall(r"relaxation_time=.*|tau in \(.*", "\n".join(pages))
    longest = max(re.findall(r"[\d.]+ ps", "".join(varied)), key=lambda text: float(text[:-3]))
    assert len(varied) == 3
    changes = {"material.relaxation_time": longest, "time.t_end": "0.7 ps"}  # winding up is over
    *_, last = wigner.run(wigner.open_case(HOME / "device.toml", changes))
    assert last.quality.verdict == "resolved"


def test_every_recipe_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one directory and with one set of names, from the top of the page to its end."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    names: dict = {}
    for kind, done in steps():
        if kind == "python":
            exec(done, names)
            continue
        for words in typed(done):
            assert status(words, {}) == 0, words
            if "example" in words:
                Path("case.toml").write_text(CASE)  # as small as can be
    assert len(names["records"]) == len(names["solution"]) == 3
    made = ("n2.png", "w2.png", "planes/phase-space.png", "sweep/sweep.nc", "compared/compare.csv")
    for file in made:
        assert Path(file).stat().st_size > 0, file
    assert names["across"].dims == ("x1",)
    assert names["data"].n0.attrs["units"] == "m-2"
    assert len(names["spin"]) == 3
    assert names["differences"][0] < 1e-12 < names["differences"][-1] < 0.1
    assert names["reduced"].shape == (4, 6, 16)
    assert np.abs(names["open_part"]).max() < 0.2 * np.abs(names["work"]).max()
