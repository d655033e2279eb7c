"""moments.h5: HDF5 and netCDF-4, whole at every moment."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import h5py
import netCDF4
import numpy as np
import pytest
import xarray

from tests.support import small
from tests.support.case_texts import MATERIAL
from wigner import __version__
from wigner.__main__ import main
from wigner.case.dimensions import UNITS
from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.case.units import scale
from wigner.errors import RecordsError
from wigner.output.observer import Observer
from wigner.output.records import Records
from wigner.output.variables import ARRAYS, LATER, SCALARS, about, driven

# Names and axes that contract.md promises.
PROMISED = {
    "time": ("time",),
    "x1": ("x1",),
    "x2": ("x2",),
    "n0": ("time", "x1", "x2"),
    "n": ("time", "spin", "x1", "x2"),
    "current": ("time", "component", "direction", "x1", "x2"),
    "a0": ("time", "x1", "x2"),
    "a": ("time", "spin", "x1", "x2"),
}
ATTRIBUTES = {"case": small.CASE, "versions": "1.0", "revision": "abc", "ranks": 3}


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a finished run."""
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    case, output = small.write_case(tmp_path), tmp_path / "output"
    assert main(["run", str(case), "--output", str(output)]) == 0
    return output


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """A file without records."""
    records = Records(tmp_path / "moments.h5")
    records.create(build(parse_case(small.CASE)), ATTRIBUTES)
    return records


def append(records: Records, t: float) -> None:
    """A record whose arrays and scalars all tell their name and time."""

    def values(k: int, shape: tuple[int, ...]) -> np.ndarray:
        return 1000 * t + k + np.arange(np.prod(shape)).reshape(shape) / 1000

    x = (6, 4)
    arrays = {
        "n0": values(1, x),
        "n": values(2, (3, *x)),
        "momentum": values(3, (4, 2, *x)),
        "current": values(4, (4, 2, *x)),
        "kinetic_energy": values(5, x),
        "rashba_energy": values(6, x),
        "a0": values(7, x),
        "a": values(8, (3, *x)),
    }
    names = ("energy", "l2_norm", "purity", "edge_mass", "tail_eta", "tail_xi")
    names += ("repair", "lattice_defect", "work", "heat", "free_energy")
    scalars = {name: t + k for k, name in enumerate(names, start=5)}
    scalars |= {"mass": t + 1, "spin_total": (t + 2, t + 3, t + 4), "evaluations": 3.5}
    scalars |= {"torque": (t + 6, t + 7, t + 8)}
    records.append(t, arrays | scalars)


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf", None])
def test_xarray_opens_it(output: Path, engine: str | None) -> None:
    keywords = {} if engine is None else {"engine": engine}
    with xarray.open_dataset(output / "moments.h5", **keywords) as data:
        assert {name: data[name].dims for name in PROMISED} == PROMISED
        assert dict(data.sizes) == {
            "time": 3,
            "x1": 6,
            "x2": 4,
            "spin": 3,
            "component": 4,
            "direction": 2,
        }
        np.testing.assert_allclose(data.time, [0, 0.2, 0.4], rtol=1e-15)
        np.testing.assert_allclose(data.x2, np.arange(4) * 1.25, rtol=1e-15)
        mass = (data.n0.sum(("x1", "x2")) * 2 * np.pi * 5 / 24).values
        np.testing.assert_allclose(mass, 2 * np.pi * 5, rtol=1e-12)
        np.testing.assert_allclose(data.mass, mass, rtol=1e-13)
        np.testing.assert_allclose(data.n0[0, :, 1], 1 + 0.2 * np.sin(data.x1), rtol=1e-12)
        np.testing.assert_allclose(data.n[0, 1, :, 2], 0.2 * np.cos(data.x1), atol=1e-12)
        np.testing.assert_allclose(data.a[0], data.n[0] / data.n0[0], atol=0.02)  # + O(eps^2)
        assert all(np.isfinite(data[name]).all() for name in data)
        assert data.attrs["case"] == small.CASE
        assert data.attrs["ranks"] == 1
        assert f"wigner-bgk {__version__}" in data.attrs["versions"]
        assert f"numpy {np.__version__}" in data.attrs["versions"]
        assert data.attrs["revision"]


def test_the_netcdf_library_opens_it(output: Path) -> None:
    with netCDF4.Dataset(output / "moments.h5") as data:
        assert data.data_model == "NETCDF4"
        assert data.dimensions["time"].isunlimited()
        assert not data.dimensions["x1"].isunlimited()
        assert {name: data[name].dimensions for name in PROMISED} == PROMISED
        assert data["n"][:].shape == (3, 3, 6, 4)
        assert not np.ma.is_masked(data["a"][:])
        assert all(data[name].long_name for name in (*SCALARS, *ARRAYS))
        assert all(data[name].units == "1" for name in (*SCALARS, *ARRAYS, "x1", "time"))
        assert data["x1"].scaled_by == "x0"
        assert "scaled_by" not in data["purity"].ncattrs()
        assert not hasattr(data["n0"], "si_factor")


