"""How cuts, and other panels of lines, are laid out."""

from __future__ import annotations

from pathlib import Path

import h5py
import pytest

from tests.support.made_runs import make_run
from tests.wigner.results.test_figures import drawn, panels, title
from tests.wigner.results.test_landscape import axis_of_v, with_potential
from wigner.results import style
from wigner.results.run import open_run


@pytest.mark.parametrize(("n", "rows"), [((1, 6), 2), ((8, 6), 4)])
def test_cuts_are_not_wider_than_a_page_is(tmp_path: Path, n: tuple[int, int], rows: int) -> None:
    """Five panels in two rows of three; along two axes, four rows."""
    figure = drawn(open_run(make_run(tmp_path, n)), "cut")
    assert figure.get_figwidth() < 12
    spec = panels(figure)[0].get_subplotspec()
    assert spec.get_gridspec().get_geometry() == (rows, 3)
    assert figure.get_supxlabel() == ""  # no component is zero


def test_four_panels_are_two_rows_of_two() -> None:
    figure = style.blank()
    for group in style.folded(figure, 2, 4, (1.0, 1.0)):
        places = [ax.get_subplotspec().num1 % 4 for ax in group]
        assert places == [0, 1, 2, 3]
    assert group[0].get_subplotspec().get_gridspec().get_geometry() == (4, 2)


@pytest.mark.parametrize("n", [(8, 1), (8, 6), (1, 1)])
@pytest.mark.parametrize("varies", [False, True])
def test_a_potential_is_behind_n0_unless_it_varies(
    tmp_path: Path, n: tuple[int, int], varies: bool
) -> None:
    run = with_potential(tmp_path, n)
    if varies:
        with h5py.File(run.moments, "r+") as file:
            file.copy("n0", "V")
            file["V"].attrs["scaled_by"] = file["potential"].attrs["scaled_by"]
        run = open_run(run.directory)
    axes = 1 + (min(n) > 1)
    figure = drawn(run, "cut")
    assert [title(ax) for ax in panels(figure)].count("$V$") == varies * axes
    behind = [ax for ax in axis_of_v(figure) if ax.collections]
    assert [len(ax.lines) for ax in behind] == (not varies) * axes * [1]
