"""M(N) on fewer points of x is M(N) to the tolerance, and on no more points than that takes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.setups import mesh, modulated, packet, space, steep
from wigner.flows.two_sided import PhaseSpace
from wigner.maxwellian import lattices
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.phase_space import pauli
from wigner.phase_space.moments import density
from wigner.phase_space.resampling import resampled

pytestmark = pytest.mark.usefixtures("compiled")
LINE = (2 * np.pi, 1.0)


def both(space_: PhaseSpace, N: NDArray, tolerance: float) -> tuple[NDArray, NDArray, Maxwellian]:
    """M(N) on the lattice that is chosen, on that of W, and the solver that chose."""
    chosen, whole = (Maxwellian(space_, tolerance) for _ in range(2))
    whole.memory.n_x = space_.layout.grid.n_x
    found = space_.layout.x_major(), space_.layout.x_major()
    for solver, W in zip((chosen, whole), found, strict=True):
        solver.symbol(N, W)
    return *found, chosen


@pytest.mark.parametrize(
    ("n_x", "epsilon", "alpha", "state", "tolerance"),
    [
        ((32, 24), 0.2, 0.8, "modulated", 1e-4),
        ((32, 24), 0.2, 0.8, "modulated", 1e-6),
        ((32, 24), 0.2, 0.8, "modulated", 1e-9),
        ((36, 24), 0.6, 0.4, "modulated", 1e-4),  # finer than foreseen
        ((192, 1), 0.1, 0.7, "steep", 1e-4),
        ((192, 1), 0.1, 0.7, "steep", 1e-9),
        ((144, 1), 0.3, 0.0, "steep", 1e-6),
        ((96, 1), 0.7, 1.0, "steep", 1e-5),
    ],
)
def test_it_is_right_to_the_tolerance(n_x, epsilon, alpha, state, tolerance):
    """From point to point, beside M(N) on the lattice of W."""
    length = LINE if n_x[1] == 1 else (2 * np.pi, 2 * np.pi)
    space_ = space(n_x, (24, 24), epsilon, alpha=alpha, length=length)
    N = steep(space_) if state == "steep" else modulated(space_.layout.grid, epsilon)
    found, expected, solver = both(space_, N, tolerance)
    assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max()
    np.testing.assert_allclose(density(space_.layout, found), N, atol=2e-14 * N[0].max())
    assert solver.repair <= max(tolerance, 0.1 * solver.memory.defect)
    points = np.prod(solver.memory.n_x) / np.prod(n_x)
    assert points <= (0.75 if tolerance >= 1e-6 else 1)


@pytest.mark.parametrize(
    ("tolerance", "n_x"), [(1e-3, (72, 1)), (1e-6, (144, 1)), (1e-7, (192, 1))]
)
def test_no_more_points_than_the_tolerance_needs(tolerance, n_x):
    """On the next coarser lattice the error is above a tenth of the tolerance."""
    space_ = space((192, 1), (24, 24), 0.2, length=LINE)
    x1, x2 = mesh(space_.layout.grid)
    N = np.zeros((4, 192, 1))
    N[0] = 0.1 + packet(x1, x2, 0.13)
    _, expected, solver = both(space_, N, tolerance)
    assert solver.memory.n_x == n_x
    possible = lattices.lattices((192, 1), 1)
    before = possible.index(n_x) - 1
    if before >= 0:
        coarser, W = solver._on(possible[before]), space_.layout.x_major()
        coarser.symbol(N, W, None, tolerance, 1.0)
        assert np.abs(W - expected).max() > 0.1 * tolerance * np.abs(expected).max()


def test_the_symbol_for_small_eps_is_the_product_of_its_factors():
    """Its waves, by definition, from 2x2 matrices; A is a few waves and shifted exactly."""
    space_ = space((9, 8), (8, 8), 0.4)
    grid = space_.layout.grid
    N = modulated(grid, 0.4)
    A = pauli.log(N / (2 * np.pi))
    A[0] -= A[0].max()
    waves = [np.fft.fftfreq(n, 1 / n) for n in grid.n_x]
    moved = [np.where(np.abs(k) < 4, k, 0) for k in waves]  # the last stands for two and stays
    moved[0] = waves[0]  # of 9 points none does
    spectrum, expected = np.fft.fft2(A) / 72, np.zeros(grid.n_x)
    sigma = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])

    def matrix_exp(eta1: float, eta2: float) -> NDArray:
        """exp(A(x + eps eta/2)/2) at all points, by eigenvalues."""
        first, second = (
            np.exp(1j * (np.outer(x, k) + 0.2 * eta * shift))
            for x, k, eta, shift in zip(grid.x, waves, (eta1, eta2), moved, strict=True)
        )
        shifted = (first @ spectrum @ second.T).real
        values, vectors = np.linalg.eigh(0.5 * np.einsum("cxy,cij->xyij", shifted, sigma))
        return np.einsum("xyik,xyk,xyjk->xyij", vectors, np.exp(values), vectors.conj())

    for eta1, eta2 in lattices.ETA:
        symbol = matrix_exp(eta1, eta2) @ matrix_exp(-eta1, -eta2)
        symbol = symbol * np.exp(-0.5 * (eta1**2 + eta2**2))
        components = 0.5 * np.einsum("xyij,cji->cxy", symbol, sigma)
        expected = np.maximum(expected, np.abs(np.fft.fft2(components)).max(axis=0))
    found = lattices.likely_waves(N, grid, 0.4)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12 * expected.max())


@pytest.mark.parametrize(
    ("n_x", "ranks", "expected"),
    [
        ((16, 16), 1, [(8, 8), (8, 12), (12, 8), (8, 16), (16, 8), (12, 12), (12, 16), (16, 12)]),
        ((16, 16), 150, [(12, 16), (16, 12)]),
        ((128, 1), 4, [(64, 1), (96, 1)]),
        ((48, 1), 1, []),
        ((13, 11), 1, []),
        ((8, 7), 1, []),
    ],
)
def test_lattices_that_are_tried(n_x, ranks, expected):
    assert lattices.lattices(n_x, ranks) == [*expected, n_x]


@pytest.mark.parametrize(
    ("n", "ranks", "expected"),
    [
        ((8, 12), 1, [(8, 12), (8, 16), (12, 12), (12, 16), (16, 12), (16, 16)]),
        ((9, 13), 1, [(12, 16), (16, 16)]),
        ((8, 8), 200, [(16, 16)]),
        ((16, 16), 1, [(16, 16)]),
    ],
)
def test_lattices_with_so_many_points_on_either_axis(n, ranks, expected):
    assert lattices.at_least(n, (16, 16), ranks) == expected


@pytest.mark.parametrize(
    ("n", "n_x", "expected"),
    [
        ((8, 8), (16, 16), (0.5, 0.02)),  # from wave 3 on
        ((12, 8), (16, 16), (0.1, 0.02)),  # from wave 5 on, and from 3 on
        ((12, 16), (16, 16), (0.1, 0.0)),
        ((16, 8), (16, 16), (0.0, 0.02)),
        ((16, 16), (16, 16), (0.0, 0.0)),
    ],
)
def test_the_last_waves_of_a_lattice(n, n_x, expected):
    waves = np.zeros((16, 16))
    waves[0, 0], waves[-3, 0], waves[6, 0], waves[0, 3] = 2.0, 1.0, 0.2, 0.04
    assert lattices.ends(waves, n, n_x) == expected


def test_waves_that_were_not_foreseen_are_seen(monkeypatch):
    """Without foresight the coarsest lattice is the first, and finer ones follow at once."""
    space_ = space((32, 32), (24, 24), 0.2, alpha=0.5)
    N = steep(space_)
    monkeypatch.setattr(lattices, "coarsest", lambda *_: (8, 8))
    found, expected, solver = both(space_, N, 1e-6)
    assert np.prod(solver.memory.n_x) > 64
    assert np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()


@pytest.mark.parametrize(
    ("epsilon", "state"), [(0.2, "modulated"), (0.3, "modulated"), (0.2, "steep")]
)
def test_what_is_foreseen_is_what_is_seen(epsilon, state):
    """The last waves of a lattice that is too coarse, within a factor of three."""
    space_ = space((32, 24), (24, 24), epsilon, alpha=0.5)
    grid = space_.layout.grid
    N = steep(space_) if state == "steep" else modulated(grid, epsilon)
    waves = lattices.likely_waves(N, grid, epsilon)
    for n in ((12, 12), (16, 12)):
        solver, W = Maxwellian(space_, 1e-7), space_.layout.x_major()
        coarse = solver._on(n)
        A = coarse.solve(resampled(N, n)).A
        coarse.exponential(A, coarse.steps, W)
        seen = lattices.ends(coarse.exponential.waves, n, (32, 24))
        for one, other in zip(seen, lattices.ends(waves, n, (32, 24)), strict=True):
            assert 1 / 3 < one / other < 3
