"""Numbers with units, and numbers in the wrong ones."""

from __future__ import annotations

import numpy as np
import pytest

from wigner.case.quantities import LENGTH, RASHBA, TIME, quantity
from wigner.case.spec import Case, parse_case
from wigner.case.units import scale
from wigner.errors import CaseError

REST = """
[initial]
n0 = 1
n = [0, 0, 0]

[time]
t_end = 1.0
dt = 0.05
"""
CASE = (
    """\
[grid]
n_x = [16, 1]
length = [6.0, 1.0]
n_p = 24

[material]
preset = "InAs"
temperature = 77
relaxation_time = 1e-13
reference_length = 50e-9
"""
    + REST
)
SCALED = (
    """\
[grid]
n_x = [16, 1]
length = [6.0, 1.0]
n_p = [24, 24]

[physics]
epsilon = 0.2
alpha = 0.5
tau = 0.1
"""
    + REST
)


def parsed(*overrides: str) -> Case:
    """The case with a material."""
    return parse_case(CASE, overrides)


def refusal(text: str, *overrides: str) -> str:
    """What is said against a case; one thing."""
    with pytest.raises(CaseError) as caught:
        parse_case(text, overrides)
    (fault,) = caught.value.faults
    return str(fault)


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("200 nm", LENGTH, 200e-9),
        ("200nm", LENGTH, 200e-9),
        ("0.2 um", LENGTH, 200e-9),
        ("0.2 µm", LENGTH, 200e-9),
        ("5 A", LENGTH, 5e-10),
        ("5 Å", LENGTH, 5e-10),
        ("3e-9 m", LENGTH, 3e-9),
        (".5 ps", TIME, 5e-13),
        ("10 fs", TIME, 1e-14),
        ("2 min", TIME, 120.0),
        ("1.5 h", TIME, 5400.0),
        ("75 meV A", RASHBA, 7.5e-12),
        ("-7.5 meV*nm", RASHBA, -7.5e-12),
        ("75 Å·meV", RASHBA, 7.5e-12),
        ("7.5e-12 eV m", RASHBA, 7.5e-12),
    ],
)
def test_units(text: str, dimension: tuple[str, ...], value: float) -> None:
    assert quantity(text, dimension) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(
    ("text", "dimension"),
    [("3 parsec", LENGTH), ("nm", LENGTH), ("3 nm", TIME), ("75 meV", RASHBA), ("3 kA", LENGTH)],
)
def test_what_is_no_unit(text: str, dimension: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="use "):
        quantity(text, dimension)


def test_every_physical_value_may_have_a_unit() -> None:
    units = scale(parsed().material)
    found = parsed(
        'grid.length=["300 nm", 1.0]',
        "material.relaxation_time=0.1 ps",
        "material.reference_length=50 nm",
        "material.rashba=75 meV A",
        "material.temperature=77 K",
        "material.effective_mass=0.04 me",
        "material.dresselhaus=20 meV A",
        'material.magnetic_field=["10 mT", 0.0, "1 T"]',
        "material.g_factor=-15",
        'material.electric_field=["-1 kV/cm", 0.0]',
        f"time.t_end={1e12 * units.time:.15g} ps",
        "time.dt=10 fs",
        "output.every=20 fs",
        "output.checkpoint=40 fs",
        "output.wall_limit=2 h",
        "output.checkpoint_wall=5 min",
    )
    plain = parsed(
        "material.dresselhaus=2e-12",
        "material.magnetic_field=[0.01, 0, 1]",
        "material.g_factor=-15",
        "material.electric_field=[-1e5, 0.0]",
    )
    assert found.grid.length == pytest.approx((6.0, 1.0))
    for key in ("epsilon", "alpha", "beta", "tau"):
        assert getattr(found.physics, key) == pytest.approx(getattr(plain.physics, key))
    for key in ("zeeman", "field"):
        values, expected = (
            [formula(0.0, 0.0) for formula in getattr(case.physics, key)] for case in (found, plain)
        )
        np.testing.assert_allclose(values, expected, rtol=1e-12)
    assert found.physics.beta == pytest.approx(found.physics.alpha * 20 / 75)
    assert found.time.t_end == pytest.approx(1.0)
    assert found.time.dt == pytest.approx(1e-14 / units.time)
    assert found.output.every == pytest.approx(2 * found.time.dt)
    assert found.output.checkpoint == pytest.approx(4 * found.time.dt)
    assert (found.output.wall_limit, found.output.checkpoint_wall) == (7200.0, 300.0)
    assert parse_case(found.text) == found


@pytest.mark.parametrize(
    ("key", "given", "such"),
    [
        ("temperature", "77 ps", "a temperature such as 77 K"),
        ("effective_mass", "3 nm", "a mass such as 0.04 me"),
        ("rashba", "75 meV", "an energy times a length such as 75 meV A"),
        ("reference_length", "3 s", "a length such as 50 nm"),
        ("relaxation_time", "1e400 fs", "a time such as 0.1 ps"),
    ],
)
def test_what_has_the_dimension_is_named(key: str, given: str, such: str) -> None:
    assert refusal(CASE, f"material.{key}={given}").endswith(f"use {such}")


