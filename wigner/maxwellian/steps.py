"""Which numbers of splitting steps are combined: the cheapest that meet the tolerance.

A Strang splitting of m steps has an error that is a series in 1/m^2. Combined, the results of J
numbers of steps have the error c_J/prod m^2, with c_J from the fields: for small eps the first
numbers are best, for large eps c_J grows so fast with J that few large ones are, and in the end the
limit of infinitely many, which Chebyshev's series gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..flows.splitting import LIMIT, extrapolation

# Largest number of steps, and how many numbers are combined at the most.
MOST_STEPS, MOST_NUMBERS = 12, 6
# Share of the tolerance that the error of a choice may take.
SHARE = 0.5
# An error is taken for this share of the tolerance at least: less may be by chance.
NEGLIGIBLE = 1e-2

# Steps are chosen anew where single waves seem to miss so many times as much as when chosen, or a
# tolerance more.
GROWN = 2.0

Moments = Callable[[int], NDArray]


@dataclass(frozen=True)
class Steps:
    """Numbers of steps that are combined, and what was known of their error when chosen.

    Attributes
    ----------
    numbers
        The numbers of steps, increasing, or ``(LIMIT,)``, which is final: it is exact for any A.
    error
        Error of the moments, relative to max n0.
    spread
        By how much the moments change when the smallest number is left out, likewise.
    windows
        Error that the windows of the moment map are made for; 0 for double precision.
    waves
        What single waves seemed to miss, see :func:`.response.split_error`.
    given
        Whether the numbers were prescribed; then their error is not looked at.
    """

    numbers: tuple[int, ...]
    error: float = 0.0
    spread: float = 0.0
    windows: float = 0.0
    waves: float = 0.0
    given: bool = False

    @property
    def errors(self) -> tuple[float, float, float, float]:
        """(error, spread, windows, waves)."""
        return self.error, self.spread, self.windows, self.waves

    def are_coarse(self, moments: Moments, waves: float, tolerance: float) -> bool:
        """Whether the error seems to exceed the tolerance for other multipliers.

        Short waves that have grown beside much larger ones show in the response to them alone.

        Parameters
        ----------
        moments
            Those of m steps.
        waves
            As the attribute, for these multipliers.
        """
        if self.given or LIMIT in self.numbers:
            return False
        if waves > max(tolerance, min(GROWN * self.waves, self.waves + tolerance)):
            return True
        return self.error_at(moments, tolerance) > tolerance

    def error_at(self, moments: Moments, tolerance: float) -> float:
        """Estimated error for other multipliers, whose moments of m steps ``moments`` gives.

        It is less than the spread. With J numbers it grows like the spread where the fields grow,
        and like its power J/(J-1) where they become steeper.
        """
        if self.given or LIMIT in self.numbers:
            return 0.0
        now = spread(moments, self.numbers)
        if min(now, self.spread) <= tolerance:
            return now
        power = len(self.numbers) / (len(self.numbers) - 1)
        growth = max(now / self.spread, 1.0)
        return max(self.error, NEGLIGIBLE * tolerance) * growth**power


def up_to(levels: int | None) -> Steps | None:
    """The numbers 1, 2, ..., ``levels`` as prescribed ones; None where none are."""
    return None if levels is None else Steps(tuple(range(1, levels + 1)), given=True)


def prescribed(error: float, t: float) -> str:
    """A warning of what prescribed steps miss at ``t``."""
    return (
        f"maxwellian.richardson: at t = {t:.6g} the splitting of M(N) has an error of about "
        f"{error:.1e} of the largest density, above maxwellian.tolerance; use a larger number, or "
        '"auto"'
    )


def choose(moments: Moments, tolerance: float, products: int) -> Steps:
    """Numbers of steps whose error is within the tolerance: the cheapest with the least largest.

    Parameters
    ----------
    moments
        The moments (n0, eps n) of m steps and of the ``LIMIT``, ``(4, N1, N2)``; errors are
        relative to max n0.
    products
        What the limit costs, in products by K: no more steps in all are combined.
    """
    exact = moments(LIMIT)
    for most in range(2, MOST_STEPS + 1):
        others = (m for J in range(1, MOST_NUMBERS) for m in combinations(range(1, most), J))
        sets = [(*m, most) for m in others if sum(m) + most < products]
        for numbers in sorted(sets, key=lambda numbers: (sum(numbers), numbers)):
            error = float(np.abs(combined(moments, numbers) - exact).max() / exact[0].max())
            if error <= SHARE * tolerance:
                return Steps(numbers, error, spread(moments, numbers))
    return Steps((LIMIT,))


def spread(moments: Moments, numbers: Sequence[int]) -> float:
    """Change of the combined moments when the smallest number is left out, relative to max n0."""
    return change(moments, numbers, numbers[1:])


def combined(moments: Moments, numbers: Sequence[int]) -> NDArray:
    """Moments ``(4, N1, N2)``, extrapolated from those of some numbers of steps."""
    weights = extrapolation(numbers)
    return np.tensordot(weights, np.stack([moments(m) for m in numbers]), axes=1)


def change(moments: Moments, numbers: Sequence[int], others: Sequence[int]) -> float:
    """From some numbers to others, relative to max n0 for the largest number, which is sound."""
    changed = np.abs(difference(moments, numbers, others)).max()
    return float(changed / moments(max(numbers))[0].max())


def difference(moments: Moments, numbers: Sequence[int], others: Sequence[int]) -> NDArray:
    """From some numbers to others, ``(4, N1, N2)``."""
    return combined(moments, numbers) - combined(moments, others)
