"""What a state W is known by: all that a record has of it, once it is seen to be sound."""

from __future__ import annotations

from dataclasses import fields
from typing import NamedTuple

from numpy.typing import ArrayLike, NDArray

from ..case.spec import OutputSpec
from ..evolution.quality import Winding
from ..evolution.solver import Solver
from ..output.variables import acting, name_of
from ..phase_space.layout import Layout
from ..phase_space.moments import (
    Resolution,
    density,
    diagnostics,
    free_energy,
    moments,
    resolution,
)
from ..phase_space.reduced import coarse, cut, reduced
from .guards import check_edge, check_moments, check_sound

# Steps between two looks at the quality, at the most; there are four of them within tau, and while
# W winds up to the edge of its lattice.
RARELY = 8


class Observed(NamedTuple):
    """What was found of a state.

    Attributes
    ----------
    values
        All variables of moments.h5, by name, but the time and the evaluations.
    indicators
        Those of its quality, see ``evolution.quality``.
    A
        Its multipliers (a0, eps a), shape ``(4, N1, N2)``.
    """

    values: dict[str, ArrayLike]
    indicators: dict[str, float]
    A: NDArray


def observe(solver: Solver, W: NDArray, t: float) -> Observed:
    """What x-major ``W`` is at ``t``; the same on every rank.

    Raises
    ------
    StateError
        If it is not sound.
    ConstraintError
        If its multipliers cannot be found.
    """
    layout, physics, maxwellian = solver.layout, solver.problem.physics, solver.maxwellian
    found = moments(layout, W, physics)
    scalars = diagnostics(layout, W, found, physics, t)
    N = physics.scaled(found.densities)
    check_moments(N, solver.problem.N, layout.grid)
    check_sound(found, scalars, layout.grid, physics.epsilon)
    check_edge(scalars.edge_mass, layout, W)
    solution = maxwellian.solve_aside(N)
    A = physics.unscaled(solution.A)
    values = vars(found) | vars(scalars)
    values["spin_total"] = values.pop("spin")
    values |= {"a0": A[0], "a": A[1:], **solver.ledger.as_dict}
    values |= acting(physics, found.n0, t)
    values |= _of_phase_space(solver.case.output, layout, W)
    free = free_energy(physics, found.densities, A, t)
    values["free_energy"] = float(free.sum()) * layout.grid.dx
    values |= {"repair": maxwellian.repair, "lattice_defect": maxwellian.memory.defect}
    return Observed(values, _indicators(solver, scalars), solution.A)


def _of_phase_space(output: OutputSpec, layout: Layout, W: NDArray) -> dict[str, NDArray]:
    """W on the planes and on the lattice that the records have."""
    found = {name_of(plane): reduced(layout, W, plane) for plane in output.phase_space}
    for plane in output.cuts:
        found[f"{name_of(plane)}_cut"] = cut(layout, W, plane, output.point)
    if output.coarse is not None:
        found["W_coarse"] = coarse(layout, W, output.coarse)
    return found


def look(solver: Solver, W: NDArray) -> dict[str, float]:
    """The indicators of x-major ``W`` alone, between two records."""
    return _indicators(solver, resolution(solver.layout, W, density(solver.layout, W)))


def rhythm(solver: Solver) -> int:
    """Steps from one look to the next."""
    problem, dt = solver.problem, solver.case.time.dt
    fast = min(problem.physics.tau, Winding.on(problem.grid, problem.physics).flight)
    return int(min(RARELY, max(1.0, fast / (4 * dt))))


def _indicators(solver: Solver, found: Resolution) -> dict[str, float]:
    """Those of quality, of a state with this resolution and of the M(N) so far."""
    values = {field.name: getattr(found, field.name) for field in fields(Resolution)}
    return values | {"lattice_defect": solver.maxwellian.memory.worst_defect}
