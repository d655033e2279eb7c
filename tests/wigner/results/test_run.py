"""What is read of the directory of a run, and which directories are none."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.support.made_runs import TIMES, make_checkpoint, make_run
from tests.support.small import sets
from wigner.__main__ import main
from wigner.case.dimensions import UNITS
from wigner.errors import CaseError
from wigner.output.variables import ARRAYS, SCALARS
from wigner.results import planes
from wigner.results.kinds import KINDS
from wigner.results.run import open_run
from wigner.results.smooth import interpolated, polarisation
from wigner.results.view import View


def test_a_run_is_read(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path))
    assert (run.model, run.verdict, run.n_x, run.length) == ("kinetic", "resolved", (8, 6), (4, 2))
    np.testing.assert_array_equal(run.times, TIMES)
    assert {*SCALARS, *ARRAYS} <= run.variables.keys()
    for name, variable in {**SCALARS, **ARRAYS}.items():
        held = run.variables[name]
        assert (held.meaning, held.unit) == (variable.meaning, UNITS[variable.unit])
        tail = ("x1", "x2") if name in ARRAYS else ()
        assert held.axes == ("time", *variable.axes, *tail)
        assert (held.is_field, held.is_series) == (name in ARRAYS, name in SCALARS)
    expected = 2 + 0.5 * np.cos(np.pi / 2 * run.x[0] + 0.2)
    np.testing.assert_allclose(run.field("n0", 2)[:, 3], expected, rtol=1e-14)
    np.testing.assert_array_equal(run.series("spin_total")[:, 1], [1, 2, 3, 4])
    u = run.densities(1)
    share = 0.2 * np.sqrt(u[1] ** 2 + u[2] ** 2 + u[3] ** 2) / u[0]
    np.testing.assert_allclose(polarisation(u, run.epsilon), share, rtol=1e-14)


def test_what_earlier_revisions_did_not_say_is_known(tmp_path: Path) -> None:
    directory = make_run(tmp_path, material=True)
    with h5py.File(directory / "moments.h5", "r+") as file:
        for data in file.values():
            for name in ("units", "scaled_by", "si_factor", "si_units"):
                data.attrs.pop(name, None)
        del file.attrs["model"]
    run = open_run(directory)
    assert run.variables["n0"].unit == UNITS["density"]
    assert run.variables["time"].unit == UNITS["time"]
    assert run.variables["purity"].unit == UNITS["1"]
    assert run.model == "kinetic"


def test_directories_of_no_run(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="got no such directory, expected the directory of a run"):
        open_run(tmp_path / "none")
    with pytest.raises(CaseError, match=r"got no moments\.h5 in it"):
        open_run(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(CaseError, match="got a file, expected the directory"):
        open_run(tmp_path / "file")


def test_the_directory_of_a_sweep_names_its_runs(tmp_path: Path) -> None:
    for name in ("tau=0.2", "tau=0.1"):
        make_run(tmp_path / "taus" / name, (1, 1), (0.0,))
    with pytest.raises(CaseError) as caught:
        open_run(tmp_path / "taus")
    first = tmp_path / "taus" / "tau=0.1"
    assert caught.value.fault.remedy == f"give one of the 2 runs in it, such as {first}"
    (tmp_path / "taus" / "sweep.nc").touch()
    told = r"such as .*tau=0\.1; wigner compare draws several; .*sweep\.nc has the records of all"
    for named in (tmp_path / "taus", tmp_path / "taus" / "sweep.nc"):
        with pytest.raises(CaseError, match=told):
            open_run(named)
    with pytest.raises(CaseError, match=r"got a file, .*; give its directory, .*tau=0\.1$"):
        open_run(first / "moments.h5")


@pytest.mark.parametrize("how", ["truncated", "text", "another", "empty"])
def test_files_that_are_no_moments(tmp_path: Path, how: str) -> None:
    path = make_run(tmp_path, times=()) / "moments.h5"
    if how == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    elif how == "text":
        path.write_text("text")
    elif how == "another":
        with h5py.File(path, "w") as file:
            file["time"] = [0.0]
    said = {
        "truncated": r"a file that is damaged \(.*truncated",
        "text": r"a file that is damaged \(.*signature",
        "another": "a file without x1, x2, n0, n, expected the moments of a run",
        "empty": "no record, expected at least one",
    }
    with pytest.raises(CaseError, match=said[how]):
        open_run(tmp_path)


@pytest.mark.parametrize("n", [(8, 6), (8, 1), (1, 6), (1, 1)])
def test_planes_of_phase_space(tmp_path: Path, n: tuple[int, int]) -> None:
    """Values of the smooth W between the points of its lattices, at the place that is asked for."""
    directory = make_run(tmp_path, n)
    make_checkpoint(directory, n, 0.0, 0)
    make_checkpoint(directory, n, 0.3, 3)
    run = open_run(directory)
    np.testing.assert_array_equal(planes.times(run, View()), [0.0, 0.3])
    found = planes.planes(run, 1, View(through=(3.0, 1.0)))
    names = [("x_1", "p_1")] * (n[0] > 1) + [("x_2", "p_2")] * (n[1] > 1) + [("p_1", "p_2")]
    assert [plane.axes for plane in found] == names
    at = {"x_1": 3.0 if n[0] > 1 else 0.0, "p_1": 0.0, "p_2": 0.0}
    for plane in found:
        first, second = (
            axis.reshape(s) for axis, s in zip(plane.places, ((-1, 1), (1, -1)), strict=True)
        )
        known = at | {plane.axes[0]: first, plane.axes[1]: second}
        thermal = np.exp(-((known["p_1"] - 0.3) ** 2) / 2 - known["p_2"] ** 2 / 2)
        wave = np.cos(np.pi / 2 * known["x_1"]) if n[0] > 1 else 1.0
        shape = plane.w[0].shape
        np.testing.assert_allclose(plane.w[0], np.broadcast_to(thermal, shape), atol=2e-3)
        np.testing.assert_allclose(
            plane.w[2], np.broadcast_to(0.2 * wave * thermal, shape), atol=1e-3
        )
        np.testing.assert_allclose(plane.w[3], -0.1 * plane.w[0], atol=1e-12)
        assert not plane.w[1].any()
        assert {*plane.fixed} | {*plane.axes} >= {"p_1", "p_2"}


def test_w_as_it_is_recorded_on_planes(case: str, tmp_path: Path) -> None:
    """Integrated over its momentum it is the density along x1; a place asks for a cut instead."""
    entries = sets('output.phase_space=["x1 p1", "p1 p2"]', "grid.p_max=[5, 6]", "time.t_end=0.2")
    assert main(["run", case, "--output", str(tmp_path / "run"), *entries]) == 0
    run = open_run(tmp_path / "run")
    assert not any(held.is_series for name, held in run.variables.items() if name[:2] == "W_")
    np.testing.assert_array_equal(planes.times(run, View()), [0.0, 0.2])
    first, second = planes.planes(run, 1, View())
    assert (first.axes, first.over) == (("x_1", "p_1"), ("x_2", "p_2"))
    assert (second.axes, second.over) == (("p_1", "p_2"), ("x_1", "x_2"))
    x, p = first.places
    assert (x[0], x[-1], p[-1]) == (0.0, pytest.approx(2 * np.pi), pytest.approx(5 * 15 / 16))
    n0 = run.field("n0", 1).mean(axis=1) * 5.0
    found = np.trapezoid(first.w[0], p, axis=1)
    expected = interpolated(n0[:, None], (x / x[-1], np.zeros(1)))[:, 0]
    np.testing.assert_allclose(found, expected, rtol=2e-3)
    assert planes.times(run, View(through=(0.0, 0.0))).size == 2
    assert [plane.over for plane in planes.planes(run, 1, View(through=(0.0, 0.0)))] == [()] * 3
    drawing = KINDS["phase-space"].drawing(run, [0, 1], View())
    figure = Figure()
    drawing.draw(figure, [1])
    titles = [ax.get_title() for ax in figure.axes]
    assert "$w_0$ integrated over $x_2, p_2$" in titles


def test_w_as_it_is_recorded_in_cuts(case: str, tmp_path: Path) -> None:
    """Cuts say where they are; a coarse lattice is cut near the largest n0, and drawn as it is."""
    entries = sets('output.cuts=["x1 p1", "x1 x2"]', "output.cuts_place=[0, 2.5]")
    entries += sets("output.cuts_momentum=[0.3, 0.5]", "output.coarse=[3, 2, 12, 14]")
    entries += sets("time.t_end=0.1")
    assert main(["run", case, "--output", str(tmp_path / "run"), *entries]) == 0
    run = open_run(tmp_path / "run")
    found = planes.planes(run, 1, View())
    p1, p2 = (-np.abs(run.field(f"p{k}_coarse", 0)).min() for k in (1, 2))  # zero is no point
    assert p1 < 0
    assert p2 < 0
    assert [(plane.axes, plane.fixed) for plane in found] == [
        (("x_1", "p_1"), {"x_2": 2.5, "p_2": 0.5}),
        (("x_1", "x_2"), {"p_1": 0.3, "p_2": 0.5}),
        (("x_1", "p_1"), {"x_2": 0.0, "p_2": pytest.approx(p2)}),
        (("x_2", "p_2"), {"x_1": pytest.approx(2 * np.pi / 3), "p_1": pytest.approx(p1)}),
        (("p_1", "p_2"), {"x_1": pytest.approx(2 * np.pi / 3), "x_2": 0.0}),
    ]
    exact = planes.planes(run, 1, View(through=(2 * np.pi / 3, 0.0)))  # of the checkpoint
    np.testing.assert_array_equal(found[4].w, run.field("W_coarse", 1)[:, 1, 0])
    assert [plane.cells for plane in found] == [False, False, True, True, True]
    at = [int(np.argmin(np.abs(exact[2].places[0] - p))) for p in found[4].places[0]]
    assert 0.8 < found[4].w[0].max() / exact[2].w[0][at].max() <= 1.001
    assert {plane.unit.si for plane in found} == {"J-2 s-2"}
    figure = Figure()
    KINDS["phase-space"].drawing(run, [1], View()).draw(figure, [1])
    assert "$w_0$ at $x_2 = 2.5$ $x_0$, $p_2 = 0.5$ $p_0$" in [ax.get_title() for ax in figure.axes]
    (mesh,) = figure.axes[2 * 4].collections  # cells around the points, with the values there
    np.testing.assert_array_equal(mesh.get_array(), found[2].w[0].T)
    assert mesh.get_coordinates().shape == (13, 4, 2)


def test_w_that_is_not_there_or_damaged(tmp_path: Path) -> None:
    macroscopic = open_run(make_run(tmp_path / "local", model="local"))
    with pytest.raises(
        CaseError, match="got no checkpoint, expected W of a kinetic run; the model"
    ):
        planes.times(macroscopic, View())
    directory = make_run(tmp_path / "kinetic")
    make_checkpoint(directory, (8, 6), 0.0, 0)
    path = directory / "checkpoint" / "ck-000000000.h5"
    with h5py.File(path) as file:
        offset = file["W"].id.get_offset()
    with path.open("r+b") as raw:
        raw.seek(offset + 32)
        raw.write(bytes(8))
    run = open_run(directory)
    with pytest.raises(CaseError, match=r"checkpoint that is damaged \(checksum of component 0, x"):
        planes.planes(run, 0, View(through=(0.0, 0.0)))
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(CaseError, match="a checkpoint that is damaged"):
        planes.times(run, View())
