"""How M(N) will be made, as seen at t = 0: by which numbers of splitting steps, on which lattice.

A run chooses the numbers at its first solve from a few columns of M(N), and looks at more of them
then where it has to.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..case.problem import Problem
from ..case.spec import Case
from ..errors import ConstraintError
from ..maxwellian.equilibrium_state import with_phi
from ..maxwellian.lattices import at_least, coarsest
from ..maxwellian.sample import Sample, places
from ..phase_space.communicator import SERIAL
from ..phase_space.resampling import Counts
from .estimate import numbers_of

# Initial states whose densities follow from the fields.
AT_REST = ("equilibrium", "steady")
# What phi of the classical densities may be off by.
FOUND = 1e-3


def likely_numbers(case: Case, problem: Problem) -> tuple[int, ...]:
    """Numbers of steps that are combined, or the ``LIMIT``; those of the case where it has some.

    Fields become smoother or steeper in a run, which may choose others then.
    """
    if case.maxwellian.richardson is not None:
        return numbers_of(case)
    N, A = at_first(case, problem)
    sample = Sample(problem.grid, problem.physics, case.maxwellian.tolerance)
    A = sample.one_step.start(N) if A is None else A
    return sample.choice(A, places(A, N[0], problem.grid)).numbers


def likely_lattice(case: Case, problem: Problem, ranks: int) -> Counts:
    """The lattice of x on which M(N) is made at first; it becomes finer where it has to."""
    (N, _), tolerance = at_first(case, problem), case.maxwellian.tolerance
    found = coarsest(N, problem.grid, problem.physics.epsilon, tolerance, SERIAL)
    return at_least(found, problem.grid.n_x, ranks)[0]


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
