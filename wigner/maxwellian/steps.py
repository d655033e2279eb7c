"""Which numbers of splitting steps are combined: the cheapest that meet the tolerance.

A Strang splitting of m steps has an error that is a series in 1/m^2. Combined, the results of J
numbers of steps have the error c_J/prod m^2, with c_J from the fields: for small eps the first
numbers are best, for large eps c_J grows so fast with J that few large ones are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, ResolutionError
from ..flows.splitting import extrapolation

# Largest number of steps, and how many numbers are combined at the most.
MOST_STEPS, MOST_NUMBERS = 24, 6
# Largest space between the numbers that choices are compared with.
WIDEST = 4
# Share of the tolerance that the measured error of a choice may take.
SHARE = 0.5
# By how much the simple estimate of an error may exceed the tolerance for a choice to be tried.
DARING = 10.0
# An error is taken for this share of the tolerance at least: less may be by chance.
NEGLIGIBLE = 1e-2

Moments = Callable[[int], NDArray]


@dataclass(frozen=True)
class Steps:
    """Numbers of steps that are combined, and what was known of their error when chosen.

    Attributes
    ----------
    numbers
        The numbers of steps, increasing.
    error
        Error of the moments, relative to max n0.
    spread
        By how much the moments change when the smallest number is left out, likewise.
    windows
        Error that the windows of the moment map are made for; 0 for double precision.
    given
        Whether the numbers were prescribed; then their error is not looked at.
    """

    numbers: tuple[int, ...]
    error: float = 0.0
    spread: float = 0.0
    windows: float = 0.0
    given: bool = False

    @property
    def errors(self) -> tuple[float, float, float]:
        """(error, spread, windows)."""
        return self.error, self.spread, self.windows

    def error_at(self, moments: Moments, tolerance: float) -> float:
        """Estimated error for other multipliers, whose moments of m steps ``moments`` gives.

        It is less than the spread. With J numbers it grows like the spread where the fields grow,
        and like its power J/(J-1) where they become steeper.
        """
        if self.given:
            return 0.0
        now = spread(moments, self.numbers)
        if min(now, self.spread) <= tolerance:
            return now
        power = len(self.numbers) / (len(self.numbers) - 1)
        growth = max(now / self.spread, 1.0)
        return max(self.error, NEGLIGIBLE * tolerance) * growth**power


def choose(moments: Moments, tolerance: float) -> Steps:
    """The cheapest numbers of steps whose error is within the tolerance.

    Parameters
    ----------
    moments
        The moments (n0, eps n) of m steps, ``(4, N1, N2)``; errors are relative to max n0.

    Raises
    ------
    ResolutionError
        If no numbers up to ``MOST_STEPS`` are enough.
    """
    doubt, enough = np.inf, None
    for most in range(3, MOST_STEPS + 1):
        # the best known, and by how much leaving out its last number changes it
        doubt, best = min(
            ((change(moments, m, m[:-1]), m) for m in _ladders(most)), key=lambda pair: pair[0]
        )
        if doubt <= tolerance:
            enough = enough or Steps(tuple(best), doubt, spread(moments, best))
            for numbers in _likely(moments, best, SHARE * tolerance):
                error = change(moments, best, numbers)
                if error <= SHARE * tolerance:
                    return Steps(numbers, error, spread(moments, numbers))
    if enough is not None:
        return enough
    raise ResolutionError(
        Fault(
            "splitting error of the quantum Maxwellian",
            f"{doubt:.1e} with up to {MOST_STEPS} steps",
            f"at most {tolerance:.1e}",
            "raise maxwellian.tolerance, or reduce epsilon or the steepness of the fields",
        )
    )


def spread(moments: Moments, numbers: Sequence[int]) -> float:
    """Change of the combined moments when the smallest number is left out, relative to max n0."""
    return change(moments, numbers, numbers[1:])


def combined(moments: Moments, numbers: Sequence[int]) -> NDArray:
    """Moments extrapolated from those of some numbers of steps."""
    weights = extrapolation(numbers)
    return np.tensordot(weights, np.stack([moments(m) for m in numbers]), axes=1)


def change(moments: Moments, numbers: Sequence[int], others: Sequence[int]) -> float:
    """From some numbers to others, relative to max n0 for the largest number, which is sound."""
    change = combined(moments, numbers) - combined(moments, others)
    return float(np.abs(change).max() / moments(max(numbers))[0].max())


def _ladders(most: int) -> Iterator[range]:
    """Equally spaced numbers that end at ``most``: wide ones magnify roundoff less."""
    for space in range(1, WIDEST + 1):
        for first in range(1, most - 2 * space + 1):
            if (most - first) % space == 0:
                yield range(first, most + 1, space)


def _likely(moments: Moments, best: range, tolerance: float) -> Iterator[tuple[int, ...]]:
    """Sets of numbers that may meet the tolerance, the cheapest first.

    Their errors are taken for c_J/prod m^2, with c_J from the J largest numbers.
    """
    most, likely = best[-1], []
    for count in range(2, min(MOST_NUMBERS, most) + 1):
        largest = range(most - count + 1, most + 1)
        c = change(moments, best, largest) * math.prod(largest) ** 2
        sets = combinations(range(1, most + 1), count)
        likely += [m for m in sets if c <= DARING * tolerance * math.prod(m) ** 2]
    return iter(sorted(likely, key=lambda numbers: (sum(numbers), numbers)))
