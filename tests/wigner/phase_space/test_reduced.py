"""Reduced Wigner functions against sums over the whole of phase space."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.setups import space
from wigner.phase_space import pauli
from wigner.phase_space import reduced as module
from wigner.phase_space.moments import density
from wigner.phase_space.reduced import (
    COORDINATES,
    CUTS,
    PLANES,
    axes_of,
    coarse,
    coarse_grid,
    cut,
    points,
    reduced,
)


@pytest.mark.mpi(n=[1, 2, 3])
def test_sums_over_the_other_two_coordinates(comm: object) -> None:
    """On every rank, with blocks of x that begin and end within a line of the lattice."""
    layout = space((5, 4), (6, 8), 0.3, length=(3.0, 2.0), comm=comm).layout
    grid = layout.grid
    w = np.random.default_rng(3).standard_normal((4, grid.nx, grid.np))
    W = pauli.pack(w[:, layout.x])
    whole = w.reshape(4, *grid.n_x, *grid.n_p)
    steps = {name: axis[1] - axis[0] for name, axis in points(grid).items()}
    for plane in PLANES:
        lost = [name for name in COORDINATES if name not in axes_of(plane)]
        cell = np.prod([steps[name] for name in lost])
        expected = cell * whole.sum(axis=tuple(1 + COORDINATES.index(name) for name in lost))
        order = [COORDINATES.index(name) for name in axes_of(plane)]
        assert order == sorted(order)
        np.testing.assert_allclose(reduced(layout, W, plane), expected, rtol=0, atol=1e-12)
    N = density(layout, W).sum(axis=2) * steps["x2"]
    marginal = reduced(layout, W, "x1 p1").sum(axis=2) * steps["p1"]
    np.testing.assert_allclose(marginal, N, rtol=0, atol=1e-12)


@pytest.mark.mpi(n=3)
def test_cuts_and_coarse_lattices(comm: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of a trigonometric polynomial off the lattice, from few rows at a time."""
    monkeypatch.setattr(module, "AT_ONCE", 100)
    monkeypatch.setattr(module, "ADDED", 100)
    layout = space((5, 4), (6, 8), 0.3, length=(3.0, 2.0), comm=comm).layout
    grid = layout.grid

    def exact(x1: NDArray, x2: NDArray, p1: NDArray, p2: NDArray) -> NDArray:
        """w0 to w3 on the product of four axes."""
        (L1, L2), (P1, P2) = grid.length, grid.p_max
        a1 = 2 + np.cos(2 * np.pi * x1 / L1 - 0.3)[:, None, None, None]
        a2 = 1 + np.sin(2 * np.pi * x2 / L2)[:, None, None]
        b1, b2 = np.sin(2 * np.pi * p1 / P1 + 0.2)[:, None], np.cos(3 * np.pi * p2 / P2 - 1)
        return np.multiply.outer(np.array([1.0, -2.0, 0.5, 3.0]), a1 * a2 * b1 * b2 + a1 + b2)

    axes = points(grid)
    W = pauli.pack(exact(*axes.values()).reshape(4, grid.nx, grid.np)[:, layout.x])
    point = {"x1": 0.7, "x2": 1.9, "p1": -1.3, "p2": 0.4}
    for plane in CUTS:
        kept = axes_of(plane)
        at = [axes[name] if name in kept else np.array([point[name]]) for name in COORDINATES]
        expected = exact(*at).squeeze()
        found = cut(layout, W, plane, point)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    for counts in ((3, 4, 5, 2), (1, 1, 6, 8), (5, 4, 6, 8)):
        at = points(coarse_grid(grid, counts)).values()
        np.testing.assert_allclose(coarse(layout, W, counts), exact(*at), rtol=0, atol=1e-12)
