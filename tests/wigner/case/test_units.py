"""The scaling of section 2.1 against numbers worked out by hand, and against its own units."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from wigner.case.units import (
    BOLTZMANN,
    ELECTRON_MASS,
    ELEMENTARY_CHARGE,
    HBAR,
    PRESETS,
    MaterialSpec,
    scale,
)

WELL = MaterialSpec(
    preset=None,
    effective_mass=0.05,
    temperature=100.0,
    rashba=1e-11,
    relaxation_time=1e-13,
    reference_length=100e-9,
)


def test_constants_are_those_of_codata() -> None:
    scipy_constants = pytest.importorskip("scipy.constants")
    assert pytest.approx(scipy_constants.hbar, rel=1e-12) == HBAR
    assert pytest.approx(scipy_constants.k, rel=1e-12) == BOLTZMANN
    assert pytest.approx(scipy_constants.e, rel=1e-12) == ELEMENTARY_CHARGE
    assert pytest.approx(scipy_constants.m_e, rel=1e-8) == ELECTRON_MASS


def test_scaled_numbers_by_hand() -> None:
    # m = 0.05 x 9.109384e-31 = 4.554692e-32 kg and kB T = 1.380649e-21 J, so
    # p0 = sqrt(6.288431e-53) = 7.929963e-27 kg m/s, v0 = p0/m = 1.741053e5 m/s;
    # tE = 1e-7/v0 = 5.743651e-13 s; eps = 1.054572e-34/(1e-7 x 7.929963e-27) = 0.1329857;
    # rashba = 1.602177e-30 J m, alpha = 4.554692e-32 x 1e-7 x 1.602177e-30/(1.054572e-34)^2.
    scaling = scale(WELL)
    assert scaling.momentum == pytest.approx(7.929963e-27, rel=1e-6)
    assert scaling.time == pytest.approx(5.743651e-13, rel=1e-6)
    assert scaling.energy == pytest.approx(1.380649e-21, rel=1e-12)
    assert scaling.length == 1e-7
    assert scaling.epsilon == pytest.approx(0.1329857, rel=1e-6)
    assert scaling.alpha == pytest.approx(0.6561711, rel=1e-6)
    assert scaling.tau == pytest.approx(1e-13 / 5.743651e-13, rel=1e-6)


def test_rashba_energy_of_a_thermal_electron_is_the_same_in_both_units() -> None:
    scaling = scale(WELL)
    wave_number = scaling.momentum / HBAR  # the electron with |p| = p0
    electronvolts = WELL.rashba * wave_number
    assert scaling.epsilon * scaling.alpha * scaling.energy == pytest.approx(
        electronvolts * ELEMENTARY_CHARGE, rel=1e-12
    )


def test_precession_over_the_reference_length_is_the_textbook_angle() -> None:
    # Datta and Das: an electron turns its spin by 2 m rashba L/hbar^2 over a length L. In scaled
    # units the spin turns at 2 alpha |p| while x moves at |p|: by 2 alpha per reference length.
    mass = WELL.effective_mass * ELECTRON_MASS
    angle = 2 * mass * WELL.rashba * ELEMENTARY_CHARGE * WELL.reference_length / HBAR**2
    assert 2 * scale(WELL).alpha == pytest.approx(angle, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "factor", "epsilon", "alpha", "tau"),
    [
        ("reference_length", 2, 1 / 2, 2, 1 / 2),
        ("temperature", 4, 1 / 2, 1, 2),
        ("effective_mass", 4, 1 / 2, 4, 1 / 2),
        ("rashba", -3, 1, -3, 1),
        ("relaxation_time", 5, 1, 1, 5),
    ],
)
def test_dependence_on_each_number(
    name: str, factor: float, epsilon: float, alpha: float, tau: float
) -> None:
    one, other = scale(WELL), scale(replace(WELL, **{name: factor * getattr(WELL, name)}))
    assert other.epsilon == pytest.approx(epsilon * one.epsilon, rel=1e-12)
    assert other.alpha == pytest.approx(alpha * one.alpha, rel=1e-12)
    assert other.tau == pytest.approx(tau * one.tau, rel=1e-12)


@pytest.mark.parametrize(
    "numbers",
    [
        {"reference_length": 1e-320},
        {"effective_mass": 1e-320, "temperature": 1e-320},
        {"rashba": 1e308, "reference_length": 1e200},
        {"relaxation_time": 1e-320, "reference_length": 1e100},
    ],
)
def test_numbers_beyond_all_scales_are_refused(numbers: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="after scaling, expected finite numbers"):
        scale(replace(WELL, **numbers))


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_two_dimensional_electron_gases(name: str) -> None:
    preset = PRESETS[name]
    assert 0.01 < preset.effective_mass < 0.1
    assert 1e-13 < preset.rashba < 1e-10
    assert preset.source
    scaling = scale(replace(WELL, effective_mass=preset.effective_mass, rashba=preset.rashba))
    assert math.isfinite(scaling.alpha)
