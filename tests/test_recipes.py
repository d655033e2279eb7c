"""The page of recipes works as it stands there, on a small case."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from macro.__main__ import main as macro_main
from tests.support import small
from tests.support.case_texts import MATERIAL
from wigner.__main__ import main

PAGE = (Path(__file__).parents[1] / "docs" / "recipes.md").read_text(encoding="utf-8")
COMMANDS = {"wigner": main, "wigner-macro": macro_main}
CASE = small.CASE.replace("epsilon = 0.4\nalpha = 0.5\ntau = 0.1\n", "") + MATERIAL


def steps() -> list[tuple[str, str]]:
    """Commands and blocks of Python in their order: the program, or "python", and what is done."""
    found: list[tuple[str, str]] = []
    for kind, block in re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        if kind == "python":
            found.append((kind, block))
        else:
            typed = (line.removeprefix("$ ").split(" ", 1) for line in block.splitlines())
            found += [(program, arguments) for program, arguments in typed]
    return found


def test_every_recipe_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one directory and with one set of names, from the top of the page to its end."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    names: dict = {}
    for kind, done in steps():
        if kind == "python":
            exec(done, names)
            continue
        assert COMMANDS[kind](shlex.split(done)) == 0, done
        if done.startswith("example"):
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
