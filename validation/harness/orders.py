"""Orders of convergence, measured only from errors that are well above their floor.

The floor is what roundoff, or the tolerance of a solver, leaves of an error. An error below
``MARGIN`` times the floor is not used: there the floor can change an observed order of 2 by 0.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .claims import Claim, Correction, Expected

Numbers = Sequence[float] | NDArray

MARGIN = 20.0


class OrderError(ValueError):
    """The errors do not show an order."""


def observed_orders(h: Numbers, errors: Numbers, *, floor: float) -> list[float | None]:
    """log(e_i/e_j)/log(h_i/h_j) between neighbours; None where an error is too near the floor.

    One entry for each h, the first None, so that orders make a column beside the errors.
    """
    orders: list[float | None] = [None]
    for (h0, e0), (h1, e1) in pairwise(zip(h, errors, strict=True)):
        seen = min(e0, e1) > MARGIN * floor
        orders.append(math.log(e0 / e1) / math.log(h0 / h1) if seen else None)
    return orders


def fitted_slope(h: Numbers, errors: Numbers, *, floor: float, least: int = 3) -> float:
    """Slope of log(error) over log(h) by least squares, over the errors well above the floor.

    Raises
    ------
    OrderError
        If an error is not a positive number, or fewer than ``least`` are above the floor.
    """
    x, y = np.asarray(h, dtype=float), np.asarray(errors, dtype=float)
    if not np.all(np.isfinite(y)) or not np.all(x > 0):
        raise OrderError(f"got errors {_shown(y)} at h {_shown(x)}, expected finite numbers")
    seen = y > MARGIN * max(floor, 0.0)
    if np.count_nonzero(seen) < least:
        raise OrderError(
            f"got errors {_shown(y)}, expected at least {least} above {MARGIN * floor:.1e}, "
            f"{MARGIN:g} times the floor; use coarser steps or tighter tolerances"
        )
    return float(np.polyfit(np.log(x[seen]), np.log(y[seen]), 1)[0])


def order_claim(
    key: str,
    statement: str,
    place: str,
    h: Numbers,
    errors: Numbers,
    expected: Expected,
    *,
    floor: float,
    least: int = 3,
    printed: Expected | None = None,
    about: Correction | None = None,
) -> Claim:
    """The claim that errors have an order; it fails, with the reason, if they do not show one."""
    try:
        slope, note = fitted_slope(h, errors, floor=floor, least=least), ""
    except OrderError as error:
        slope, note = math.nan, str(error)
    return Claim(key, statement, place, slope, expected, printed, about, note)


def _shown(values: NDArray) -> str:
    return "[" + ", ".join(f"{value:.2g}" for value in values) + "]"
