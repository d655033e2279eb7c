"""The steady state of a model, of fields that stand still."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wigner.errors import Fault, StateError
from wigner.evolution.extrapolation import SEEN, Trail

from .imex import solution
from .model import Model

# What densities may still be away from where they go, and errors of steps on the way, which hide
# slow changes, in units of the tolerance; and the most of each.
REST, MOST_LEFT, FINER, FINEST = 10.0, 1e-3, 0.1, 1e-7
# Lives of the slowest wave that are waited for at the most.
MOST = 1000


def settled(
    model: Model,
    u: NDArray,
    tolerance: float,
    dt: float,
    between: Callable[[], None] = lambda: None,
) -> NDArray:
    """The densities (n0, n) that ``u`` comes to, shape ``(4, N1, N2)``.

    What is left of their way is extrapolated, see :class:`wigner.evolution.extrapolation.Trail`,
    after the life of the slowest wave. Arguments are those of
    :func:`.imex.solution`; no field may be driven.

    Raises
    ------
    StateError
        If the densities do not come to rest.
    SolveError
        As :func:`.imex.integrate`.
    """
    span, scale = _span(model), np.array([1.0, *3 * [model.physics.epsilon]])[:, None, None]
    strides = SEEN - 1
    times = [span / strides * k for k in range(1, MOST * strides + 1)]
    trail, allowed = Trail(scale * u), min(REST * tolerance, MOST_LEFT)
    for _, now in solution(model, u, times, min(FINER * tolerance, FINEST), dt, between):
        trail.add(scale * now)
        if trail.left <= allowed:
            return now
    raise StateError(
        Fault(
            "initial.state",
            f'"steady", but the densities are still some {trail.left:.1e} of the largest away from '
            f"where they go, after {MOST} lives of the slowest wave, t = {MOST * span:.3g}",
            f"at most {allowed:.1e}",
            "use fields in which they rest, or a larger maxwellian.tolerance",
        )
    )


def _span(model: Model) -> float:
    """How long the slowest wave lives that decays."""
    rates = -model.stiff
    return 1 / float(rates[rates > 0].min()) if np.any(rates > 0) else 1.0