def test_what_was_solved_is_told(output: Path) -> None:
    with netCDF4.Dataset(output / "moments.h5") as data:
        assert data.Conventions.startswith("CF-1.")
        assert (data.epsilon, data.alpha, data.tau) == (0.4, 0.5, 0.1)
        assert (data.model, data.source) == ("kinetic", "wigner-bgk")
        assert {name: data[name].units for name in data.dimensions} == dict.fromkeys(
            data.dimensions, "1"
        )


def test_units_of_a_material_are_told(tmp_path: Path) -> None:
    """Each factor from the constants of nature alone: InAs at 77 K, x0 = 50 nm."""
    scaled = "epsilon = 0.4\nalpha = 0.5\ntau = 0.1\n"
    case = parse_case(small.CASE.replace(scaled, "") + MATERIAL)
    records = Records(tmp_path / "moments.h5")
    records.create(build(case), about(case, "kinetic"), scale(case.material))
    mass, kT, x0, hbar = 0.04 * 9.1093837e-31, 1.380649e-23 * 77, 50e-9, 1.054571817e-34
    p0 = (mass * kT) ** 0.5
    eps, N0 = hbar / (x0 * p0), mass * kT / (2 * np.pi**2 * hbar**2)
    expected = {
        "time": (mass * x0 / p0, "s"),
        "x1": (x0, "m"),
        "potential": (kT, "J"),
        "n0": (N0, "m-2"),
        "n": (eps * N0, "m-2"),
        "a0": (kT, "J"),
        "a": (eps * kT, "J"),
        "mass": (N0 * x0**2, "1"),
        "energy": (N0 * x0**2 * kT, "J"),
        "momentum": (N0 * p0 * np.array([1, eps, eps, eps]), "kg m-1 s-1"),
        "current": (N0 * p0 / mass * np.array([1, eps, eps, eps]), "m-1 s-1"),
        "l2_norm": (x0 * p0, "J s"),
    }
    with netCDF4.Dataset(records.path) as data:
        for name, (factor, unit) in expected.items():
            np.testing.assert_allclose(data[name].si_factor, factor, rtol=1e-6, err_msg=name)
            assert data[name].si_units == unit, name
        assert data.epsilon == pytest.approx(eps, rel=1e-6)
        assert not hasattr(data["purity"], "si_factor")
        assert all(UNITS[variable.unit] for variable in {**SCALARS, **ARRAYS}.values())


def test_h5py_opens_it(output: Path) -> None:
    with h5py.File(output / "moments.h5") as file:
        assert file["n0"].shape == (3, 6, 4)
        assert file["n0"].dims[0].keys() == ["time"]
        assert file.attrs["case"] == small.CASE
        assert int(file.attrs["ranks"]) == 1


def test_the_netcdf_library_can_extend_it(records: Records) -> None:
    append(records, 0.0)
    with netCDF4.Dataset(records.path, "a") as data:
        data["time"][1] = 0.5
        data["comment"] if "comment" in data.variables else data.setncattr("comment", "mine")
    with xarray.open_dataset(records.path) as data:
        np.testing.assert_array_equal(data.time, [0, 0.5])


def test_a_run_of_an_earlier_revision_goes_on(half: Path) -> None:
    """Its file does not say what was solved and what numbers are measured in; then it does."""
    told = ("Conventions", "title", "source", "model", "epsilon", "alpha", "tau")
    with h5py.File(half / "moments.h5", "r+") as file:
        for data in file.values():
            for name in ("units", "scaled_by"):
                data.attrs.pop(name, None)
        for name in told:
            del file.attrs[name]
    assert main(["resume", str(half), "--t-end", "0.4"]) == 0
    with h5py.File(half / "moments.h5") as file:
        np.testing.assert_array_equal(file["time"][:], [0.0, 0.2, 0.3, 0.4])
        assert set(told) <= file.attrs.keys()


def test_what_is_appended_is_read(records: Records) -> None:
    for t in (0.0, 0.25, 0.5):
        append(records, t)
    assert list(records.times()) == [0, 0.25, 0.5]
    with h5py.File(records.path) as file:
        for k, name in enumerate(("n0", "n", "momentum", "current"), start=1):
            first = file[name][:].reshape(3, -1)
            np.testing.assert_array_equal(first[:, 0], [k, 250 + k, 500 + k])
            np.testing.assert_allclose(first[0], k + np.arange(first.shape[1]) / 1000)
        np.testing.assert_array_equal(file["spin_total"][1], [2.25, 3.25, 4.25])
        np.testing.assert_array_equal(file["mass"][:], [1, 1.25, 1.5])
        np.testing.assert_array_equal(file["tail_xi"][:], [10, 10.25, 10.5])
        a0, a = file["a0"][2], file["a"][2]
        np.testing.assert_allclose(a0.ravel(), 507 + np.arange(24) / 1000)
        np.testing.assert_allclose(a.ravel(), 508 + np.arange(72) / 1000)


