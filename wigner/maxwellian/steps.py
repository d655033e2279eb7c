"""Which numbers of splitting steps are combined: the cheapest that meet the tolerance.

A Strang splitting of m steps has an error that is a series in 1/m^2. Combined, the results of J
numbers of steps have the error c_J/prod m^2, with c_J from the fields: for small eps the first
numbers are best, for large eps c_J grows so fast with J that few large ones are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, ResolutionError
from ..flows.splitting import extrapolation

# Largest number of steps, and how many numbers are combined at the most.
MOST_STEPS, MOST_NUMBERS = 16, 6
# Share of the tolerance that the measured error of a choice may take.
SHARE = 0.5
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
    given
        Whether the numbers were prescribed; then their error is not looked at.
    """

    numbers: tuple[int, ...]
    error: float = 0.0
    spread: float = 0.0
    given: bool = False

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
    doubt = np.inf
    for most in range(3, MOST_STEPS + 1):
        # the best known, and by how much leaving out its last number changes it
        doubt, first = min(
            (_change(moments, range(k, most + 1), range(k, most)), k) for k in range(1, most - 1)
        )
        if doubt <= tolerance:
            best = range(first, most + 1)
            for numbers in _by_cost(most):
                error = _change(moments, best, numbers)
                if error <= SHARE * tolerance:
                    return Steps(numbers, error, spread(moments, numbers))
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
    return _change(moments, numbers, numbers[1:])


def combined(moments: Moments, numbers: Sequence[int]) -> NDArray:
    """Moments extrapolated from those of some numbers of steps."""
    weights = extrapolation(numbers)
    return np.tensordot(weights, np.stack([moments(m) for m in numbers]), axes=1)


def products(numbers: Sequence[int]) -> int:
    """Two-sided products that the symbol takes: for m steps, m by K and m by A."""
    return 2 * sum(numbers)


def _change(moments: Moments, numbers: Sequence[int], others: Sequence[int]) -> float:
    """From some numbers to others, relative to the n0 of the largest, which is always sound."""
    change = combined(moments, numbers) - combined(moments, others)
    return float(np.abs(change).max() / moments(max(numbers))[0].max())


def _by_cost(most: int) -> Iterator[tuple[int, ...]]:
    """Sets of two or more numbers up to ``most``, the cheapest first."""
    sets = (
        numbers
        for count in range(2, min(most, MOST_NUMBERS) + 1)
        for numbers in combinations(range(1, most + 1), count)
    )
    return iter(sorted(sets, key=lambda numbers: (sum(numbers), numbers)))
