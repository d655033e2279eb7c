"""Every example has its picture on the page of examples, and the script makes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

import example_figures
from wigner.job.example import titles

DOCS = Path(__file__).parents[2] / "docs"


def test_every_example_has_its_picture_and_its_command_on_the_page() -> None:
    text = (DOCS / "examples.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert [*sections] == [*titles()] == [*example_figures.TYPED]
    for name, section in sections.items():
        assert re.findall(r"!\[.{20,}\]\((.+)\)", section) == [f"examples/{name}.png"]
        typed = " ".join(["wigner plot", name, *example_figures.TYPED[name]])
        assert f"    {typed}\n" in section
        path = example_figures.PICTURES / f"{name}.png"
        assert path.stat().st_size <= example_figures.BYTES
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert image.width >= 800
    pictures = {path.stem for path in example_figures.PICTURES.iterdir()}
    assert pictures == {*titles()}


def test_a_picture_is_made(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    small = ("grid.n_p=12", "time.t_end=0.2", "output.every=0.1")
    path = example_figures.picture("edelstein", tmp_path / "new", small)
    with Image.open(path) as image:
        assert image.width == example_figures.WIDTHS[0]
        assert image.getcolors() is not None  # a palette
    with pytest.raises(RuntimeError, match="ended with status 2"):
        example_figures.picture("edelstein", tmp_path, ("grid.n_p=0",))
    assert example_figures.main(["nothing"]) == 2
    assert "no examples with a picture: nothing" in capsys.readouterr().err
