"""``material.density``: what n0 = 1 stands for, and densities with units."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import h5py
import numpy as np
import pytest

import wigner
from tests.support import small
from tests.support.small import sets
from wigner.__main__ import main
from wigner.case.problem import build
from wigner.case.regime import scales_of
from wigner.case.spec import Case, parse_case
from wigner.case.units import scale
from wigner.errors import CaseError

MATERIAL = """
[material]
preset = "InAs"
temperature = 77
relaxation_time = "0.1 ps"
reference_length = "50 nm"
"""
CASE = small.CASE.replace("epsilon = 0.4\nalpha = 0.5\ntau = 0.1\n", "") + MATERIAL
DENSITY = "material.density=1e10 cm-2"


def parsed(*overrides: str) -> Case:
    return parse_case(CASE, overrides)


@pytest.mark.parametrize(
    "text", ["1e14", '"1e10 cm-2"', '"1e14 m-2"', '"1e10/cm^2"', '"100 um-2"', '"1e10 cm**-2"']
)
def test_ways_to_write_it(text: str) -> None:
    material = parsed(f"material.density={text}").material
    assert material is not None
    assert material.density == pytest.approx(1e14, rel=1e-14)


def test_densities_with_units() -> None:
    """Spins have eps in their unit."""
    case = parsed(DENSITY, "initial.n0=2e10 cm-2", 'initial.n=["-5e13 m-2", "0.1*cos(x1)", 0.2]')
    N = build(case).N
    np.testing.assert_allclose(N[0], 2.0, rtol=1e-14)
    np.testing.assert_allclose(N[1], -0.5, rtol=1e-14)
    np.testing.assert_allclose(N[3], 0.2 * case.physics.epsilon, rtol=1e-14)
    assert np.ptp(N[2]) > 0
    assert parse_case(case.text) == case


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (
            ["initial.n0=1e11 cm-2"],
            'n0: got "1e11 cm-2", expected a scaled number, as there is no ',
        ),
        (['initial.n=[0, 0, "1e9 cm-2"]'], 'initial.n: got "1e9 cm-2", expected a scaled number'),
        (
            [DENSITY, "initial.n0=1e11 cm-2 + 1"],
            'have no units; material.density, such as "1e11 cm-2", says what 1 is',
        ),
        (
            ["material.density=1e11"],
            'from 1e+12 to 1e+19 m-2; write the unit, such as density = "1',
        ),
        (["material.density=3 nm"], "use a density such as 1e11 cm-2"),
        ([DENSITY, "initial.n0=1e400 cm-2"], "that is too large: use a density such as 1e11 cm-2"),
        ([DENSITY, 'initial.n=[0, 0, "1e400 cm-2"]'], "that is too large: use a density"),
        (["material.density=1e11 cm⁻²"], "write powers as in cm-2"),
        ([DENSITY, "initial.n0=1e11/cm²"], "expected a formula; write powers as in cm-2"),
        ([DENSITY, "initial.n0=1e11 1/cm2"], 'formulas have no units; material.density, such as "'),
        (["material.density=-1e11 cm-2"], "expected a positive number"),
        ([DENSITY, "time.dt=3 m-2"], "use a time such as 0.1 ps"),
    ],
)
def test_what_is_refused(overrides: list[str], told: str) -> None:
    with pytest.raises(CaseError) as caught:
        parsed(*overrides)
    assert told in str(caught.value)
    assert len(caught.value.faults) == 1


def test_nothing_but_units_depends_on_it() -> None:
    """The equations are homogeneous in N: without an interaction it is the same problem."""
    plain, told = parsed(), parsed(DENSITY)
    assert (plain.physics, plain.initial) == (told.physics, told.initial)
    assert scale(plain.material).occupation == 1.0
    share = 1e14 / scale(plain.material).density
    assert scale(told.material).occupation == pytest.approx(share, rel=1e-14)


def test_degeneracy_and_interaction_are_those_of_the_device() -> None:
    """n lambda^2 and e^2 n/(2 eps0 eps_r q) in SI, in whatever unit densities are written."""
    hbar, mass, kT, charge = (
        1.054571817e-34,
        0.04 * 9.1093837e-31,
        1.380649e-23 * 77,
        1.602176634e-19,
    )
    for unit in ("1e10 cm-2", "4e14 m-2"):
        case = parsed(
            f"material.density={unit}",
            "material.dielectric_constant=12",
            "field.kind=2deg",
            "initial.n0=2e10 cm-2",
            "initial.n=[0, 0, 0]",
        )
        problem, units = build(case), scale(case.material)
        expected = 2e14 * 2 * math.pi * hbar**2 / (mass * kT)
        found = scales_of(problem, case.material)
        assert found.degeneracy == pytest.approx(expected, rel=1e-6)
        q = 2 * np.pi / case.grid.length[0]
        wave = np.cos(q * problem.grid.x[0])[:, None] * problem.N[0]  # of 2e10 cm-2
        phi = problem.physics.mean_field(wave).max() * kT
        joule = charge**2 * 2e14 / (2 * 8.8541878188e-12 * 12 * q / units.length)
        assert phi == pytest.approx(joule, rel=1e-6)


def test_a_run_in_densities(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """The records of a run are those without the key; what they are in SI is not."""
    path = tmp_path / "case.toml"
    path.write_text(CASE)
    plain, told = tmp_path / "plain", tmp_path / "told"
    short = ["time.t_end=0.1", "time.dt=0.1", "output.every=0.1"]
    assert main(["run", str(path), "--output", str(plain), *sets(*short)]) == 0
    assert main(["run", str(path), "--output", str(told), *sets(*short, DENSITY)]) == 0
    with h5py.File(plain / "moments.h5") as one, h5py.File(told / "moments.h5") as two:
        for name in ("n0", "n", "current", "a0"):
            np.testing.assert_array_equal(one[name], two[name])
        assert two["n0"].attrs["si_factor"] == pytest.approx(1e14)
        eps = float(two.attrs["epsilon"])
        assert two["n"].attrs["si_factor"] == pytest.approx(eps * 1e14)
        share = two["current"].attrs["si_factor"] / one["current"].attrs["si_factor"]
        np.testing.assert_allclose(share, 1e14 / one["n0"].attrs["si_factor"], rtol=1e-12)
        scaled = two["n0"][-1]
    with wigner.open_results(told, si=True) as data, wigner.open_results(plain, si=True) as other:
        np.testing.assert_allclose(data.n0[-1], 1e14 * scaled, rtol=1e-14)
        apart = {name: np.abs(data[name][-1] - other[name][-1]).values for name in ("n0", "n")}
    assert main(["compare", "--si", str(plain), str(told), "--output", str(tmp_path)]) == 0
    rows = list(csv.DictReader((tmp_path / "compare.csv").read_text().splitlines()))
    for name, d in (("n0", apart["n0"]), ("n3", apart["n"][2])):  # in cm-2
        row = [row for row in rows if row["quantity"] == name][-1]
        assert row["unit"] == "cm-2"
        assert float(row["max"]) == pytest.approx(1e-4 * d.max(), rel=1e-9)
    grown = ["resume", str(told), "--t-end", "0.2", "--set", "material.density=2e10 cm-2"]
    assert main(grown) == 2
    assert "material.density" in capsys.readouterr().err


def test_info_tells_densities(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "case.toml"
    path.write_text(CASE)
    assert main(["info", str(path), *sets(DENSITY, "initial.n0=1 + 0.5*cos(x1)")]) == 0
    said = capsys.readouterr().out
    assert "n0 = 1 is 1e+10 cm-2; n0 from 5e+09 to 1.5e+10 cm-2; n lambda^2 up to 0.27" in said
    assert "W = 1 is 1.133 electrons in (2 pi hbar)^2" in said
