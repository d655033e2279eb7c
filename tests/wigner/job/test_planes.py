"""Runs that record W on planes of phase space."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.support import small
from tests.support.small import sets
from wigner.__main__ import main
from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.errors import CaseError
from wigner.output.variables import name_of
from wigner.phase_space.reduced import PLANES

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
