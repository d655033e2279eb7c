"""What a run has left, as arrays of xarray."""

from __future__ import annotations

import fcntl
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

import wigner
from tests.support.made_runs import make_checkpoint, make_run
from tests.support.small import bytes_read
from wigner.case.dimensions import density_unit
from wigner.errors import CaseError, CheckpointError
from wigner.output import checkpoint
from wigner.results.run import open_run


def test_scaled_and_in_si(tmp_path: Path) -> None:
    directory = make_run(tmp_path, material=True)
    data, si = wigner.open_results(directory), wigner.open_results(str(directory), si=True)
    assert data.n0.dims == si.n0.dims == ("time", "x1", "x2")
    np.testing.assert_array_equal(data.time, [0, 0.1, 0.2, 0.3])
    units = open_run(directory).scaling
    np.testing.assert_allclose(si.time, data.time * units.time, rtol=1e-14)
    np.testing.assert_allclose(si.x1, data.x1 * units.length, rtol=1e-14)
    np.testing.assert_allclose(si.a, data.a * units.epsilon * units.energy, rtol=1e-14)
    momentum = si.momentum.isel(time=0, direction=1, x1=3, x2=2)  # 1 in scaled units
    unit = density_unit(units) * units.momentum
    np.testing.assert_allclose(momentum, unit * np.array([1, *3 * [units.epsilon]]), rtol=1e-14)
    assert si.n0.attrs["units"] == "m-2"
    assert (si.time.attrs["units"], si.mass.attrs["units"]) == ("s", "1")
    assert "scaled_by" not in si.n0.attrs
    assert si.attrs == data.attrs
    (directory / "moments.h5").unlink()  # another may take its place
    assert float(data.n0[1, 2, 3]) > 0


def test_records_are_read_when_they_are_used(tmp_path: Path) -> None:
    """Not 5 MB for a number; another program may hold a lock."""
    directory = make_run(tmp_path, (16, 16), times=np.linspace(0, 1, 100))
    with (directory / "moments.h5").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        before = bytes_read()
        with wigner.open_results(directory) as data:
            assert np.isfinite(data.n[1, 2, 3, 4])
        assert bytes_read() - before < 0.5 * (directory / "moments.h5").stat().st_size


@pytest.mark.parametrize("locking", [None, True, False, "best-effort"])
def test_files_that_are_open_elsewhere_in_the_process(
    tmp_path: Path, locking: bool | str | None
) -> None:
    """By h5py's own habits, None, as xarray does it, too, and by others."""
    directory = make_run(tmp_path)
    make_checkpoint(directory, (8, 6), 0.1, 1)
    path = next((directory / checkpoint.DIRECTORY).glob("*.h5"))
    with (
        h5py.File(directory / "moments.h5", locking=locking) as file,
        h5py.File(path, locking=locking),
    ):
        with wigner.open_results(directory) as data:
            np.testing.assert_array_equal(data.n0, file["n0"])
        assert wigner.open_state(directory).dims[0] == "pauli"
        assert open_run(directory).times[0] == 0


def test_results_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CaseError, match="got no such directory, expected the directory of a run"):
        wigner.open_results(tmp_path / "none")
    directory = make_run(tmp_path / "scaled")
    with pytest.raises(CaseError, match=r"si: got .* expected a case with a section \[material\]"):
        wigner.open_results(directory, si=True)
    with pytest.raises(CaseError, match="got no checkpoint, expected a kinetic run"):
        wigner.open_state(directory)
    monkeypatch.setitem(sys.modules, "xarray", None)
    for opened in (wigner.open_results, wigner.open_state):
        with pytest.raises(CaseError, match=r"xarray: got no such package.*wigner-bgk\[python\]"):
            opened(directory)


def test_w_of_a_checkpoint(tmp_path: Path) -> None:
    directory = make_run(tmp_path, (8, 6))
    make_checkpoint(directory, (8, 6), 0.1, 1)
    w = make_checkpoint(directory, (8, 6), 0.3, 3)
    W = wigner.open_state(directory)
    assert W.dims == ("pauli", "x1", "x2", "p1", "p2")
    np.testing.assert_array_equal(W, w)
    assert (W.attrs["time"], W.attrs["steps"]) == (0.3, 3)
    p1 = W.sel(pauli=0).isel(x1=0, x2=0, p2=5)
    peak = float(p1.p1[int(np.argmax(p1.values))])  # of exp(-(p1 - 0.3)^2/2)
    assert abs(peak - 0.3) <= 0.5 * float(W.p1[1] - W.p1[0])
    with h5py.File(directory / "checkpoint" / "ck-000000003.h5", "r+") as file:
        file["W"][0, 0, 0] += 1.0
    with pytest.raises(CheckpointError):
        wigner.open_state(directory)
