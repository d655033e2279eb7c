"""From a case to what is solved: the lattice, V and N on it, checked before all computation."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import CaseError, ExpressionError, Fault
from ..phase_space.grid import PhaseGrid, automatic_p_max
from ..physics import Physics
from . import checks
from .formulas import Expression
from .spec import Case, as_dict


@dataclass(frozen=True)
class Problem:
    """A checked problem: all that a solver needs of a case.

    Attributes
    ----------
    grid
        The phase-space lattice, with "auto" resolved.
    physics
        Scaled Planck constant, Rashba constant, relaxation time and potential.
    N
        Initial moments (n0, eps n), shape ``(4, N1, N2)``.
    warnings
        What is legal but doubtful, one sentence each.
    identity
        The keys of the case that a run cannot change when it is resumed, with their values.
    """

    grid: PhaseGrid
    physics: Physics
    N: NDArray
    warnings: tuple[str, ...]
    identity: dict[str, str]


def build(case: Case, *, kinetic: bool = True, constrained: bool = True) -> Problem:
    """The problem of a case.

    Parameters
    ----------
    kinetic
        Whether it is for the kinetic solver; others have no lattice in p and steps of their own.
    constrained
        Whether the moment constraint has to be solved.

    Raises
    ------
    CaseError
        With every problem found: formulas that are not finite, not periodic, vary along an axis of
        one point or are not resolved; n0 not positive; eps|n| >= n0; a p lattice that cannot hold
        a thermal state.
    """
    grid, given = lattice(case), case.physics
    faults: list[Fault] = []
    fields: dict[str, NDArray] = {}
    for key, formula in formulas(case).items():
        with suppress(ExpressionError):  # which comes again
            fields[key] = formula(grid.x[0][:, None], grid.x[1][None, :])
    scales, sizes = checks.scales(fields, given.epsilon), [*checks.sizes(fields, case)]
    faults += sizes
    for key, formula in formulas(case).items():
        if any(fault.what == key for fault in sizes):
            continue  # arithmetic with it would overflow
        try:
            faults += checks.field(key, formula, grid, scales.get(key, 1.0))
        except ExpressionError as error:
            faults.append(replace(error.fault, what=key))
    times = list(checks.times(case))
    if kinetic:
        faults += checks.p_lattice(grid, given.epsilon * abs(given.alpha), case.grid.p_max)
        faults += times
    else:
        faults += (fault for fault in times if fault.what == "output.every" and fault.fatal)
    if fields.keys() == formulas(case).keys() and not sizes:
        V, n0, *n = fields.values()
        physics = Physics(given.epsilon, given.alpha, given.tau, V)
        N = physics.scaled(np.stack([n0, *n]))
        faults += (fault for fault in checks.density(N, grid) if fault.fatal or constrained)
        if not any(fault.fatal for fault in faults):
            warnings = tuple(str(fault) for fault in faults)
            return Problem(grid, physics, N, warnings, _identity(case, grid))
    raise CaseError(*(fault for fault in faults if fault.fatal))


def lattice(case: Case) -> PhaseGrid:
    """The phase-space lattice of a case, with "auto" resolved."""
    spec, physics = case.grid, case.physics
    p_max = spec.p_max or automatic_p_max(
        spec.n_x, spec.length, spec.n_p, physics.epsilon, physics.alpha
    )
    return PhaseGrid(spec.n_x, spec.length, spec.n_p, p_max)


def formulas(case: Case) -> dict[str, Expression]:
    """V, n0 and the three components of n, by key."""
    formulas = {"physics.potential": case.physics.potential, "initial.n0": case.initial.n0}
    return formulas | {f"initial.n[{k}]": formula for k, formula in enumerate(case.initial.n)}


def _identity(case: Case, grid: PhaseGrid) -> dict[str, str]:
    """What distinguishes the solution of a case from those of others, as text."""
    plain = as_dict(case)
    plain["grid"]["p_max"] = grid.p_max
    return {
        f"{section}.{key}": json.dumps(value)
        for section in ("grid", "physics", "initial")
        for key, value in plain[section].items()
    }
