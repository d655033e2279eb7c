"""Draw a run: its first and last fields, and its time series.

    python scripts/plot_run.py DIR

reads ``DIR/moments.h5`` and writes ``DIR/fields.png`` and ``DIR/series.png``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

ARROWS = 16  # at most this many along an axis
# What is drawn beside the total spin: of a kinetic run, and of a macroscopic one.
TOTALS = {"l2_norm": "L2 norm of W", "free_energy": "free energy"}


@dataclass(frozen=True)
class Record:
    """Fields at one time: n0 of shape (N1, N2) and n of shape (3, N1, N2)."""

    time: float
    n0: NDArray
    n: NDArray


@dataclass(frozen=True)
class Run:
    """What is drawn of a run: lattice axes, first and last record, scalars over time."""

    x1: NDArray
    x2: NDArray
    first: Record
    last: Record
    time: NDArray
    spin_total: NDArray
    total: NDArray
    title: str


def read_run(path: Path) -> Run:
    """The part of ``moments.h5`` that is drawn.

    Raises
    ------
    OSError
        If the file is missing or not HDF5.
    ValueError
        If it has no record yet, or is not a file of moments.
    """
    with h5py.File(path, "r", locking=False) as file:
        try:
            time = file["time"][:]
            if not time.size:
                raise ValueError(f"{path}: got no records, expected at least one; run longer")
            first, last = (
                Record(float(time[k]), file["n0"][k], file["n"][k]) for k in (0, time.size - 1)
            )
            name = next((name for name in TOTALS if name in file), "l2_norm")
            spin, total = file["spin_total"][:], file[name][:]
            return Run(file["x1"][:], file["x2"][:], first, last, time, spin, total, TOTALS[name])
        except KeyError as error:
            raise ValueError(f"{path}: expected the moments of a run; {error}") from None


def draw_map(axes: Axes, run: Run, field: NDArray, colours: str, limits: Sequence[float]) -> None:
    """A field over the (x1, x2) lattice in colour."""
    image = axes.pcolormesh(
        run.x1, run.x2, field.T, cmap=colours, vmin=limits[0], vmax=limits[1], shading="nearest"
    )
    axes.figure.colorbar(image, ax=axes)
    axes.set(xlabel="x1", ylabel="x2", aspect="equal")


def draw_arrows(axes: Axes, run: Run, record: Record, longest: float) -> None:
    """The in-plane spin as arrows, ``longest`` being as long as their spacing."""
    thin = [slice(None, None, -(-n // ARROWS)) for n in record.n0.shape]
    x1, x2 = run.x1[thin[0]], run.x2[thin[1]]
    spacing = min(np.diff(x1).min(), np.diff(x2).min())
    n1, n2 = (component[*thin].T for component in record.n[:2])
    axes.quiver(x1, x2, n1, n2, angles="xy", scale_units="xy", scale=longest / spacing)


def draw_lines(axes: Axes, run: Run, record: Record) -> None:
    """All four fields along the one axis on which they vary."""
    x, name = (run.x1, "x1") if run.x1.size > 1 else (run.x2, "x2")
    for label, field in zip(("n0", "n1", "n2", "n3"), (record.n0, *record.n), strict=True):
        axes.plot(x, field.ravel(), marker="." if x.size < 3 else "", label=label)
    axes.set(xlabel=name)
    axes.legend()


def draw_fields(run: Run) -> Figure:
    """First and last record, one row each: n0 with the in-plane spin, and n3; or lines."""
    records = [run.first] if run.first.time == run.last.time else [run.first, run.last]
    if min(run.x1.size, run.x2.size) == 1:
        figure = Figure(figsize=(10, 3.8), layout="constrained")
        panels = figure.subplots(1, len(records), sharey=True, squeeze=False)[0]
        for axes, record in zip(panels, records, strict=True):
            draw_lines(axes, run, record)
            axes.set_title(f"density and spin, t = {record.time:.4g}")
        return figure
    figure = Figure(figsize=(10, 4.2 * len(records)), layout="constrained")
    everything = np.concatenate([record.n0 for record in records])
    densities = everything.min(), everything.max()
    spins = np.concatenate([np.moveaxis(record.n, 0, -1) for record in records])
    largest = max(np.abs(spins[..., 2]).max(), 1e-300)
    longest = max(np.hypot(spins[..., 0], spins[..., 1]).max(), 1e-300)
    panels = figure.subplots(len(records), 2, squeeze=False)
    for (left, right), record in zip(panels, records, strict=True):
        draw_map(left, run, record.n0, "viridis", densities)
        draw_arrows(left, run, record, longest)
        left.set_title(f"n0 and (n1, n2), t = {record.time:.4g}")
        draw_map(right, run, record.n[2], "RdBu_r", (-largest, largest))
        right.set_title(f"n3, t = {record.time:.4g}")
    return figure


def draw_series(run: Run) -> Figure:
    """Total spin components, and the L2 norm or the free energy, over time."""
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    for k in range(3):
        left.plot(run.time, run.spin_total[:, k], marker=".", label=f"n{k + 1}")
    left.set(xlabel="t", title="total spin")
    left.legend()
    right.plot(run.time, run.total, marker=".")
    right.set(xlabel="t", title=run.title)
    return figure


def main(argv: Sequence[str] | None = None) -> int:
    """Draw the run in a directory; 0 if done, 2 if there is nothing to draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, help="output of a run")
    directory = parser.parse_args(argv).directory
    try:
        run = read_run(directory / "moments.h5")
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name, figure in (("fields.png", draw_fields(run)), ("series.png", draw_series(run))):
        figure.savefig(directory / name, dpi=120)
        print(str(directory / name).encode("utf-8", "backslashreplace").decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
