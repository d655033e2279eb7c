"""V, b and E of a case on the x lattice at any time, and what the p box must hold of E."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..errors import ExpressionError, Fault, SolveError
from ..phase_space.grid import Pair, PhaseGrid
from ..physics import External
from .formulas import Expression
from .sections import Case, PhysicsSpec
from .values import shown

# Times of a run at which its formulas are looked at, and at which E is summed up.
LOOKS, MOMENTS = 17, 2001
# Bends of a formula within a step, in units of half its range in time: refused, and warned of. A
# wave has them with 4 and 11 steps to a period.
FAST, BRISK = 1.0, 0.08


@dataclass(frozen=True)
class Drive:
    """V, b and E at a time."""

    grid: PhaseGrid
    spec: PhysicsSpec

    def __call__(self, t: float) -> External:
        """Those of time ``t``.

        Raises
        ------
        SolveError
            If one of them is not finite: a case is looked at before a run, but not at all times.
        """
        try:
            V, *b = (self._on_lattice(f, t) for f in (self.spec.potential, *self.spec.zeeman))
            E1, E2 = (float(formula(0.0, 0.0, t)) for formula in self.spec.field)
        except ExpressionError as error:
            raise SolveError(not_finite(f"formula {error.fault.what}", error, t)) from None
        return External(V, np.stack(b) if np.any(b) else 0.0, (E1, E2))

    def _on_lattice(self, formula: Expression, t: float) -> NDArray:
        return formula(self.grid.x[0][:, None], self.grid.x[1][None, :], t)


def not_finite(what: str, error: ExpressionError, t: float) -> Fault:
    """That a formula has no finite value at a time, said of ``what``."""
    return replace(error.fault, what=what, got=f"{error.fault.got} at t = {t:.6g}")


def looks(case: Case) -> NDArray:
    """Times at which formulas are looked at: the ends of the run, and between at no even pace."""
    share = np.linspace(0.0, 1.0, LOOKS)
    return case.time.t_end * (share + 0.1 * share * (1 - share))


def drift(case: Case) -> Pair:
    """How far E carries W in p, in the run and before collisions stop it: per axis, the largest.

    The largest |int_0^t E(s) exp(-(t - s)/tau) ds|.

    Raises
    ------
    ExpressionError
        If E is not finite at some time.
    """
    return _drift(case.physics.field[0], case), _drift(case.physics.field[1], case)


def _drift(formula: Expression, case: Case) -> float:
    if not formula.varies:
        lasting = case.physics.tau * -math.expm1(-case.time.t_end / case.physics.tau)
        return abs(_uniform(formula, 0.0)) * lasting
    times = np.linspace(0.0, case.time.t_end, MOMENTS)
    h = times[1] / case.physics.tau
    E = [_uniform(formula, float(t)) for t in times]
    gain = case.physics.tau * -np.expm1(-h)
    p = largest = 0.0
    for here, there in pairwise(E):
        p = p * math.exp(-h) + gain * 0.5 * (here + there)
        largest = max(largest, abs(p))
    return largest


def _uniform(formula: Expression, t: float) -> float:
    """A component of E at a time.

    Raises
    ------
    ExpressionError
        If it is not finite.
    """
    try:
        return float(formula(0.0, 0.0, t))
    except ExpressionError as error:
        fault = replace(not_finite("physics.field", error, t), place=None, points=None)
        raise ExpressionError(fault) from None


def pace(key: str, formula: Expression, case: Case, grid: PhaseGrid) -> Iterator[Fault]:
    """What is wrong with how fast a formula changes: within a step it should hardly bend."""
    dt, x = case.time.dt, (grid.x[0][:, None], grid.x[1][None, :])
    if not formula.varies or case.time.adaptive:
        return
    starts = np.minimum(looks(case), max(case.time.t_end - dt, 0.0))
    seen = []
    for t in (starts[:, None] + dt * np.array([0.0, 0.5, 1.0])).ravel():
        try:
            seen.append(formula(*x, float(t)))
        except ExpressionError as error:
            yield not_finite(key, error, float(t))
            return
    values = np.array(seen).reshape(len(starts), 3, *grid.n_x)
    scale = 0.5 * float(np.ptp(values, axis=(0, 1)).max())
    bend = float(np.abs(values[:, 0] - 2 * values[:, 1] + values[:, 2]).max())
    if bend > BRISK * scale:
        expected = f"steps that resolve how it changes, but it bends by {bend / scale:.2g} of its "
        remedy = f"use a time.dt of about {dt * math.sqrt(0.25 * BRISK * scale / bend):.2g}"
        expected += f"amplitude within time.dt = {dt:g}"
        fatal = bend > FAST * scale
        yield Fault(key, shown(formula.text), expected, remedy, fatal=fatal)
