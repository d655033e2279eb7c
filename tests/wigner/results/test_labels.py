"""Symbols and units on axes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.made_runs import make_run
from wigner.case.dimensions import UNITS
from wigner.results import labels
from wigner.results.run import Run, open_run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """One with a material: x0 = 50 nm, tE = 0.2927 ps, kB T0 = 6.635 meV."""
    return open_run(make_run(tmp_path, material=True))


def test_scaled_numbers_stay_as_they_are(run: Run) -> None:
    how = labels.shown(run, UNITS["current"], 3.0, si=False)
    assert (how.factor, how.label("J")) == (1.0, r"$J$ ($N_0\,p_0/m$)")
    spin = labels.shown(run, UNITS["current"], 3.0, si=False, spin=True)
    assert spin.unit == r"$\varepsilon\,N_0\,p_0/m$"
    assert labels.shown(run, UNITS["1"], 3.0, si=False).label("x") == "$x$"
    assert labels.moment(run, 0.3, si=False) == "$t = 0.3$"
    when = labels.time(run, si=False), labels.shown(run, UNITS["rate"], 1.0, si=False)
    assert [how.unit for how in when] == ["$t_E$", "$t_E^{-1}$"]
    energy = labels.shown(run, UNITS["total energy"], 1.0, si=False)
    assert energy.unit == r"$N_0\,x_0^2\,k_\mathrm{B}\,T_0$"


def test_units_suit_the_numbers(run: Run) -> None:
    place = labels.length(run, si=True)
    assert (place.unit, place.factor) == ("nm", pytest.approx(50))
    when = labels.time(run, si=True)
    assert (when.unit, when.factor) == ("fs", pytest.approx(292.7, rel=1e-3))
    assert labels.moment(run, 0.1, si=True) == "$t = 29.27$ fs"
    energy = labels.shown(run, UNITS["energy"], 1.0, si=True)
    assert (energy.unit, energy.factor) == ("meV", pytest.approx(6.635, rel=1e-3))
    density = labels.shown(run, UNITS["density"], 1.0, si=True)
    assert density.label("n_0") == r"$n_0$ ($10^{10}$ cm$^{-2}$)"
    assert density.factor == pytest.approx(1.764, rel=1e-3)  # m kB T/(2 pi^2 hbar^2) in 1e10/cm^2
    assert density.number(2.0) == r"2 $\times$ $10^{10}$ cm$^{-2}$"
    spin = labels.shown(run, UNITS["current"], 1.0, si=True, spin=True)
    charge = labels.shown(run, UNITS["current"], 1.0, si=True)
    assert charge.unit == r"$10^{19}$ m$^{-1}$ s$^{-1}$" or "m$^{-1}$ s$^{-1}$" in charge.unit
    scale = 10.0 ** (_power(spin.unit) - _power(charge.unit))
    assert spin.factor * scale / charge.factor == pytest.approx(run.epsilon)
    for unit in UNITS.values():  # no power stands as plain text
        name = labels.shown(run, unit, 1.0, si=True).unit
        assert not re.search(r"[^\W\d_]-?\d", re.sub(r"\$[^$]*\$", "", name)), name
    number = labels.shown(run, UNITS["number"], 1.0, si=True)
    assert number.unit == ""


def _power(unit: str) -> int:
    return int(unit.split("{")[1].split("}")[0])


def test_symbols_and_names() -> None:
    assert labels.symbol("n", 2) == "n_{2}"
    assert labels.symbol("edge_mass") == r"\mathrm{edge\ mass}"
