"""Comparisons of runs: numbers of known fields, tables and figures."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.made_runs import make_run
from wigner.case.spec import parse_case
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
    expected = [r"cost\$5", " _new", "a_b", "x" * 23 + "…", "4: run", "5: run"]
    assert compare.names(runs) == expected


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
