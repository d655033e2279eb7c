"""Reduced Wigner functions: W integrated over two of its four coordinates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import pauli
from .grid import PhaseGrid
from .layout import Layout

COORDINATES = ("x1", "x2", "p1", "p2")
# The planes of phase space that are left. On (x1, x2) these would be n0 and eps n.
PLANES = ("x1 p1", "x2 p2", "x1 p2", "x2 p1", "p1 p2")


def axes_of(plane: str) -> tuple[str, str]:
    """The two coordinates of a plane of ``PLANES``."""
    first, second = plane.split()
    return first, second


def points(grid: PhaseGrid) -> dict[str, NDArray]:
    """The lattice points along each coordinate."""
    return dict(zip(COORDINATES, (*grid.x, *grid.p), strict=True))


def reduced(layout: Layout, W: NDArray, plane: str) -> NDArray:
    """x-major ``W`` integrated over the coordinates that are not in a plane of ``PLANES``.

    int int w_k dx2 dp2 on (x1, p1), for instance. What is integrated over p1 in addition is
    int n0 dx2, and int eps n dx2. It may be negative, as W may.

    Returns
    -------
    NDArray
        w0, w1, w2, w3, shape ``(4, first, second)``, the same on every rank.
    """
    grid, kept = layout.grid, axes_of(plane)
    over_p = tuple(2 + k for k in (0, 1) if f"p{k + 1}" not in kept)
    part = W.reshape(2, -1, *grid.n_p).sum(axis=over_p) if over_p else W
    places = np.unravel_index(np.arange(layout.x.start, layout.x.stop), grid.n_x)
    if kept[0][0] == "x":
        axis = int(kept[0][1]) - 1
        found = np.zeros((grid.n_x[axis], 2, part.shape[2]), dtype=complex)
        np.add.at(found, places[axis], np.moveaxis(part, 1, 0))  # rows in order, whoever has them
        found = np.moveaxis(found, 0, 1)
    else:
        found = part.sum(axis=1).reshape(2, *grid.n_p)
    whole = layout.total(found)
    return pauli.unpack(whole) * _cell(grid, kept)


def _cell(grid: PhaseGrid, kept: tuple[str, str]) -> float:
    """The product of the lattice spacings along the other coordinates."""
    sizes = (*grid.length, 2 * grid.p_max[0], 2 * grid.p_max[1])
    spacings = zip(COORDINATES, sizes, (*grid.n_x, *grid.n_p), strict=True)
    return float(np.prod([size / n for name, size, n in spacings if name not in kept]))
