"""From a case to what is solved: the lattice, V and N on it, checked before all computation."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..phase_space.grid import PhaseGrid, automatic_p_max
from . import checks
from .checks import Finding
from .formulas import Expression, ExpressionError
from .spec import Case, CaseError, as_dict


@dataclass(frozen=True)
class Problem:
    """A checked problem: all that a solver needs of a case.

    Attributes
    ----------
    grid
        The phase-space lattice, with "auto" resolved.
    epsilon, alpha, tau
        Scaled Planck constant, Rashba constant and relaxation time.
    V
        Potential on the x lattice, shape ``(N1, N2)``.
    N
        Initial moments (n0, eps n), shape ``(4, N1, N2)``.
    warnings
        What is legal but doubtful, one sentence each.
    identity
        The keys of the case that a run cannot change on its way, with their values.
    """

    grid: PhaseGrid
    epsilon: float
    alpha: float
    tau: float
    V: NDArray
    N: NDArray
    warnings: tuple[str, ...]
    identity: dict[str, str]


def build(case: Case) -> Problem:
    """The problem of a case.

    Raises
    ------
    CaseError
        With every problem found: formulas that are not finite, not periodic, vary along an axis of
        one point or are not resolved; n0 not positive; eps|n| >= n0; a p lattice that cannot hold
        a thermal state.
    """
    grid, physics = lattice(case), case.physics
    findings, fields = [], {}
    for key, formula in formulas(case).items():
        try:
            fields[key] = formula(grid.x[0][:, None], grid.x[1][None, :])
            findings += checks.field(key, formula, fields[key], grid)
        except ExpressionError as error:
            # "'formula': got nan at x1 = ..., expected finite values; ..."
            got, _, remedy = str(error).partition(": got ")[2].partition(", expected ")
            findings.append(Finding(key, got, f"expected {remedy}"))
    findings += checks.p_lattice(grid, physics.epsilon * abs(physics.alpha), case.grid.p_max)
    if len(fields) == 5:
        V, n0, *n = fields.values()
        N = np.stack([n0, *(physics.epsilon * component for component in n)])
        findings += checks.density(N, grid)
    findings += checks.times(case)
    fatal = [(f.key, f.got, f.message) for f in findings if f.fatal]
    if fatal:
        raise CaseError(fatal)
    warnings = tuple(f"{f.key}: got {f.got}, {f.message}" for f in findings)
    identity = _identity(case, grid)
    return Problem(grid, physics.epsilon, physics.alpha, physics.tau, V, N, warnings, identity)


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
