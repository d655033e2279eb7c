"""Which numbers of steps are combined: the cheapest within the tolerance, on a known series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wigner.flows.splitting import LIMIT
from wigner.maxwellian.steps import Steps, choose, combined, spread

# What the limit costs.
PRODUCTS = 45


def series(size: float, growth: float = 1.0, terms: int = 9):
    """Moments of m steps: 1 + sum_k c_k/m^2k with c_k = size^k growth^(k(k-1)/2)."""
    c = [size**k * growth ** (k * (k - 1) / 2) for k in range(1, terms)]

    def moments(m: int) -> np.ndarray:
        error = (
            0.0
            if m == LIMIT
            else sum(c_k * (-1) ** k / m ** (2 * k) for k, c_k in enumerate(c, start=1))
        )
        return np.full((4, 2, 1), 1.0 + error)

    return moments


def chosen(moments, tolerance: float) -> Steps:
    return choose(moments, tolerance, PRODUCTS)


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5, 1e-7, 1e-9, 1e-11])
@pytest.mark.parametrize(("size", "growth"), [(1e-3, 1.0), (3e-2, 1.3), (0.1, 1.5)])
def test_the_error_is_within_the_tolerance(size, growth, tolerance):
    moments = series(size, growth)
    steps = chosen(moments, tolerance)
    error = np.abs(combined(moments, steps.numbers) - 1).max()
    assert error <= tolerance
    assert steps.error == pytest.approx(error, rel=0.5, abs=0.1 * tolerance)


def test_the_cheapest_is_chosen():
    """size 1e-3: (1, 2) leaves 2.5e-7, (1, 3) 1.1e-7, (2, 3) 2.8e-8, (1, 2, 3) 2.8e-11."""
    moments = series(1e-3)
    for tolerance, expected in ((1e-6, (1, 2)), (3e-7, (1, 3)), (8e-8, (2, 3)), (1e-8, (1, 2, 3))):
        assert chosen(moments, tolerance).numbers == expected


def test_great_numbers_win_where_the_series_grows():
    """c_k that grow with k: few great numbers, where 1, 2, ... need many."""
    steps = chosen(series(0.2, 1.8), 1e-8)
    assert steps.numbers[0] > 1


def test_an_error_is_estimated_from_what_is_known():
    tolerance = 1e-9
    mild, steep = series(1e-4), series(2e-3)
    steps = chosen(mild, tolerance)
    assert steps.error_at(mild, tolerance) <= tolerance
    actual = np.abs(combined(steep, steps.numbers) - 1).max()
    assert actual > tolerance
    assert steps.error_at(steep, tolerance) > tolerance
    given = Steps(steps.numbers, given=True)
    assert given.error_at(steep, tolerance) == 0.0


@pytest.mark.parametrize(("waves", "expected"), [(0.9e-6, False), (1.1e-6, True), (3.9e-6, True)])
def test_single_waves_that_have_grown_are_seen(waves, expected):
    """Beyond the tolerance, and beyond twice what they seemed to miss when steps were chosen."""
    same = {m: np.ones((4, 2, 2)) for m in (1, 2)}.__getitem__
    chosen = Steps((1, 2), 1e-7, 1e-5, 0.0, 1e-7)
    assert chosen.are_coarse(same, waves, 1e-6) == expected
    assert not replace(chosen, waves=0.6e-6).are_coarse(same, 1.19e-6, 1e-6)  # twice as much
    assert replace(chosen, waves=0.6e-6).are_coarse(same, 1.21e-6, 1e-6)
    assert not replace(chosen, waves=2e-6).are_coarse(same, 2.9e-6, 1e-6)  # a tolerance more
    assert replace(chosen, waves=2e-6).are_coarse(same, 3.1e-6, 1e-6)
    assert not replace(chosen, given=True).are_coarse(same, 1.0, 1e-6)
    assert not Steps((LIMIT,)).are_coarse(same, 1.0, 1e-6)


def test_where_splitting_was_exact_the_spread_bounds_the_error():
    exact = chosen(series(0.0), 1e-8)
    assert exact.numbers == (1, 2)
    some = series(1e-5)
    error = np.abs(combined(some, (1, 2)) - 1).max()
    assert error < exact.error_at(some, 1e-8) == spread(some, (1, 2))


def test_roundoff_of_all_results_leaves_the_limit():
    """Where no set of results agrees with it to half the tolerance."""
    at_random = np.random.default_rng(2).normal(size=(4, 2, 1, 13))
    smooth = series(1e-3)
    moments = lambda m: smooth(m) + 1e-11 * at_random[:, :, :, m]  # noqa: E731
    assert chosen(moments, 1e-9).numbers == (1, 2, 3)
    assert chosen(moments, 4e-12).numbers == (LIMIT,)


def test_no_more_steps_are_combined_than_the_limit_costs():
    moments = series(0.1, 1.5)
    assert chosen(moments, 1e-9).numbers != (LIMIT,)
    dearer = sum(chosen(moments, 1e-9).numbers)
    assert choose(moments, 1e-9, dearer).numbers == (LIMIT,)
    limit = Steps((LIMIT,))
    assert limit.error_at(moments, 1e-9) == 0.0
    assert combined(moments, limit.numbers) == pytest.approx(np.ones((4, 2, 1)))
