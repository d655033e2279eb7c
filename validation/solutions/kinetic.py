"""Kinetic solutions for the studies: a case's W at its record times."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from wigner.case.problem import build
from wigner.case.spec import Case, parse_case
from wigner.evolution.evolve import evolve
from wigner.evolution.relaxation import order_of
from wigner.evolution.solver import Solver
from wigner.phase_space.grid import interpolation
from wigner.phase_space.moments import density


def records(case: Case) -> Iterator[tuple[float, Solver, NDArray]]:
    """(t, solver, x-major W) at t = 0 and at every record of the case; W is advanced in place."""
    solver = Solver(case, build(case))
    W = solver.initial_state()
    yield 0.0, solver, W
    for interval in evolve(W, solver.intervals(0.0, 0), solver.step):
        if interval.landed:
            yield interval.end, solver, W


def densities(case: Case) -> tuple[NDArray, NDArray]:
    """Times ``(k,)`` and N = (n0, eps n) at them, ``(k, 4, N1, N2)``, t = 0 included."""
    recorded = [(t, density(solver.layout, W)) for t, solver, W in records(case)]
    return np.array([t for t, _ in recorded]), np.array([N for _, N in recorded])


def at_end(case: Case) -> NDArray:
    """N = (n0, eps n) at t_end, ``(4, N1, N2)``."""
    return densities(case)[1][-1]


def densities_with_error(text: str) -> dict[str, NDArray]:
    """(n0, n) at t_end with half the case's step, and an estimate of its error in time.

    ``(4, N1, N2)`` and ``(4,)``.
    """
    case = parse_case(text)
    halved = parse_case(case.text, [f"time.dt={case.time.dt / 2!r}"])
    unscaled = build(case).physics.unscaled
    coarse, u = (unscaled(at_end(c)) for c in (case, halved))
    share = 2 ** order_of(case.time.scheme, build(case).physics) - 1
    return {"u": u, "error": np.abs(u - coarse).max(axis=(1, 2)) / share}


def resampled(f: NDArray, n: tuple[int, int]) -> NDArray:
    """A field ``(..., N1, N2)`` on another number of points, by trigonometric interpolation."""
    for axis, points in ((-2, n[0]), (-1, n[1])):
        matrix = interpolation(f.shape[axis], 1.0, np.arange(points) / points)
        f = np.moveaxis(np.moveaxis(f, axis, -1) @ matrix.T, -1, axis)
    return f


def distance(N: NDArray, reference: NDArray) -> float:
    """Largest difference of any component of N, ``(4, ...)``, relative to the largest density."""
    return float(np.abs(N - reference).max() / reference[0].max())
