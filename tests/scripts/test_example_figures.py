"""Every example has its picture on the page of examples, and the script makes it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import example_figures
from shown import DOCS, sections
from tests.support.sweeps import Runs
from wigner.job.example import titles
from wigner.sweep import process

# What is typed in place of what the worked cases have, and what makes their cases small.
QUICKER = {
    "physics.tau=0.05,0.1,0.2,0.4": "physics.tau=0.1,0.2",
    "physics.tau=0.25,0.5,1": "physics.tau=0.5,1",
    "output.wall_limit=3": "output.wall_limit=0.01",
    "time.t_end=24": "time.t_end=0.6",
}
SIZES = {
    "decay.toml": ["grid.n_x=[6, 6]", "grid.n_p=16", "time.t_end=0.4"],
    "gate.toml": ["grid.n_x=[16, 1]", "grid.n_p=[16, 16]", "time.t_end=0.2", "output.every=0.1"],
    "edelstein.toml": ["grid.n_p=14", "time.t_end=0.4", "output.every=0.2"],
    "long.toml": ["grid.n_x=[16, 1]", "grid.n_p=[16, 16]", "time.t_end=0.2", "output.every=0.1"],
}


def test_every_example_has_its_picture_and_its_command_on_the_page() -> None:
    text = (DOCS / "examples.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert [*sections] == [*titles()] == [*example_figures.TYPED]
    for name, section in sections.items():
        assert re.findall(r"!\[.{20,}\]\((.+)\)", section) == [f"examples/{name}.png"]
        typed = " ".join(["wigner plot", name, *example_figures.TYPED[name]])
        assert f"\n{typed}\n```\n" in section
        path = example_figures.PICTURES / f"{name}.png"
        is_map = name in example_figures.MAPS
        most = example_figures.BYTES_OF_MAPS if is_map else example_figures.BYTES
        assert path.stat().st_size <= most
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert image.width >= 800
            assert image.mode == ("RGB" if is_map else "P")
    pictures = {path.stem for path in example_figures.PICTURES.iterdir()}
    assert pictures == {*titles(), *example_figures.WORKED}


def test_every_worked_case_has_its_picture() -> None:
    parts = sections((DOCS / "worked.md").read_text(encoding="utf-8"))
    for name, section in zip(example_figures.WORKED, parts.values(), strict=True):
        assert re.findall(r"!\[.{20,}\]\((.+)\)", section) == [f"examples/{name}.png"]
        path = example_figures.PICTURES / f"{name}.png"
        assert path.stat().st_size <= example_figures.BYTES
        with Image.open(path) as image:
            assert image.width >= 550


@pytest.mark.parametrize("name", example_figures.WORKED)
def test_a_worked_case_works_as_it_stands_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """On small lattices, with fewer steps and values, and in this process."""
    monkeypatch.setattr(process, "call", Runs().call)
    path = example_figures.worked(name, tmp_path, QUICKER, SIZES)
    assert path.stat().st_size > 1000
    printed = capsys.readouterr().out
    if name == "cluster":
        assert re.findall(r"^  1  n +\S+ +0.000e\+00", printed, re.MULTILINE)
    if name == "convergence":
        assert "The error of the run is about" in printed
    if name == "models":  # the errors that the block of Python prints: both fall with tau
        for model in ("nonlocal", "drift-diffusion"):
            (errors,) = re.findall(rf"^{model} \[(.+)\]", printed, re.MULTILINE)
            first, last = map(float, errors.split())
            assert first < 0.6 * last < 0.05


def test_what_the_pages_run_is_resolved(tmp_path: Path) -> None:
    """Or no picture is made of it."""
    for verdict in ("resolved", "doubtful"):
        (tmp_path / verdict).mkdir()
        text = json.dumps({"quality": {"verdict": verdict}})
        (tmp_path / verdict / "run.json").write_text(text)
    example_figures.check_resolved(tmp_path / "resolved")
    with pytest.raises(RuntimeError, match="doubtful is doubtful"):
        example_figures.check_resolved(tmp_path)


def test_what_does_not_end_as_it_should_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with status 2, not 0"):
        example_figures.worked("cluster", tmp_path, {"gate": "none"}, SIZES)


def test_maps_keep_their_colours(tmp_path: Path) -> None:
    """A gradient of red and green has more colours than a palette, and none of them moves."""
    red, green = np.meshgrid(np.arange(100), np.arange(50))
    drawn, path = tmp_path / "drawn.png", tmp_path / "small.png"
    shades = np.stack([2 * red, 4 * green, 0 * red], axis=-1).astype(np.uint8)
    Image.fromarray(shades).save(drawn)
    for is_map in (True, False):
        example_figures.small(drawn, path, is_map=is_map)
        with Image.open(path) as image:
            same = np.array_equal(np.asarray(image.convert("RGB")), shades)
        assert same == is_map


def test_the_first_picture_of_the_readme_has_all_colours() -> None:
    path = DOCS / "quickstart.png"
    with Image.open(path) as image:
        assert image.mode == "RGB"
    assert path.stat().st_size <= example_figures.BYTES_OF_MAPS


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
