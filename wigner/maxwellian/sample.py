"""Which numbers of steps to combine, seen on a few columns instead of all.

To compare with the limit without splitting on the whole lattice takes twenty times as long as the
moments of the steps that are chosen. A few columns tell as much, where the error is likely to be
largest: where multipliers are steepest or bent, at the largest density, and where the solver finds
that one number of steps more changes the moments most.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from ..flows.splitting import extrapolation
from ..phase_space.grid import PhaseGrid
from ..phase_space.layout import part
from ..physics import Physics
from . import steps
from .moment_map import MomentMap
from .preconditioner import OneStep
from .steps import Steps
from .windows import ROUNDOFF

Place = tuple[int, int]

# Neighbouring columns that are made at each place.
COLUMNS = 8
# Share of the tolerance that smaller windows may miss, and the errors that they are made for.
WINDOWS, TRIED = 0.5, (0.3, 1e-2, 1e-4)


class Sample:
    """Columns around some places of the x lattice, all made on this rank.

    Parameters
    ----------
    grid
        Its x lattice matters.
    physics
        Its epsilon and Lambda matter.
    tolerance
        Of the moments, relative to the largest density.
    """

    def __init__(self, grid: PhaseGrid, physics: Physics, tolerance: float) -> None:
        # moments need no lattice of p, which would limit the number of ranks that are pretended
        self._layout, _ = part(replace(grid, n_p=(2 * grid.nx, 2)), grid.nx, COLUMNS)
        self._map = cache(lambda error: MomentMap(self._layout, physics, error or ROUNDOFF))
        self._tolerance = tolerance

    @cached_property
    def one_step(self) -> OneStep:
        """The moment map of one step, on all of x."""
        return OneStep(self._map(0.0).columns)

    def choice(self, A: NDArray, at: Sequence[Place]) -> Steps:
        """The cheapest steps that meet the tolerance at some places, and the windows for them.

        Parameters
        ----------
        A
            Components (a0, eps a) on all of x, ``(4, N1, N2)``.
        at
            Indices of points of the lattice; the largest density should be among them.
        """
        moved = [to_first_block(A, place, self._layout.n_x_local) for place in at]
        exact = self._moments(moved, 0.0)
        limit = self._map(TRIED[0] * self._tolerance).unsplit
        chosen = steps.choose(exact, self._tolerance, len(limit.series(A).coefficients))
        weights, largest = np.abs(extrapolation(chosen.numbers)), exact(chosen.numbers[-1])[0].max()
        for error in (share * self._tolerance for share in TRIED):
            found = self._moments(moved, error)
            missed = [np.abs(exact(m) - found(m)).max() for m in chosen.numbers]
            if weights @ missed <= WINDOWS * self._tolerance * largest:
                return replace(chosen, windows=error)
        return chosen

    def has(self, place: Place, at: Sequence[Place]) -> bool:
        """Whether a point is one of the columns that are made at some places."""
        n1, n2 = self._layout.grid.n_x
        count = self._layout.n_x_local
        shifts = (_shift(each, count, n2) for each in at)
        return any((place[0] + a) % n1 * n2 + (place[1] + b) % n2 < count for a, b in shifts)

    def _moments(self, moved: Sequence[NDArray], error: float) -> Callable[[int], NDArray]:
        """Moments by number of steps, ``(4, places, N1, N2)``, zero where no column is made."""
        by_steps = self._map(error).by_steps
        return cache(lambda m: np.stack([by_steps(A, (m,))[0] for A in moved], axis=1))


def places(A: NDArray, n0: NDArray, grid: PhaseGrid) -> list[Place]:
    """Lattice points where n0 |grad A|^2, n0 |Laplace A| and n0 are largest, each once.

    Parameters
    ----------
    A
        Multipliers, ``(4, N1, N2)``.
    n0
        The density, ``(N1, N2)``.
    """
    slope, bend = np.zeros(n0.shape), np.zeros(A.shape)
    for axis, n, L in zip((1, 2), grid.n_x, grid.length, strict=True):
        before, after = np.roll(A, 1, axis), np.roll(A, -1, axis)
        slope += np.square((after - before) * n / (2 * L)).sum(axis=0)
        bend += (after - 2 * A + before) * (n / L) ** 2
    measures = (n0 * slope, n0 * np.abs(bend).max(axis=0), n0)
    return list(dict.fromkeys(largest(f) for f in measures))


def largest(field: NDArray) -> Place:
    """Where a field ``(N1, N2)`` is largest."""
    row, column = divmod(int(np.argmax(field)), field.shape[1])
    return row, column


def to_first_block(A: NDArray, place: Place, points: int) -> NDArray:
    """A, ``(4, N1, N2)``, moved so that a place is in the middle of the first points."""
    return np.roll(A, _shift(place, points, A.shape[2]), (1, 2))


def _shift(place: Place, points: int, n2: int) -> Place:
    """What moves a place of lines of ``n2`` points into the middle of the first points."""
    first, second = divmod(points // 2, n2)
    return first - place[0], second - place[1]
