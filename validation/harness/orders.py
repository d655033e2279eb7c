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

from .claims import BURIED, EARLY, MOOT, Claim, Correction, Expected

Numbers = Sequence[float] | NDArray

MARGIN = 20.0
# Two orders along a ladder that differ by less than this are the same.
SAME = 0.1
# How far the error of a formula that is wrong in print has to exceed that of the corrected one at
# the finest step for its order to be looked at; a case may hardly have the term that is wrong.
SHOWS = 5.0
DASH = "— where there is no order: in the first row, and where an error is too near its floor."


class OrderError(ValueError):
    """The errors do not show an order."""


def observed_orders(h: Numbers, errors: Numbers, *, floor: float) -> list[float | None]:
    """log(e_i/e_j)/log(h_i/h_j) between neighbours; None where an error is too near the floor.

    One entry for each h, the first None, so that orders make a column beside the errors.
    """
    orders: list[float | None] = [None]
    for (h0, e0), (h1, e1) in pairwise(zip(h, errors, strict=True)):
        seen = min(e0, e1) > MARGIN * max(floor, 0.0)
        orders.append(math.log(e0 / e1) / math.log(h0 / h1) if seen else None)
    return orders


def fitted_slope(h: Numbers, errors: Numbers, *, floor: float = 0.0, least: int = 3) -> float:
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
    right: Numbers | None = None,
    about: Correction | None = None,
) -> Claim:
    """The claim that errors have an order: the slope over all of them that are above the floor.

    Where that is not as expected, the slope of the ``least`` finest of them is taken, as coarse
    steps need not be asymptotic. The claim fails if orders have settled elsewhere, or move away
    from where they are expected. It is undecided if they still move there along the ladder, if the
    errors vanish, or if they are too near the floor; and so is one of a formula as printed if its
    errors hardly differ from those of the corrected one, ``right``.
    """
    slope, note, why = math.nan, "", ""
    try:
        slope = fitted_slope(h, errors, floor=floor, least=least)
    except OrderError as error:
        note = str(error)
        if np.all(np.isfinite(errors)):
            why = MOOT if np.max(errors) <= max(floor, 0.0) else BURIED
    if slope not in expected and not note:
        orders = [o for o in observed_orders(h, errors, floor=floor) if o is not None]
        note = f"from coarse to fine {', '.join(f'{o:.2f}' for o in orders)}"
        x, y = np.asarray(h), np.asarray(errors)
        seen = y > MARGIN * max(floor, 0.0)
        finest = fitted_slope(x[seen][-least:], y[seen][-least:], least=least)
        if finest in expected and _distance(orders[-1], expected) < SAME:
            slope, note = finest, f"{note}; the slope of the last {least} errors"
        elif _approach(orders, expected):
            why = EARLY
    hidden = right is not None and errors[-1] <= SHOWS * right[-1]
    if slope not in expected and printed is not None and hidden:
        why, note = MOOT, f"the case hardly has the term that is wrong; {note}"
    return Claim(key, statement, place, slope, expected, printed, about, note, why)


def _approach(orders: Sequence[float], expected: Expected) -> bool:
    """Whether the last two orders move to where they are expected, or lie on both sides of it."""
    if len(orders) < 2:
        return False
    before, last = orders[-2:]
    far, near = (_distance(order, expected) for order in (before, last))
    across = min(before, last) < expected.low and max(before, last) > expected.high
    return across or near < far - SAME or near == 0 < far


def _distance(order: float, expected: Expected) -> float:
    return max(expected.low - order, order - expected.high, 0.0)


def _shown(values: NDArray) -> str:
    return "[" + ", ".join(f"{value:.2g}" for value in values) + "]"


def rows_of_orders(
    h: Sequence[float], sizes: NDArray, floor: float
) -> list[tuple[float | None, ...]]:
    """Rows of a table: each ``h``, then the error and the observed order of every component.

    ``sizes`` are the errors, ``(h, component)``; ``floor`` is that of :func:`observed_orders`.
    """
    orders = [observed_orders(h, errors, floor=floor) for errors in sizes.T]
    return [
        (value, *(cell for k, size in enumerate(row) for cell in (float(size), orders[k][place])))
        for place, (value, row) in enumerate(zip(h, sizes, strict=True))
    ]