def test_what_overflows_when_it_is_scaled() -> None:
    told = refusal(CASE, "time.t_end=1e303 h")
    assert told.startswith('time.t_end: got "1e303 h", expected a finite number of m x0/p0')


def test_units_need_a_material() -> None:
    assert "divide it by the unit x0, or add" in refusal(SCALED, 'grid.length=["300 nm", 1.0]')
    told = refusal(SCALED, "time.dt=10 fs")
    assert "divide it by the unit m x0/p0, or add a section [material]" in told
    assert told.startswith('time.dt: got "10 fs", expected a scaled number, as there is no [mat')
    assert "length" in refusal(SCALED, 'grid.length=["300 nm", "20 nm"]')
    field = ("field.kind=poisson", "field.coupling=1", "field.screening_length=3 nm")
    told = refusal(SCALED, *field)
    assert told.startswith('field.screening_length: got "3 nm", expected a scaled number, as there')


def test_a_screening_length_may_have_a_unit() -> None:
    field = ("field.kind=poisson", "field.coupling=1", "field.screening_length=25 nm")
    found = parse_case(CASE, field)
    assert found.field is not None
    assert found.material is not None
    length = 25e-9 / found.material.reference_length
    assert found.field.screening_length == pytest.approx(length)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("grid.length=[200e-9, 1.0]", 'here 50 nm: write 4, or "200 nm"'),
        ("material.relaxation_time=0.1", "material.relaxation_time: got 0.1 s, which makes tau = "),
        (
            "material.reference_length=50",
            "material.reference_length: got 50 m, which makes epsilon",
        ),
        ("material.rashba=75", "material.rashba: got 75 eV m, which makes alpha = 1.97e+12, expec"),
        ("material.temperature=1e-4", "material.temperature: got 0.0001 K, expected from 0.001"),
        (
            "material.effective_mass=3e-32",
            "material.effective_mass: got 3e-32 electron masses, exp",
        ),
        ("time.t_end=3 nm", "use a time such as 0.1 ps"),
        ("material.preset=inas", 'got "inas", expected "InAs" or'),
        ("material.dresselhaus=15", "material.dresselhaus: got 15 eV m, which makes beta = 3"),
        ("material.electric_field=[0, -1e20]", "material.electric_field: got -1e+20 V/m, expected"),
        ("material.dielectric_constant=1e-300", "got 1e-300, expected from 0.1 to 1e+06; use for"),
        ("material.preset=inas", 'did you mean "InAs"?'),
    ],
)
def test_slips_of_unit_are_told_by_their_key(override: str, told: str) -> None:
    assert told in refusal(CASE, override)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        (
            "physics.epsilon=1e-9",
            "physics.epsilon: got epsilon = 1e-09, expected hbar/(x0 p0) from",
        ),
        ("physics.epsilon=1e9", "physics.epsilon"),
        ("physics.tau=1e300", "physics.tau: got tau = 1e+300"),
        ("physics.tau=5e-324", "physics.tau"),
        ("physics.alpha=1e12", "physics.alpha: got alpha = 1e+12, a Rashba velocity of 2e+11"),
        ("physics.beta=-1e12", "physics.beta: got beta = -1e+12, a Dresselhaus velocity of"),
        ("grid.length=[1e-300, 1]", "grid.length: got 1e-300, that is 2e-300 thermal wave lengths"),
        ("grid.length=[1e30, 1]", "grid.length"),
        ("grid.p_max=1e30", "grid.p_max"),
    ],
)
def test_numbers_of_no_device(override: str, told: str) -> None:
    assert refusal(SCALED, override).startswith(told)


@pytest.mark.parametrize(
    "override", ["physics.tau=1e10", "physics.tau=1e-9", "physics.epsilon=1e-3"]
)
def test_limits_of_theory_are_legal(override: str) -> None:
    parse_case(SCALED, [override])


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("0,05", "write 0.05"),
        ("1/20", "write 0.05, as numbers are not computed"),
        ("1d-6", "write 1e-06"),
        ("5D-2", "write 0.05"),
        ("abc", "use for instance dt = 0.05"),
        ('"0.05"', "write numbers without quotes"),
    ],
)
def test_numbers_that_toml_does_not_know(written: str, told: str) -> None:
    assert refusal(SCALED, f"time.dt={written}").endswith(told)


def test_a_point_needs_no_digits_before_it() -> None:
    found = parse_case(SCALED, ["time.dt=.05", "physics.alpha=-.5", "physics.potential=.5"])
    assert (found.time.dt, found.physics.alpha) == (0.05, -0.5)
    assert found.physics.potential(0.0, 0.0) == 0.5


def test_one_number_for_both_axes() -> None:
    found = parse_case(SCALED, ["grid.n_p=32", "grid.length=7", "grid.p_max=7"])
    assert (found.grid.n_p, found.grid.length, found.grid.p_max) == (
        (32, 32),
        (7.0, 7.0),
        (7.0, 7.0),
    )
