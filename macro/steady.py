"""The steady state of a model, of fields that stand still."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wigner.errors import Fault, StateError
from wigner.evolution.steady import way_left

from .imex import solution
from .model import Model

# What densities may still be away from where they go, in units of the error of a step.
REST = 10.0
# Factor by which changes fall from span to span at the slowest that is believed, and the spans at
# the most; each is as long as the slowest wave lives.
SLOWEST, MOST = 0.99, 200


def settled(
    model: Model,
    u: NDArray,
    tolerance: float,
    dt: float,
    between: Callable[[], None] = lambda: None,
) -> NDArray:
    """The densities (n0, n) that ``u`` comes to, shape ``(4, N1, N2)``.

    Changes fall by a factor from span to span, so what is left of the way is known from the last
    two of them. Arguments are those of :func:`.imex.solution`; no field may be driven.

    Raises
    ------
    StateError
        If the densities do not come to rest.
    SolveError
        As :func:`.imex.integrate`.
    """
    span, scale = _span(model), np.array([1.0, *3 * [model.physics.epsilon]])[:, None, None]
    times = [span * k for k in range(1, MOST + 1)]
    before, last, change = u, 0.0, np.inf
    for _, now in solution(model, u, times, tolerance, dt, between):
        change = float(np.abs(scale * (now - before)).max() / now[0].max())
        if way_left(change, last, SLOWEST) <= REST * tolerance:
            return now
        before, last = now, change
    raise StateError(
        Fault(
            "initial.state",
            f'"steady", but the densities still change by {change:.1e} of the largest in t = '
            f"{span:.3g}, after {MOST} times as long",
            f"at most {REST * tolerance:.1e}",
            "use fields in which they rest, or a larger maxwellian.tolerance",
        )
    )


def _span(model: Model) -> float:
    """How long the slowest wave lives that decays."""
    rates = -model.stiff
    return 1 / float(rates[rates > 0].min()) if np.any(rates > 0) else 1.0
