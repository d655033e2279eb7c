"""By which numbers of splitting steps M(N) will be made, from a few of its columns at t = 0.

A run chooses them at its first solve by what they miss of the limit anywhere. Here it is seen where
it is likely to be largest: where multipliers are steepest or bent, and at the largest density.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..case.problem import Problem
from ..case.spec import Case
from ..errors import ConstraintError
from ..maxwellian import steps
from ..maxwellian.equilibrium_state import with_phi
from ..maxwellian.moment_map import MomentMap
from ..maxwellian.multiplier_solver import TRIED
from ..maxwellian.preconditioner import OneStep
from ..phase_space.grid import PhaseGrid
from .estimate import numbers_of, part

# Initial states whose densities follow from the fields.
AT_REST = ("equilibrium", "steady")
# What phi of the classical densities may be off by.
FOUND = 1e-3
# Neighbouring columns that are made at each place.
COLUMNS = 8


def likely_numbers(case: Case, problem: Problem) -> tuple[int, ...]:
    """Numbers of steps that are combined, or the ``LIMIT``; those of the case where it has some.

    Fields become smoother or steeper in a run, which may choose others then.
    """
    if case.maxwellian.richardson is not None:
        return numbers_of(case)
    # moments need no lattice of p, which would limit the number of ranks
    points = problem.grid.nx
    layout, _ = part(replace(problem.grid, n_p=(points, 2)), points, COLUMNS)
    tolerance = case.maxwellian.tolerance
    exact = MomentMap(layout, problem.physics)
    unsplit = MomentMap(layout, problem.physics, TRIED[0] * tolerance).unsplit
    N, A = at_first(case, problem)
    A = OneStep(exact.columns).start(N) if A is None else A
    moved = [to_first_block(A, place, layout.n_x_local) for place in places(A, N[0], problem.grid)]

    @cache
    def moments(m: int) -> NDArray:
        return np.stack([exact.by_steps(one, (m,))[0] for one in moved], axis=1)

    return steps.choose(moments, tolerance, len(unsplit.series(A).coefficients)).numbers


def at_first(case: Case, problem: Problem) -> tuple[NDArray, NDArray | None]:
    """(n0, eps n) that a run is likely to begin with, and multipliers where they are known.

    Both have shape ``(4, N1, N2)``. Those of a state at rest are c - V - phi and -eps b; the
    densities, that of phi too, are the classical ones.
    """
    if case.initial.state not in AT_REST:
        return problem.N, None
    physics, grid, mean = problem.physics, problem.grid, float(problem.N[0].mean())
    spin = -physics.epsilon * np.broadcast_to(physics.b, (3, *grid.n_x))
    size = np.sqrt(np.square(spin).sum(axis=0))

    def classical(minus_phi: NDArray) -> NDArray:
        top = minus_phi - physics.V + size
        up = 0.5 * np.exp(top - top.max())
        down = up * np.exp(-2 * size)
        along = np.divide(up - down, size, out=np.zeros_like(size), where=size > 0)
        N = np.stack([up + down, *(along * spin)])
        return N * (mean / N[0].mean())

    try:
        N, minus_phi = with_phi(physics, grid, mean, FOUND, classical)
    except ConstraintError:  # which the run will tell
        N, minus_phi = classical(np.zeros(grid.n_x)), np.zeros(grid.n_x)
    A = np.stack([minus_phi - physics.V, *spin])
    densest = np.unravel_index(np.argmax(N[0]), grid.n_x)  # n0 = 2 pi exp(a0) cosh(eps |a|) there
    c = np.log(N[0][densest] / np.pi) - (A[0] + size + np.log1p(np.exp(-2 * size)))[densest]
    A[0] += c
    return N, A


def places(A: NDArray, n0: NDArray, grid: PhaseGrid) -> list[tuple[int, int]]:
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
    found = [divmod(int(np.argmax(f)), n0.shape[1]) for f in measures]
    return list(dict.fromkeys(found))


def to_first_block(A: NDArray, place: tuple[int, int], points: int) -> NDArray:
    """A, ``(4, N1, N2)``, moved so that a place is in the middle of the first points."""
    first, second = divmod(points // 2, A.shape[2])
    return np.roll(A, (first - place[0], second - place[1]), (1, 2))
