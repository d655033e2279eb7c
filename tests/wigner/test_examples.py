"""The shipped examples on small lattices: each shows what its comment says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support import small
from wigner.__main__ import main
from wigner.job.example import HOME, titles

Solve = Callable[..., dict[str, NDArray]]


@pytest.fixture
def solve(tmp_path: Path) -> Solve:
    """Run an example with changes; its records."""

    def run(name: str, *overrides: str) -> dict[str, NDArray]:
        output = tmp_path / f"{name}-{len(list(tmp_path.iterdir()))}"
        command = ["run", str(HOME / f"{name}.toml"), "--output", str(output), "--quiet"]
        assert main([*command, *small.sets(*overrides)]) in (0, 4)
        return small.moments(output)

    return run


def test_every_example_is_tested() -> None:
    tested = {name.removeprefix("test_the_").replace("_", "-") for name in globals()}
    assert set(titles()) <= tested


def test_the_helix(solve: Solve) -> None:
    """It is stationary for alpha = beta, and for nothing else."""
    coarse = ("grid.n_x=[6,6]", "grid.n_p=16", "time.t_end=0.2", "output.every=0.2")
    still, decaying = solve("helix", *coarse), solve("helix", *coarse, "physics.beta=0.2")
    assert np.abs(still["n"][1] - still["n"][0]).max() < 1e-10
    assert np.abs(decaying["n"][1] - decaying["n"][0]).max() > 1e-3


def test_the_edelstein(solve: Solve) -> None:
    """n = alpha tau n0 (-E2, E1, 0) up to eps^2, for a weak force, when the spins have relaxed."""
    short = ("grid.n_p=14", "time.t_end=18", "time.dt=0.25", "output.every=18")
    force = 'physics.field=["0.03*step(t - 1, 0.2)", "0.04*step(t - 1, 0.2)"]'
    n = solve("edelstein", *short, "physics.alpha=1.2", force)["n"][-1, :, 0, 0]
    eps, expected = 0.1, 1.2 * 1.0 * np.array([-0.04, 0.03, 0.0])
    np.testing.assert_allclose(n, expected, rtol=eps**2, atol=1e-6)


def test_the_gate(solve: Solve) -> None:
    """Spins that point along the third axis turn towards the first when electrons move."""
    coarse = (
        "grid.n_x=[24,1]",
        "grid.n_p=[24,16]",
        "time.t_end=0.9",
        "time.dt=0.1",
        "output.every=0.3",
    )
    n1, n2, n3 = np.abs(solve("gate", *coarse)["n"]).max(axis=(2, 3)).T
    assert n1[1] < 1e-4
    assert n1[-1] > 1e-2
    assert n1[-1] > 10 * n2[1]
    assert n3[0] == pytest.approx(1.5)


def test_the_plasmon(solve: Solve) -> None:
    """The wave swings to the other side, and its energy stays."""
    coarse = ("grid.n_x=[6,1]", "grid.n_p=[24,18]", "time.t_end=1.6", "output.every=0.4")
    found = solve("plasmon", *coarse)
    wave = found["n0"][:, 0, 0] - 1
    assert wave[0] == pytest.approx(0.01)
    assert wave[-1] < -0.003
    given = found["work"] + found["heat"]
    swing = np.ptp(found["kinetic_energy"].sum(axis=(1, 2))) * 12.566 / 6
    assert np.abs(found["energy"] - found["energy"][0] - given).max() < 0.05 * swing


def test_the_screened_gate(solve: Solve) -> None:
    """It rests until the gate gets a second bump, and is flatter than without screening."""
    coarse = ("grid.n_x=[16,1]", "grid.n_p=16", "time.t_end=0.8", "output.every=0.2")
    screened = solve("screened-gate", *coarse, "time.dt=0.1")
    n0 = screened["n0"]
    assert np.abs(n0[1] - n0[0]).max() < 5e-4
    assert np.abs(n0[-1] - n0[0]).max() > 1e-2
    assert screened["n"][0, 2].min() > 0.1
    short = ("time.t_end=0.05", "output.every=0.05", "field.coupling=0")
    free = solve("screened-gate", *coarse[:2], *short)
    assert np.ptp(n0[0]) < 0.8 * np.ptp(free["n0"][0])


def test_the_barrier(solve: Solve) -> None:
    """Spins that got through are behind it, and are missing before it."""
    coarse = ("grid.n_x=[24,1]", "grid.n_p=[24,16]", "time.t_end=1.5", "output.every=0.5")
    found = solve("barrier", *coarse)
    change, x1 = found["n"][-1] - found["n"][0], found["x1"]
    before, behind = change[2, (x1 > 2) & (x1 < 5)], change[2, (x1 > 7) & (x1 < 10)]
    assert before.mean() < -0.01
    assert behind.mean() > 0.01
    assert np.abs(change[0]).max() > 1e-2


def test_the_dot(solve: Solve) -> None:
    """It is in equilibrium, with spins along grad V."""
    coarse = ("grid.n_x=[12,12]", "grid.n_p=16", "time.t_end=0.1", "output.every=0.1")
    found = solve("dot", *coarse)
    n0, n = found["n0"], found["n"][0]
    assert np.ptp(n0[0]) > 3
    assert np.abs(n0[1] - n0[0]).max() < 1e-2
    assert np.ptp(found["a0"][0] + found["potential"]) < 1e-3
    x = np.stack(np.meshgrid(found["x1"], found["x2"], indexing="ij")) - np.pi
    radial, turning = (n[:2] * x).sum(axis=0), n[1] * x[0] - n[0] * x[1]
    assert radial.min() < -0.02
    assert np.abs(turning).max() < 1e-3
    assert n[2].max() > 1


def test_the_device(solve: Solve) -> None:
    """The current becomes the same everywhere, and makes spins across it."""
    coarse = ("grid.n_x=[16,1]", "grid.n_p=[24,14]", "time.dt=0.1 ps", "output.every=0.5 ps")
    found = solve("device", *coarse, "time.t_end=1 ps")
    current, n = found["current"][:, 0, 0, :, 0], found["n"][-1]
    assert current[1:].min() > 0
    assert np.ptp(current[2]) < 0.6 * np.ptp(current[1])
    assert n[1].min() > 0
    assert np.abs(n[[0, 2]]).max() < 1e-6
    assert found["work"][-1] > 0 > found["heat"][-1]
