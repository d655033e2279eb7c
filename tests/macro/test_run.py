"""python -m macro run: records, reports, errors and exit statuses, as a user meets them."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray
from matplotlib.figure import Figure

from macro import run as macro_run
from macro.__main__ import main
from macro.catalogue import MODELS, make_model
from macro.imex import Stepper
from tests.support import small
from tests.support.small import call, moments, report, sets
from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.output.observer import Observer
from wigner.results.kinds import KINDS
from wigner.results.run import open_run
from wigner.results.view import View

FIELDS = ("n0", "n", "current", "a0", "a", "mass", "spin_total", "free_energy", "step", "tail_rate")


@pytest.fixture(autouse=True)
def serial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)


def solve(directory: Path, model: str, *overrides: str) -> tuple[int, Path]:
    """The exit status of a run of the small case, and its directory."""
    case, output = small.write_case(directory), directory / "output"
    arguments = ["run", str(case), "--model", model, "--output", str(output)]
    return main([*arguments, "--tolerance", "1e-6", *sets(*overrides)]), output


@pytest.mark.parametrize("model", MODELS)
def test_every_model_runs_from_the_case_of_the_kinetic_solver(tmp_path: Path, model: str) -> None:
    status, output = solve(tmp_path, model)
    assert status == 0
    found = report(output)
    assert (found["state"], found["model"], found["t"]) == ("finished", model, 0.4)
    assert found["mass_drift"] < 1e-13
    assert "finished at t = 0.4" in (output / "run.log").read_text()
    with xarray.open_dataset(output / "moments.h5") as data:
        np.testing.assert_allclose(data.time, [0, 0.2, 0.4], rtol=1e-15)
        assert data.current.dims == ("time", "component", "direction", "x1", "x2")
        assert data.n.dims == ("time", "spin", "x1", "x2")
        assert all(np.isfinite(data[name]).all() for name in FIELDS)
        np.testing.assert_allclose(data.n0[0, :, 1], 1 + 0.2 * np.sin(data.x1), rtol=1e-12)
        taken = [c for c in (1, 2, 3) if np.any(data.n[0, c - 1] != 0)]
        assert taken == list(MODELS[model].spin)
        if 3 in taken:
            np.testing.assert_allclose(data.n[0, 2], 0.1, rtol=1e-12)
        assert data.attrs["case"] == small.CASE


def test_current_is_what_moves_the_charge(tmp_path: Path) -> None:
    """d_t n0 + div J0 = 0 along the records, by differences of order two in their spacing."""
    times = ("output.every=0.01", "time.t_end=0.1", "time.dt=0.01")
    _, output = solve(tmp_path, "local", "grid.n_x=[18,12]", *times)
    found = moments(output)
    k1, k2 = (
        2 * np.pi * np.fft.fftfreq(n, L / n) * (np.arange(n) != n // 2)
        for n, L in ((18, 2 * np.pi), (12, 5.0))
    )
    J = np.fft.fft2(found["current"][2, 0])
    divergence = np.fft.ifft2(1j * k1[:, None] * J[0] + 1j * k2 * J[1]).real
    slope = (found["n0"][3] - found["n0"][1]) / 0.02
    assert np.abs(slope).max() > 1e-3
    np.testing.assert_allclose(slope, -divergence, atol=2e-3 * np.abs(slope).max())


def test_models_without_some_spin_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    solve(tmp_path, "two-component")
    message = "warning: initial.n: n1, n2 not zero, but two-component has none; taken as zero\n"
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "entropical"], "invalid choice: 'entropical'"),
        (["--model", "local", "--tolerance", "0"], "got '0', expected a number from 1e-13 to 1e-2"),
        (["--model", "local", "--set", "physics.tau=-1"], "physics.tau: got -1, expected"),
    ],
)
def test_bad_input_is_one_error_and_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "output"
    try:
        status = main(["run", str(case), "--output", str(output), *arguments])
    except SystemExit as error:
        status = error.code
    assert status == 2
    assert message in capsys.readouterr().err
    assert not output.exists()


def test_a_used_directory_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    solve(tmp_path, "local")
    before = small.snapshot(tmp_path)
    assert solve(tmp_path, "local")[0] == 2
    assert "expected a new directory, but run.json is there" in capsys.readouterr().err
    assert small.snapshot(tmp_path) == before


def test_lost_positivity_ends_the_run_with_its_records(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A flat current of spin from an unpolarised place: classical spins outgrow the charge."""
    polarised = ('initial.n=["2.4","0","0"]', 'initial.n0="1"', "physics.tau=2.0")
    hill = 'physics.potential="3*cos(x1)"'
    status, output = solve(
        tmp_path, "spin-drift-diffusion", *polarised, hill, "physics.alpha=2.0", "time.t_end=2.0"
    )
    assert status == 1
    message = capsys.readouterr().err
    assert "error: at t = " in message
    assert "expected n0 > eps|n|" in message
    assert "x1 = " in message
    found = report(output)
    assert found["state"] == "failed"
    assert len(moments(output)["time"]) >= 1


