"""V, b and E of a case on the x lattice at any time, and what may be wrong with them and phi."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..errors import ExpressionError, Fault, SolveError
from ..phase_space.grid import Pair, PhaseGrid, wave_numbers
from ..physics import External, Physics
from .checks import MOST_PHASE
from .formulas import Expression
from .sections import Case, PhysicsSpec
from .values import shown

# Times of a run at which its formulas are looked at, and at which E is summed up.
LOOKS, MOMENTS = 17, 2001
# Bends of a formula within a step, in units of half its range in time: refused, and warned of. A
# wave has them with 4 and 11 steps to a period.
FAST, BRISK = 1.0, 0.08
# Phase of a plasmon in a step from which on it is warned of.
PHASE = 0.6
# A change within no time, as a share of a formula, that is a jump.
JUMP = 1e-3
# What is smaller, in units of k_B T0, has no effect.
NOTHING = 1e-8
# A uniform force, in k_B T0/x0, that is as good as none: what a smooth switch has before it turns.
FAINT = 1e-4
# Largest -log of a density or a share of spins, beyond which a double is no help.
DEEPEST = 300.0


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

    def jump(self, t: float, later: float) -> str:
        """The key of a formula that changes by more than ``JUMP`` of itself; empty for none.

        Raises
        ------
        SolveError
            If one of them is not finite.
        """
        keys = ("physics.potential", "physics.zeeman", "physics.field")
        for key, here, there in zip(keys, self(t), self(later), strict=True):
            a, b = np.asarray(here), np.asarray(there)
            if np.abs(b - a).max() > JUMP * max(np.abs(a).max(), np.abs(b).max()):
                return key
        return ""

    def _on_lattice(self, formula: Expression, t: float) -> NDArray:
        return formula(self.grid.x[0][:, None], self.grid.x[1][None, :], t)


def not_finite(what: str, error: ExpressionError, t: float) -> Fault:
    """That a formula has no finite value at a time, said of ``what``."""
    return replace(error.fault, what=what, got=f"{error.fault.got} at t = {t:.6g}")


def looks(case: Case) -> NDArray:
    """Times at which formulas are looked at: the ends of the run, and between at no even pace.

    Their shape is ``(LOOKS,)``.
    """
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
        return abs(float(_uniform(formula, np.zeros(1))[0])) * lasting
    times = np.linspace(0.0, case.time.t_end, MOMENTS)
    h = times[1] / case.physics.tau
    gain = case.physics.tau * -np.expm1(-h)
    p = largest = 0.0
    for here, there in pairwise(_uniform(formula, times).tolist()):
        p = p * math.exp(-h) + gain * 0.5 * (here + there)
        largest = max(largest, abs(p))
    return largest


def _uniform(formula: Expression, times: NDArray) -> NDArray:
    """A component of E at ``times``, ``(k,)``; it depends on nothing else.

    Raises
    ------
    ExpressionError
        If it is not finite at one of them; the first such time is named.
    """
    try:
        return formula.at("x1")(times, 0.0)
    except ExpressionError as error:
        t = 0.0 if error.fault.place is None else error.fault.place[0]
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
    scale = max(0.5 * float(np.ptp(values, axis=(0, 1)).max()), NOTHING)
    bend = float(np.abs(values[:, 0] - 2 * values[:, 1] + values[:, 2]).max())
    if bend > BRISK * scale:
        expected = f"steps that resolve how it changes, but it bends by {bend / scale:.2g} of its "
        remedy = f"use a time.dt of about {dt * math.sqrt(0.25 * BRISK * scale / bend):.2g}"
        expected += f"amplitude within time.dt = {dt:g}"
        fatal = bend > FAST * scale
        yield Fault(key, shown(formula.text), expected, remedy, fatal=fatal)


def interaction(physics: Physics, n0: NDArray, case: Case) -> Iterator[Fault]:
    """A potential phi of n0, ``(N1, N2)``, so large that arithmetic fails."""
    if physics.mean_field is None or case.field is None:
        return
    with np.errstate(over="ignore"):
        phi = float(physics.mean_field.kernel.max() * n0.max())
    phase = phi * (case.time.dt / physics.epsilon)
    if phase > MOST_PHASE:
        expected = f"an interaction with phases phi dt/epsilon of at most {MOST_PHASE:.0e}"
        got = f"{case.field.coupling:.3g}, which makes phases of up to {phase:.1e}"
        remedy = "check its unit, k_B T0 for densities and lengths of the case"
        yield Fault("field.coupling", got, expected, remedy)


def plasma(physics: Physics, n0: NDArray, case: Case, grid: PhaseGrid) -> Iterator[Fault]:
    """Plasmons in n0, ``(N1, N2)``, that steps do not resolve.

    A wave of the mean density n has the frequency (n q^2 phi_q)^(1/2), phi_q the kernel, if it is
    not so short that free flight takes it apart, n phi_q > 1.
    """
    if physics.mean_field is None or case.time.adaptive:
        return
    q1, q2 = wave_numbers(grid.n_x, grid.length)
    drawn = float(n0.mean()) * physics.mean_field.kernel
    square = np.where(drawn > 1, drawn * (q1[:, None] ** 2 + q2[None, :] ** 2), 0.0)
    omega = math.sqrt(float(square.max()))
    if omega * case.time.dt > PHASE:
        got = f"{case.time.dt:g}, in which a plasmon of frequency {omega:.3g} turns by "
        expected = f"at most {PHASE:g}, some ten steps to a period"
        remedy = f"use a time.dt of about {PHASE / omega:.2g}"
        got += f"{omega * case.time.dt:.2g}"
        yield Fault("time.dt", got, expected, remedy, fatal=False)


def rest(physics: Physics, case: Case) -> Iterator[Fault]:
    """Why there is no equilibrium, or none that numbers can tell."""
    if case.initial.state != "equilibrium":
        return
    got, (E1, E2) = '"equilibrium" with ', physics.E
    if max(abs(E1), abs(E2)) > FAINT:
        yield Fault(
            "initial.state",
            f"{got}physics.field = ({E1:.4g}, {E2:.4g}) at t = 0",
            "no uniform force at t = 0, in which electrons would move",
            'switch it on later, as in "0.1*step(t - 1, 0.1)"',
        )
    depth = float(np.ptp(physics.V))
    if physics.mean_field is None and depth > DEEPEST:
        expected = f"at most {DEEPEST:g} k_B T0, as n0 falls to exp(-V)"
        got_V = f"{got}a potential that ranges over {depth:.4g}"
        yield Fault("initial.state", got_V, expected, "use a smaller physics.potential")
    turn = physics.epsilon * float(np.sqrt(np.sum(np.square(physics.b), axis=0)).max())
    if turn > DEEPEST:
        expected = f"at most {DEEPEST:g} k_B T0, as spins against b fall to exp(-2 epsilon |b|)"
        got_b = f"{got}epsilon |b| up to {turn:.4g}"
        yield Fault("initial.state", got_b, expected, "use a smaller physics.zeeman")
