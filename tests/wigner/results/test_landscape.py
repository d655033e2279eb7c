"""The potential in the figures of the densities, and curves that lie on each other."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from tests.support.made_runs import make_run
from tests.wigner.results.test_figures import drawn, panels
from wigner.results.run import Run, open_run
from wigner.results.view import View


def with_potential(
    directory: Path, n: tuple[int, int], share: float = 1.0, *, material: bool = False
) -> Run:
    """A run with V = 0.5 cos(k1 x1) k_B T_0, times a share."""
    make_run(directory, n, material=material)
    with h5py.File(directory / "moments.h5", "r+") as file:
        wave = np.cos(np.pi / 2 * file["x1"][:]) if n[0] > 1 else np.ones(1)
        file["potential"][...] = share * 0.5 * wave[:, None]
    return open_run(directory)


def axis_of_v(figure: Figure) -> list:
    """Panels whose axis is that of V."""
    return [ax for ax in figure.axes if ax.get_ylabel().startswith("$V$")]


def test_lines_have_the_potential_behind_n0(tmp_path: Path) -> None:
    run = with_potential(tmp_path, (8, 1))
    figure = drawn(run, "fields")
    first, second = axis_of_v(figure)
    for ax in (first, second):
        x, V = ax.lines[0].get_data()
        np.testing.assert_allclose(V, 0.5 * np.cos(np.pi / 2 * x), atol=1e-12)
        assert ax.get_ylabel() == r"$V$ ($k_\mathrm{B}\,T_0$)"
        assert ax.collections  # the area from zero
    assert len(panels(figure)) == 2 * 3 + 2


def test_maps_have_the_potential_in_a_panel_of_its_own(tmp_path: Path) -> None:
    figure = drawn(with_potential(tmp_path, (8, 6)), "fields", [0])
    *_, last = panels(figure)
    assert last.get_title("left") == "$V$"
    (mesh,) = [found for found in last.collections if isinstance(found, QuadMesh)]
    x = mesh.get_coordinates()[..., 0]
    expected = 0.5 * np.cos(np.pi / 2 * x)
    np.testing.assert_allclose(mesh.get_array().reshape(x.shape), expected, atol=1e-12)


@pytest.mark.parametrize("n", [(8, 1), (8, 6)])
def test_the_potential_is_in_mev_and_in_cuts_too(tmp_path: Path, n: tuple[int, int]) -> None:
    run = with_potential(tmp_path, n, material=True)
    assert run.scaling is not None
    size = 0.5 * run.scaling.energy / 1.602176634e-22
    (ax, *_) = axis_of_v(drawn(run, "cut", view=View(si=True)))
    assert ax.get_ylabel() == "$V$ (meV)"
    np.testing.assert_allclose(ax.lines[0].get_ydata().max(), size, rtol=1e-9)


@pytest.mark.parametrize("n", [(8, 1), (8, 6), (1, 1)])
@pytest.mark.parametrize("kind", ["fields", "cut"])
def test_no_panel_is_for_a_potential_of_zero(tmp_path: Path, n: tuple[int, int], kind: str) -> None:
    figure = drawn(with_potential(tmp_path, n, 0.0), kind)
    assert axis_of_v(figure) == []
    assert "$V$" not in [ax.get_title("left") for ax in figure.axes]


def test_curves_that_lie_on_each_other_have_marks_at_points_of_their_own(tmp_path: Path) -> None:
    for kind in ("budget", "currents", "fields", "series"):
        for ax in drawn(open_run(make_run(tmp_path / kind, (8, 1))), kind).axes:
            if len(ax.lines) < 2:
                continue
            marks = [line.get_marker() for line in ax.lines]
            assert len(set(marks)) == len(marks)
            assert "" not in marks
            starts = [line.get_markevery() for line in ax.lines if line.get_xdata().size > 20]
            assert len(set(starts)) == len(starts)
