"""What a run does about states that cannot be right, and about steps that cannot be made."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support import small
from tests.support.small import report, sets
from wigner.__main__ import main
from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.errors import ConstraintError, Fault, ResolutionError, StateError
from wigner.evolution.evolve import Interval
from wigner.evolution.relaxation import Step
from wigner.evolution.solver import Solver
from wigner.job.guards import check_edge, check_moments
from wigner.job.retry import PARTS
from wigner.output.observer import Observer
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout

GRID = PhaseGrid((6, 4), (6.0, 4.0), (16, 18), (5.0, 5.0))


def uniform() -> NDArray:
    """Moments without a spin."""
    N = np.zeros((4, 6, 4))
    N[0] = 1.0
    return N


def test_roundoff_is_no_drift() -> None:
    check_moments(uniform() * (1 + 1e-11), uniform(), GRID)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("component", [0, 2])
def test_a_place_that_is_not_finite_is_named(value: float, component: int) -> None:
    N = uniform()
    N[component, 3, 1] = value
    with pytest.raises(StateError, match=r"at x1 = 3, x2 = 1 \(1 of 24 points\), expected finite"):
        check_moments(N, uniform(), GRID)


@pytest.mark.parametrize("change", [-2e-9, 2e-9])
def test_a_drift_of_the_mass_is_told(change: float) -> None:
    with pytest.raises(StateError, match=rf"mass: got a relative change of {change:.1e} since t"):
        check_moments(uniform() * (1 + change), uniform(), GRID)


@pytest.mark.parametrize("axis", [0, 1])
def test_the_axis_that_is_too_short_is_named(axis: int) -> None:
    layout = Layout(GRID)
    W = layout.x_major()
    W[:] = 0.0
    W[0, :, np.abs(GRID.p_flat[axis]) > 4.0] = 1.0
    check_edge(0.04, layout, W)
    with pytest.raises(StateError, match=f"got 6.0e-02, most of it along p{axis + 1}, expected"):
        check_edge(0.06, layout, W)


Spoiler = Callable[[NDArray, Interval], None]


def inject(monkeypatch: pytest.MonkeyPatch, fault: Spoiler) -> None:
    """Call ``fault`` with W and the interval after every step."""

    def faulty(
        W: NDArray, intervals: Iterable[Interval], make_step: Callable[[float], Step]
    ) -> Iterator[Interval]:
        for interval in intervals:
            make_step(interval.length)(W, interval.t)
            fault(W, interval)
            yield interval

    for module in ("wigner.job.kept", "wigner.evolution.solver"):
        monkeypatch.setattr(f"{module}.evolve", faulty)


def spoil(W: NDArray, how: str) -> None:
    """Make a state that cannot be right."""
    if how == "nan":
        W[1, 5, 7] = np.nan
    elif how == "infinite":
        W[0, 5, 7] = np.inf
    else:
        W[0] *= 1 + 1e-8


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("nan", "state: got n0 = "),
        ("infinite", "state: got n0 = inf"),
        ("mass", "mass: got a relative change of 1.0e-08"),
    ],
)
def test_a_spoilt_state_is_neither_recorded_nor_kept(
    case: str, tmp_path: Path, how: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    whole, output = tmp_path / "whole", tmp_path / "output"
    often = sets("output.checkpoint=0.1", "output.every=0.1")
    assert main(["run", case, "--output", str(whole), *often]) == 0
    with monkeypatch.context() as patch:
        inject(patch, lambda W, interval: spoil(W, how) if interval.end > 0.25 else None)
        assert main(["run", case, "--output", str(output), *often]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert line.startswith(f"error: at t = 0.2, after 2 steps: {told}")
    assert "resume, " in line
    assert line.endswith("the newest checkpoint, ck-000000002.h5 at t = 0.2, is from before")
    assert report(output)["state"] == "failed"
    np.testing.assert_allclose(small.moments(output)["time"], [0, 0.1, 0.2])
    assert main(["resume", str(output)]) == 0
    small.same_records(output, whole)
    np.testing.assert_array_equal(small.state(output), small.state(whole))


def test_a_p_box_that_becomes_too_small(case: str, tmp_path: Path, capsys) -> None:
    steep = sets("physics.potential=5*cos(x1)", "physics.tau=1000", "grid.n_x=[24, 1]")
    still = sets("initial.n0=1 + 0.1*sin(x1)", "initial.n=[0, 0, 0]", "initial.state=classical")
    often = sets("time.t_end=3", "output.every=0.1", "maxwellian.tolerance=1e-4")
    output = tmp_path / "output"
    assert main(["run", case, "--output", str(output), *steep, *still, *often]) == 1
    assert "most of it along p1, expected at most 0.05 of |w0| at the" in capsys.readouterr().err
    edge = small.moments(output)["edge_mass"]
    assert edge[0] < 0.001
    assert 0.01 < edge[-1] <= 0.05


def test_a_loose_tolerance_is_no_fault_of_the_lattice(case: str, tmp_path: Path) -> None:
    loose = sets("maxwellian.tolerance=1e-2", "physics.epsilon=0.2", "initial.n=[0, 0, 0]")
    assert main(["run", case, "--output", str(tmp_path / "output"), *loose]) == 0
    assert report(tmp_path / "output")["lattice_defect"] < 1e-3
    assert 1e-3 < small.moments(tmp_path / "output")["repair"].max() < 1e-2


def by_hand(lengths: list[float], overrides: list[str]) -> NDArray:
    """W after steps of these lengths, without the machinery of a run."""
    case = parse_case(small.CASE, overrides)
    solver = Solver(case, build(case))
    W = solver.initial_state()
    t = 0.0
    for dt in lengths:
        solver.step(dt)(W, t)
        t += dt
    return W


def unsolvable(longest: float, start: float) -> Spoiler:
    """A fault: after a time no step longer than that can be made for a while, and W is lost."""

    def fault(W: NDArray, interval: Interval) -> None:
        if start < interval.end < start + 0.15 and interval.length > longest:
            W[:] = 1e3
            raise ConstraintError(Fault("moment constraint", "not solved"))

    return fault


@pytest.mark.parametrize("scheme", ["sdirk2", "sdirk3", "strang"])
@pytest.mark.parametrize(("longest", "parts"), [(0.05, 2), (0.03, 4)])
def test_a_step_is_retried_in_parts(
    case: str, tmp_path: Path, scheme: str, longest: float, parts: int, monkeypatch, capsys
) -> None:
    scheme = f"time.scheme={scheme}"
    inject(monkeypatch, unsolvable(longest, 0.2))
    output = tmp_path / "output"
    assert main(["run", case, "--output", str(output), *sets(scheme)]) == 0
    said = capsys.readouterr().err
    assert said.count("is done again in") == (1 if parts == 2 else 2)
    assert "warning: the step to t = 0.3 is done again in 2 parts: moment constraint: not" in said
    found = report(output)
    assert (found["state"], found["steps"], found["t"]) == ("finished", 4, 0.4)
    np.testing.assert_allclose(small.moments(output)["time"], [0, 0.2, 0.4])
    whole = by_hand([0.1, 0.1, *[0.1 / parts] * parts, 0.1], [scheme])
    state = small.state(output).view(complex)[..., 0].reshape(whole.shape)
    np.testing.assert_array_equal(state, whole)


def test_parts_of_a_step_have_the_fields_of_their_times(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driven = ("physics.potential=0.5*cos(x1 - 9*t)", 'physics.field=["0.5*sin(9*t)", "0"]')
    inject(monkeypatch, unsolvable(0.05, 0.2))
    output = tmp_path / "output"
    assert main(["run", case, "--output", str(output), *sets(*driven)]) == 0
    lengths = [0.1, 0.1, 0.05, 0.05, 0.1]
    whole = by_hand(lengths, list(driven))
    state = small.state(output).view(complex)[..., 0].reshape(whole.shape)
    np.testing.assert_allclose(state, whole, rtol=0, atol=1e-12 * np.abs(whole).max())
    still = by_hand(lengths, ["physics.potential=0.5*cos(x1)", driven[1]])
    assert np.abs(still - whole).max() > 1e-3 * np.abs(whole).max()


def test_a_retried_run_is_resumed_to_the_last_bit(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, output = tmp_path / "whole", tmp_path / "output"
    longer = sets("time.t_end=0.6")
    with monkeypatch.context() as patch:
        inject(patch, unsolvable(0.06, 0.2))
        assert main(["run", case, "--output", str(whole), *longer]) == 0
    step = Observer.step

    def interrupted(observer: Observer, t: float, counts: list[int]) -> None:
        step(observer, t, counts)
        if observer.steps == 3:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(Observer, "step", interrupted)
        inject(patch, unsolvable(0.06, 0.2))
        assert main(["run", case, "--output", str(output), *longer]) == 3
    assert main(["resume", str(output)]) == 0
    small.same_records(output, whole)
    np.testing.assert_array_equal(small.state(output), small.state(whole))


def test_retries_are_bounded(case: str, tmp_path: Path, monkeypatch, capsys) -> None:
    output = tmp_path / "output"
    with monkeypatch.context() as patch:
        inject(patch, unsolvable(0.0, 0.1))
        assert main(["run", case, "--output", str(output)]) == 1
    said = capsys.readouterr().err
    assert said.count("is done again in") == len(PARTS)
    (line,) = [line for line in said.splitlines() if line.startswith("error: ")]
    assert line == (
        "error: at t = 0.1, after 1 steps: moment constraint: not solved; shorter steps failed "
        "too, down to dt/16; the newest checkpoint, ck-000000001.h5 at t = 0.1, is from before"
    )
    found = report(output)
    assert (found["state"], found["t"], found["steps"]) == ("failed", 0.1, 1)
    assert min(found["wall_seconds_by_phase"].values()) >= 0
    assert found["wall_seconds"] == pytest.approx(
        sum(found["wall_seconds_by_phase"].values()), abs=0.01
    )
    assert main(["resume", str(output)]) == 0
    plain = tmp_path / "plain"
    assert main(["run", case, "--output", str(plain)]) == 0
    np.testing.assert_array_equal(small.state(output), small.state(plain))


def test_no_step_is_retried_where_the_lattice_is_at_fault(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def fault(_: NDArray, interval: Interval) -> None:
        if interval.end > 0.15:
            raise ResolutionError(Fault("lattice", "too coarse"))

    inject(monkeypatch, fault)
    assert main(["run", case, "--output", str(tmp_path / "output")]) == 1
    said = capsys.readouterr().err
    assert "error: at t = 0.1, after 1 steps: lattice: too coarse; the newest checkpoint" in said
    assert "done again" not in said


def test_a_retry_without_a_checkpoint(case: str, tmp_path: Path, monkeypatch, capsys) -> None:
    output = tmp_path / "output"
    fault = unsolvable(0.0, 0.1)

    def remove(W: NDArray, interval: Interval) -> None:
        for path in small.checkpoints(output):
            path.unlink()
        fault(W, interval)

    inject(monkeypatch, remove)
    assert main(["run", case, "--output", str(output)]) == 1
    said = capsys.readouterr().err
    assert "not solved; the step cannot be done again: checkpoint: got none, expected" in said


@pytest.mark.mpi(n=2)
def test_all_ranks_retry(comm: object, shared_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if comm.rank == 0:
        small.write_case(shared_path)
    comm.Barrier()
    inject(monkeypatch, unsolvable(0.05, 0.2))
    output = shared_path / "output"
    assert main(["run", str(shared_path / "case.toml"), "--output", str(output)]) == 0
    if comm.rank == 0:
        assert "in 2 parts" in (output / "run.log").read_text()
        whole = by_hand([0.1, 0.1, 0.05, 0.05, 0.1], [])
        W = small.state(output).view(complex)[..., 0]
        np.testing.assert_allclose(W.reshape(whole.shape), whole, rtol=0, atol=1e-12)
