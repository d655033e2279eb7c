"""Runs of models beyond the paper: forces, potentials of time, phi, equilibria, refusals."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from macro import steady
from macro.__main__ import main
from macro.catalogue import MODELS, make_model
from tests.support import small
from tests.support.small import moments, report, sets
from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.errors import CaseError


@pytest.fixture(autouse=True)
def serial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)


def solve(directory: Path, model: str, *overrides: str) -> tuple[int, Path]:
    """The exit status of a run of the small case, and its directory."""
    case, output = small.write_case(directory), directory / "output"
    arguments = ["run", str(case), "--model", model, "--output", str(output)]
    return main([*arguments, "--tolerance", "1e-6", *sets(*overrides)]), output


FIELDS_OF_TIME = (
    'physics.potential="0.2*cos(x1 - t)"',
    'physics.field=["0.3*sin(t)","0"]',
    'field.kind="2deg"',
    "field.coupling=0.5",
)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_a_force_a_potential_of_time_and_phi(tmp_path: Path, model: str) -> None:
    """What acts is recorded where it varies, and the energy is that with phi/2."""
    status, output = solve(tmp_path, model, *FIELDS_OF_TIME)
    assert status == 0
    assert report(output)["mass_drift"] < 1e-13
    found = moments(output)
    t, x1 = found["time"][:, None, None], (np.arange(6) * 2 * np.pi / 6)[:, None]
    np.testing.assert_allclose(found["V"], 0.2 * np.cos(x1 - t) + np.zeros((1, 1, 4)), atol=1e-14)
    np.testing.assert_allclose(found["E"][:, 0], 0.3 * np.sin(found["time"]), atol=1e-15)
    assert np.abs(found["phi"]).max() > 0.05
    assert "b" not in found
    density = found["n0"] * (found["a0"] + found["V"] + 0.5 * found["phi"])
    density += 0.4**2 * (found["n"] * found["a"]).sum(axis=1)
    energy = density.mean(axis=(1, 2)) * 2 * np.pi * 5.0
    np.testing.assert_allclose(found["free_energy"], energy, rtol=1e-12)


@pytest.mark.parametrize(
    ("model", "override", "message"),
    [
        ("local-published", "physics.beta=0.2", "physics.beta: got 0.2, expected 0 for local-p"),
        (
            "local-published",
            'physics.zeeman=["0","0","0.1"]',
            "physics.zeeman: got b3 not zero, expected no field b for local-published",
        ),
        (
            "two-component",
            'physics.zeeman=["0.1","t*(0.4 - t)","0.2"]',
            "physics.zeeman: got b1 and b2 not zero, expected b3 alone for two-component",
        ),
    ],
)
def test_a_model_refuses_what_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str, override: str, message: str
) -> None:
    """Before anything is made; a field that is zero at both ends of the run is one too."""
    status, output = solve(tmp_path, model, override)
    assert status == 2
    assert message in capsys.readouterr().err
    assert not output.exists()
    case = parse_case(small.CASE, [override])
    with pytest.raises(CaseError, match="expected"):
        make_model(model, case, build(case))


@pytest.mark.parametrize("model", ["entropic", "drift-diffusion"])
def test_models_without_spin_say_what_they_leave_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str
) -> None:
    solve(tmp_path, model, "physics.beta=0.1", 'physics.zeeman=["0","0","0.1"]')
    message = f"physics.alpha, physics.beta, physics.zeeman: not zero, but {model} has no spin"
    assert f"warning: {message}; left out\n" in capsys.readouterr().err


def test_a_run_begins_in_the_equilibrium(tmp_path: Path) -> None:
    """With the mean density given; nothing moves, and free energy stays."""
    still = ("initial.state=equilibrium", 'initial.n0="1.5"', "physics.beta=0.3")
    field = ('physics.zeeman=["0","0.1*cos(x1)","0.3"]', 'field.kind="2deg"', "field.coupling=0.5")
    fine = ("maxwellian.tolerance=1e-9", "maxwellian.richardson=auto", "time.t_end=0.2")
    status, output = solve(tmp_path, "nonlocal", "grid.n_x=[16,1]", *still, *field, *fine)
    assert status == 0
    found = moments(output)
    assert found["n0"][0].mean() == pytest.approx(1.5, rel=1e-9)
    assert np.ptp(found["n0"][0]) > 0.2
    assert np.abs(found["n"][0, 2]).min() > 0.3
    for name in ("n0", "n", "free_energy"):
        np.testing.assert_allclose(found[name][-1], found[name][0], atol=1e-6)


@pytest.mark.parametrize("model", ["local", "entropic"])
def test_a_run_begins_in_the_steady_state(tmp_path: Path, model: str) -> None:
    """A current in a force that is there from the beginning, until it becomes stronger."""
    driven = ("initial.state=steady", 'physics.field=["0.4 + 9*step(t - 0.3, 0.01)","0"]')
    fine = ("maxwellian.tolerance=1e-7", "maxwellian.richardson=auto", "physics.tau=0.5")
    polarised = 'physics.zeeman=["0","0.3","0.4"]'
    status, output = solve(tmp_path, model, "grid.n_x=[12,1]", *driven, *fine, polarised)
    assert status == 0
    found = moments(output)
    flow = found["current"][0, 0, 0]
    assert flow.mean() == pytest.approx(0.5 * 0.4 * found["n0"][0].mean(), rel=0.2)
    np.testing.assert_allclose(flow, flow.mean(), atol=1e-4)
    np.testing.assert_allclose(found["n0"][1], found["n0"][0], atol=1e-5)
    assert np.abs(found["n0"][2] - found["n0"][0]).max() > 1e-3


def test_what_a_barrier_holds_back_is_waited_for(tmp_path: Path) -> None:
    """Two wells with different charge: the classical steady state is exp(-V), alike in both."""
    wells = ('physics.potential="2*cos(2*x1)"', 'initial.n0="1 + 0.5*sin(x1)"')
    still = ("grid.n_x=[48,1]", "initial.state=steady", "physics.alpha=0", "physics.tau=0.1")
    status, output = solve(
        tmp_path, "drift-diffusion", *wells, *still, 'physics.zeeman=["0","0","0"]'
    )
    assert status == 0
    n0 = moments(output)["n0"][0][:, 0]
    exact = np.exp(-2 * np.cos(4 * np.pi * np.arange(48) / 48))
    np.testing.assert_allclose(n0 / n0.mean(), exact / exact.mean(), atol=1e-4)


def test_what_does_not_rest_has_no_steady_state(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spins that turn about b for ever."""
    monkeypatch.setattr(steady, "MOST", 20)
    turning = ("physics.alpha=0", 'physics.zeeman=["0","0","0.5"]', "physics.potential=0")
    still = (
        "initial.state=steady",
        "grid.n_x=[1,1]",
        'initial.n0="1"',
        'initial.n=["0.3","0","0"]',
    )
    status, _ = solve(tmp_path, "spin-drift-diffusion", *turning, *still)
    assert status == 1
    assert 'initial.state: got "steady", but the densities are still' in capsys.readouterr().err


def test_a_force_has_no_equilibrium(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    still = ("initial.state=equilibrium", 'physics.field=["0.1","0"]')
    status, output = solve(tmp_path, "local", *still)
    assert status == 2
    assert "expected no uniform force at t = 0" in capsys.readouterr().err
    assert not output.exists()


def test_a_formula_with_a_pole_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At a time that a case is not looked at before it runs."""
    status, _ = solve(
        tmp_path, "drift-diffusion", "grid.n_x=[6,1]", "physics.potential=0.01*cos(x1)/(t-0.1)"
    )
    assert status == 1
    said = capsys.readouterr().err
    assert "at t = 0.1: physics.potential: got a formula with a jump or a pole there" in said
