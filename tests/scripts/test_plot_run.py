"""scripts/plot_run.py on made-up runs of every shape."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from matplotlib.figure import Figure

import plot_run


def write_moments(directory: Path, shape: tuple[int, int], times: int, amplitude: float) -> None:
    """A moments.h5 in which n0 = 1 + amplitude cos(x1 + t), n = amplitude (1, 2, 3) cos(x2)."""
    time = np.arange(times) * 0.1
    x1, x2 = (np.arange(n) * 2 * np.pi / n for n in shape)
    with h5py.File(directory / "moments.h5", "w") as file:
        file["time"], file["x1"], file["x2"] = time, x1, x2
        wave = np.cos(x1[None, :, None] + time[:, None, None])
        file["n0"] = 1 + amplitude * wave + 0 * x2
        file["n"] = np.full((times, 3, *shape), amplitude) * np.cos(x2)
        file["n"][...] *= np.array([1.0, 2.0, 3.0])[:, None, None]
        file["spin_total"] = np.outer(time, [1.0, 2.0, 3.0])
        file["l2_norm"] = 1 / (1 + time)


@pytest.mark.parametrize("shape", [(24, 18), (2, 3), (40, 1), (1, 16), (1, 1)])
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("amplitude", [0.0, 0.4])
def test_figures_of_every_shape(
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    shape: tuple[int, int],
    times: int,
    amplitude: float,
) -> None:
    write_moments(tmp_path, shape, times, amplitude)
    assert plot_run.main([str(tmp_path)]) == 0
    figures = [tmp_path / "fields.png", tmp_path / "series.png"]
    assert capsys.readouterr().out.split() == [str(path) for path in figures]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in figures)


def test_first_and_last_record_are_drawn_the_right_way_round(tmp_path: Path) -> None:
    write_moments(tmp_path, (24, 18), 3, 0.4)
    run = plot_run.read_run(tmp_path / "moments.h5")
    figure: Figure = plot_run.draw_fields(run)
    maps = [axes.collections[0] for axes in figure.axes if axes.get_title()]
    last = 1 + 0.4 * np.cos(run.x1 + 0.2)
    drawn = np.asarray(maps[2].get_array()).reshape(18, 24)
    np.testing.assert_allclose(drawn, np.tile(last, (18, 1)))
    assert figure.axes[0].get_title() == "n0 and (n1, n2), t = 0"
    assert figure.axes[0].get_xlabel() == "x1"


def test_a_missing_file_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert plot_run.main([str(tmp_path)]) == 2
    assert "moments.h5" in capsys.readouterr().err


def test_a_run_without_records_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    write_moments(tmp_path, (4, 4), 0, 0.0)
    assert plot_run.main([str(tmp_path)]) == 2
    assert "no records" in capsys.readouterr().err


def test_another_file_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with h5py.File(tmp_path / "moments.h5", "w") as file:
        file["time"] = [0.0]
    assert plot_run.main([str(tmp_path)]) == 2
    assert "expected the moments of a run" in capsys.readouterr().err
