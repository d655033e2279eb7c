"""Reduced Wigner functions against sums over the whole of phase space."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import space
from wigner.phase_space import pauli
from wigner.phase_space.moments import density
from wigner.phase_space.reduced import COORDINATES, PLANES, axes_of, points, reduced


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
