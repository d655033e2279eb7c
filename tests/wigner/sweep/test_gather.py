"""sweep.nc and sweep.csv of runs that were never run."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import h5netcdf
import h5py
import matplotlib.pyplot as plt
import netCDF4
import numpy as np
import pytest
import xarray

from tests.support.made_runs import make_run
from tests.test_readme import PAGES, fences
from wigner.sweep.gather import gather, joined
from wigner.sweep.plan import CASE, Plan
from wigner.sweep.table import as_csv
from wigner.sweep.varied import read_varied


def with_plane(path: Path, p1: list[float]) -> None:
    """Add w on (x1, p1) to the records of a run: the number of the record."""
    with h5netcdf.File(path, "a") as file:
        file.dimensions["pauli"], file.dimensions["p1"] = 4, len(p1)
        file.create_variable("p1", ("p1",), "f8", data=np.array(p1))
        file.create_variable("pauli", ("pauli",), "i4", data=np.arange(4, dtype="i4"))
        W = file.create_variable("W_x1_p1", ("time", "pauli", "x1", "p1"), "f8")
        for k in range(len(file["time"])):
            W[k] = np.full((4, 8, len(p1)), float(k))


def plan_of(directory: Path, *typed: str, zipped: bool = False) -> Plan:
    """A sweep in a directory; its runs have yet to be made."""
    (directory / CASE).write_text("# a case\n")
    return Plan(directory / CASE, ("time.dt=0.1",), read_varied(typed, []), zipped, directory)


def test_points_of_axes_are_joined() -> None:
    several = [np.array([0.0, 0.1, 0.3]), np.array([0.0, 0.1 + 0.2]), np.array([0.2])]
    np.testing.assert_array_equal(joined(several), [0.0, 0.1, 0.2, 0.3])
    np.testing.assert_array_equal(joined([np.array([0.0])]), [0.0])


def test_runs_with_other_times_and_lattices(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "grid.n_x=[8,6],[4,6]", "output.every=0.1,0.2", "physics.tau=1,2")
    homes = [plan.home(member) for member in plan.members]
    make_run(homes[0], (8, 6), (0.0, 0.1, 0.2))
    make_run(homes[2], (8, 6), (0.0, 0.2), amplitude=0.3)
    make_run(homes[5], (4, 6), (0.0, 0.1), model="local")
    (homes[7] / "x").mkdir(parents=True)
    assert gather(plan, tmp_path / "sweep.nc")
    with xarray.open_dataset(tmp_path / "sweep.nc") as data:
        assert data.n.dims == ("n_x", "every", "tau", "time", "spin", "x1", "x2")
        assert data.n.shape == (2, 2, 2, 3, 3, 8, 6)
        assert list(data.time.values) == [0.0, 0.1, 0.2]
        for k, place in ((0, (0, 0, 0)), (2, (0, 1, 0)), (5, (1, 0, 1))):
            with h5py.File(homes[k] / "moments.h5") as file:
                one = data.isel(dict(zip(("n_x", "every", "tau"), place, strict=True)))
                one = one.dropna("time", how="all", subset=["n0"]).dropna(
                    "x1", how="all", subset=["n0"]
                )
                for name in ("time", "x1", "x2", "n0", "n", "current", "mass", "spin_total"):
                    np.testing.assert_array_equal(one[name], file[name][:], err_msg=name)
        assert np.isnan(data.n0[0, 1, 0, 1]).all()  # that run has no record at t = 0.1
        assert np.isnan(data.n0[1, 1]).all()
        assert np.isnan(data.energy[1, 0, 1]).all()  # the model has no such record
        assert data.state.values[0, 0].tolist() == ["finished", "waiting"]
        assert data.n0.attrs["long_name"] == "charge density <w0>"
        assert data.attrs["overrides"] == "time.dt=0.1"
        assert "model" not in data.attrs
        assert data.attrs["epsilon"] == 0.2


def test_it_is_netcdf_4(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "initial.n0=1,2*cos(x1)", "time.dt=1,2", zipped=True)
    for member in plan.members:
        make_run(plan.home(member), (4, 1), material=True)
    assert gather(plan, tmp_path / "sweep.nc")
    with netCDF4.Dataset(tmp_path / "sweep.nc") as file:
        assert file.data_model == "NETCDF4"
        assert file["n0"].dimensions == ("run", "time", "x1", "x2")
        assert file["run"][:].tolist() == [1, 2]
        assert file["initial_n0"][:].tolist() == ["1", "2*cos(x1)"]
        assert file["n0"].coordinates == "initial_n0 dt"
        assert file["dt"].long_name == "time.dt"
        assert file["n0"].si_units == "m-2"
        assert np.isnan(file["n0"]._FillValue)
        assert file.case == "# a case\n"


@pytest.mark.parametrize(
    ("values", "units"),
    [("0.1 ps,0.15 ps", "ps"), ("100 fs,0.15 ps", None), ("1e-13,1.5e-13", "")],
)
def test_values_with_one_unit_are_numbers(tmp_path: Path, values: str, units: str | None) -> None:
    plan = plan_of(tmp_path, f"material.relaxation_time={values}")
    for member in plan.members:
        make_run(plan.home(member), (4, 1), material=True)
    assert gather(plan, tmp_path / "sweep.nc")
    with xarray.open_dataset(tmp_path / "sweep.nc", decode_timedelta=False) as data:
        axis = data.relaxation_time
        assert axis.attrs.get("units", "") == (units or "")
        if units is None:
            assert axis.values.tolist() == values.split(",")
        else:
            factor = 1.0 if units else 1e-12
            np.testing.assert_allclose(axis, factor * np.array([0.1, 0.15]), rtol=1e-14)


def test_densities_with_one_unit_are_numbers(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "material.density=1e11 cm-2,2e11 cm-2")
    for member in plan.members:
        make_run(plan.home(member), (4, 1), material=True)
    assert gather(plan, tmp_path / "sweep.nc")
    with xarray.open_dataset(tmp_path / "sweep.nc") as data:
        assert data.density.attrs["units"] == "cm-2"
        assert data.density.values.tolist() == [1e11, 2e11]


def test_units_that_differ_are_not_told(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "material.temperature=77,300")
    for member, epsilon in zip(plan.members, (0.1, 0.2), strict=True):
        home = make_run(plan.home(member), (4, 1), material=True)
        with h5py.File(home / "moments.h5", "r+") as file:
            file.attrs["epsilon"] = epsilon
            file["n0"].attrs["si_factor"] = epsilon
    assert gather(plan, tmp_path / "sweep.nc")
    with xarray.open_dataset(tmp_path / "sweep.nc") as data:
        assert data.epsilon.dims == ("temperature",)
        assert data.epsilon.values.tolist() == [0.1, 0.2]
        assert "epsilon" not in data.attrs
        assert "si_factor" not in data.n0.attrs
        assert data.n0.attrs["si_units"] == "m-2"
        assert data.n.attrs["si_factor"] > 0


@pytest.mark.parametrize("damage", [b"", b"not HDF5"])
def test_a_damaged_file_is_left_out(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    plan = plan_of(tmp_path, "physics.tau=1,2")
    first, second = (make_run(plan.home(member), (4, 1)) for member in plan.members)
    (second / "moments.h5").write_bytes(damage)
    (second / "run.json").write_text("{")
    assert gather(plan, tmp_path / "sweep.nc")
    with xarray.open_dataset(tmp_path / "sweep.nc") as data:
        assert np.isfinite(data.mass.values[0]).all()
        assert np.isnan(data.mass.values[1]).all()
    assert f"{second / 'moments.h5'} is left out" in caplog.text
    rows = list(csv.DictReader(as_csv(plan).splitlines()))
    assert (rows[1]["tau"], rows[1]["state"], rows[1]["mass"]) == ("2", "waiting", "")
    (first / "moments.h5").unlink()
    assert not gather(plan, tmp_path / "other.nc")
    assert not (tmp_path / "other.nc").exists()


def test_a_row_for_each_run(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "grid.n_p=[8, 8],16", "initial.n0=1")
    homes = [plan.home(member) for member in plan.members]
    for home in homes:
        make_run(home, (4, 1), (0.0, 0.1), verdict="doubtful")
    told = json.loads((homes[1] / "run.json").read_text())
    told |= {"state": "failed", "message": 'a "message", with commas', "wall_seconds": 2.5}
    (homes[1] / "run.json").write_text(json.dumps(told))
    rows = list(csv.DictReader(as_csv(plan).splitlines()))
    assert [row["n_p"] for row in rows] == ["[8, 8]", "16"]
    assert [row["initial_n0"] for row in rows] == ["1", "1"]
    assert [row["state"] for row in rows] == ["finished", "failed"]
    assert [row["verdict"] for row in rows] == ["doubtful", "doubtful"]
    assert [row["wall_seconds"] for row in rows] == ["", "2.5"]
    assert list(rows[0])[-1] == "message"
    assert rows[1]["message"] == 'a "message", with commas'
    assert (rows[0]["mass"], rows[0]["energy"], rows[0]["spin_total_3"]) == ("16.0", "2.0", "2.0")


def test_w_on_a_plane_where_runs_have_it(tmp_path: Path) -> None:
    """The lattices in p may differ; a run without the plane has no numbers there."""
    plan = plan_of(tmp_path, "physics.tau=1,2,3")
    for member, p1 in zip(plan.members, ([-1.0, 1.0], [-2.0, 2.0], None), strict=True):
        make_run(plan.home(member), (8, 6), (0.0, 0.1))
        if p1 is not None:
            with_plane(plan.home(member) / "moments.h5", p1)
    assert gather(plan, tmp_path / "sweep.nc")
    with xarray.open_dataset(tmp_path / "sweep.nc") as data:
        assert data.W_x1_p1.dims == ("tau", "time", "pauli", "x1", "p1")
        assert list(data.p1.values) == [-2.0, -1.0, 1.0, 2.0]
        found = data.W_x1_p1[:, 1, 3, 5].values
        np.testing.assert_array_equal(found[:2], [[np.nan, 1, 1, np.nan], [1, np.nan, np.nan, 1]])
        assert np.isnan(data.W_x1_p1[2]).all()
        np.testing.assert_array_equal(data.mass, 16.0)


def test_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = PAGES["docs/running.md"].split("\n## Sweeps")[1].split("\n## ")[0]
    (code,) = fences(section, "python")
    (tmp_path / "taus").mkdir()
    plan = plan_of(tmp_path / "taus", "physics.tau=0.01,0.03", "physics.alpha=0.2,0.4")
    for member in plan.members:
        make_run(plan.home(member), (4, 1), (0.0, 0.5))
    assert gather(plan, tmp_path / "taus" / "sweep.nc")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(code, names)
    assert names["data"].n0.shape == (2, 2, 2, 4, 1)
    names["data"].close()
    plt.close("all")
