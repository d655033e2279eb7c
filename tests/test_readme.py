"""What the README shows works as it stands there."""

from __future__ import annotations

import re
import textwrap
import tomllib
from pathlib import Path

import numpy as np
import pytest

from tests.support import small
from wigner.case.spec import SECTIONS, parse_case

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_python_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = README.split("## From Python\n")[1].split("\n## ")[0]
    (tmp_path / "case.toml").write_text(small.CASE)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(textwrap.dedent(code), names)
    assert names["W"].dtype == complex
    assert np.all(np.isfinite(names["W"]))
    assert names["t"] == 1.0
    assert np.all(np.isfinite(names["u"]))


def test_every_key_of_a_case_is_explained() -> None:
    table = README.split("## Writing a case")[1]
    for section, fields in SECTIONS.items():
        assert f"{section}." in table or f"[{section}]" in table
        for key in fields:
            assert re.search(rf"`(\w+\.)?{key}`", table), key


def test_files_that_are_named_exist() -> None:
    for name in re.findall(r"\]\(([\w/.]+)\)", README):
        assert (ROOT / name).exists(), name


def test_quickstart_case_is_legal() -> None:
    text = (ROOT / "scripts" / "quickstart.toml").read_text()
    assert parse_case(text).grid.n_x == tuple(tomllib.loads(text)["grid"]["n_x"])
