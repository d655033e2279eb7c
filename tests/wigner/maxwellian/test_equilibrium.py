"""M(N) on the lattice: its moments, its steps, its errors and its cost."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import modulated, space, with_physics
from wigner.errors import ConstraintError
from wigner.evolution import initial
from wigner.evolution.evolve import evolve, schedule
from wigner.evolution.relaxation import Collisions, make_step
from wigner.flows.transport import Transport
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.phase_space.moments import density

EPSILON, ALPHA = 0.3, 0.5


@pytest.fixture(scope="module")
def solver():
    return Maxwellian(space((10, 8), (32, 33), EPSILON, alpha=ALPHA, tau=0.1), 1e-9)


def test_moments_are_exactly_those_asked_for(solver):
    layout = solver.space.layout
    N = modulated(layout.grid, EPSILON)
    for state in initial.STATES.keys() - {"equilibrium"}:  # which has its own
        W = initial.prepare(state, solver, N)
        np.testing.assert_allclose(density(layout, W), N, atol=1e-14)


def test_repair_of_the_moments_vanishes_with_the_lattice():
    """What M(N) differs by from the exponential falls spectrally."""
    defects = []
    for n in (8, 14, 20):
        solver = Maxwellian(space((n, n), (32, 33), EPSILON, alpha=ALPHA), 1e-9, levels=3)
        layout = solver.space.layout
        N = modulated(layout.grid, EPSILON)
        M, bare = layout.x_major(), layout.x_major()
        A = solver.symbol(N, M).A
        solver.whole.exponential(A, solver.steps, bare)
        repair = np.abs(M - bare).max() / solver.profile.max()
        assert repair <= 1.5 * solver.repair * N[0].max()
        assert solver.repair <= max(solver.tolerance, 0.1 * solver.memory.defect)
        defects.append(solver.memory.defect)
    assert defects[0] / defects[1] > 20
    assert defects[1] / defects[2] > 20


def test_steps_are_chosen_from_the_tolerance():
    space_ = space((10, 8), (16, 16), EPSILON, alpha=ALPHA)
    N = modulated(space_.layout.grid, EPSILON)
    chosen = []
    for tolerance in (1e-2, 1e-4, 1e-7, 1e-10):
        solver = Maxwellian(space_, tolerance)
        solver.whole.solve(N)
        chosen.append(solver.whole.steps)
    work = [sum(numbers) for numbers in chosen]
    assert chosen[0] == (1, 2)
    assert work == sorted(work)
    assert len(chosen[-1]) > len(chosen[1])


def test_steps_grow_when_the_state_becomes_steeper():
    """A homogeneous gas in a potential: splitting is exact at first, and not later."""
    V, length = lambda x1, x2: 0.8 * np.cos(x1), (2 * np.pi, 1.0)
    space_ = space((16, 1), (28, 28), EPSILON, alpha=ALPHA, tau=0.05, V=V, length=length)
    layout = space_.layout
    N = np.zeros((4, 16, 1))
    N[0] = 1.0
    transport = Transport(space_)
    found = []
    for levels in (None, 5):
        solver = Maxwellian(space_, 1e-9, levels=levels)
        W = initial.maxwellian(solver, N)
        assert solver.steps == ((1, 2) if levels is None else (1, 2, 3, 4, 5))
        step = make_step("sdirk2", transport, Collisions(solver), 0.05)
        for _ in range(10):
            step(W)
        assert len(solver.steps) > 2
        found.append(density(layout, W))
    np.testing.assert_allclose(found[0], found[1], atol=2e-9)


def test_a_p_lattice_that_cannot_hold_the_state_is_an_error():
    """Short waves at a large epsilon make M(N) wide in p."""
    space_ = space((1, 11), (12, 12), 0.5252, alpha=-1.5, length=(1.0, 1.1469))
    x = 2 * np.pi * np.arange(11) / 11
    n0 = (1 - 0.265 * np.cos(x))[None]
    N = np.stack([n0, 0 * n0, 0 * n0, 0.05 * n0 * np.cos(x)])
    solver = Maxwellian(space_, 1e-6, levels=4)
    with pytest.raises(ConstraintError, match=r"lattice: .* miss N by .*at least p_max = "):
        initial.maxwellian(solver, N)


def test_solves_in_a_run_are_cheap(solver):
    """At most three evaluations on average, all components, 40 % modulation."""
    N, collisions = modulated(solver.space.layout.grid, EPSILON), Collisions(solver)
    W = initial.maxwellian(solver, N)
    transport = Transport(with_physics(solver.space, tau=0.05))
    step_of = lambda dt: make_step("sdirk2", transport, collisions, dt)  # noqa: E731
    for _ in evolve(W, schedule([0.5], 0.025), step_of):
        pass
    assert len(collisions.evaluations) == 40
    assert np.mean(collisions.evaluations) <= 3
