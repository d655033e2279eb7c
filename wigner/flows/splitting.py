"""Splittings of exp(A + B) into products of exp(A) and exp(B), as tables.

A symmetric composition reads potential, kinetic, potential, ..., potential; the potential comes
first and last because it is the cheaper of the two flows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Splitting:
    """Fractions of the step for the alternating flows: ``potential[0], kinetic[0], ...``."""

    order: int
    potential: tuple[float, ...]
    kinetic: tuple[float, ...]


STRANG = Splitting(2, (0.5, 0.5), (1.0,))

# The order-4, six-stage composition S6 of S. Blanes and P. C. Moan, J. Comput. Appl. Math. 142
# (2002) 313, Table 2: its error constant is about 1/300 of that of the triple jump.
_A = (0.0792036964311957, 0.353172906049774, -0.0420650803577195)
_B = (0.209515106613362, -0.143851773179818)
_A4, _B3 = 1 - 2 * sum(_A), 0.5 - sum(_B)
FOURTH = Splitting(4, (*_A, _A4, *_A[::-1]), (*_B, _B3, _B3, *_B[::-1]))

# In place of a number of steps: their limit, which has no splitting error.
LIMIT = 0

SPLITTINGS = {"strang": STRANG, "fourth": FOURTH}


def extrapolation(steps: Sequence[int]) -> tuple[float, ...]:
    """Richardson's weights for the results of some numbers of symmetric steps.

    The error of a symmetric splitting is a series in 1/m^2 for m steps; the weights
    prod_{j != m} m^2/(m^2 - j^2) of J results remove its first J - 1 terms. The ``LIMIT`` alone
    has the weight one.
    """
    return tuple(
        float(math.prod(Fraction(m * m, m * m - j * j) for j in steps if j != m)) for m in steps
    )
