"""Dresselhaus coupling, Zeeman field, uniform force, interaction: what a case says of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.case_texts import MATERIAL, SCALED, SMALLEST
from wigner.case.external import drift
from wigner.case.problem import build
from wigner.case.spec import as_dict, parse_case
from wigner.case.units import BOLTZMANN, ELEMENTARY_CHARGE, scale
from wigner.errors import CaseError, SolveError


def case(*overrides: str, text: str = SMALLEST):
    return parse_case(text, overrides)


def material(*overrides: str):
    return case(*overrides, text=SMALLEST.replace(SCALED, "") + MATERIAL)


def refused(*overrides: str) -> str:
    with pytest.raises(CaseError) as caught:
        build(case(*overrides))
    return str(caught.value)


def test_nothing_of_it_is_there_unless_it_is_asked_for() -> None:
    problem = build(case())
    physics = problem.physics
    assert (physics.beta, physics.E, physics.varies) == (0.0, (0.0, 0.0), False)
    assert not np.any(physics.b)
    assert not any(key.startswith(("physics.beta", "field.")) for key in problem.identity)


def test_fields_vary_as_they_are_written() -> None:
    driven = case(
        "physics.beta=0.3",
        "physics.potential=0.4*cos(x1 - 2*t)",
        'physics.zeeman=["0", "0.1*t", "0.2*sin(x1)"]',
        'physics.field=["0.1*cos(t)", "0.2"]',
        "time.dt=0.01",
    )
    problem = build(driven)
    x1 = problem.grid.x[0][:, None]
    assert problem.physics.varies
    np.testing.assert_allclose(problem.physics.V, 0.4 * np.cos(x1))
    later = problem.physics.at(0.7)
    assert not later.varies
    np.testing.assert_allclose(later.V, 0.4 * np.cos(x1 - 1.4))
    np.testing.assert_allclose(later.b[1], 0.07)
    np.testing.assert_allclose(later.b[2], 0.2 * np.sin(x1))
    np.testing.assert_allclose(later.E, (0.1 * math.cos(0.7), 0.2))
    np.testing.assert_allclose(later.Lambda, [[0.3, -0.5], [0.5, -0.3], [0, 0]])
    assert as_dict(driven)["physics"]["field"] == ["0.1*cos(t)", "0.2"]


@pytest.mark.parametrize(("kind", "power"), [("poisson", 2), ("2deg", 1)])
def test_interaction_of_a_wave(kind: str, power: int) -> None:
    """phi_q = c n_q/(q^p + l^-p), without its mean."""
    for screening in (None, 0.4):
        keys = [f"field.kind={kind}", "field.coupling=0.7"]
        keys += [] if screening is None else [f"field.screening_length={screening}"]
        problem = build(case(*keys))
        x1 = problem.grid.x[0][:, None]
        denominator = 3.0**power + (0 if screening is None else screening**-power)
        phi = problem.physics.mean_field(2 + 0.3 * np.cos(3 * x1))
        np.testing.assert_allclose(phi, 0.7 * 0.3 / denominator * np.cos(3 * x1), atol=1e-15)
        np.testing.assert_allclose(problem.physics.at(0.0, 1 + 0 * x1).V, 0, atol=1e-15)


def test_material_fields() -> None:
    """2 eps b kB T0 is the Zeeman splitting g mu_B B, E kB T0/x0 the force -e F."""
    units = scale(
        material(
            "material.dresselhaus=15 meV A",
            "material.magnetic_field=[0, 0, 2]",
            "material.g_factor=-10",
            "material.electric_field=[1e4, 0]",
            "material.dielectric_constant=12",
        ).material
    )
    assert units.beta == pytest.approx(units.alpha * 15 / 75)
    splitting = 2 * units.epsilon * units.b[2] * units.energy
    assert splitting / ELEMENTARY_CHARGE == pytest.approx(-10 * 5.7883817982e-5 * 2, rel=1e-9)
    assert units.E[0] * units.energy / units.length == pytest.approx(-ELEMENTARY_CHARGE * 1e4)
    # a wave of 1e15 electrons/m^2 with q = 1e8/m, in SI: phi = e^2 n/(2 eps0 eps_r q)
    density = 2 / (2 * math.pi * units.epsilon * units.length) ** 2
    phi = units.coulomb * (1e15 / density) / (1e8 * units.length) * BOLTZMANN * 77
    joule = ELEMENTARY_CHARGE**2 * 1e15 / (2 * 8.8541878188e-12 * 12 * 1e8)
    assert phi == pytest.approx(joule, rel=1e-6)


def test_material_fields_are_added_to_the_formulas() -> None:
    given = material(
        "material.magnetic_field=[0, 0, 2]",
        "material.g_factor=-10",
        'physics.zeeman=["0.1*cos(x1)", "0", "0.5"]',
        "material.dielectric_constant=12",
        "field.kind=2deg",
    )
    units = scale(given.material)
    b = build(given).physics.b
    np.testing.assert_allclose(b[2], 0.5 + units.b[2])
    np.testing.assert_allclose(b[0, 0], 0.1)
    assert given.field.coupling == units.coulomb


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["field.kind=2deg"], "field.coupling: got nothing, expected the strength"),
        (["field.kind=poisson", "field.coupling=-1"], "field.coupling: got -1, expected a number"),
        (["field.coupling=1"], 'field.kind: got nothing, expected "poisson" or "2deg"'),
        (['physics.zeeman=["x1", "0", "0"]'], r"physics.zeeman[0]: got"),
        (['physics.field=["x1", "0"]'], "x1 is not allowed here; a field that varies in x"),
        (["initial.n0=1 + 0.1*t"], "t is not allowed here; potential, zeeman and field"),
        (
            ["physics.potential=0.1*cos(x1)*cos(200*t)"],
            "expected steps that resolve how it changes, but it bends by",
        ),
        (
            ["physics.potential=cos(x1)*step(0.3-t,0.05) + cos(7*x1)*step(t-0.3,0.05)"],
            "expected a field that n_x",
        ),
        (["physics.potential=x1*step(t-0.4,0.02)"], "expected a function of period"),
        (["physics.potential=cos(x1)/(0.5 - t)"], "expected finite values"),
        (['physics.field=["1/(t - 0.25)", "0"]'], "expected finite values"),
        (['physics.field=["log(t)", "0"]'], "physics.field: got -inf at t = 0, expected finite"),
        (['physics.field=["0", "1/0"]'], "physics.field: got inf at t = 0, expected finite"),
        (['physics.field=["1e300", "0"]'], "physics.field: got a force that carries electrons by"),
        (['physics.field=["1e300*sin(t)", "0"]'], "expected at most 10000 thermal momenta"),
        (
            ["physics.potential=cos(x1)*sqrt((t-0.05)**2-1e-8)", "time.dt=0.1"],
            "physics.potential: got nan at t = 0.05 at x1 = 0",
        ),
        (
            ["field.kind=poisson", "field.coupling=1", "field.screening_length=1e-300"],
            "field.screening_length: got 1e-300, expected a length from 1e-30",
        ),
        (
            ["field.kind=2deg", "field.coupling=1e300"],
            "field.coupling: got 1e+300, which makes phases of up to",
        ),
        (
            ["initial.state=equilibrium", 'physics.field=["0.1*t", "0.2"]'],
            'got "equilibrium" with physics.field = (0, 0.2) at t = 0, expected no uniform force',
        ),
        (
            ["initial.state=equilibrium", "physics.potential=400*cos(x1)"],
            'got "equilibrium" with a potential that ranges over 800, expected at most 300',
        ),
        (
            ["initial.state=equilibrium", 'physics.zeeman=["0", "1e4", "0"]'],
            'got "equilibrium" with epsilon |b| up to 2000, expected at most 300',
        ),
        (
            ['physics.field=["0", "200"]', "grid.p_max=6.5"],
            "expected a p box that holds a thermal state carried by up to 10",
        ),
    ],
)
def test_mistakes_are_told(overrides: list[str], message: str) -> None:
    assert message in refused(*overrides)


def test_half_a_zeeman_field_is_none() -> None:
    with pytest.raises(CaseError, match=r"material.g_factor: got nothing, expected both"):
        material("material.magnetic_field=[0, 0, 2]")


def test_a_zeeman_field_beyond_all_numbers() -> None:
    field = "material.magnetic_field=[0, 0, 1e300]"
    with pytest.raises(CaseError, match=r"material.g_factor: got 1e\+300, expected up to 10000"):
        material(field, "material.g_factor=1e300")
    with pytest.raises(CaseError, match=r"material.magnetic_field: got 1e\+300 T, expected up to"):
        material(field, "material.g_factor=2")


@pytest.mark.parametrize("field", ["0.7", "0.7 + 0*t"])
def test_a_force_carries_the_state_until_it_collides(field: str) -> None:
    """int_0^t E exp(-s/tau) ds, at most E tau."""
    given = case(f'physics.field=["{field}", "0"]', "physics.tau=0.4")
    assert drift(given)[0] == pytest.approx(0.7 * 0.4 * -math.expm1(-0.5 / 0.4), rel=1e-6)
    assert drift(given)[1] == 0.0


def test_a_formula_that_is_not_finite_at_a_time_that_no_check_looks_at() -> None:
    """A run ends there with an error that says so."""
    physics = build(case("physics.potential=0.1*cos(x1)*sqrt((t-0.3123)**2-1e-8)")).physics
    message = r"formula .*: got nan at t = 0.3123 at x1 = 0, x2 = 0 .*, expected finite values"
    with pytest.raises(SolveError, match=message):
        physics.at(0.3123)


def test_the_automatic_box_has_room_for_the_drift() -> None:
    still, carried = (
        build(case(f'physics.field=["{E}", "0"]', "physics.tau=1", "grid.n_p=[64, 20]")).grid
        for E in (0.0, 3.0)
    )
    assert 0.6 < (carried.p_max[0] - still.p_max[0]) / (3 * 0.3935) < 1.4  # moved by up to 5 %
    assert carried.p_max[1] == still.p_max[1]


def test_a_brisk_change_is_warned_of() -> None:
    given = case("physics.potential=0.1*cos(x1)*cos(40*t)")
    assert any("use a time.dt of about" in warning for warning in build(given).warnings)
    assert not build(case("physics.potential=0.1*cos(x1)*cos(4*t)")).warnings
    (warning,) = build(case('physics.field=["0", "0.1*cos(300*t)"]')).warnings
    assert warning.startswith('physics.field[1]: got "0.1*cos(300*t)", expected steps that resolve')


def test_the_pace_of_what_has_no_effect_does_not_count() -> None:
    given = case("physics.potential=0.1*cos(x1) + 1e-10*cos(300*t)")
    assert not build(given).warnings


def test_what_the_material_adds_makes_no_formula_too_long() -> None:
    """A formula of 1000 characters is legal, in whatever unit."""
    long = "cos(x1)" + "+0*cos(x1)" * 99
    V = build(material("material.potential_unit=meV", f"physics.potential={long}")).physics.V
    assert V.max() == pytest.approx(1 / 6.6354, rel=1e-4)
    nested = "(" * 49 + "0" + ")" * 49
    given = material(
        f'physics.zeeman=["{nested}", "0", "0"]',
        "material.magnetic_field=[1, 0, 0]",
        "material.g_factor=2",
    )
    assert build(given).physics.b[0].max() == pytest.approx(scale(given.material).b[0])


def test_a_potential_in_other_units() -> None:
    """k_B 77 K = 6.6354 meV; electrons are drawn to positive voltages."""
    V = {
        unit: build(material(f"material.potential_unit={unit}", "physics.potential=cos(x1)"))
        for unit in ("kT", "meV", "mV")
    }
    sizes = {unit: float(problem.physics.V[0, 0]) for unit, problem in V.items()}
    assert sizes["kT"] == 1.0
    assert sizes["meV"] == pytest.approx(1 / (1e3 * 8.617333262e-5 * 77), rel=1e-9)
    assert sizes["mV"] == pytest.approx(-sizes["meV"])


def test_a_plasmon_that_steps_do_not_resolve_is_warned_of() -> None:
    """omega = (c n q)^(1/2) of the 2DEG, for waves with c n/q > 1: here q up to 9, omega = 9."""
    entries = ("field.kind=2deg", "field.coupling=9.5", 'initial.n=["0", "0", "0"]')
    (warning,) = build(case(*entries, "time.dt=0.1", "grid.n_x=[32, 1]")).warnings
    assert "a plasmon of frequency 9.25 turns by 0.92" in warning
    assert "use a time.dt of about 0.065" in warning
    assert not build(case(*entries, "time.dt=0.05", "grid.n_x=[32, 1]")).warnings
