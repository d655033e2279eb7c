"""``wigner plot`` and ``wigner compare`` as they are typed."""

from __future__ import annotations

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from matplotlib.animation import FFMpegWriter
from PIL import Image

import wigner.results
from tests.support.made_runs import make_checkpoint, make_run
from wigner.__main__ import main
from wigner.case.dimensions import UNITS
from wigner.output import files
from wigner.output.variables import LATER
from wigner.results import render, style
from wigner.results.kinds import KINDS
from wigner.results.planes import planes
from wigner.results.run import open_run
from wigner.results.view import FORMATS, MOVING, View

HEADS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "gif": b"GIF8"}


@pytest.fixture(autouse=True)
def few_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are small: what they show is looked at elsewhere."""
    monkeypatch.setitem(style.LOOK, "savefig.dpi", 30)
    monkeypatch.setattr(render, "DENSITY", 30)


def test_the_usual_figures(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    run = make_run(tmp_path / "run", (8, 1), model="local")
    assert main(["plot", str(run)]) == 0
    said = capsys.readouterr()
    assert said.out.split() == [str(run / "fields.png"), str(run / "series.png")]
    assert not said.err
    assert (run / "fields.png").read_bytes().startswith(HEADS["png"])


def test_kinds_formats_and_times(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    run, figures = make_run(tmp_path / "run", (1, 1), material=True), tmp_path / "new" / "figures"
    kinds = ["--kind", "currents"]
    options = ["--format", "svg", "--format", "pdf", "--at", "0", "--at", "0 fs", "--si"]
    assert main(["plot", str(run), *kinds, *options, "--output", str(figures)]) == 0
    written = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert {path.name for path in written} == {f"currents.{ending}" for ending in ("svg", "pdf")}
    for path in written:
        assert path.read_bytes().startswith(HEADS[path.suffix[1:]])


def test_a_run_of_the_solver(half: Path, capsys: pytest.CaptureFixture) -> None:
    """W of a real checkpoint, and balances that close to the order of the scheme."""
    capsys.readouterr()
    assert main(["plot", str(half), "--kind", "budget"]) == 0
    assert capsys.readouterr().out.splitlines() == [str(half / "budget.png")]
    run = open_run(half)
    budget = KINDS["budget"].drawing(run, [0], View())
    assert all(share.max() < 0.1 for share in budget._open.values())
    (plane,) = [plane for plane in planes(run, 1, View()) if plane.axes == ("p_1", "p_2")]
    step = np.diff(plane.places[0])[0] * np.diff(plane.places[1])[0]
    place = [round(plane.fixed[f"x_{k + 1}"] / run.length[k] * run.n_x[k]) for k in (0, 1)]
    density = run.densities(run.last)[(slice(None), *place)] * [1, *3 * [run.epsilon]]
    np.testing.assert_allclose(plane.w.sum(axis=(1, 2)) * step, density, atol=2e-3)


def test_a_directory_of_an_earlier_revision_is_drawn(half: Path) -> None:
    """One whose variables do not say what they are measured in, and that has no balances."""
    with h5py.File(half / "moments.h5", "r+") as file:
        for name in LATER:
            del file[name]
        for data in file.values():
            for name in ("units", "scaled_by"):
                data.attrs.pop(name, None)
        del file.attrs["model"]
    assert open_run(half).variables["n0"].unit == UNITS["density"]
    assert main(["plot", str(half), "--kind", "budget"]) == 0


def test_one_figure_may_be_named_and_is_the_same_each_time(tmp_path: Path) -> None:
    run, path = make_run(tmp_path / "run", (8, 1)), tmp_path / "paper" / "figure.svg"
    arguments = ["plot", str(run), "--kind", "fields", "--at", "0.1"]
    for _ in range(2):
        assert main([*arguments, "--output", str(path)]) == 0
        before = path.read_bytes()
    assert path.read_bytes() == before


def test_several_times_of_what_shows_one(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    run = make_run(tmp_path, (1, 1), model="local")
    assert main(["plot", str(run), "--kind", "components", "--at", "0", "0.2"]) == 0
    names = [Path(line).name for line in capsys.readouterr().out.splitlines()]
    assert names == ["components-1.png", "components-2.png"]


def test_an_animation_has_a_frame_for_each_record(tmp_path: Path) -> None:
    run = make_run(tmp_path, (1, 1), (0.0, 0.1, 0.2))
    arguments = ["plot", str(run), "--kind", "fields", "--animate"]
    assert main(arguments) == 0
    with Image.open(run / "fields.gif") as image:
        assert image.n_frames == 3
    assert (run / "fields.mp4").exists() == FFMpegWriter.isAvailable()
    assert main([*arguments, "--at", "0.1", "0.2"]) == 0
    with Image.open(run / "fields.gif") as image:
        assert image.n_frames == 2


def test_an_animation_is_in_the_format_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, home = make_run(tmp_path / "run", (1, 1), (0.0, 0.1)), tmp_path / "moving"
    arguments = ["plot", str(run), "--kind", "fields", "--animate", "--output"]
    for name in ["hx.gif", *["hx.mp4"] * FFMpegWriter.isAvailable()]:
        assert main([*arguments, str(home / name)]) == 0
        assert [path.name for path in home.iterdir()] == [name]
        (home / name).unlink()
    monkeypatch.setattr(FFMpegWriter, "isAvailable", lambda: False)
    capsys.readouterr()
    assert main([*arguments, str(home / "hx.mp4")]) == 2
    assert "got hx.mp4, expected a program ffmpeg" in capsys.readouterr().err
    assert not [*home.iterdir()]


def test_an_animation_of_checkpoints_says_how_few_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    run, path = make_run(tmp_path, (8, 1)), str(tmp_path / "w.gif")
    make_checkpoint(run, (8, 1), 0.0, 0)
    arguments = ["plot", str(run), "--animate", "--output", path, "--kind"]
    assert main([*arguments, "phase-space"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: phase-space has W at 1 of 4 times, those of checkpoints")
    assert main([*arguments, "fields", "--at", "0.1", "0.2"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--at", "9"], "--at: got 9, expected a time from 0 to 0.3"),
        (["--si"], "expected a case with a section [material]"),
        (["--through", "5", "0"], "--through: got (5, 0), expected x1 from 0 to 4"),
        (["--kind", "series", "--animate"], "--animate: got --kind series, expected one of fields"),
        (["--output", "a.pdf"], "--output: got a.pdf, expected a place for fields and series"),
        (
            ["--kind", "cut", "--output", "a.pdf", "--format", "svg"],
            "--output: got a.pdf, expected a file that ends in .svg, as --format says",
        ),
        (
            ["--output", "new/a.bmp"],
            "got new/a.bmp, expected a directory, or a file that ends in .png, .svg or .pdf; a",
        ),
        (["--output", "a.gif"], ".png, .svg or .pdf (.gif or .mp4 with --animate)"),
        (["--animate", "--output", "a.pdf"], "or a file that ends in .gif or .mp4"),
        (["--kind", "phase-space"], "got no checkpoint, expected W of a kinetic run"),
    ],
)
def test_what_cannot_be_drawn_is_one_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    arguments: list[str],
    message: str,
) -> None:
    run = make_run(tmp_path / "run")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    assert main(["plot", str(run), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert sorted(tmp_path.rglob("*")) == before


def test_a_place_without_rights_is_one_error(tmp_path: Path, capsys) -> None:
    run = make_run(tmp_path / "run")
    (tmp_path / "file").touch()
    assert main(["plot", str(run), "--output", str(tmp_path / "file" / "figures")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "expected a place to write figures in" in line


def test_an_unresolved_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    run = make_run(tmp_path, verdict="unresolved")
    assert main(["plot", str(run), "--kind", "budget"]) == 0
    assert capsys.readouterr().err.startswith(f"warning: {run} is unresolved")


@pytest.mark.parametrize("command", [["plot", "{0}"], ["compare", "{0}", "{0}"]])
def test_without_matplotlib_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, command: list[str]
) -> None:
    run = make_run(tmp_path)
    for name in list(sys.modules):
        if name.split(".")[0] == "matplotlib" or name.startswith("wigner.results."):
            monkeypatch.delitem(sys.modules, name)
            monkeypatch.delattr(wigner.results, name.split(".")[-1], raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main([part.format(run) for part in [*command, "--output", "{0}"]]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: plot: got no matplotlib, expected the extra that draws figures")
    assert "pip install 'wigner-bgk[plot]'" in line


def test_runs_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """In directories whose names are not UTF-8, too."""
    names, n, place = ("kinetic", "local"), (1, 1), tmp_path / "caf\udce9"
    runs = [make_run(place / name, n, model=name) for name in names]
    arguments = ["compare", *map(str, runs), "--output", str(place / "out"), "--format", "pdf"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert f"run 1      {files.printable(str(runs[1]))}: local, 1 x 1 points" in said
    names = ("compare.csv", "compare.pdf", "compare-fields.pdf")
    written = [place / "out" / name for name in names]
    assert said.splitlines()[-3:] == [files.printable(str(path)) for path in written]
    assert all(path.exists() for path in written)
    assert main(["compare", str(runs[0])]) == 2
    assert "expected two runs or more, the reference first" in capsys.readouterr().err


def test_a_comparison_in_si(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """The table and compare.csv, as the figures."""
    runs = [make_run(tmp_path / name, (1, 1), material=True) for name in ("a", "b")]
    assert main(["compare", *map(str, runs), "--si", "--output", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "t (fs)" in said
    assert "records to t = 87.8" in said
    assert "cm-2" in said
    assert "quantity,t (fs),max" in (tmp_path / "compare.csv").read_text()
    scaled = make_run(tmp_path / "scaled", (1, 1))
    assert main(["compare", str(runs[0]), str(scaled), "--si"]) == 2
    assert f"--si: got {scaled} without one, expected a case with a" in capsys.readouterr().err


def test_help_says_where_a_comparison_is_written(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    assert "(default: the current one)" in " ".join(capsys.readouterr().out.split())


def test_a_comparison_is_written_into_a_directory(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """A dot in its name makes no file of it, and one that is there may be called anything."""
    runs = [str(make_run(tmp_path / name, (1, 1), (0.0,))) for name in "ab"]
    (tmp_path / "old.pdf").mkdir()
    for name, status in (("new.pdf", 2), ("old.pdf", 0), ("tau=0.1", 0)):
        output = tmp_path / name
        assert main(["compare", *runs, "--quiet", "--output", str(output)]) == status
        assert (output / "compare.csv").exists() == (status == 0)
    said = capsys.readouterr()
    assert said.out == ""
    assert f"--output: got {tmp_path / 'new.pdf'}, expected a directory; " in said.err


def test_a_quiet_plot(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    run = make_run(tmp_path, verdict="unresolved")
    assert main(["plot", str(run), "--kind", "budget", "--quiet"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("warning: ")


def test_a_name_that_is_not_utf_8(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    run = make_run(tmp_path / "caf\udce9", (1, 1), (0.0,))
    assert main(["plot", str(run), "--kind", "budget"]) == 0
    assert capsys.readouterr().out == files.printable(f"{run / 'budget.png'}\n")


def test_help_names_every_kind(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["plot", "--help"])
    said = capsys.readouterr().out
    assert all(f"\n{name} " in said for name in KINDS)
    assert all(f".{ending}" in said for ending in (*FORMATS, *MOVING))
