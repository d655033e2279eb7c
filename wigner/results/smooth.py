"""Periodic fields between the points of their lattice, by their Fourier series."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..phase_space.grid import Pair, interpolation
from .run import Run

FINE = 160  # points along the longer side of a map: fields are interpolated by their Fourier series


def interpolated(field: NDArray, places: tuple[NDArray, NDArray]) -> NDArray:
    """A field ``(..., N1, N2)`` at other places on each axis, given in periods."""
    for axis, points in zip((-2, -1), places, strict=True):
        matrix = interpolation(field.shape[axis], 1.0, points)
        field = np.moveaxis(np.moveaxis(field, axis, -1) @ matrix.T, -1, axis)
    return field


def refined(field: NDArray, n: tuple[int, int]) -> NDArray:
    """A field ``(..., N1, N2)`` on n intervals of the period, both ends included."""
    return interpolated(field, (np.linspace(0, 1, n[0] + 1), np.linspace(0, 1, n[1] + 1)))


def on_points(field: NDArray, n: tuple[int, int]) -> NDArray:
    """A field ``(..., N1, N2)`` on n points of the period; as it is where it has so many."""
    if field.shape[-2:] == n:
        return field
    return interpolated(field, (np.arange(n[0]) / n[0], np.arange(n[1]) / n[1]))


def fineness(n_x: tuple[int, int], length: Pair) -> tuple[int, int]:
    """Intervals that look smooth, at least those of the lattice; one on an axis of one point."""
    longest = max((L for n, L in zip(n_x, length, strict=True) if n > 1), default=1.0)
    first, second = (
        max(n, round(FINE * L / longest)) if n > 1 else 1 for n, L in zip(n_x, length, strict=True)
    )
    return first, second


def fine(field: NDArray, length: Pair) -> NDArray:
    """A field ``(..., N1, N2)`` so fine that a map of it looks smooth, both ends included."""
    return refined(field, fineness((field.shape[-2], field.shape[-1]), length))


def polarisation(u: NDArray, epsilon: float) -> NDArray:
    """eps|n|/n0 of densities (n0, n), ``(4, ...)``."""
    return np.asarray(epsilon * np.sqrt(np.square(u[1:]).sum(axis=0)) / u[0])


def axes_of(run: Run) -> list[int]:
    """The axes along which the fields of a run may vary; the first of a lattice of one point."""
    return [axis for axis in (0, 1) if run.n_x[axis] > 1] or [0]


def is_strip(run: Run) -> bool:
    """Whether the fields of a run vary along one axis at the most."""
    return min(run.n_x) == 1


def along(run: Run, fields: NDArray, axis: int, at: int = 0) -> tuple[NDArray, NDArray]:
    """Places along an axis of x, and fields ``(..., N1, N2)`` there, ``(..., places)``.

    Both are as smooth as the Fourier series of the fields is; of one point there is one place.

    Parameters
    ----------
    at
        The lattice point on the other axis.
    """
    if run.n_x[axis] == 1:
        return np.zeros(1), np.take(fields[..., at], 0, axis=-1)[..., None]
    share = np.linspace(0, 1, fineness(run.n_x, run.length)[axis] + 1)
    lines = np.take(fields, [at], axis=-2 if axis else -1)
    fine = interpolated(lines, (np.zeros(1), share) if axis else (share, np.zeros(1)))
    return share * run.length[axis], fine[..., 0, :] if axis else fine[..., 0]
