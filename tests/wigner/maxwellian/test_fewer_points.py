"""M(N) on fewer points of x in the course of a run: what is remembered, foreseen, and refused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.setups import mesh, modulated, packet, space, steep
from wigner.errors import ConstraintError, ResolutionError
from wigner.maxwellian import lattices
from wigner.maxwellian.constraint import Solution
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.maxwellian.memory import Memory
from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.maxwellian.on_lattice import OnLattice
from wigner.maxwellian.steps import Steps
from wigner.phase_space.communicator import First
from wigner.phase_space.moments import density
from wigner.phase_space.resampling import resampled

pytestmark = pytest.mark.usefixtures("compiled")
LINE = (2 * np.pi, 1.0)


def test_a_state_that_becomes_steeper_gets_a_finer_lattice():
    space_ = space((32, 32), (24, 24), 0.2, alpha=0.5)
    x1, x2 = mesh(space_.layout.grid)
    solver, W = Maxwellian(space_, 1e-5), space_.layout.x_major()
    points = []
    for width in (2.0, 1.0, 0.7, 0.45, 2.0):
        n0 = 0.2 + packet(x1, x2, width)
        N = np.stack([n0, 0.3 * n0 * np.cos(x1), 0 * n0, 0.1 * n0])
        solver.follow_symbol(N, W)
        memory = solver.memory
        assert memory.A.shape[1:] == memory.n_x
        assert all(pair.shape == memory.A.shape for pair in memory.secants.steps)
        points.append(int(np.prod(memory.n_x)))
        whole = Maxwellian(space_, 1e-5)
        whole.memory.n_x = (32, 32)
        expected = space_.layout.x_major()
        whole.symbol(N, expected)
        assert np.abs(W - expected).max() <= 1e-5 * np.abs(expected).max()
    assert points == sorted(points)  # never coarser again
    assert points[0] < points[2] < points[3]


def test_densities_that_a_coarse_lattice_makes_negative(monkeypatch):
    """There no Maxwellian has them: the lattice of W has to decide, and is asked at once."""
    space_ = space((128, 1), (24, 24), 0.2, length=LINE)
    x1, _ = mesh(space_.layout.grid)
    N = np.zeros((4, 128, 1))
    N[0] = 1e-9 + np.exp(-30 * (1 + np.cos(x1)))
    monkeypatch.setattr(lattices, "CHOSEN", 1e3)
    monkeypatch.setattr(lattices, "coarsest", lambda *_: (64, 1))
    solver, W = Maxwellian(space_, 1e-8), space_.layout.x_major()
    solver.symbol(N, W)
    assert solver.memory.n_x == (128, 1)
    assert list(solver._solvers) == [(128, 1)]  # the other has no more memory
    solver.memory = Memory()
    assert solver.solve_aside(N).A.shape == (4, 128, 1)


@pytest.mark.parametrize("epsilon", [0.1, 0.3])
def test_densities_that_are_negative_between_the_points_of_a_coarse_lattice(epsilon):
    space_ = space((128, 1), (24, 24), epsilon, length=LINE)
    x1, _ = mesh(space_.layout.grid)
    N = np.zeros((4, 128, 1))
    N[0] = 1 + 0.5 * np.cos(x1)
    solver, W = Maxwellian(space_, 2e-3), space_.layout.x_major()
    solver.follow_symbol(N, W)
    assert solver.memory.n_x == (64, 1)
    N[0] = 1 + 1.0005 * np.cos(x1 - 2 * np.pi / 128)
    assert resampled(N, (64, 1))[0].min() > 0
    for call in (lambda: solver.follow_symbol(N, W), lambda: solver.solve_aside(N)):
        with pytest.raises(ConstraintError, match=r"density matrix: got n0 = -0\.0005"):
            call()
    assert solver.memory.n_x == (64, 1)


@pytest.mark.parametrize(
    ("n_x", "k", "epsilon", "tolerance", "amplitudes"),
    [
        ((32, 8), 5, 0.3, 1e-6, (1e-4, 0.1)),  # 405 tolerances off when foreseen only once
        ((96, 1), 8, 0.1, 1e-6, (1e-3, 0.5)),  # 36
    ],
)
def test_a_wave_whose_multiples_come_back_elsewhere(n_x, k, epsilon, tolerance, amplitudes):
    """Of multiples of one wave the last waves of a lattice may have nothing."""
    length = LINE if n_x[1] == 1 else (2 * np.pi, 2 * np.pi)
    space_ = space(n_x, (24, 24), epsilon, alpha=0.3, length=length)
    x1, _ = mesh(space_.layout.grid)
    chosen, whole = Maxwellian(space_, tolerance), Maxwellian(space_, tolerance)
    whole.memory.n_x = n_x
    found, expected = space_.layout.x_major(), space_.layout.x_major()
    for amplitude in amplitudes:
        n0 = 1 + amplitude * np.cos(k * x1)
        N = np.stack([n0, 0 * n0, 0 * n0, 0.3 * n0])
        chosen.follow_symbol(N, found)
        whole.follow_symbol(N, expected)
        assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max()


def test_a_smaller_tolerance_is_foreseen_anew():
    """As where a run goes on with another one."""
    space_ = space((32, 32), (24, 24), 0.2, alpha=0.5)
    N, W = modulated(space_.layout.grid, 0.2), space_.layout.x_major()
    rough = Maxwellian(space_, 1e-3)
    rough.follow_symbol(N, W)
    fine = Maxwellian(space_, 1e-7)
    fine.restore(rough.memory.copy())
    fine.follow_symbol(N, W)
    assert np.prod(rough.memory.n_x) < np.prod(fine.memory.n_x)
    rough.restore(fine.memory.copy())
    rough.follow_symbol(N, W)
    assert rough.memory.n_x == fine.memory.n_x


def test_more_ranks_than_the_lattice_has_points():
    """A run may go on with more of them."""
    few = space((24, 24), (16, 16), 0.2)
    N = modulated(few.layout.grid, 0.2)
    solver = Maxwellian(few, 1e-3)
    solver.follow_symbol(N, few.layout.x_major())
    assert np.prod(solver.memory.n_x) < 100
    many = Maxwellian(space((24, 24), (16, 16), 0.2, comm=First(100)), 1e-3)
    many.restore(solver.memory.copy())
    assert 100 <= np.prod(many._fitting(N, many.memory).n_x) < 24**2


@pytest.mark.parametrize("tolerance", [1e-3, 1e-4])
def test_multipliers_of_steep_densities_are_right_between_the_points(tolerance):
    """A = log(...) is rougher than M(N): between points it was 150 tolerances off."""
    n_x = (32, 8)
    space_ = space(n_x, (24, 24), 0.06)
    x1, _ = mesh(space_.layout.grid)
    N = np.zeros((4, *n_x))
    N[0] = 1 + 0.9 * np.cos(x1)
    solver, W = Maxwellian(space_, tolerance), space_.layout.x_major()
    solution = solver.symbol(N, W)
    assert np.prod(solver.memory.n_x) < np.prod(n_x)
    whole = solver.whole.moment_map
    for A in (solver.solve_aside(N).A, solver.on_all_of_x(N, solution).A):
        assert np.abs(whole(A, solver.steps) - N).max() <= 1.5 * tolerance * N[0].max()


def test_multipliers_aside_are_on_all_of_x():
    space_ = space((32, 24), (24, 24), 0.2, alpha=0.8)
    N = modulated(space_.layout.grid, 0.2)
    solver = Maxwellian(space_, 1e-7)
    A = solver.solve_aside(N).A
    assert solver.memory.n_x != (32, 24)
    moments = solver.whole.moment_map(A, solver.steps)
    assert np.abs(moments - N).max() <= 1e-7 * N[0].max()


def test_a_memory_moves_to_another_lattice():
    memory = Memory(Steps((2, 3)), gain=0.5, defect=1e-7, n_x=(8, 8))
    x = 2 * np.pi * np.arange(8) / 8
    memory.A = np.stack([np.add.outer(np.sin(x), np.cos(2 * x))] * 4)
    memory.secants.add(memory.A, 2 * memory.A)
    kept = memory.copy()
    memory.move((16, 12))
    y1, y2 = (2 * np.pi * np.arange(n) / n for n in (16, 12))
    expected = np.stack([np.add.outer(np.sin(y1), np.cos(2 * y2))] * 4)
    np.testing.assert_allclose(memory.A, expected, atol=1e-14)
    np.testing.assert_allclose(memory.secants.changes[0], 2 * expected, atol=1e-14)
    assert (memory.n_x, memory.steps, memory.gain, memory.defect) == ((16, 12), None, 1.0, 1e-7)
    assert (kept.n_x, kept.A.shape, kept.gain) == ((8, 8), (4, 8, 8), 0.5)
    given = Memory(Steps((1, 2), given=True))
    given.move((16, 12))
    assert given.steps == Steps((1, 2), given=True)


def test_fields_of_an_old_checkpoint_at_the_beginning_come_along():
    """It had an offset and secants on all of x, and no A that says so."""
    space_ = space((24, 16), (20, 20), 0.2, alpha=0.5)
    N, W = modulated(space_.layout.grid, 0.2), space_.layout.x_major()
    field = 1e-9 * N
    solver = Maxwellian(space_, 1e-4)
    old = Memory(Steps((1, 2), 1e-6, 1e-5), offset=field)
    old.secants.add(field, 2 * field)
    solver.restore(old)
    solver.follow_symbol(N, W)
    assert np.prod(solver.memory.n_x) < 24 * 16
    assert np.abs(density(space_.layout, W) - N).max() < 1e-13


def test_a_solve_aside_on_all_of_x_leaves_the_memory_of_the_run(monkeypatch):
    """Steep densities need it, and smooth ones do not."""
    space_ = space((32, 8), (24, 24), 0.06)
    x1, _ = mesh(space_.layout.grid)
    asked = []
    original = MultiplierSolver.solve_aside

    def counted(self: MultiplierSolver, N: NDArray) -> Solution:
        asked.append(N.shape[1:])
        return original(self, N)

    monkeypatch.setattr(MultiplierSolver, "solve_aside", counted)
    for depth, on_whole in ((0.05, False), (0.9, True)):
        asked.clear()
        solver = Maxwellian(space_, 1e-4)
        N = np.zeros((4, 32, 8))
        N[0] = 1 + depth * np.cos(x1)
        solver.follow_symbol(N, space_.layout.x_major())
        before = solver.memory.copy()
        solver.solve_aside(N)
        assert ((32, 8) in asked) == on_whole
        after = solver.memory
        assert (after.n_x, after.steps, after.gain) == (before.n_x, before.steps, before.gain)
        assert len(after.secants.steps) == len(before.secants.steps)
        np.testing.assert_array_equal(after.A, before.A)
        assert before.n_x != (32, 8)


def test_waves_of_densities_alone_ask_for_a_lattice():
    """A wave that the lattice has not, too weak for anything else to show it."""
    space_ = space((32, 32), (16, 16), 0.1)
    x1, x2 = mesh(space_.layout.grid)
    solver, W = Maxwellian(space_, 1e-4), space_.layout.x_major()
    N = np.zeros((4, 32, 32))
    N[0] = 1 + 0.1 * np.cos(x1)
    solver.follow_symbol(N, W)
    assert solver.memory.n_x == (8, 8)
    assert lattices.fits(N, (8, 8), 1e-4)
    N[0] += 0.9e-5 * np.cos(9 * x2)  # less than a tenth of the tolerance
    solver.follow_symbol(N, W)
    assert solver.memory.n_x == (8, 8)
    N[0] += 0.3e-5 * np.cos(9 * x2)
    assert not lattices.fits(N, (8, 16), 1e-4)
    solver.follow_symbol(N, W)
    assert solver.memory.n_x == (8, 24)


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [(1.24, 1.0, False), (1.26, 1.0, True), (0.9e-4, 0.0, False), (1.1e-4, 0.0, True)],
)
def test_waves_that_have_grown(now, before, expected):
    """By a quarter; and beyond the tolerance, which is 1e-4 of the mean n0."""
    sizes = np.zeros((2, 4, 8, 5))
    sizes[:, 0, 0, 0] = 64.0
    sizes[0, 2, 3, 1], sizes[1, 2, 3, 1] = 64 * now, 64 * before
    assert lattices.have_grown(*sizes, 1e-4) == expected
    assert lattices.have_grown(sizes[0], None, 1e-4)


def test_multiples_of_a_wave_and_a_smaller_tolerance():
    """Where the last waves tell nothing, and nothing has grown, the tolerance has."""
    space_ = space((32, 8), (24, 24), 0.3, alpha=0.3)
    x1, _ = mesh(space_.layout.grid)
    n0 = 1 + 0.05 * np.cos(5 * x1)
    N, found, expected = (
        np.stack([n0, 0 * n0, 0 * n0, 0.3 * n0]),
        *(space_.layout.x_major() for _ in range(2)),
    )
    rough, fine, whole = (
        Maxwellian(space_, 1e-2),
        Maxwellian(space_, 1e-7),
        Maxwellian(space_, 1e-7),
    )
    rough.follow_symbol(N, found)
    fine.restore(rough.memory.copy())
    fine.follow_symbol(N, found)
    whole.memory.n_x = (32, 8)
    whole.follow_symbol(N, expected)
    assert np.abs(found - expected).max() <= 1e-7 * np.abs(expected).max()


def test_what_was_wrong_on_a_coarse_lattice_is_not_told(monkeypatch):
    """Its defect does not count."""
    space_ = space((32, 24), (24, 24), 0.2, alpha=0.5)
    N, W = steep(space_), space_.layout.x_major()
    straight = Maxwellian(space_, 1e-6)
    straight.symbol(N, W)
    monkeypatch.setattr(lattices, "coarsest", lambda *_: (8, 8))
    monkeypatch.setattr(lattices, "CHOSEN", 1e6)
    solver = Maxwellian(space_, 1e-6)
    solver.symbol(N, W)
    assert solver.memory.worst_defect < 2 * straight.memory.worst_defect + 1e-7


def test_an_error_is_that_of_the_lattice_of_W():
    """A lattice of p that holds no M(N): nothing on the way to the error says another one."""
    space_ = space((32, 32), (8, 8), 0.2, alpha=0.5, p_max=(2.5, 2.5))
    N, W = modulated(space_.layout.grid, 0.2), space_.layout.x_major()
    solver = Maxwellian(space_, 1e-4)
    with pytest.raises(ResolutionError, match=r"use at least p_max"):
        solver.symbol(N, W)
    assert solver.memory.n_x == (32, 32)


def test_densities_of_an_extreme_leave_the_solver_usable():
    """What their M(N) lacked on the lattice is not what others lack."""
    space_ = space((128, 1), (24, 24), 0.1, alpha=0.4, length=LINE)
    x1, _ = mesh(space_.layout.grid)
    solver, W = Maxwellian(space_, 2e-3), space_.layout.x_major()
    for n0 in (1e-14 + np.exp(-200 * (1 + np.cos(x1))), 1 + 0.4 * np.cos(x1)):
        N = np.stack([n0, *np.zeros((3, 128, 1))])
        solver.follow_symbol(N, W)
        assert solver.repair <= 2e-3


def test_work_on_lattices_that_did_not_do_is_counted(monkeypatch):
    """Waves at the end of the first lattice lead to another one; its evaluations were made."""
    space_ = space((32, 24), (24, 24), 0.2, alpha=0.5)
    x1, x2 = mesh(space_.layout.grid)
    smooth, N = (np.zeros((4, 32, 24)) for _ in range(2))
    smooth[0], N[0] = (0.2 + packet(x1, x2, width) for width in (2.0, 1.0))
    W, made = space_.layout.x_major(), []
    original = OnLattice.symbol

    def noted(self: OnLattice, *arguments: object) -> Solution:
        gain = arguments[-1]
        solution = original(self, *arguments)
        made.append((self.n_x, solution.evaluations, gain))
        return solution

    monkeypatch.setattr(OnLattice, "symbol", noted)
    solver = Maxwellian(space_, 1e-6)
    solver.follow_symbol(smooth, W)
    solver.memory.gain = 1e-3
    made.clear()
    monkeypatch.setattr(lattices, "have_grown", lambda *_: False)
    monkeypatch.setattr(lattices, "fits", lambda *_: True)
    solution = solver.follow_symbol(N, W)
    assert len(made) > 1
    assert solution.evaluations == sum(evaluations for _, evaluations, _ in made)
    assert [gain for *_, gain in made] == [1e-3, *(1.0 for _ in made[1:])]  # trusted where learned


def test_what_is_restored_is_evaluated_anew():
    """As on ranks that have only just begun: no moments of before are taken for known."""
    space_ = space((24, 24), (16, 16), 0.2)
    N, W = modulated(space_.layout.grid, 0.2), space_.layout.x_major()
    solver = Maxwellian(space_, 1e-5)
    solver.follow_symbol(N, W)
    for each in solver._solvers.values():
        assert each._evaluated is not None
    solver.restore(solver.memory.copy())
    for each in solver._solvers.values():
        assert each._evaluated is None
