"""Anderson's step against least squares, and what it costs in inner products."""

import numpy as np
import pytest

from wigner.maxwellian import anderson
from wigner.maxwellian.anderson import DEPTH, Secants

SHAPE = (4, 3, 5)


def known(count: int) -> Secants:
    """Some random pairs, added one by one."""
    rng, secants = np.random.default_rng(1), Secants()
    for _ in range(count):
        secants.add(*rng.normal(size=(2, *SHAPE)))
    return secants


@pytest.mark.parametrize("count", [1, 3, DEPTH, DEPTH + 4])
def test_the_step_is_that_of_least_squares_over_the_pairs_that_are_kept(count: int) -> None:
    secants, G = known(count), np.random.default_rng(2).normal(size=SHAPE)
    assert len(secants.steps) == min(count, DEPTH)
    D, S = (np.reshape(f, (len(f), -1)).T for f in (secants.changes, secants.steps))
    weights = np.linalg.lstsq(D, G.ravel(), rcond=None)[0]
    expected = G - ((S + D) @ weights).reshape(SHAPE)
    np.testing.assert_allclose(secants.step(G), expected, rtol=0, atol=1e-12)


def test_an_old_pair_that_the_newer_ones_explain_does_not_count() -> None:
    secants, rng = known(2), np.random.default_rng(3)
    G, repeated = rng.normal(size=SHAPE), secants.changes[0] + 1e-7 * rng.normal(size=SHAPE)
    secants.add(secants.steps[1], repeated)
    without = Secants(secants.steps[1:], secants.changes[1:])
    np.testing.assert_allclose(secants.step(G), without.step(G), rtol=0, atol=1e-12)


@pytest.mark.parametrize("count", [0, 3, DEPTH + 4])
def test_pairs_that_were_saved_give_the_same_bits(count: int) -> None:
    secants, G = known(count), np.random.default_rng(2).normal(size=SHAPE)
    for other in (secants.copy(), Secants([*secants.steps], [*secants.changes])):
        np.testing.assert_array_equal(other.step(G), secants.step(G))
    secants.forget()
    np.testing.assert_array_equal(secants.step(G), G)


def test_an_evaluation_makes_no_inner_products_of_old_pairs(monkeypatch) -> None:
    secants, G, made = known(DEPTH), np.ones(SHAPE), []
    products = anderson._products
    monkeypatch.setattr(
        anderson, "_products", lambda fields, one: made.append(len(fields)) or products(fields, one)
    )
    secants.add(2 * G, G)
    secants.step(G)
    assert sum(made) == 2 * DEPTH