def test_multipliers_not_found_name_the_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, output = solve(tmp_path, "nonlocal", "maxwellian.max_evaluations=1")
    assert status == 1
    assert "error: at t = 0: moment constraint: got a residual" in capsys.readouterr().err
    assert report(output)["state"] == "failed"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_ends_the_run_with_a_last_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    step = Observer.step

    def interrupted(observer: Observer, t: float, evaluations: list[int]) -> None:
        step(observer, t, evaluations)
        os.kill(os.getpid(), number)

    monkeypatch.setattr(Observer, "step", interrupted)
    status, output = solve(tmp_path, "local")
    assert status == 3
    found = report(output)
    assert found["state"] == "stopped"
    assert "its records are kept" in found["message"]
    assert found["t"] == moments(output)["time"][-1] < 0.4


@pytest.mark.parametrize("model", MODELS)
def test_a_run_stopped_on_a_record_has_it_once(tmp_path: Path, model: str) -> None:
    steps = ("time.dt=0.001", "output.every=0.001", "output.wall_limit=1e-6")
    status, output = solve(tmp_path, model, *steps)
    assert status == 3
    np.testing.assert_array_equal(moments(output)["time"], [0, 0.001])
    assert report(output)["t"] == 0.001


@pytest.mark.mpiexec
@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_share_the_nonlocal_model(tmp_path: Path, ranks: int) -> None:
    """The same records on several ranks, to roundoff of the solver."""
    status, output = solve(tmp_path, "nonlocal", "time.t_end=0.1", "output.every=0.1")
    assert status == 0
    several = tmp_path / "several"
    done = call(
        *("-m", "macro", "run", tmp_path / "case.toml", "--model", "nonlocal"),
        *("--tolerance", "1e-6", "--output", several),
        *sets("time.t_end=0.1", "output.every=0.1"),
        ranks=ranks,
    )
    assert done.returncode == 0, done.stderr
    one, more = moments(output), moments(several)
    for name in FIELDS:
        np.testing.assert_allclose(more[name], one[name], atol=1e-10, err_msg=name)


def test_a_run_can_be_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, output = solve(tmp_path, "local")
    assert "evaluations" not in capsys.readouterr().err  # it has no constraint to solve
    run = open_run(output)
    assert (run.model, run.verdict) == ("local", report(output)["quality"]["verdict"])
    drawing = KINDS["series"].drawing(run, [0], View())
    figure = Figure()
    drawing.draw(figure, [0])
    (free_energy,) = (ax for ax in figure.axes if ax.get_title() == "free energy")
    drawn = free_energy.lines[0].get_ydata()
    np.testing.assert_array_equal(drawn, moments(output)["free_energy"])


def test_fields_are_those_recorded() -> None:
    assert {*macro_run.SCALARS, *macro_run.ARRAYS} == {*FIELDS, "evaluations"}


@pytest.mark.parametrize("model", ["spin-drift-diffusion", "drift-diffusion"])
def test_free_energy_and_multipliers_of_the_classical_models(tmp_path: Path, model: str) -> None:
    """a0 = log(n0/2 pi), a = n/n0, E = int n0 (a0 + V) + eps^2 n.a dx from the records alone."""
    _, output = solve(tmp_path, model)
    found = moments(output)
    n0, n, V = found["n0"], found["n"], found["potential"]
    a0, a = np.log(n0 / (2 * np.pi)), n / n0[:, None]
    np.testing.assert_allclose(found["a0"], a0, rtol=1e-13)
    np.testing.assert_allclose(found["a"], a, rtol=1e-13)
    density = n0 * (a0 + V) + 0.4**2 * (n * a).sum(axis=1)
    energy = density.mean(axis=(1, 2)) * 2 * np.pi * 5.0
    np.testing.assert_allclose(found["free_energy"], energy, rtol=1e-12)


def test_entropic_multipliers_know_nothing_of_alpha(tmp_path: Path) -> None:
    found = []
    for alpha in (0.0, 0.9):
        directory = tmp_path / str(alpha)
        directory.mkdir()
        status, output = solve(directory, "entropic", f"physics.alpha={alpha}")
        assert status == 0
        found.append(moments(output)["a0"])
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(("model", "said"), [("entropic", True), ("local", False)])
def test_a_constraint_looser_than_the_steps_is_doubtful(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str, said: bool
) -> None:
    assert solve(tmp_path, model, "maxwellian.tolerance=1e-5", "time.t_end=0.1")[0] == 0
    warning = "warning: maxwellian.tolerance: got 1e-05, looser than --tolerance 1e-06"
    assert (warning in capsys.readouterr().err) == said


