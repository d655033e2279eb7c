"""W on planes of phase space, from the checkpoints of a kinetic run.

This is the only place that knows where W comes from: for a run that records W along a cut,
:func:`times` and :func:`planes` have to give what is recorded, and figures stay as they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..case.problem import lattice
from ..errors import CaseError, CheckpointError, Fault
from ..output import checkpoint
from ..output.files import hdf5
from ..phase_space import pauli
from ..phase_space.grid import PhaseGrid, interpolation
from . import smooth
from .run import Run
from .view import View, lattice_point

FINE = 140  # points along each side of a plane


@dataclass(frozen=True)
class Plane:
    """The four components of W on a plane of phase space.

    Attributes
    ----------
    axes
        Which coordinates vary, such as "x_1" and "p_1".
    places
        Their values.
    w
        w0 to w3, shape ``(4, first, second)``.
    fixed
        The other coordinates and their values.
    """

    axes: tuple[str, str]
    places: tuple[NDArray, NDArray]
    w: NDArray
    fixed: dict[str, float]


def times(run: Run) -> NDArray:
    """When W is known: times of the checkpoints, increasing.

    Raises
    ------
    CaseError
        If there are none, or one cannot be read.
    """
    found = []
    for path in checkpoint.stored(run.directory / checkpoint.DIRECTORY):
        try:
            with hdf5(path, "r") as file:
                found.append(float(file["state/t"][()]))
        except (OSError, KeyError, RuntimeError) as error:
            raise _damaged(str(path), str(error)) from None
    if not found:
        remedy = "" if run.model == "kinetic" else f"the model {run.model} has no W"
        where = str(run.directory / checkpoint.DIRECTORY)
        raise CaseError(Fault(where, "no checkpoint", "W of a kinetic run", remedy))
    return np.array(found)


def planes(run: Run, number: int, view: View) -> list[Plane]:
    """Planes (x_i, p_i) with the other momentum zero, and (p_1, p_2), through a place.

    Parameters
    ----------
    number
        Of the time, see :func:`times`.

    Raises
    ------
    CaseError
        If the checkpoint is damaged.
    """
    path = checkpoint.stored(run.directory / checkpoint.DIRECTORY)[number]
    point = lattice_point(run, view.through, run.last)
    n1, n2 = run.n_x
    rows = {0: np.arange(n1) * n2 + point[1], 1: point[0] * n2 + np.arange(n2)}
    found = []
    for axis in smooth.axes_of(run):
        grid, w = _read(run, path, rows[axis])
        middle = _at(w, grid, 1 - axis, np.zeros(1))  # (4, x, p1, p2) with one p across
        line = np.take(middle, 0, axis=3 - axis)
        x, p = np.linspace(0, run.length[axis], FINE + 1), _fine(grid, axis)
        if run.n_x[axis] > 1:
            line = np.einsum("kxp,yx->kyp", line, _periodic(run.n_x[axis], x / run.length[axis]))
            line = line @ _along(grid, axis, p).T
            place = (
                {} if smooth.is_strip(run) else {f"x_{2 - axis}": run.x[1 - axis][point[1 - axis]]}
            )
            names = (f"x_{axis + 1}", f"p_{axis + 1}")
            found.append(Plane(names, (x, p), line, place | {f"p_{2 - axis}": 0.0}))
    grid, w = _read(run, path, np.array([point[0] * n2 + point[1]]))
    p1, p2 = _fine(grid, 0), _fine(grid, 1)
    both = _at(_at(w, grid, 0, p1), grid, 1, p2)[:, 0]
    place = {f"x_{axis + 1}": run.x[axis][point[axis]] for axis in (0, 1) if run.n_x[axis] > 1}
    return [*found, Plane(("p_1", "p_2"), (p1, p2), both, place)]


def _read(run: Run, path: Path, rows: NDArray) -> tuple[PhaseGrid, NDArray]:
    """The lattice of a checkpoint, and w0 to w3 on some of its rows, ``(4, rows, M1, M2)``."""
    try:
        state, W = checkpoint.read_rows(path, rows)
    except CheckpointError as error:
        raise _damaged(str(path), error.fault.got) from None
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise _damaged(str(path), str(error)) from None
    p_max = json.loads(state.physics["grid.p_max"])
    grid = replace(lattice(run.case), p_max=(float(p_max[0]), float(p_max[1])))
    return grid, pauli.unpack(W).reshape(4, len(rows), *grid.n_p)


def _damaged(path: str, reason: str) -> CaseError:
    return CaseError(Fault(path, f"a checkpoint that is damaged ({reason})", "a whole one"))


def _fine(grid: PhaseGrid, axis: int) -> NDArray:
    """Points between the first and the last of the p lattice."""
    return np.linspace(grid.p[axis][0], grid.p[axis][-1], FINE + 1)


def _along(grid: PhaseGrid, axis: int, p: NDArray) -> NDArray:
    """Matrix of interpolation from the p lattice to other points, by the Fourier series in p."""
    return _periodic(grid.n_p[axis], (p - grid.p[axis][0]) / (2 * grid.p_max[axis]))


def _periodic(n: int, points: NDArray) -> NDArray:
    return interpolation(n, 1.0, points)


def _at(w: NDArray, grid: PhaseGrid, axis: int, p: NDArray) -> NDArray:
    """Components ``(4, rows, M1, M2)`` at other points of an axis of p."""
    matrix = _along(grid, axis, p)
    return np.moveaxis(np.moveaxis(w, axis + 2, -1) @ matrix.T, -1, axis + 2)
