"""Lattices, their duals, interpolation between them."""

from __future__ import annotations

import numpy as np
import pytest

from wigner.flows.kernels import half_of_pairs
from wigner.phase_space.grid import (
    PhaseGrid,
    automatic_p_max,
    commensurate_p_max,
    dual,
    interpolation,
    mirror,
    sums,
)


def test_axes_of_an_anisotropic_lattice():
    grid = PhaseGrid((4, 5), (1.0, 3.0), (6, 8), (2.0, 5.0))
    assert grid.nx == 20
    assert grid.np == 48
    np.testing.assert_allclose(grid.x[1], [0, 0.6, 1.2, 1.8, 2.4])
    np.testing.assert_allclose(grid.p[0], [-5 / 3, -1, -1 / 3, 1 / 3, 1, 5 / 3])
    assert grid.dx == pytest.approx(0.25 * 0.6)
    assert grid.dp == pytest.approx(4 / 6 * 10 / 8)
    np.testing.assert_allclose(grid.eta_max, [np.pi * 6 / 4, np.pi * 8 / 10])


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"n_x": (0, 4)}, "n_x"),
        ({"n_x": (4,)}, "n_x"),
        ({"n_p": (4, 2.5)}, "n_p"),
        ({"length": (1.0, -1.0)}, "length"),
        ({"p_max": (float("nan"), 1.0)}, "p_max"),
    ],
)
def test_impossible_lattices_are_refused_by_name(change, name):
    good = {"n_x": (4, 4), "length": (1.0, 1.0), "n_p": (4, 4), "p_max": (1.0, 1.0)}
    with pytest.raises(ValueError, match=rf"^{name}: got .* expected"):
        PhaseGrid(**(good | change))


@pytest.mark.parametrize("n", [1, 2, 3, 8, 9])
def test_dual_is_its_own_mirror_image(n):
    k = dual(n, 0.3)
    np.testing.assert_array_equal(k[-np.arange(n) % n], -k)


@pytest.mark.parametrize("n", [(1, 1), (1, 6), (4, 5), (6, 2)])
def test_half_of_pairs_covers_each_pair_once(n):
    h, g = half_of_pairs(n)
    np.testing.assert_array_equal(mirror(n)[h], g)
    both = np.concatenate([h, g[g != h]])
    assert sorted(both) == list(range(n[0] * n[1]))


def test_sums_of_commensurate_lattices_are_few_and_right():
    base, shift = np.arange(8) * 0.5, np.array([0, 1, 2, -3, -2, -1]) * 0.25
    found = sums(base, shift, period=4.0)
    assert len(found.values) == 16
    difference = np.mod(base[:, None] + shift - found.values[found.index] + 2, 4.0) - 2
    np.testing.assert_allclose(difference, 0, atol=1e-12)


def test_sums_of_incommensurate_lattices_are_all_distinct():
    base, shift = np.arange(5) * 1.0, np.array([0, 1, -1]) * np.sqrt(0.1)
    found = sums(base, shift)
    assert len(found.values) == 15
    np.testing.assert_allclose(found.values[found.index], base[:, None] + shift)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_interpolation_is_exact_for_the_modes_of_the_lattice(n):
    points = np.linspace(-1, 7, 23)
    matrix = interpolation(n, 3.0, points)
    for k in range((n + 1) // 2):
        phase = 2 * np.pi * k / 3.0
        lattice = np.cos(phase * np.arange(n) * 3.0 / n + 0.4)
        np.testing.assert_allclose(matrix @ lattice, np.cos(phase * points + 0.4), atol=1e-13)


def test_commensurate_cut_puts_shifts_on_a_refined_lattice():
    P = commensurate_p_max(7.0, 32, 2 * np.pi, 0.2)
    assert abs(P - 7.0) <= 0.35
    grid = PhaseGrid((32, 32), (2 * np.pi,) * 2, (32, 32), (P, P))
    found = sums(grid.x[0], 0.1 * grid.eta[0], 2 * np.pi)
    assert len(found.values) < 32 * 32 / 2


def test_commensurate_cuts_are_found_for_fine_lattices_too():
    """With few points of the refined lattice for each, whatever their number; simple ratios win."""
    for n in range(100, 400, 7):
        P = commensurate_p_max(8.6, n, 2 * np.pi, 0.2)
        assert abs(P - 8.6) <= 0.43
        shifts = 0.2 * np.pi / (2 * P) / (2 * np.pi / n)  # in lattice steps
        parts = [r for r in range(1, 13) if abs(shifts * r - round(shifts * r)) < 1e-9]
        assert parts, n
    unit = 0.2 * np.pi * 152 / (4 * np.pi)
    assert commensurate_p_max(8.6, 152, 2 * np.pi, 0.2) == pytest.approx(unit * 7 / 6)
    assert commensurate_p_max(1.31 * unit, 152, 2 * np.pi, 0.2) == pytest.approx(unit * 4 / 3)


def test_automatic_cut_balances_the_tails_and_stops_at_roundoff():
    few = automatic_p_max((32, 1), (6.0, 6.0), (24, 24), 0.2, 0.0)
    many = automatic_p_max((32, 1), (6.0, 6.0), (96, 96), 0.2, 0.0)
    assert few[1] == pytest.approx(np.sqrt(12 * np.pi))
    assert few[0] == pytest.approx(few[1], rel=0.05)
    assert many[1] == pytest.approx(8.5)
    wide = automatic_p_max((32, 1), (6.0, 6.0), (96, 96), 0.2, 3.0)
    assert wide[1] == pytest.approx(8.5 + 0.6)