def test_the_constraint_has_the_tolerance_of_the_case() -> None:
    case = parse_case(small.CASE, ["maxwellian.tolerance=1e-3", "maxwellian.richardson=2"])
    model = make_model("nonlocal", case, build(case))
    assert (model.solver.tolerance, model.solver.steps) == (1e-3, (1, 2))


def test_rejected_steps_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first step that is far too long is tried again."""
    overrides = ("physics.tau=3", "time.dt=0.4", "grid.n_x=[12,10]")
    sizes, size = [], Stepper._size
    monkeypatch.setattr(
        Stepper, "_size", lambda *arguments: sizes.append(size(*arguments)) or sizes[-1]
    )
    _, output = solve(tmp_path, "local", *overrides)
    rejected = sum(found > 1 for found in sizes)
    assert report(output)["rejected_steps"] == rejected > 0


@pytest.mark.parametrize("p_max", ["0.5", "30.0", '"auto"'])
def test_the_p_lattice_is_none_of_its_business(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], p_max: str
) -> None:
    short = ("time.t_end=0.001", "time.dt=0.001", "output.every=0.001")
    status, output = solve(tmp_path, "nonlocal", "grid.n_p=[4,4]", f"grid.p_max={p_max}", *short)
    assert status == 0
    assert "grid.n_p" not in capsys.readouterr().err
    directory = tmp_path / "other"
    directory.mkdir()
    _, other = solve(directory, "nonlocal", *short)
    np.testing.assert_array_equal(moments(output)["n"], moments(other)["n"])


def test_warnings_of_the_kinetic_run_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Steps longer than tau or than the records, and densities that strain the constraint."""
    steps = ("time.scheme=strang", "time.dt=0.2", "output.every=0.1", "time.t_end=0.2")
    strained = ('initial.n=["2.4","0","0"]', "physics.potential=0", 'initial.n0="1"')
    assert solve(tmp_path, "spin-drift-diffusion", *steps, *strained)[0] == 0
    err = capsys.readouterr().err
    for name in ("time.", "output.", "initial.", "grid.n_p"):
        assert f"warning: {name}" not in err


def test_a_coarse_lattice_is_told_with_a_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a run whose formulas the lattice holds, but not their products."""
    solve(tmp_path, "local", "physics.alpha=1", "grid.n_x=[10,1]", "time.t_end=0.1")
    first = moments(tmp_path / "output")["tail_rate"][0]
    assert first > 1e-4
    assert (
        f"rates of n0 or n are off by about {first:.1e} of the largest" in capsys.readouterr().err
    )
    worst = report(tmp_path / "output")["worst_tail_rate"]["value"]
    assert worst == max(moments(tmp_path / "output")["tail_rate"])
    directory = tmp_path / "fine"
    directory.mkdir()
    solve(directory, "local", "physics.alpha=1", "grid.n_x=[24,1]", "time.t_end=0.1")
    assert "off by about" not in capsys.readouterr().err


@pytest.mark.parametrize("dt", ["1e-8", "5e-324"])
def test_dt_is_only_the_first_step(tmp_path: Path, dt: str) -> None:
    status, output = solve(tmp_path, "local", f"time.dt={dt}", "time.t_end=0.1")
    assert status == 0
    assert report(output)["steps"] < 40
    np.testing.assert_array_equal(moments(output)["time"], [0, 0.1])


def test_the_wall_time_is_told_by_phase(tmp_path: Path) -> None:
    short = ("time.t_end=0.001", "time.dt=0.001", "output.every=0.001")
    _, output = solve(tmp_path, "nonlocal", *short)
    phases = report(output)["wall_seconds_by_phase"]
    named = ("constraint", "momenta", "linearised constraint")
    assert all(phases[name] > 0 for name in named)
    assert phases["other"] > 0
    assert sum(phases.values()) == pytest.approx(report(output)["wall_seconds"], abs=0.01)


@pytest.mark.parametrize("levels", ["1", "4", '"auto"'])
def test_a_prescribed_splitting_says_what_it_misses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], levels: str
) -> None:
    steps = ("time.t_end=0.001", "time.dt=0.001", "output.every=0.001")
    _, output = solve(tmp_path, "nonlocal", f"maxwellian.richardson={levels}", *steps)
    said = "the splitting of M(N) has an error of about" in capsys.readouterr().err
    worst = report(output)["worst_splitting_error"]["value"]
    assert said == (worst > 1e-6) == (levels == "1")
    assert (worst == 0) == (levels == '"auto"')
