"""A few columns tell which numbers of steps the whole lattice needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.setups import mesh, space
from wigner.flows.splitting import LIMIT
from wigner.maxwellian import multiplier_solver
from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.maxwellian.sample import COLUMNS, Sample, places, to_first_block
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout
from wigner.physics import Physics


def physics(epsilon: float, alpha: float = 0.8) -> Physics:
    return Physics(epsilon=epsilon, alpha=alpha, tau=1.0, V=np.zeros((1, 1)))


def grid(n1: int, n2: int = 1) -> PhaseGrid:
    return PhaseGrid((n1, n2), (2 * np.pi, 2 * np.pi), (4, 4), (7.0, 7.0))


def rough(lattice: PhaseGrid, epsilon: float, seed: int) -> NDArray:
    """(n0, eps n) with a few waves of random size, polarised by up to 80 %."""
    random, (x1, x2) = np.random.default_rng(seed), lattice.x
    waves = [
        np.cos(k1 * x1[:, None] + k2 * x2 + phase) * size
        for k1 in range(1, 4)
        for k2 in (range(-1, 2) if len(x2) > 1 else [0])
        for phase, size in [(random.uniform(0, 6), random.normal(size=(4, 1, 1)) / k1**2)]
    ]
    field = sum(waves)
    n0 = np.exp(field[0] / np.abs(field[0]).max())
    n = field[1:] / np.sqrt(np.square(field[1:]).sum(axis=0)).max()
    return np.stack([n0, *(0.8 * n0 * n)])


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("n", "epsilon", "tolerance"),
    [((40, 1), 0.2, 1e-8), ((40, 1), 0.4, 1e-7), ((12, 12), 0.3, 1e-6)],
)
def test_what_is_chosen_meets_the_tolerance_everywhere(
    n: tuple[int, int], epsilon: float, tolerance: float, seed: int
) -> None:
    lattice = grid(*n)
    solver = MultiplierSolver(Layout(lattice), physics(epsilon), tolerance)
    A = solver.solve(rough(lattice, epsilon, seed)).A
    exact = solver.moment_map(A, (LIMIT,))
    missed = np.abs(solver.moment_map(A, solver.steps) - exact).max() / exact[0].max()
    assert missed <= tolerance
    seen = np.abs(solver.guide(A, solver.steps) - exact).max() / exact[0].max()
    assert seen <= tolerance  # on the smaller windows, too
    assert LIMIT not in solver.steps
    fewer = np.abs(solver.moment_map(A, solver.steps[:-1]) - exact).max() / exact[0].max()
    assert fewer > tolerance


def test_the_worst_place_is_found_wherever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beginning where fields are flat, the solver looks where the splitting is worst, too."""
    lattice, chosen = grid(64), []
    x1 = lattice.x[0][:, None]
    N = np.stack([1 + 0 * x1, 0 * x1, 0 * x1, 0.6 * np.exp(-4 * (1 + np.cos(x1)))])
    for wrong in (False, True):
        if wrong:
            monkeypatch.setattr(multiplier_solver, "places", lambda *_: [(0, 0)])
        solver = MultiplierSolver(Layout(lattice), physics(0.3), 1e-8)
        solver.solve(N)
        chosen.append(solver.steps)
    assert chosen[0] == chosen[1]
    flat = Sample(lattice, physics(0.3), 1e-8).choice(solver.solve(N).A, [(0, 0)])
    assert sum(flat.numbers) < sum(chosen[0])


@pytest.mark.parametrize(
    ("epsilon", "tolerance", "k", "width", "size"),
    [(0.235, 1e-9, 8, 17.0, 0.0026), (0.284, 1e-8, 7, 14.6, 0.0046)],
)
def test_a_weak_packet_of_short_waves_beside_a_large_wave(
    epsilon: float, tolerance: float, k: int, width: float, size: float
) -> None:
    """The smallest number of steps counts most for the wave, the error of all for the packet."""
    lattice = grid(64)
    x = lattice.x[0][:, None] - 2.77
    packet = size * np.cos(k * x) * np.exp(-width * (1 - np.cos(x)))
    A = np.stack([1.2 * np.cos(x + 2.77), 0 * x, 0 * x, packet])
    solver = MultiplierSolver(Layout(lattice), physics(epsilon, alpha=0.0), tolerance)
    A = solver.solve(solver.moment_map(A, (LIMIT,))).A
    exact = solver.moment_map(A, (LIMIT,))
    missed = np.abs(solver.moment_map(A, solver.steps) - exact).max() / exact[0].max()
    assert missed <= tolerance


def test_a_packet_that_grows_beside_a_large_wave() -> None:
    """Its short waves were 46 tolerances off when the spread alone was looked at."""
    epsilon, tolerance = 0.1, 1e-8
    space_ = space((64, 1), (16, 16), epsilon, alpha=0.5, length=(2 * np.pi, 1.0))
    solver = MultiplierSolver(space_.layout, space_.physics, tolerance)
    x, _ = mesh(space_.layout.grid)
    chosen = []
    for amplitude in (0.0, 1e-3, 3e-2):
        A = np.zeros((4, 64, 1))
        packet = np.cos(16 * x) * np.exp(-2 * (1 - np.cos(x - 2)))
        A[0], A[3] = 1.2 * np.cos(x) + amplitude * packet, 0.1 * np.cos(x)
        N = solver.moment_map(A, (LIMIT,))
        found = solver.moment_map(solver.follow(N).A, (LIMIT,))
        assert np.abs(found - N).max() <= 2 * tolerance * N[0].max()  # splitting and residual
        chosen.append(solver.steps)
    assert len(set(chosen)) == 3


