"""The exact right-hand side against finite differences of exact flows, and its box."""

from __future__ import annotations

import numpy as np
import pytest

from validation.oracle import bgk, dense, rates
from validation.oracle.dense import Array, Box

BOXES = [
    rates.box((9, 9), (2.5, 2.7), 0.6, 0.6, p_max=5.0),
    rates.box((21, 1), (4.0, 0.0), 0.4, 0.6, p_max=6.0),
]
IDS = ["torus", "strip"]


def multipliers(box: Box, amplitude: float) -> Array:
    """Smooth (a0, a), all components, along both axes where there are two."""
    X, Y = (2 * np.pi / L * x for x, L in zip(dense.lattice(box), box.length, strict=True))
    a = [np.sin(X + Y), 1 + np.cos(X), np.sin(Y + 0.5), np.cos(X - Y)]
    return amplitude * np.stack([np.broadcast_to(f, box.n) for f in a])


def potential(box: Box) -> Array:
    """Not separable."""
    X, Y = (2 * np.pi / L * x for x, L in zip(dense.lattice(box), box.length, strict=True))
    return np.broadcast_to(0.5 * np.cos(X + Y) + 0.2 * np.sin(X), box.n)


@pytest.mark.parametrize("box", BOXES, ids=IDS)
def test_transport_terms_are_time_derivatives(box: Box) -> None:
    """N(t) = N - t <T M> + t^2/2 <T T M> + ... under the flow of H from M."""
    V, M = potential(box), bgk.exponential(box, multipliers(box, 0.3))
    exact = rates.rates_of(box, M, V)
    H, h = dense.diagonalise(dense.hamiltonian(box, V)), 5e-3
    # central differences of order 6
    first, second = np.array([3, -0.6, 1 / 15]) / (4 * h), np.array([1.5, -0.15, 1 / 90]) / h**2
    odd, even = 0.0, -49 / 18 * M.u / h**2
    for j in (1, 2, 3):
        ahead, behind = (
            dense.densities(box, dense.evolve(box, H, M.operator(), s * j * h)) for s in (1, -1)
        )
        odd = odd + first[j - 1] * (ahead - behind)
        even = even + second[j - 1] * (ahead + behind)
    for found, expected, size in ((odd, -exact.TM, exact.TM), (even, exact.TTM, exact.TTM)):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7 * np.abs(size).max())
    assert np.abs(exact.TM[1:]).max() > 1e-3 * np.abs(exact.TTM).max()


@pytest.mark.parametrize("box", BOXES, ids=IDS)
def test_maxwellian_term_is_a_derivative_of_the_constraint(box: Box) -> None:
    """<T d_t^0 M> by central differences of M(N) along -<T M>."""
    V, M = potential(box), bgk.exponential(box, multipliers(box, 0.3))
    exact = rates.rates_of(box, M, V)
    H, h = dense.hamiltonian(box, V), 1e-3

    def along(s: float) -> tuple[Array, Array]:
        shifted = bgk.maxwellian(box, M.u - s * exact.TM, tolerance=1e-13, start=M)
        T_M = rates.transport(box, H, shifted.operator())
        return dense.densities(box, T_M), shifted.mu

    steps = zip(*(along(s * h) for s in (-2, -1, 1, 2)), strict=True)
    found, dmu = ((a - 8 * b + 8 * c - d) / (12 * h) for a, b, c, d in steps)
    np.testing.assert_allclose(dmu, exact.dmu, rtol=0, atol=1e-7 * np.abs(dmu).max())
    np.testing.assert_allclose(found, exact.TdM, rtol=0, atol=1e-7 * np.abs(found).max())
    np.testing.assert_array_equal(exact.rate(0.5), -exact.TM + 0.5 * (exact.TTM + exact.TdM))


def test_equilibrium_has_no_rates() -> None:
    box = BOXES[1]
    V = potential(box)
    u = bgk.exponential(box, dense.scalar(-V)).u
    exact = rates.nonlocal_rates(box, u, V)
    for part in (exact.TM, exact.TTM, exact.TdM):
        np.testing.assert_allclose(part, 0.0, atol=1e-9)


def test_the_box_reaches_as_far_as_asked() -> None:
    box = rates.box((8, 1), (3.0, 99.0), 0.2, 0.5, p_max=7.0, separation=8.0)
    p1, p2 = dense.momenta(box)
    assert box.n[0] >= 8
    assert np.abs(p1).max() + 0.2 * np.pi / 3.0 >= 7.0
    assert np.abs(p2).max() > 7.0 - 2 * 7.0 / box.fibres[1]
    for b, L in zip(box.fibres, box.length, strict=True):
        assert b * L >= 8.0 * 0.2 > (b - 1) * L


def test_a_finer_box_changes_little() -> None:
    """The rates in 2D to 1e-9, with all components and alpha != 0."""
    found = []
    for p_max in (6.5, 7.5):
        box = rates.box((9, 9), (2.0, 2.2), 0.6, 0.6, p_max=p_max)
        exact = rates.rates_of(box, bgk.exponential(box, multipliers(box, 0.15)), potential(box))
        found.append([dense.resample(f, (7, 8)) for f in exact[1:]])
    for coarse, fine in zip(*found, strict=True):
        np.testing.assert_allclose(coarse, fine, rtol=0, atol=1e-9 * np.abs(found[1][1]).max())
