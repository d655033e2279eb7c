"""Lengths and times that decide the regime of a case."""

from __future__ import annotations

import math

import pytest

from tests.support import small
from wigner.case.dimensions import UNITS, beside, suited
from wigner.case.problem import build
from wigner.case.regime import scales_of
from wigner.case.spec import parse_case
from wigner.case.units import MaterialSpec, scale

INAS = MaterialSpec("InAs", 0.04, 77.0, 7.5e-12, 1e-13, 50e-9)


def test_scales_of_a_case() -> None:
    """epsilon 0.4, alpha 0.5, tau 0.1 on a box 2 pi x 5, n0 up to 1 + 0.2 sin(pi/3)."""
    found = scales_of(build(parse_case(small.CASE)))
    assert found.thermal_wavelength == pytest.approx(math.sqrt(2 * math.pi) * 0.4)
    assert found.mean_free_path == pytest.approx(math.sqrt(math.pi / 2) * 0.1)
    assert found.precession_length == pytest.approx(math.pi / 0.5)
    assert found.spin_lifetime == pytest.approx(1 / (8 * 0.1 * 0.25))
    assert found.box == 5.0
    assert found.degeneracy == pytest.approx((1 + 0.2 * math.sin(math.pi / 3)) / math.pi)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (("physics.tau=0.1",), "diffusive (mean free path 0.025"),
        (("physics.tau=1",), "between diffusive and ballistic (mean free path 0.25"),
        (("physics.tau=10",), "ballistic (mean free path 2.5"),
        (("physics.epsilon=0.1",), "nearly classical (thermal wavelength 0.05"),
        (("physics.alpha=0.1",), "motional narrowing of spins (0.025 rad"),
        (("physics.alpha=1", "physics.tau=1"), "spins precess between collisions (2.5 rad"),
    ],
)
def test_regimes_in_words(overrides: tuple[str, ...], words: str) -> None:
    found = list(scales_of(build(parse_case(small.CASE, overrides))).regimes)
    assert any(line.startswith(words) for line in found), found


def test_without_coupling_no_spin_turns() -> None:
    found = scales_of(build(parse_case(small.CASE, ["physics.alpha=0"])))
    assert (found.precession_length, found.spin_lifetime) == (math.inf, math.inf)
    assert len(list(found.regimes)) == 2


def test_units_are_told_apart_by_their_text() -> None:
    """A file of records says the text alone."""
    assert len({unit.text for unit in UNITS.values()}) == len(UNITS)


def test_numbers_beside_scaled_ones() -> None:
    units = scale(INAS)
    assert beside(None, "length", 1.0) == ""
    assert beside(units, "length", 2.0, 4.0, by=" x ") == " (100 x 200 nm)"
    assert beside(units, "length", 40.0) == " (2 µm)"
    assert beside(units, "energy", -0.5, 0.0) == " (-3.318 to 0 meV)"
    assert beside(units, "momentum", 0.1, 1.0) == " (0.005902 to 0.05902 ħ nm-1)"
    assert beside(units, "force", 0.5, 0.0, by=", ") == " (0.6635, 0 e kV/cm)"
    factor, unit = suited(UNITS["rate"], units, 1.0)
    assert (factor, unit) == (pytest.approx(1 / 2.927e-13, rel=1e-3), "s-1")
    for name, size, symbol in (
        ("action", 1 / units.epsilon, "ħ"),
        ("phase space density", 2.0, "h-2"),
        ("phase density", 2 / (2 * math.pi * units.epsilon), "h-1"),
        ("momentum distribution", 1e18 * 50e-9**2 / (2 * math.pi**2), "nm2 ħ-2"),
    ):  # W is an occupation by two spins
        assert suited(UNITS[name], units, 1.0) == (pytest.approx(size, rel=1e-12), symbol)