def test_steps_are_those_of_the_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are chosen at a first guess, and looked at once more where the solve ends."""
    lattice, asked = grid(64), []
    N = rough(lattice, 0.4, 2)
    chosen = MultiplierSolver._chosen

    def _chosen(self: MultiplierSolver, A: NDArray) -> multiplier_solver.Steps:
        asked.append(A)
        found = chosen(self, A)
        return replace(found, numbers=(1, 2)) if len(asked) == 1 else found

    monkeypatch.setattr(MultiplierSolver, "_chosen", _chosen)
    solver = MultiplierSolver(Layout(lattice), physics(0.4), 1e-8)
    A = solver.solve(N).A
    exact = solver.moment_map(A, (LIMIT,))
    missed = np.abs(solver.moment_map(A, solver.steps) - exact).max() / exact[0].max()
    assert missed <= 1e-8
    assert len(asked) == 2
    solver.follow(N)
    assert len(asked) == 2


def test_only_a_few_columns_are_compared_with_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []
    density = multiplier_solver.MomentMap.by_steps

    def by_steps(self: multiplier_solver.MomentMap, A: NDArray, steps: tuple[int, ...]) -> NDArray:
        if LIMIT in steps:
            counted.append(self.layout.n_x_local)
        return density(self, A, steps)

    monkeypatch.setattr(multiplier_solver.MomentMap, "by_steps", by_steps)
    lattice = grid(24, 24)
    solver = MultiplierSolver(Layout(lattice), physics(0.2), 1e-6)
    solver.solve(rough(lattice, 0.2, 1))
    assert counted
    assert sum(counted) <= 12 * COLUMNS < lattice.nx / 5


def test_places_are_where_it_is_steep_where_it_bends_and_where_it_is_dense() -> None:
    """Each one elsewhere, far from the first points; none is looked at twice."""
    grid = PhaseGrid((16, 20), (8.0, 10.0), (4, 4), (5.0, 5.0))
    A, n0 = np.zeros((4, 16, 20)), np.ones((16, 20))
    A[2, 3:6, 7] = [1.0, 2.0, 3.0]  # rises by 2 in two steps around (4, 7), but it ends there, too
    A[2, 6:9, 7] = [2.0, 1.0, 0.0]
    n0[4, 7] = 3.0
    A[1, 10, 12] = 1.8  # a peak: no slope
    n0[10, 12] = 2.5
    n0[14, 2] = 5.0
    assert places(A, n0, grid) == [(4, 7), (10, 12), (14, 2)]
    assert places(0 * A, n0, grid) == [(0, 0), (14, 2)]
    n0[0, 0] = 6.0
    assert places(0 * A, n0, grid) == [(0, 0)]


@pytest.mark.parametrize("points", [3, 8, 11])
def test_columns_around_a_place_come_first(points: int) -> None:
    """With those before and after it; what is periodic stays so."""
    A = np.arange(4 * 6 * 5, dtype=float).reshape(4, 6, 5)
    moved = to_first_block(A, (4, 3), points)
    first, second = divmod(points // 2, 5)
    np.testing.assert_array_equal(moved[:, first, second], A[:, 4, 3])
    np.testing.assert_array_equal(moved[:, first, second - 1], A[:, 4, 2])
    np.testing.assert_array_equal(moved[:, (first + 3) % 6, second], A[:, 1, 3])


@pytest.mark.parametrize("n", [(40, 1), (8, 7)])
def test_columns_that_are_made_are_known(n: tuple[int, int]) -> None:
    """Those of the first block when the field is moved so that the place is in its middle."""
    lattice, place = grid(*n), (3, n[1] // 2)
    sample = Sample(lattice, physics(0.3), 1e-6)
    count = sample._layout.n_x_local
    at = np.arange(lattice.nx, dtype=float).reshape(1, *n)
    made = to_first_block(at, place, count).reshape(-1)[:count]
    every = [(i, j) for i in range(n[0]) for j in range(n[1])]
    assert {q for q in every if sample.has(q, [place])} == {divmod(int(m), n[1]) for m in made}


@pytest.mark.parametrize("n", [(1, 1), (2, 1), (1, 6), (3, 3)])
def test_any_lattice_has_a_sample(n: tuple[int, int]) -> None:
    lattice = grid(*n)
    N = np.array([1.0, 0.1, 0.2, 0.3])[:, None, None] * np.ones(n)
    solver = MultiplierSolver(Layout(lattice), physics(0.3), 1e-8)
    A = solver.solve(N).A
    np.testing.assert_allclose(solver.moment_map(A, (LIMIT,)), N, rtol=0, atol=1e-8)
