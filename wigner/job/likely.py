"""By which numbers of splitting steps M(N) will be made, from a few of its columns at t = 0.

A run chooses them at its first solve by what they miss of the limit anywhere. Here it is seen where
it is likely to be largest: at the steepest multipliers, and at the largest density.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..case.problem import Problem
from ..case.spec import Case
from ..maxwellian import steps
from ..maxwellian.moment_map import MomentMap
from ..maxwellian.multiplier_solver import TRIED
from ..maxwellian.preconditioner import OneStep
from .estimate import numbers_of, part

# Neighbouring columns that are made at each place.
COLUMNS = 8


def likely_numbers(case: Case, problem: Problem) -> tuple[int, ...]:
    """Numbers of steps that are combined, or the ``LIMIT``; those of the case where it has some.

    Fields become smoother or steeper in a run, which may choose others then.
    """
    if case.maxwellian.richardson is not None:
        return numbers_of(case)
    layout, _ = part(problem.grid, problem.grid.nx, COLUMNS)
    tolerance = case.maxwellian.tolerance
    exact = MomentMap(layout, problem.physics)
    unsplit = MomentMap(layout, problem.physics, TRIED[0] * tolerance).unsplit
    A = OneStep(exact.columns).start(problem.N)
    moved = [_to_first_block(A, place, layout.n_x_local) for place in _places(A, problem)]

    @cache
    def moments(m: int) -> NDArray:
        return np.stack([exact.by_steps(one, (m,))[0] for one in moved], axis=1)

    return steps.choose(moments, tolerance, len(unsplit.series(A).coefficients)).numbers


def _places(A: NDArray, problem: Problem) -> list[tuple[int, int]]:
    """Lattice points where n0 |grad A|^2 is largest, and n0."""
    grid, n0 = problem.grid, problem.N[0]
    slopes = [
        (np.roll(A, -1, axis) - np.roll(A, 1, axis)) * n / (2 * L)
        for axis, n, L in zip((1, 2), grid.n_x, grid.length, strict=True)
    ]
    steepness = n0 * sum(np.square(slope).sum(axis=0) for slope in slopes)
    first, second = (divmod(int(np.argmax(f)), n0.shape[1]) for f in (steepness, n0))
    return [first, second]


def _to_first_block(A: NDArray, place: tuple[int, int], points: int) -> NDArray:
    """A moved so that a place is in the middle of the first points of the lattice."""
    n2 = A.shape[2]
    first, second = divmod(points // 2, n2)
    return np.roll(A, (first - place[0], second - place[1]), (1, 2))
