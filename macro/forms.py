"""Formulas as sums of named terms: as the paper prints them, or corrected where that is wrong."""

from __future__ import annotations

import operator
from enum import Enum
from functools import reduce

from numpy.typing import NDArray

Terms = dict[str, NDArray]


class Form(Enum):
    """`PUBLISHED` is what the paper prints, `CORRECTED` what agrees with exact operator algebra."""

    CORRECTED = "corrected"
    PUBLISHED = "published"


def total(terms: Terms) -> NDArray:
    """The sum of all terms, which may have any shape."""
    return reduce(operator.add, terms.values())
