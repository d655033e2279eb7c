"""Few modes in eta on a finer p lattice: trigonometric interpolation, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout
from wigner.phase_space.synthesis import Synthesis, with_few_modes


def lattice(n_p: tuple[int, int], p_max: tuple[float, float] = (6.0, 7.0)) -> PhaseGrid:
    return PhaseGrid((2, 3), (1.0, 1.0), n_p, p_max)


@pytest.mark.parametrize(
    ("few", "many"), [((7, 6), (11, 10)), ((8, 7), (12, 12)), ((9, 8), (9, 11)), ((8, 9), (8, 9))]
)
def test_a_sum_of_waves_is_what_it_is_at_every_point(
    few: tuple[int, int], many: tuple[int, int]
) -> None:
    """Coefficients of waves that both lattices have, by their definition, give their sum."""
    coarse, fine = lattice(few), lattice(many)
    rng = np.random.default_rng(3)
    W = Layout(fine).x_major()
    expected, modes = np.zeros_like(W), np.zeros((*W.shape[:2], *few), dtype=complex)
    p1, p2 = fine.p_flat
    highest = [(n - 1) // 2 for n in few]
    for j in range(-highest[0], highest[0] + 1):
        for k in range(-highest[1], highest[1] + 1):
            amplitude = rng.normal(size=W.shape[:2]) + 1j * rng.normal(size=W.shape[:2])
            eta = np.pi * j / 6.0, np.pi * k / 7.0
            expected += amplitude[..., None] * np.exp(-1j * (eta[0] * p1 + eta[1] * p2))
            corner = eta[0] * coarse.p[0][0] + eta[1] * coarse.p[1][0]
            modes[..., j, k] = amplitude * np.exp(-1j * corner)
    W[..., : few[0] * few[1]] = modes.reshape(*W.shape[:2], -1)
    Synthesis(coarse, fine)(W)
    np.testing.assert_allclose(W, expected, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize(("error", "n"), [(1e-6, 25), (1e-10, 32), (0.0, 40), (1e-15, 40)])
def test_so_many_modes_as_a_thermal_state_needs(error: float, n: int) -> None:
    few = with_few_modes(lattice((40, 40), (7.2, 7.2)), error)
    assert few.n_p == (n, n)
    if n < 40:
        assert np.exp(-0.5 * few.eta_max[0] ** 2) < error


def test_ranks_have_a_point_each() -> None:
    grid = lattice((40, 40))
    few = with_few_modes(grid, 1e-3, 10)
    assert few.n_p < grid.n_p
    assert with_few_modes(grid, 1e-3, few.np) == few
    for ranks in (few.np + 1, 600, 1000):  # a few more than they need, and not all
        assert ranks <= with_few_modes(grid, 1e-3, ranks).np < 1.6 * ranks
    assert with_few_modes(grid, 1e-3, 1500) == grid
