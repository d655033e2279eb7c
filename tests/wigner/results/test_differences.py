"""Comparisons of runs: numbers of known fields, tables and figures."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import ArrayLike

from tests.support.made_runs import make_run
from wigner.case.spec import parse_case
from wigner.case.units import scale
from wigner.errors import CaseError
from wigner.results import compare, differences
from wigner.results.run import Run, open_run
from wigner.results.view import View


def two(tmp_path: Path, n: tuple[int, int] = (8, 6), other: tuple[int, int] = (8, 6)) -> list[Run]:
    """n0 = 2 + cos/2 of a kinetic run, and 2 + cos/4 of a model."""
    first = make_run(tmp_path / "kinetic", n)
    second = make_run(tmp_path / "local", other, (0.0, 0.2, 0.3), amplitude=0.25, model="local")
    return [open_run(first), open_run(second)]


@pytest.mark.parametrize("other", [(8, 6), (16, 6), (6, 4)])
def test_norms_of_known_fields(tmp_path: Path, other: tuple[int, int]) -> None:
    """The difference of n0 is cos(k1 x1 + t)/4, that of n3 t cos(k1 x1)/4, on any lattices."""
    found = {d.quantity: d for d in differences.differences(two(tmp_path, other=other))}
    assert [*found] == ["n0", "n1", "n2", "n3", "n", "J0", "J"]
    n0, n3 = found["n0"], found["n3"]
    np.testing.assert_allclose(n0.times, [0.0, 0.2, 0.3])
    np.testing.assert_allclose(n0.mean, 0.25 / np.sqrt(2), rtol=1e-12)
    size = np.sqrt(4 + 0.25 / 2)
    np.testing.assert_allclose(n0.relative, n0.mean / size, rtol=1e-12)
    assert n0.largest[0] == pytest.approx(0.25, rel=1e-12)
    np.testing.assert_allclose(n3.mean, 0.25 * n0.times / np.sqrt(2), atol=1e-12)
    np.testing.assert_allclose(found["n"].mean, n3.mean, atol=1e-12)
    np.testing.assert_allclose(found["n1"].mean, 0.0, atol=1e-12)
    np.testing.assert_allclose(n3.relative, n3.mean / (0.15 / np.sqrt(2)), atol=1e-12)


def test_lattices_are_compared_on_the_finer_on_each_axis(tmp_path: Path) -> None:
    runs = two(tmp_path, (8, 6), (16, 4))
    assert differences.finer(*runs) == (16, 6)
    assert differences.quantities(runs[0], 0, (16, 6))["n"].shape == (3, 16, 6)


def test_runs_that_cannot_be_compared(tmp_path: Path) -> None:
    scaled = open_run(make_run(tmp_path / "scaled"))
    late = open_run(make_run(tmp_path / "late", times=(0.05, 0.15)))
    with pytest.raises(
        CaseError, match=r"records from t = 0\.05 to 0\.15, expected some at times of"
    ):
        list(differences.differences([scaled, late]))
    case = scaled.directory / "case.toml"
    text = case.read_text().replace("[4.0, 2.0]", "[4.0, 2.5]")
    other = open_run(make_run(tmp_path / "other"))
    box = replace(other, case=parse_case(text))
    with pytest.raises(CaseError, match=r"a box of 4 x 2\.5, expected that of .*, 4 x 2"):
        list(differences.differences([scaled, box]))


def test_tables(tmp_path: Path) -> None:
    runs = two(tmp_path)
    found = list(differences.differences(runs))
    text = differences.as_text(runs, found)
    assert text.splitlines()[:2] == [
        f"reference  {tmp_path / 'kinetic'}: kinetic, 8 x 6 points, 4 records to t = 0.3",
        f"run 1      {tmp_path / 'local'}: local, 8 x 6 points, 3 records to t = 0.3",
    ]
    row = next(line.split() for line in text.splitlines() if line.split()[:2] == ["1", "n0"])
    assert float(row[4]) == pytest.approx(0.25 / np.sqrt(2), rel=1e-3)
    table = list(csv.DictReader(differences.as_csv(runs, found).splitlines()))
    assert len(table) == 7 * 3
    first = table[0]
    assert (first["quantity"], first["model"], float(first["t"])) == ("n0", "local", 0.0)
    assert float(first["rms"]) == found[0].mean[0]


def test_what_cases_differ_in_is_told(tmp_path: Path) -> None:
    runs = two(tmp_path, other=(16, 6))
    assert differences.changed(runs[0].case, runs[1].case) == ["grid.n_x [8, 6] -> [16, 6]"]


def test_names_of_runs_in_a_legend(tmp_path: Path) -> None:
    """Dollars are no mathematics, and what begins with an underscore is not hidden."""
    paths = ("cost$5", "_new", "a_b", "x" * 40, "one/run", "two/run")
    runs = [open_run(make_run(tmp_path / path, (1, 1), (0.0,))) for path in paths]
    expected = [r"cost\$5", " _new", "a_b", "x" * 23 + "…", "one", "two"]
    assert compare.names(runs) == expected
    assert compare.names([runs[0], runs[0]]) == [r"0: cost\$5", r"1: cost\$5"]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ("kinetic/tau=0.1 nonlocal/tau=0.1 local/tau=0.1", "kinetic nonlocal local"),
        ("a/x/run b/x/run c", "a b c"),
        ("a/x b/x a", "a/x b/x a"),
        ("a/x a/y b/x b/y", "a/x a/y b/x b/y"),
        ("a/x a/x b/x", "a a b"),
    ],
)
def test_the_shortest_parts_that_tell_paths_apart(paths: str, expected: str) -> None:
    found = compare.distinct([Path("/home") / path for path in paths.split()])
    assert found == expected.split()


@pytest.mark.parametrize(("n", "other"), [((8, 6), (16, 6)), ((8, 1), (12, 1)), ((1, 6), (1, 6))])
def test_figures(tmp_path: Path, n: tuple[int, int], other: tuple[int, int]) -> None:
    runs = two(tmp_path, n, other)
    found = list(differences.differences(runs))
    drawn = dict(compare.figures(runs, found, None, View()))
    assert [*drawn] == ["compare", "compare-fields"]
    curve = drawn["compare"].axes[0].lines[0]
    np.testing.assert_allclose(curve.get_ydata(), found[0].relative)
    fields = [ax for ax in drawn["compare-fields"].axes if ax.get_label() != "<colorbar>"]
    assert len(fields) == 8
    below = fields[4]
    data = below.lines[0].get_ydata() if min(n) == 1 else below.collections[0].get_array()
    assert np.abs(data).max() == pytest.approx(0.25 if n[0] > 1 else 0.25 * np.cos(0.3), rel=1e-3)
    assert [name for name, _ in compare.figures(runs, found, ["0", "0.3"], View())][1:] == [
        "compare-fields-1",
        "compare-fields-2",
    ]


def with_spin(run: Run, n: ArrayLike) -> Run:
    """A made run with another spin density."""
    with h5py.File(run.moments, "r+") as file:
        file["n"][...] = n
    return open_run(run.directory)


def row_of(text: str, quantity: str) -> list[str]:
    """The words of a table on a quantity."""
    return next(line.split() for line in text.splitlines() if line.split()[1:2] == [quantity])


def test_noise_is_told_and_not_compared_with_itself(tmp_path: Path) -> None:
    """n1 is noise in both runs; n3 is in the second run alone, and a share of n, which is 1e-4."""
    wave = np.cos(np.arange(8))[:, None]
    noise = 1e-16 * np.stack([wave, 0 * wave, -wave])
    spin = np.reshape([0, 1e-4, 0], (3, 1, 1))
    first, second = two(tmp_path, (8, 1), (8, 1))
    runs = [
        with_spin(first, spin + noise),
        with_spin(second, spin - noise + [[[0]], [[0]], [[3e-5]]]),
    ]
    found = list(differences.differences(runs))
    by_name = {d.quantity: d for d in found}
    assert {name: d.over for name, d in by_name.items()} == {
        **{name: name for name in by_name},
        "n1": "n",
        "n3": "n",
        "J": differences.THERMAL,
    }
    assert by_name["n1"].relative.max() < 1e-11
    assert not by_name["n1"].shares().any()
    np.testing.assert_allclose(by_name["n3"].relative, 0.3)
    text = differences.as_text(runs, found)
    assert row_of(text, "n1")[-4:] == ["rounding", "rounding", "-", "*n"]
    assert row_of(text, "n3")[-4:] == ["3.00e-01", "3.00e-01", "0", "*n"]
    assert row_of(text, "n2")[-2:] == ["0.00e+00", "-"]
    assert "* The reference has none but rounding noise" in text
    table = list(csv.DictReader(differences.as_csv(runs, found).splitlines()))
    assert [row["relative_to"] for row in table if row["quantity"] == "n3"] == 3 * ["n"]
    nothing = [with_spin(run, 0.0) for run in runs]
    found = {d.quantity: d for d in differences.differences(nothing)}
    assert found["n2"].over == found["n"].over == differences.THERMAL
    assert not found["n"].relative.any()


def test_noise_is_not_drawn(tmp_path: Path) -> None:
    """Of two runs with the same n up to rounding: differences of none, on the scale of n0/eps."""
    noise = 1e-15 * np.cos(np.arange(8))[:, None]
    first, second = two(tmp_path, (8, 1), (8, 1))
    runs = [with_spin(first, noise), with_spin(second, -noise)]
    found = list(differences.differences(runs))
    drawn = dict(compare.figures(runs, found, None, View()))
    spins = drawn["compare"].axes[1]
    assert [text.get_text() for text in spins.texts] == ["none beyond rounding"]
    assert not any(np.isfinite(line.get_ydata()).any() for line in spins.lines)
    for ax in drawn["compare-fields"].axes[1:4] + drawn["compare-fields"].axes[5:]:
        assert ax.get_ylim()[0] < -9


def test_tables_in_si(tmp_path: Path) -> None:
    """tE = 0.2927 ps, n0 = 1 is 1.764e10 cm-2, and spins have eps in their unit."""
    first = make_run(tmp_path / "a", (8, 1), material=True)
    second = make_run(tmp_path / "b", (8, 1), amplitude=0.25, material=True)
    runs, si = [open_run(first), open_run(second)], View(si=True)
    found = list(differences.differences(runs))
    text = differences.as_text(runs, found, si)
    assert "4 records to t = 87.8" in text
    (head,) = (line for line in text.splitlines() if line.startswith("run  quantity"))
    assert head.split()[:7] == ["run", "quantity", "t", "(fs)", "max", "rms", "unit"]
    row = row_of(text, "n0")
    assert float(row[2]) == pytest.approx(87.8, rel=1e-3)
    assert float(row[4]) == pytest.approx(1.764e10 * 0.25 / np.sqrt(2), rel=1e-3)
    assert row[5] == "cm-2"
    n3, eps = row_of(text, "n3"), runs[0].epsilon
    assert float(n3[4]) == pytest.approx(1.764e10 * eps * 0.3 * 0.25 / np.sqrt(2), rel=2e-3)
    table = list(csv.DictReader(differences.as_csv(runs, found, si).splitlines()))
    assert float(table[3]["t (fs)"]) == pytest.approx(87.8, rel=1e-3)
    assert (table[3]["unit"], table[3]["relative_to"]) == ("cm-2", "n0")
    scaled = list(csv.DictReader(differences.as_csv(runs, found).splitlines()))
    assert {row["unit"] for row in scaled} == {"N0", "eps N0", "N0 p0/m", "eps N0 p0/m"}
    assert float(scaled[3]["t"]) == 0.3
    assert [row["relative"] for row in scaled] == [row["relative"] for row in table]


def test_what_is_the_same_everywhere_is_compared_over_time(tmp_path: Path) -> None:
    runs = two(tmp_path, (1, 1), (1, 1))
    found = list(differences.differences(runs))
    drawn = dict(compare.figures(runs, found, None, View()))
    above, below = drawn["compare-fields"].axes[0], drawn["compare-fields"].axes[4]
    t = np.array([0.0, 0.2, 0.3])
    assert [line.get_xdata().size for line in above.lines] == [4, 3]
    np.testing.assert_allclose(below.lines[0].get_xdata(), t)
    np.testing.assert_allclose(below.lines[0].get_ydata(), -0.25 * np.cos(t), atol=1e-14)


def in_unit(run: Run, density: float) -> Run:
    """A made run as it is where n0 = 1 stands for another density: the same electrons."""
    assert run.case.material is not None
    assert run.scaling is not None
    share = run.scaling.density / density
    with h5py.File(run.moments, "r+") as file:
        for name in ("n0", "n", "current", "spin_total"):
            file[name][...] *= share
    material = replace(run.case.material, density=density)
    return replace(run, case=replace(run.case, material=material), scaling=scale(material))


@pytest.mark.parametrize("n", [(8, 6), (8, 1), (1, 1)])
def test_units_of_density_that_differ(tmp_path: Path, n: tuple[int, int]) -> None:
    """The same electrons, of which one run has twice as many a unit: no difference anywhere."""
    first, second = (
        open_run(make_run(tmp_path / name, n, material=True)) for name in ("one", "two")
    )
    assert first.scaling is not None
    runs = [first, in_unit(second, 2 * first.scaling.density)]
    found = list(differences.differences(runs))
    assert len(found) == 7
    for d in found:
        np.testing.assert_allclose(d.largest, 0.0, atol=1e-13, err_msg=d.quantity)
    for view in (View(), View(si=True)):
        text = differences.as_text(runs, found, view)
        assert "n0 = 1 is 2 N0 of the reference: compared in its unit" in text
    drawn = dict(compare.figures(runs, found, None, View(si=True)))
    over_time, fields = drawn["compare"].axes, drawn["compare-fields"].axes
    for ax in [*over_time[3:6], *(fields[:4] if 1 in n else [])]:
        one, two = (line.get_ydata() for line in ax.lines)
        np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-12)
    if 1 not in n:
        charge, difference = (ax.collections[0].get_array() for ax in (fields[0], fields[4]))
        assert np.abs(difference).max() < 1e-12 * charge.max()


def test_what_is_below_the_tolerance_stretches_no_axis(tmp_path: Path) -> None:
    """Variations of n0 by twice the tolerance, and spins and their totals of a fifth of it."""
    wave = np.cos(np.arange(8))[:, None]
    runs = two(tmp_path, (8, 1), (8, 1))
    tolerance = runs[0].case.maxwellian.tolerance
    for run in runs:
        with h5py.File(run.moments, "r+") as file:
            file["n0"][...] = 1 + 2 * tolerance * wave
            file["n"][...] = 0.2 * tolerance * wave
            file["spin_total"][...] = 0.2 * tolerance * np.arange(len(run.times))[:, None]
    found = list(differences.differences(runs))
    drawn = dict(compare.figures(runs, found, None, View()))
    charge = drawn["compare-fields"].axes[0]
    assert np.diff(charge.get_ylim()) >= 100 * tolerance
    for ax in [*drawn["compare"].axes[3:6], *drawn["compare-fields"].axes[1:4]]:
        assert np.diff(ax.get_ylim()) > 1.0  # on the scale of n0/eps, and of 8 times as much


def test_one_legend_below_all_panels(tmp_path: Path) -> None:
    runs = two(tmp_path, (8, 1), (8, 1))
    for _, figure in compare.figures(runs, list(differences.differences(runs)), None, View()):
        figure.draw_without_rendering()
        (legend,) = figure.legends
        assert [text.get_text() for text in legend.get_texts()] == ["kinetic", "local"]
        box = legend.get_window_extent()
        assert not any(box.overlaps(ax.get_tightbbox()) for ax in figure.axes)
        assert all(ax.get_legend() is None for ax in figure.axes)
