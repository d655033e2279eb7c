"""What records have of W: integrated over some of its coordinates, cut, or on a coarse lattice."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from . import pauli
from .grid import PhaseGrid, interpolation
from .layout import Layout

COORDINATES = ("x1", "x2", "p1", "p2")
# The planes of phase space that are left by integrals. On (x1, x2) these would be n0 and eps n.
PLANES = ("x1 p1", "x2 p2", "x1 p2", "x2 p1", "p1 p2")
# Those along which W may be cut.
CUTS = (*PLANES, "x1 x2")
# Points of W that are summed over momenta at a time, and numbers that all ranks add at a time.
AT_ONCE, ADDED = 2**18, 2**20


def axes_of(plane: str) -> tuple[str, str]:
    """The two coordinates of a plane of ``CUTS``."""
    first, second = plane.split()
    return first, second


def points(grid: PhaseGrid) -> dict[str, NDArray]:
    """The lattice points along each coordinate, ``(points,)``."""
    return dict(zip(COORDINATES, (*grid.x, *grid.p), strict=True))


def coarse_grid(grid: PhaseGrid, counts: tuple[int, ...]) -> PhaseGrid:
    """The lattice of the same box with so many points along (x1, x2, p1, p2)."""
    return PhaseGrid((counts[0], counts[1]), grid.length, (counts[2], counts[3]), grid.p_max)


def reduced(layout: Layout, W: NDArray, plane: str) -> NDArray:
    """x-major ``W`` integrated over the coordinates that are not in a plane of ``PLANES``.

    int int w_k dx2 dp2 on (x1, p1), for instance. What is integrated over p1 in addition is
    int n0 dx2, and int eps n dx2. It may be negative, as W may.

    Returns
    -------
    NDArray
        w0, w1, w2, w3, shape ``(4, first, second)``, the same on every rank.
    """
    kept, spacing = axes_of(plane), _spacings(layout.grid)
    sums = {name: np.full((1, len(x)), spacing[name]) for name, x in points(layout.grid).items()}
    found = _combined(layout, W, {name: sums[name] for name in COORDINATES if name not in kept})
    return found.squeeze(_others(kept))


def cut(layout: Layout, W: NDArray, plane: str, point: Mapping[str, float]) -> NDArray:
    """x-major ``W`` on a plane of ``CUTS`` through a point, by its Fourier series across it.

    Returns
    -------
    NDArray
        w0, w1, w2, w3, shape ``(4, first, second)``, the same on every rank.
    """
    kept = axes_of(plane)
    across = {name: np.array([point[name]]) for name in COORDINATES if name not in kept}
    return _at(layout, W, across).squeeze(_others(kept))


def coarse(layout: Layout, W: NDArray, counts: tuple[int, ...]) -> NDArray:
    """x-major ``W`` at the points of :func:`coarse_grid`, ``(4, *counts)``, the same on all ranks.

    These are values of the Fourier series of W, and no means over cells.
    """
    return _at(layout, W, points(coarse_grid(layout.grid, counts)))


def _at(layout: Layout, W: NDArray, places: Mapping[str, NDArray]) -> NDArray:
    """W at other places along some coordinates."""
    known, spacing = points(layout.grid), _spacings(layout.grid)
    matrices = {}
    for name, at in places.items():
        if not np.array_equal(at, known[name]):
            n = known[name].size
            matrices[name] = interpolation(n, n * spacing[name], at - known[name][0])
    return _combined(layout, W, matrices)


def _combined(layout: Layout, W: NDArray, matrices: Mapping[str, NDArray]) -> NDArray:
    """Linear combinations of x-major ``W`` along some coordinates; the others stay as they are.

    No rank has more of W than its own rows and the result.

    Parameters
    ----------
    matrices
        By coordinate, ``(results, points)``.
    """
    grid = layout.grid
    counts = dict(zip(COORDINATES, (*grid.n_x, *grid.n_p), strict=True))
    shape = tuple(len(matrices[name]) if name in matrices else counts[name] for name in counts)
    first, second = (matrices.get(name, np.eye(counts[name])) for name in ("x1", "x2"))
    found = np.zeros((2, shape[0] * shape[1], shape[2] * shape[3]), dtype=complex)
    step = max(1, AT_ONCE // grid.np)
    for start in range(0, W.shape[1], step):
        part = W[:, start : start + step].reshape(2, -1, *grid.n_p)
        if "p2" in matrices:
            part = part @ matrices["p2"].T
        if "p1" in matrices:
            part = matrices["p1"] @ part
        rows = np.arange(start, start + part.shape[1]) + layout.x.start
        j, k = np.unravel_index(rows, grid.n_x)
        weights = (first[:, None, j] * second[None, :, k]).reshape(-1, rows.size)
        found += weights @ part.reshape(2, rows.size, -1)
    return pauli.unpack(_total(layout, found)).reshape(4, *shape)


def _total(layout: Layout, found: NDArray) -> NDArray:
    """The sum over the ranks, a part at a time: a rank sees those of all others."""
    flat, size = found.reshape(-1), max(1, ADDED // layout.comm.size)
    parts = [flat[start : start + size] for start in range(0, flat.size, size)]
    return np.concatenate([layout.total(part) for part in parts]).reshape(found.shape)


def _spacings(grid: PhaseGrid) -> dict[str, float]:
    """The lattice spacing along each coordinate."""
    sizes = (*grid.length, 2 * grid.p_max[0], 2 * grid.p_max[1])
    numbers = zip(COORDINATES, sizes, (*grid.n_x, *grid.n_p), strict=True)
    return {name: size / n for name, size, n in numbers}


def _others(kept: tuple[str, str]) -> tuple[int, ...]:
    """Axes, behind that of the components, of the coordinates that are not kept."""
    return tuple(1 + k for k, name in enumerate(COORDINATES) if name not in kept)
