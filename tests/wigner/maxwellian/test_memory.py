"""What the solver of the constraint remembers, and who may change it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.setups import modulated, space
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.maxwellian.memory import Memory
from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.maxwellian.steps import Steps

EPSILON = 0.3


def made(levels: int | None = None) -> tuple[MultiplierSolver, NDArray]:
    """A solver, and moments to solve for."""
    space_ = space((8, 6), (8, 8), EPSILON, alpha=0.5)
    solver = MultiplierSolver(space_.layout, space_.physics, 1e-6, levels=levels)
    return solver, modulated(space_.layout.grid, EPSILON)


def same(one: Memory, other: Memory) -> None:
    """Assert that two memories are equal to the bit."""
    assert one.steps == other.steps
    assert one.gain == other.gain
    np.testing.assert_array_equal(one.A, other.A)
    np.testing.assert_array_equal(one.secants.steps, other.secants.steps)
    np.testing.assert_array_equal(one.secants.changes, other.secants.changes)


def test_solves_of_a_run_follow_each_other() -> None:
    solver, N = made()
    first = solver.follow(N)
    np.testing.assert_array_equal(solver.memory.A, first.A)
    assert solver.follow(N).evaluations == 1  # from A itself
    solver.follow(1.01 * N)
    assert not np.array_equal(solver.memory.A, first.A)


def test_a_solve_apart_learns_but_leaves_the_start_of_the_next() -> None:
    solver, N = made()
    solver.solve(N)
    assert solver.memory.A is None
    assert solver.memory.secants.steps
    assert len(solver.steps) >= 2


def test_a_solve_aside_leaves_no_trace() -> None:
    solver, N = made()
    solver.follow(N)
    before = solver.memory.copy()
    solver.solve_aside(1.1 * N)
    same(solver.memory, before)


def test_a_first_solve_aside_leaves_the_steps_that_it_chose() -> None:
    solver, N = made()
    solver.solve_aside(N)
    assert len(solver.steps) >= 2
    assert solver.memory.A is None
    assert not solver.memory.secants.steps


def test_steps_that_nobody_chose_are_an_error() -> None:
    solver, N = made()
    with pytest.raises(ValueError, match=r"steps: got None, .* solve for the multipliers first"):
        solver.slope(N, N)


@pytest.mark.parametrize(("given", "expected"), [(None, 4), (3, 3)])
def test_what_is_restored_is_the_whole_memory_but_for_steps_that_were_given(
    given: int | None, expected: int
) -> None:
    old, N = made(4)
    old.follow(N)
    old.follow(1.01 * N)
    new, _ = made(given)
    new.restore(old.memory.copy())
    assert new.steps == tuple(range(1, expected + 1))
    steps = Steps(new.steps, given=True)
    same(new.memory, Memory(steps, old.memory.A, secants=old.memory.secants))
    if given is None:
        moved = 1.02 * N
        np.testing.assert_array_equal(new.follow(moved).A, old.follow(moved).A)
        same(new.memory, old.memory)


def test_what_the_symbol_teaches_is_remembered_and_left_alone_by_a_solve_aside() -> None:
    """On a coarse lattice the map and the symbol differ: offset, gain and defect are in use."""
    space_ = space((8, 6), (16, 16), EPSILON, alpha=0.5)
    solver, N = Maxwellian(space_, 1e-6), modulated(space_.layout.grid, EPSILON)
    W = space_.layout.x_major()
    solver.follow_symbol(N, W)
    solver.follow_symbol(1.0001 * N, W)
    assert solver.memory.offset is not None
    assert solver.memory.gain < 0.5
    assert 1e-6 < solver.memory.defect <= solver.memory.worst_defect
    before = solver.memory.copy()
    solver.solve_aside(1.1 * N)
    same(solver.memory, before)


def test_a_trusted_correction_is_verified_by_the_symbol() -> None:
    """A gain that promises too much costs another attempt, not the tolerance."""
    space_ = space((12, 10), (28, 28), EPSILON, alpha=0.5)
    solver, N = Maxwellian(space_, 1e-6), modulated(space_.layout.grid, EPSILON)
    W = space_.layout.x_major()
    solver.follow_symbol(N, W)
    solver.follow_symbol((1 + 1e-5) * N, W)
    assert solver.memory.gain < 0.1
    small = solver.follow_symbol((1 + 1.3e-5) * N, W)
    assert small.evaluations == 1  # its correction was not evaluated, and was right
    assert small.first > 1e-6 >= solver.repair
    solver.memory.gain = 1e-9
    solver.memory.secants.forget()
    large = solver.follow_symbol(1.5 * N, W)
    assert large.evaluations > 1
    assert solver.repair <= 1e-6
    assert solver.memory.gain > 1e-9
