"""Runs that record W on planes of phase space."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

from tests.support import small
from tests.support.small import sets
from wigner.__main__ import main
from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.errors import CaseError
from wigner.output.variables import name_of
from wigner.phase_space import pauli
from wigner.phase_space.grid import interpolation
from wigner.phase_space.reduced import COORDINATES, PLANES

MATERIAL = """
cuts = "x1 p1"
cuts_place = [2.0, "25 nm"]
[material]
effective_mass = 0.04
temperature = 77
rashba = 7.5e-12
relaxation_time = 1e-13
reference_length = 50e-9
"""
CUT = 'output.cuts="x1 p1"'
ALL = f"output.phase_space={[*PLANES]}".replace("'", '"')


def test_records_of_every_plane(case: str, output: Path, capsys: pytest.CaptureFixture) -> None:
    """Their marginals are the densities, w without the eps of n; the last is of the checkpoint."""
    arguments = sets(ALL, "time.t_end=0.1", "time.scheme=strang")
    assert main(["run", case, "--output", str(output), *arguments]) == 0
    found, W = small.moments(output), small.state(output).view(complex)[..., 0]
    steps = {name: found[name][1] - found[name][0] for name in ("x1", "x2", "p1", "p2")}
    N = np.concatenate([found["n0"][:, None], 0.4 * found["n"]], axis=1)
    along_x1 = (found["W_x1_p1"].sum(axis=3) * steps["p1"], N.sum(axis=3) * steps["x2"])
    along_x2 = (found["W_x2_p1"].sum(axis=3) * steps["p1"], N.sum(axis=2) * steps["x1"])
    for ours, theirs in (along_x1, along_x2):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13)
    w0 = W[0].real.sum(axis=(0, 1)) * steps["x1"] * steps["x2"]
    np.testing.assert_allclose(found["W_p1_p2"][-1, 0], w0, rtol=0, atol=1e-14)
    with h5py.File(output / "moments.h5") as file:
        for plane in PLANES:
            data = file[name_of(plane)]
            axes = [next(iter(axis.keys())) for axis in data.dims]
            assert axes == ["time", "pauli", *plane.split()]
        assert file["W_x1_p1"].attrs["scaled_by"] == "N0 x0/p0"
        assert file["W_x1_p1"].attrs["long_name"].endswith("integrated over x2 and p2")
    capsys.readouterr()
    assert main(["resume", str(output), *sets("time.t_end=0.2", "output.phase_space=x1 p1")]) == 2
    (error,) = (line for line in capsys.readouterr().err.splitlines() if "error" in line)
    assert 'output.phase_space: got ["x1 p1"], expected ["x1 p1", "x2 p2",' in error


def test_files_without_planes_have_no_axes_of_them(half: Path) -> None:
    assert not {"p1", "p2", "pauli"} & small.moments(half).keys()


def test_info_counts_them(case: str, capsys: pytest.CaptureFixture) -> None:
    """3 records of 8 bytes: 26 numbers on 6 x 4 points, and 4 on 6 x 16."""
    assert main(["info", case, *sets("output.phase_space=x1 p1")]) == 0
    size = 3 * 8 * (26 * 24 + 4 * 6 * 16) / 1e6
    line = f"3 in moments.h5, with W on (x1 p1), together about {size:.3g} MB\n"
    assert line in capsys.readouterr().out
    assert main(["info", case, *sets("output.cuts=x1 x2", "output.coarse=[3, 2, 8, 9]")]) == 0
    size = 3 * 8 * (26 * 24 + 4 * 6 * 4 + 4 * 3 * 2 * 8 * 9) / 1e6
    told = f"with W on a cut (x1 x2), 3 x 2 x 8 x 9 points, together about {size:.3g} MB\n"
    assert told in capsys.readouterr().out


def test_planes_that_are_none() -> None:
    for wanted, told in (
        ("x1 x2", 'got "x1 x2", expected "x1 p1" or "x2 p2" or'),
        ('["x1 p1", "p1 x1"]', 'did you mean "p1 p2"'),
        ("3", "got 3, expected"),
    ):
        with pytest.raises(CaseError, match=f"output.phase_space: .*{told}".replace("[", r"\[")):
            parse_case(small.CASE, [f"output.phase_space={wanted}"])
    one = parse_case(small.CASE, ["grid.n_x=[6, 1]", "output.phase_space=x2 p1"])
    with pytest.raises(CaseError, match='got "x2 p1", expected planes without x2'):
        build(one)
    build(one, kinetic=False)  # models have no W
    assert parse_case(small.CASE).output.phase_space == ()
    twice = parse_case(small.CASE, ['output.phase_space=["p1 p2", "x1 p1", "p1 p2"]'])
    assert twice.output.phase_space == ("p1 p2", "x1 p1")


def test_records_of_cuts_and_of_a_coarse_lattice(
    case: str, output: Path, capsys: pytest.CaptureFixture
) -> None:
    """Those of the last record are of W in the checkpoint; none of them may change later."""
    entries = ['output.cuts=["x2 p1", "x1 x2"]', "output.cuts_place=[0, 1.25]"]
    entries += ["output.cuts_momentum=[0.3, 0.3072]", "output.coarse=[3, 2, 16, 18]"]
    arguments = sets(*entries, "time.t_end=0.1", "time.scheme=strang", "grid.p_max=[4.8, 5.53]")
    assert main(["run", case, "--output", str(output), *arguments]) == 0
    W = pauli.unpack(small.state(output).view(complex)[..., 0])
    with xarray.open_dataset(output / "moments.h5") as data:
        last = data.isel(time=-1)
        assert last.W_coarse.dims == ("pauli", *(f"{name}_coarse" for name in COORDINATES))
        np.testing.assert_allclose(last.W_coarse, W[:, ::2, ::2], rtol=0, atol=1e-14)
        np.testing.assert_allclose(data.x1_coarse, 2 * np.pi / 3 * np.arange(3))
        cut = last.W_x2_p1_cut
        across = interpolation(18, 2 * 5.53, np.array([0.3072]) - (-5.53 + 5.53 / 18))[0]
        np.testing.assert_allclose(cut, W[:, 0] @ across, rtol=0, atol=1e-14)
        assert (float(cut.x1_cut), float(cut.p2_cut)) == (0.0, 0.3072)
        assert (cut.dims, cut.attrs["scaled_by"]) == (("pauli", "x2", "p1"), "N0/p0^2")
        assert last.W_x1_x2_cut.dims == ("pauli", "x1", "x2")
    capsys.readouterr()
    for change in ("output.coarse=[3, 2, 16, 16]", "output.cuts_place=[0, 1]"):
        assert main(["resume", str(output), *sets("time.t_end=0.2", change)]) == 2
        assert f"error: {change.split('=')[0]}: got " in capsys.readouterr().err
    assert main(["resume", str(output), *sets("time.t_end=0.2")]) == 0


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        (['output.cuts="x1 p3"'], 'output.cuts: got "x1 p3", expected "x1 p1" or'),
        (
            ['output.cuts="x1 p1"', "output.cuts_place=[0, 5.1]"],
            "got x2 = 5.1, expected x2 from 0 to 5",
        ),
        (
            ['output.cuts="x1 p1"', "output.cuts_momentum=[9, 0]"],
            "got p1 = 9, expected p1 from -4.5",
        ),
        (["output.coarse=[6, 4, 17, 18]"], "got 17 points along p1, expected 2 to 16"),
        (["output.coarse=[6, 4, 16]"], "expected a list of four integers of at least 1"),
    ],
)
def test_cuts_and_lattices_that_are_none(entries: list[str], told: str) -> None:
    with pytest.raises(CaseError, match=re.escape(told)):
        build(parse_case(small.CASE, entries))


def test_runs_from_before_there_were_cuts_go_on() -> None:
    """What they do not say of W is not there to be compared."""
    identity = build(parse_case(small.CASE)).identity
    assert not [key for key in identity if key.startswith("output")]


def test_places_of_cuts_have_units() -> None:
    case = parse_case(small.CASE.replace("epsilon = 0.4\nalpha = 0.5\ntau = 0.1\n", "") + MATERIAL)
    assert case.output.cuts_place == (2.0, pytest.approx(0.5))