def test_records_are_cut_and_attributes_renewed(records: Records) -> None:
    for t in (0.0, 0.25, 0.5):
        append(records, t)
    records.truncate(1, {"ranks": 5, "case": "longer than before " * 100})
    append(records, 0.75)
    with xarray.open_dataset(records.path) as data:
        np.testing.assert_array_equal(data.time, [0, 0.75])
        np.testing.assert_array_equal(data.mass, [1, 1.75])
        assert data.attrs["ranks"] == 5
        assert data.attrs["case"].startswith("longer")
        assert data.attrs["revision"] == "abc"
    mass, spin = records.totals(1)
    assert mass == 1.75
    assert list(spin) == [2.75, 3.75, 4.75]


def test_it_is_read_while_it_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    case, path = small.write_case(tmp_path), tmp_path / "output" / "moments.h5"
    step, seen, kept = Observer.step, [], []

    def look(observer: Observer, t: float, evaluations: list[int]) -> None:
        step(observer, t, evaluations)
        with netCDF4.Dataset(path) as data:
            seen.append(len(data["time"][:]))
        with xarray.open_dataset(path) as data:
            assert np.isfinite(data.n0.values).all()
        if not kept:  # somebody keeps the file open all the time
            kept.append(h5py.File(path))

    monkeypatch.setattr(Observer, "step", look)
    assert main(["run", str(case), "--output", str(path.parent)]) == 0
    assert seen == [1, 1, 2, 2]
    with kept[0] as file:
        assert len(file["time"]) == 1


def test_a_reader_never_finds_it_broken_and_no_kill_breaks_it(tmp_path: Path) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "output"
    often = small.sets("time.t_end=1000", "output.every=0.01")
    with small.running(output, case, *often) as process:
        found = [0]
        while found[-1] < 20:
            with h5py.File(output / "moments.h5") as file:
                lengths = {len(file[name]) for name in ("time", *SCALARS, *ARRAYS)}
                assert len(lengths) == 1
                found.append(lengths.pop())
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert found == sorted(found)
    with xarray.open_dataset(output / "moments.h5") as data:
        assert data.sizes["time"] >= found[-1]
        assert np.isfinite(data.a.values).all()


def test_a_change_that_fails_leaves_the_file_as_it_was(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(records, 0.0)
    before, digest = records.path.read_bytes(), records.digest
    with monkeypatch.context() as patch:
        patch.setattr(h5py.File, "__getitem__", lambda _, name: {}[name])
        with pytest.raises(KeyError):
            append(records, 1.0)
    assert (records.path.read_bytes(), records.digest) == (before, digest)
    append(records, 1.0)
    assert list(records.times()) == [0, 1]


def test_the_checksum_goes_on_where_records_are_cut(records: Records) -> None:
    digests = []
    for t in (0.0, 0.25, 0.5):
        append(records, t)
        digests.append(records.digest)
    assert len(set(digests)) == 3
    again = Records(records.path)
    assert [again.resume(k) for k in (1, 2, 3)] == digests
    assert again.resume(1) == digests[0]
    again.truncate(1, {})
    append(again, 0.25)
    assert again.digest == digests[1]
    with pytest.raises(RecordsError, match="a file without them"):
        again.resume(3)


def test_other_files_are_told_apart(tmp_path: Path) -> None:
    records = Records(tmp_path / "moments.h5")
    with pytest.raises(OSError, match=r"moments\.h5"):
        records.times()
    with h5py.File(records.path, "w") as file:
        file["x1"] = [0.0]
    with pytest.raises(OSError, match="has no time: it is not the moments of a run"):
        records.times()
    records.path.write_text("text")
    with pytest.raises(OSError, match="file signature not found"):
        records.times()


def test_a_file_from_before_the_balances_goes_on(tmp_path: Path) -> None:
    """What older files do not have is not added to them."""
    older = {name: axes for name, axes in SCALARS.items() if name not in LATER}
    records = Records(tmp_path / "moments.h5", older)
    records.create(build(parse_case(small.CASE)), ATTRIBUTES)
    append(records, 0.0)
    again = Records(records.path)
    assert again.resume(1) == records.digest
    append(again, 0.5)
    with h5py.File(records.path) as file:
        assert "work" not in file
        assert list(file["energy"]) == [5.0, 5.5]


def test_what_varies_is_recorded() -> None:
    """V, b and E where they depend on time, phi where electrons interact."""
    overrides = ["physics.potential=0.1*cos(x1 - t)", 'physics.field=["0.1*t", "0"]']
    scalars, arrays = driven(parse_case(small.CASE, overrides))
    assert (list(scalars), list(arrays)) == (["E"], ["V"])
    overrides = ['physics.zeeman=["0.1*t", "0", "0"]', "field.kind=2deg", "field.coupling=1"]
    scalars, arrays = driven(parse_case(small.CASE, overrides))
    assert (list(scalars), list(arrays)) == ([], ["b", "phi"])
    assert driven(parse_case(small.CASE)) == ({}, {})
