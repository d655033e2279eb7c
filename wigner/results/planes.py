"""W on planes of phase space: as a run records it there, or else cut out of its checkpoints.

This is the only place that knows where W comes from; figures are made of :class:`Plane`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..case.dimensions import UNITS, Unit
from ..case.problem import lattice
from ..errors import CaseError, CheckpointError, Fault
from ..output import checkpoint
from ..output.files import hdf5
from ..phase_space import pauli
from ..phase_space.grid import PhaseGrid, interpolation
from ..phase_space.reduced import COORDINATES
from . import smooth
from .run import Run
from .view import View, lattice_point, peak

FINE = 140  # points along each side of a plane
UNIT = UNITS["phase space density"]
WHOLE = "W_coarse"  # the variable on a lattice of all four coordinates


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
        Other coordinates and their values.
    over
        Coordinates over which W is integrated.
    unit
        Of ``w``.
    cells
        Whether ``places`` are the points of a coarse lattice, each the middle of a cell of its own:
        between them nothing is known. Otherwise they are fine enough to be joined.
    """

    axes: tuple[str, str]
    places: tuple[NDArray, NDArray]
    w: NDArray
    fixed: dict[str, float]
    over: tuple[str, ...] = ()
    unit: Unit = UNITS["phase space density"]
    cells: bool = False


def times(run: Run, view: View) -> NDArray:
    """When W is known: times of the records where they have W, else of the checkpoints.

    Shape ``(times,)``, in the unit of the records. A cut through a place that is asked for is
    always of the checkpoints.

    Raises
    ------
    CaseError
        If there are none, or one cannot be read.
    """
    return run.times if _recorded(run, view) else _saved(run)


def planes(run: Run, number: int, view: View) -> list[Plane]:
    """W at a time, on the planes that are recorded, or on cuts through a place.

    The cuts are (x_i, p_i) with the other momentum zero, and (p_1, p_2). They are of a checkpoint,
    or of the coarse lattice where that is recorded, there at its momentum nearest to zero.

    Parameters
    ----------
    number
        Of the time, see :func:`times`.

    Raises
    ------
    CaseError
        If a file is damaged.
    """
    found = []
    for name in _recorded(run, view):
        if name == WHOLE:
            found += _cells(run, number)
        else:
            found.append(_of_record(run, name, number))
    if found:
        return found
    path = checkpoint.stored(run.directory / checkpoint.DIRECTORY)[number]
    point = lattice_point(run, view.through, run.last)
    return _cuts(run, path, point)


def _recorded(run: Run, view: View) -> list[str]:
    """Variables that are W in phase space, unless a place is asked for."""
    known = [name for name, held in run.variables.items() if held.axes[1:2] == ("pauli",)]
    return known if view.through is None else []


def _of_record(run: Run, name: str, record: int) -> Plane:
    """A plane as it was recorded, between the points of its lattices too."""
    held = run.variables[name]
    w, places = run.field(name, record), []
    for axis, coordinate in enumerate(held.axes[-2:]):
        points, is_place = run.field(coordinate, 0), coordinate[0] == "x"
        period = run.length[int(coordinate[1]) - 1]
        if not is_place:
            period = float(points[-1] - points[0]) * points.size / (points.size - 1)
        fine = points[0] + np.linspace(0, period if is_place else points[-1] - points[0], FINE + 1)
        matrix = _periodic(points.size, (fine - points[0]) / period)
        w = np.moveaxis(np.moveaxis(w, axis + 1, -1) @ matrix.T, -1, axis + 1)
        places.append(fine)
    first, second = (f"{coordinate[0]}_{coordinate[1]}" for coordinate in held.axes[-2:])
    fixed = {f"{each[0]}_{each[1]}": value for each, value in held.places.items()}
    known = (first, second, *fixed)
    over = tuple(name for name in ("x_1", "x_2", "p_1", "p_2") if name not in known)
    fixed = {name: value for name, value in fixed.items() if _varies(run, name)}
    return Plane((first, second), (places[0], places[1]), w, fixed, over, held.unit)


def _varies(run: Run, name: str) -> bool:
    """Whether W may depend on a coordinate."""
    return name[0] == "p" or run.n_x[int(name[-1]) - 1] > 1


def _cells(run: Run, record: int) -> list[Plane]:
    """Cuts of the coarse lattice through its point nearest to the largest n0, as it is.

    Its Fourier series is none of W: it has waves that a lattice of so few points does not hold.
    """
    places = [run.field(f"{name}_coarse", 0) for name in COORDINATES]
    names = [f"{name[0]}_{name[1]}" for name in COORDINATES]
    sizes = zip(peak(run, record), places[:2], run.n_x, strict=True)
    middle = [round(k * x.size / n) % x.size for k, x, n in sizes]
    middle += [int(np.argmin(np.abs(p))) for p in places[2:]]
    values = {name: float(x[k]) for name, x, k in zip(names, places, middle, strict=True)}
    whole, found = run.field(WHOLE, record), []
    for first, second in ((0, 2), (1, 3), (2, 3)):
        if places[first].size > 1:
            others = [k for k in range(4) if k not in (first, second)]
            w = whole
            for k in reversed(others):
                w = np.take(w, middle[k], axis=k + 1)
            fixed = {names[k]: values[names[k]] for k in others if _varies(run, names[k])}
            axes = names[first], names[second]
            on = places[first], places[second]
            found.append(Plane(axes, on, w, fixed, (), UNIT, cells=True))
    return found


def _saved(run: Run) -> NDArray:
    """Times of the checkpoints, increasing."""
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


def _cuts(run: Run, path: Path, point: tuple[int, int]) -> list[Plane]:
    """Cuts of a checkpoint through a point of the x lattice."""
    (n1, n2), found = run.n_x, []
    rows = {0: np.arange(n1) * n2 + point[1], 1: point[0] * n2 + np.arange(n2)}
    place = {
        f"x_{axis + 1}": float(run.x[axis][point[axis]]) for axis in (0, 1) if run.n_x[axis] > 1
    }
    for axis in smooth.axes_of(run):
        grid, w = _read(run, path, rows[axis])
        middle = _at(w, grid, 1 - axis, np.zeros(1))  # (4, x, p1, p2) with one p across
        line = np.take(middle, 0, axis=3 - axis)
        x, p = np.linspace(0, run.length[axis], FINE + 1), _fine(grid, axis)
        if run.n_x[axis] > 1:
            line = np.einsum("kxp,yx->kyp", line, _periodic(grid.n_x[axis], x / run.length[axis]))
            line = line @ _along(grid, axis, p).T
            across, names = f"x_{2 - axis}", (f"x_{axis + 1}", f"p_{axis + 1}")
            fixed = {across: place[across]} if across in place else {}
            found.append(Plane(names, (x, p), line, fixed | {f"p_{2 - axis}": 0.0}, (), UNIT))
    grid, w = _read(run, path, np.array([point[0] * n2 + point[1]]))
    p1, p2 = _fine(grid, 0), _fine(grid, 1)
    both = _at(_at(w, grid, 0, p1), grid, 1, p2)[:, 0]
    return [*found, Plane(("p_1", "p_2"), (p1, p2), both, place, (), UNIT)]


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
