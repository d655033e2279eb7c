"""Guards hold from t = 0 on: what is no state is not recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support import small
from tests.support.small import report, sets
from wigner.__main__ import main
from wigner.errors import StateError
from wigner.evolution.solver import Solver
from wigner.job.guards import check_sound
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.moments import Diagnostics, Moments

GRID = PhaseGrid((4, 1), (6.0, 1.0), (8, 8), (4.0, 4.0))
LEGAL = {"edge_mass": 0.0, "tail_eta": 0.0, "tail_xi": 0.0, "spin_tail_eta": 0.0} | {
    "tail_n0": 0.0,
    "tail_n": 0.0,
    "spin_share": 0.0,
    "n_share": 0.0,
}
SOUND = Diagnostics(**LEGAL, mass=1.0, spin=(0.0, 0.0, 0.0), energy=1.0, l2_norm=1.0, purity=0.9)


def fields() -> Moments:
    """Moments of a state."""
    n0, n = np.ones((4, 1)), np.zeros((3, 4, 1))
    flux = np.zeros((4, 2, 4, 1))
    return Moments(n0, n, flux, flux.copy(), n0.copy(), 0 * n0)


def test_a_state_is_sound() -> None:
    check_sound(fields(), SOUND, GRID, 0.1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"energy": np.inf}, "energy: got a value that is not finite"),
        ({"l2_norm": np.nan}, "l2_norm: got a value that is not finite"),
        ({"purity": 1.1}, "purity: got 1.1, expected at most 1.01"),
    ],
)
def test_diagnostics_that_no_state_has(change: dict[str, float], told: str) -> None:
    with pytest.raises(StateError) as caught:
        check_sound(fields(), replace(SOUND, **change), GRID, 0.1)
    assert str(caught.value).startswith(told)


def test_moments_that_no_state_has() -> None:
    found = fields()
    found.kinetic_energy[:] = -0.1
    with pytest.raises(StateError, match=r"kinetic energy: got -0.1 k_B T0 for each particle"):
        check_sound(found, SOUND, GRID, 0.1)
    found = fields()
    found.current[2, 0, 1] = np.nan
    with pytest.raises(StateError, match="current: got a value that is not finite"):
        check_sound(found, SOUND, GRID, 0.1)


def test_a_box_shorter_than_thermal_waves_may_seem_purer() -> None:
    purer = replace(SOUND, purity=3.0)
    check_sound(fields(), purer, GRID, 1.0)
    with pytest.raises(StateError):
        check_sound(fields(), purer, replace(GRID, length=(6.0, 6.0)), 1.0)


@pytest.mark.parametrize("tau", ["10", "1e10"])
def test_a_correction_larger_than_the_state(
    tmp_path: Path, tau: str, capsys: pytest.CaptureFixture
) -> None:
    output, case = tmp_path / "output", str(small.write_case(tmp_path))
    changes = sets(f"physics.tau={tau}", "initial.state=prepared")
    assert main(["run", case, "--output", str(output), *changes]) == 1
    said = capsys.readouterr().err
    assert 'initial.state: got "prepared" with tau = 1' in said
    assert 'use state = "maxwellian", or a smaller tau' in said
    assert len(small.moments(output)["time"]) == 0
    assert report(output)["state"] == "failed"


def test_the_first_state_must_have_the_moments_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    exact = Solver.initial_state
    monkeypatch.setattr(Solver, "initial_state", lambda *given: exact(*given) * (1 + 1e-7))
    output = tmp_path / "output"
    assert main(["run", str(small.write_case(tmp_path)), "--output", str(output)]) == 1
    assert "mass: got a relative change of 1.0e-07" in capsys.readouterr().err
    assert len(small.moments(output)["time"]) == 0


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("physics.potential=1.7e308*cos(x1)", "physics.potential: got values from -1.7e+308 to"),
        ("physics.potential=1.7e308", "physics.potential: got values up to 1.7e+308, expected at"),
        ("initial.n0=1e300", "initial.n0: got values up to 1e+300, expected densities from 1e-100"),
        ("initial.n0=1e-300", "initial.n0: got values up to 1e-300"),
        ('initial.n=["1e160", 0, 0]', "initial.n[0]: got values up to 1e+160"),
    ],
)
def test_fields_that_arithmetic_cannot_hold(
    tmp_path: Path, override: str, told: str, capsys: pytest.CaptureFixture
) -> None:
    case = str(small.write_case(tmp_path))
    assert main(["info", case, *sets(override)]) == 2
    assert f"error: {told}" in capsys.readouterr().err
