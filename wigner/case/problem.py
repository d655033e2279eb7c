"""From a case to what is solved: the lattice, V and N on it, checked before all computation."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import CaseError, ExpressionError, Fault, apart
from ..phase_space.grid import Pair, PhaseGrid, automatic_p_max
from ..phase_space.mean_field import MeanField
from ..physics import Physics
from . import checks, external
from .formulas import Expression
from .spec import Case, as_dict

# Values that say what cases said before there were these keys.
UNCHANGED: tuple[tuple[str, str, object], ...] = (
    ("physics", "beta", 0.0),
    ("physics", "zeeman", ["0", "0", "0"]),
    ("physics", "field", ["0", "0"]),
    ("output", "phase_space", []),
    ("output", "cuts", []),
    ("output", "cuts_place", [0.0, 0.0]),
    ("output", "cuts_momentum", [0.0, 0.0]),
    ("output", "coarse", None),
)
# Thermal momenta by which a uniform force may carry electrons.
MOST_DRIFT = 1e4
SPINS = tuple(f"initial.n[{k}]" for k in range(3))


@dataclass(frozen=True)
class Problem:
    """A checked problem: all that a solver needs of a case.

    Attributes
    ----------
    grid
        The phase-space lattice, with "auto" resolved.
    physics
        Parameters and fields of the equation.
    N
        Initial moments (n0, eps n), shape ``(4, N1, N2)``; those of an equilibrium are found from
        n0, see ``maxwellian.equilibrium_state``.
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
        found = _over_time(key, formula, case, grid, scales.get(key, 1.0))
        faults += found
        if kinetic and not any(fault.fatal for fault in found):
            faults += external.pace(key, formula, case, grid)
    times, drift = list(checks.times(case)), _drift(case, faults)
    if kinetic and drift is not None:
        moved = (given.epsilon * given.spin_orbit + d for d in drift)
        faults += checks.p_lattice(grid, (next(moved), next(moved)), case.grid.p_max)
        for k, formula in enumerate(given.field):  # a pulse shorter than a step may be meant
            brisk = external.pace(f"physics.field[{k}]", formula, case, grid)
            faults += (replace(fault, fatal=False) for fault in brisk)
    if kinetic:
        faults += checks.recorded(case.output, grid)
        faults += times
    else:
        faults += (fault for fault in times if fault.what == "output.every" and fault.fatal)
    if fields.keys() == formulas(case).keys() and not sizes and drift is not None:
        physics = _physics(case, grid)
        faults += external.rest(physics, case)
        faults += external.interaction(physics, fields["initial.n0"], case)
        if kinetic:
            faults += external.plasma(physics, fields["initial.n0"], case, grid)
        N = physics.scaled(np.stack([fields[key] for key in ("initial.n0", *SPINS)]))
        faults += (fault for fault in checks.density(N, grid) if fault.fatal or constrained)
        if not any(fault.fatal for fault in faults):
            warnings = tuple(str(fault) for fault in faults)
            return Problem(grid, physics, N, warnings, _identity(case, grid))
    raise CaseError(*(fault for fault in faults if fault.fatal))


def lattice(case: Case) -> PhaseGrid:
    """The phase-space lattice of a case, with "auto" resolved."""
    spec, physics = case.grid, case.physics
    p_max = spec.p_max or automatic_p_max(
        spec.n_x,
        spec.length,
        spec.n_p,
        physics.epsilon,
        physics.spin_orbit,
        _drift(case, []) or (0.0, 0.0),
    )
    return PhaseGrid(spec.n_x, spec.length, spec.n_p, p_max)


def formulas(case: Case) -> dict[str, Expression]:
    """V, b, n0 and n, by key."""
    return {
        "physics.potential": case.physics.potential,
        **{f"physics.zeeman[{k}]": formula for k, formula in enumerate(case.physics.zeeman)},
        "initial.n0": case.initial.n0,
        **dict(zip(SPINS, case.initial.n, strict=True)),
    }


def _physics(case: Case, grid: PhaseGrid) -> Physics:
    """The physics of a case whose formulas are finite."""
    given, drive = case.physics, external.Drive(grid, case.physics)
    field = case.field
    mean_field = None if field is None else MeanField(grid, **vars(field))
    parameters = given.epsilon, given.alpha, given.tau
    V, b, E = drive(0.0)
    return Physics(*parameters, V, given.beta, b, E, drive if given.varies else None, mean_field)


def _over_time(
    key: str, formula: Expression, case: Case, grid: PhaseGrid, scale: float
) -> list[Fault]:
    """What is wrong with a formula on the x lattice: what is fatal, or the first doubt, in time."""
    doubts: list[Fault] = []
    for t in external.looks(case) if formula.varies else (0.0,):
        try:
            found = [*checks.field(key, formula.at(float(t)), grid, scale)]
        except ExpressionError as error:
            found = [replace(error.fault, what=key)]
        if formula.varies:
            found = [replace(fault, got=f"{fault.got} at t = {t:.3g}") for fault in found]
        if any(fault.fatal for fault in found):
            return found
        doubts = doubts or found
    return doubts


def _drift(case: Case, faults: list[Fault]) -> Pair | None:
    """How far E carries W in p; None, with a fault, where E is not finite or beyond all sense."""
    try:
        drift = external.drift(case)
    except ExpressionError as error:
        faults += error.faults
        return None
    if max(drift) <= MOST_DRIFT:
        return drift
    got = f"a force that carries electrons by {apart(max(drift), MOST_DRIFT, '3g')} in p"
    expected = f"at most {MOST_DRIFT:g} thermal momenta"
    faults.append(Fault("physics.field", got, expected, "check its unit, k_B T0/x0"))
    return None


def _identity(case: Case, grid: PhaseGrid) -> dict[str, str]:
    """What distinguishes the solution of a case, and the variables of its records, as text."""
    plain = as_dict(case)
    plain["grid"]["p_max"] = grid.p_max
    kept = [key for section, key, _ in UNCHANGED if section == "output"]
    plain["output"] = {key: plain["output"][key] for key in kept}
    density = None if case.material is None else case.material.density
    told = {} if density is None else {"material.density": json.dumps(density)}  # what records say
    return told | {
        f"{section}.{key}": json.dumps(value)
        for section in ("grid", "physics", "field", "initial", "output")
        for key, value in (plain[section] or {}).items()
        if (section, key, value) not in UNCHANGED
    }
