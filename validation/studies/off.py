"""How far models are from a kinetic solution, in words, and what makes that less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..harness.claims import number
from ..harness.orders import MARGIN

# A spin density below this share of the largest n0 is measured by that.
LEAST = 1e-3


def off(
    taus: Sequence[float], apart: Mapping[str, Sequence[NDArray]], u: NDArray, floor: float
) -> str:
    """Errors of n0 and of n at the first tau, what most of them is, and a remedy.

    Parameters
    ----------
    taus
        Relaxation times that fall.
    apart
        Differences (n0, n) of each model, "nonlocal" among them, from the kinetic solution,
        ``(4, N1, N2)``, at each tau.
    u
        The kinetic solution at the first.
    floor
        The error of the kinetic solutions in time.
    """
    n0, n = _sizes(u)

    def shares(name: str, row: int) -> tuple[float, float]:
        charge, spin = _sizes(apart[name][row])
        return charge / n0, spin / max(n, LEAST * n0)

    listed = [f"{name} {' and '.join(number(x) for x in shares(name, 0))}" for name in apart]
    answer = (
        f"at τ = {taus[0]:g} models are off by, of the largest n₀ and |n|, {', '.join(listed)}."
    )
    if max(_sizes(apart["nonlocal"][0])) <= MARGIN * floor:
        return f"{answer} Of the nonlocal one that is no more than the error of the steps in time."
    first, last = (max(shares("nonlocal", row)) for row in (0, -1))
    if "local" in apart and max(shares("local", 0)) > 2 * first:
        answer += " Most of the local model’s is of its expansion in ε, which the other has not."
    order = np.log(first / last) / np.log(taus[0] / taus[-1]) if last > 0 else np.inf
    answer += f" The nonlocal model’s falls like τ to the power {order:.2g}"
    return (
        f"{answer}: τ = {taus[0] / 2 ** (1 / order):.2g} halves it."
        if order > 0.5
        else f"{answer}."
    )


def _sizes(u: NDArray) -> tuple[float, float]:
    """The largest n0 and the largest |n|."""
    return float(np.abs(u[0]).max()), float(np.linalg.norm(u[1:], axis=0).max())
