"""A rank's share of a product: its own rows and columns, with tables of no more than these need."""

from __future__ import annotations

import numpy as np
import pytest

from wigner.flows import factors
from wigner.flows.two_sided import MomentumSide, PositionSide
from wigner.phase_space import pauli
from wigner.phase_space.communicator import Serial
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout
from wigner.physics import Physics

EPSILON = 0.7
# Incommensurate: no two of the points x + eps eta/2 coincide.
GRID = PhaseGrid((4, 5), (2 * np.pi, 5.0), (5, 7), (4.1, 4.3))
PHYSICS = Physics(epsilon=EPSILON, alpha=0.8, tau=1.0, V=np.zeros(GRID.n_x))


class One(Serial):
    """One of several ranks, which hears nothing of the others."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size


def fields(*shape: int) -> np.ndarray:
    return pauli.pack(np.random.default_rng(1).normal(size=(4, *shape)))


@pytest.mark.parametrize("size", [1, 3, 7, 20])
def test_rows_of_a_product_by_a_function_of_x(size: int) -> None:
    A, W = np.random.default_rng(2).normal(size=(4, *GRID.n_x)), fields(GRID.nx, GRID.np)
    sides = [PositionSide(Layout(GRID, One(rank, size)), EPSILON) for rank in range(size)]
    whole, found = W.copy(), []
    alone = PositionSide(Layout(GRID), EPSILON)
    alone.apply(whole, factors.multiplier(alone.refined(A), 0.3))
    for rank, side in enumerate(sides):
        rows = Layout(GRID, One(rank, size)).x
        found.append(W[:, rows].copy())
        side.apply(found[-1], factors.multiplier(side.refined(A), 0.3))
    np.testing.assert_allclose(np.concatenate(found, axis=1), whole, rtol=0, atol=1e-12)
    assert np.abs(whole - W).max() > 1


@pytest.mark.parametrize("size", [1, 4, 11, 20])
def test_columns_of_a_product_by_a_function_of_p(size: int) -> None:
    W, found = fields(*GRID.n_x, GRID.np), []
    for rank in range(size):
        layout = Layout(GRID, One(rank, size))
        side = MomentumSide(layout, EPSILON)
        block = W[..., layout.p].copy()
        K = factors.parabola(side.q)
        side.apply(block, slice(0, layout.n_p_local), factors.kinetic(K, PHYSICS, 0.4))
        found.append(block)
    if size == 1:
        assert np.abs(found[0] - W).max() > 0.1
        return
    layout = Layout(GRID)
    side, whole = MomentumSide(layout, EPSILON), W.copy()
    side.apply(whole, slice(0, GRID.np), factors.kinetic(factors.parabola(side.q), PHYSICS, 0.4))
    np.testing.assert_allclose(np.concatenate(found, axis=3), whole, rtol=0, atol=1e-12)


def test_tables_have_no_points_of_others() -> None:
    """A rank with two points has them on one line, or the last and the first of two."""
    for rank in range(10):
        layout = Layout(GRID, One(rank, 10))
        first, second = (len(m) for m in PositionSide(layout, EPSILON).refinement)
        rows, columns = (len(set(i)) for i in np.divmod(np.r_[layout.x], GRID.n_x[1]))
        assert (first, second) == (rows * GRID.n_p[0], columns * GRID.n_p[1])
    layout = Layout(GRID, One(0, 20))
    q1, q2 = MomentumSide(layout, EPSILON).q
    assert len(q1) == GRID.n_x[0] - 1  # the Nyquist wave is taken for zero
    assert len(q2) == layout.n_p_local * GRID.n_x[1]
