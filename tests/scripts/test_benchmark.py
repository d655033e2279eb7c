"""scripts/benchmark.py at a tiny size, and that its baselines do what they are timed for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyfftw
import pytest

import baselines
import benchmark
import benchmark_phases as measured
from tests.support import small
from tests.support.setups import thermal
from wigner.phase_space.communicator import SERIAL
from wigner.phase_space.pauli import unpack

N_X, N_P = (5, 4), (18, 16)


@pytest.fixture(scope="module")
def setup():
    return measured.Setup(N_X, N_P, SERIAL)


def noise(*shape):
    rng = np.random.default_rng(3)
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def test_results_of_one_and_of_two_ranks(tmp_path: Path) -> None:
    script, size = Path(benchmark.__file__), "x".join(str(n) for n in N_X + N_P)
    past = tmp_path / "history.md"
    past.write_text("| earlier |\n")
    options = ("--output", tmp_path, "--sizes", size, "--ranks", 1, 2, "--rivals")
    options += ("--history", past)
    done = small.call(script, *options)
    assert done.returncode == 0, done.stderr
    whole = json.loads((tmp_path / "benchmark.json").read_text())
    one, two = whole["results"]
    assert (one["lattice"], one["ranks"], two["ranks"]) == ([*N_X, *N_P], 1, 2)
    phases = {line["name"]: line for line in one["phases"] if line["other"]}
    assert {"transport step", "transpose, there and back", "records"} < phases.keys()
    assert {"numpy alone, transport step", "step: relaxation"} < phases.keys()
    assert all(line["seconds"] > 0 for line in one["phases"] + two["phases"])
    assert all(factor > 0 for factor in two["speed-up"].values())
    messages = {line["what"] for line in two["phases"] if line["name"] == measured.MESSAGES}
    assert messages == {"two copies", measured.PLAIN}
    table = (tmp_path / "benchmark.md").read_text()
    assert table.count("| transport step |") == 2
    assert "## 5 x 4 x 18 x 16, 2 rank(s)" in table
    earlier, *rows = past.read_text().splitlines()
    assert (earlier, len(rows)) == ("| earlier |", 2)
    cells = rows[0].strip("| ").split(" | ")
    assert cells[2] == "5x4x18x16, 1"
    ratio = phases["step: SDIRK2"]["seconds"] / phases["step: SDIRK2"]["other"]
    assert float(cells[3]) == pytest.approx(ratio, rel=1e-2)
    assert len(cells) == 9


def test_a_size_that_is_none_is_refused(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit, match="2"):
        benchmark.main(["--output", "nowhere", "--sizes", "32x32"])
    assert "got '32x32', expected N1xN2xM1xM2" in capsys.readouterr().err


def test_the_numpy_step_is_the_solvers(setup) -> None:
    """Written independently, hence a test of the transport too."""
    grid, W = setup.grid, thermal(setup.space)
    w = unpack(W).reshape(4, *N_X, *N_P)
    matrix = np.array([[w[0] + w[3], w[1] - 1j * w[2]], [w[1] + 1j * w[2], w[0] - w[3]]])
    args = grid, measured.EPSILON, measured.ALPHA, measured.potential, 0.3
    expected = baselines.numpy_step(*args)(matrix)
    setup.transport.flow(0.3)(W)
    found = unpack(W).reshape(4, *N_X, *N_P)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found[0] + found[3], expected[0, 0], atol=1e-13 * scale)
    np.testing.assert_allclose(found[1] + 1j * found[2], expected[1, 0], atol=1e-13 * scale)
    np.testing.assert_allclose(found[1] - 1j * found[2], expected[0, 1], atol=1e-13 * scale)


def test_floors_transform_everything_there_and_back() -> None:
    start = noise(2, *N_X, 18 * 16)
    work = pyfftw.empty_aligned(start.shape, dtype=complex)
    for name, action in baselines.x_pairs(work, N_X):
        work[:] = start
        action()
        np.testing.assert_allclose(work, start * np.prod(N_X), atol=1e-11, err_msg=name)
    start = noise(2, 20, *N_P)
    work = pyfftw.empty_aligned(start.shape, dtype=complex)
    for name, action in baselines.p_pairs(work):
        work[:] = start
        action()
        np.testing.assert_allclose(work, start * np.prod(N_P), atol=1e-10, err_msg=name)


@pytest.mark.mpi(n=[2, 3])
def test_other_transposes_lead_back(comm) -> None:
    setup = measured.Setup(N_X, N_P, comm)
    setup.W[:] = noise(2, 20, 18 * 16)[:, setup.layout.x]
    start = setup.W.copy()
    found = measured.transpose_rivals(setup)
    assert found.keys() > {measured.MESSAGES, measured.PLAIN}
    assert len(found) == 4
    np.testing.assert_array_equal(setup.W, start)
