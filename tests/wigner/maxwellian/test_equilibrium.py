"""M(N) on the lattice, and the initial states made of it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import modulated, space
from wigner.evolution import initial
from wigner.evolution.evolve import evolve, schedule
from wigner.evolution.relaxation import Collisions, make_step
from wigner.flows.transport import Transport
from wigner.maxwellian.constraint import ConstraintError
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.phase_space import pauli
from wigner.phase_space.moments import density, diagnostics, moments, spectral_tail

EPSILON, ALPHA = 0.3, 0.5


@pytest.fixture(scope="module")
def solver():
    return Maxwellian(space((10, 8), (32, 33), EPSILON), ALPHA, 1e-9)


def test_moments_are_exactly_those_asked_for(solver):
    layout = solver.space.layout
    N = modulated(layout.grid, EPSILON)
    for state in initial.STATES:
        W = initial.prepare(state, solver, N, np.zeros(layout.grid.n_x), 0.1)
        np.testing.assert_allclose(density(layout, W), N, atol=1e-14)


def test_repair_of_the_moments_vanishes_with_the_lattice():
    """What M(N) differs by from the exponential falls spectrally."""
    defects = []
    for n in (8, 14, 20):
        solver = Maxwellian(space((n, n), (32, 33), EPSILON), ALPHA, 1e-9, levels=3)
        layout = solver.space.layout
        N = modulated(layout.grid, EPSILON)
        A = solver.multipliers(N).A
        M, bare = layout.x_major(), layout.x_major()
        solver.symbol(A, N, M)
        solver.exponential(A, 3, bare)
        repair = np.abs(M - bare).max() / solver.profile.max()
        assert repair <= 1.5 * solver.defect * N[0].max()
        defects.append(solver.defect)
    assert defects[0] / defects[1] > 20
    assert defects[1] / defects[2] > 20


def test_levels_are_chosen_from_the_tolerance():
    space_ = space((10, 8), (16, 16), EPSILON)
    N = modulated(space_.layout.grid, EPSILON)
    chosen = []
    for tolerance in (1e-2, 1e-4, 1e-7, 1e-10):
        solver = Maxwellian(space_, ALPHA, tolerance)
        solver.multipliers(N)
        chosen.append(solver.levels)
    assert chosen[0] == 2
    assert chosen == sorted(chosen)
    assert chosen[-1] >= chosen[1] + 2


def test_levels_grow_when_the_state_becomes_steeper():
    """A homogeneous gas in a potential: splitting is exact at first, and not later."""
    space_ = space((16, 1), (28, 28), EPSILON, length=(2 * np.pi, 1.0))
    layout = space_.layout
    N = np.zeros((4, 16, 1))
    N[0] = 1.0
    transport = Transport(space_, ALPHA, 0.8 * np.cos(layout.grid.x[0])[:, None])
    found = []
    for levels in (None, 5):
        solver = Maxwellian(space_, ALPHA, 1e-9, levels=levels)
        W = initial.maxwellian(solver, N)
        assert solver.levels == (levels or 2)
        step = make_step("sdirk2", transport, Collisions(solver), 0.05, 0.05)
        for _ in range(10):
            step(W)
        assert solver.levels > 2
        found.append(density(layout, W))
    np.testing.assert_allclose(found[0], found[1], atol=2e-9)


def test_a_p_lattice_that_cannot_hold_the_state_is_an_error():
    """Short waves at a large epsilon make M(N) wide in p."""
    space_ = space((1, 11), (16, 20), 0.5252, length=(1.0, 1.1469))
    x = 2 * np.pi * np.arange(11) / 11
    n0 = (1 - 0.265 * np.cos(x))[None]
    N = np.stack([n0, 0 * n0, 0 * n0, 0.05 * n0 * np.cos(x)])
    solver = Maxwellian(space_, -1.5, 1e-6, levels=4)
    with pytest.raises(ConstraintError, match=r"lattice: .* miss N by .*larger p_max"):
        initial.maxwellian(solver, N)


def test_solves_in_a_run_are_cheap(solver):
    """At most three evaluations on average, all components, 40 % modulation."""
    layout = solver.space.layout
    N, V = modulated(layout.grid, EPSILON), np.zeros(layout.grid.n_x)
    collisions = Collisions(solver)
    W = initial.maxwellian(solver, N)
    transport = Transport(solver.space, ALPHA, V)
    step_of = lambda dt: make_step("sdirk2", transport, collisions, 0.05, dt)  # noqa: E731
    for _ in evolve(W, schedule([0.5], 0.025), step_of):
        pass
    assert len(collisions.evaluations) == 40
    assert np.mean(collisions.evaluations) <= 3


def test_diagnostics_of_a_classical_state(solver):
    """Closed forms: a homogeneous unpolarised Gaussian."""
    layout = solver.space.layout
    grid = layout.grid
    N = np.zeros((4, *grid.n_x))
    N[0], N[3] = 2.0, 0.6
    W = initial.classical(solver, N)
    fields = moments(layout, W, EPSILON, ALPHA)
    found = diagnostics(layout, W, fields, np.full(grid.n_x, 0.5), EPSILON)
    area = grid.length[0] * grid.length[1]
    assert found.mass == pytest.approx(2 * area, rel=1e-13)
    assert found.spin == pytest.approx((0, 0, 0.6 / EPSILON * area))
    # <|p|^2/2> = n0 for temperature one, V = 1/2, no Rashba energy for w along 3
    assert found.energy == pytest.approx((2.0 + 0.5 * 2.0) * area, rel=1e-6)
    # int exp(-|p|^2)/(2 pi)^2 dp = 1/(4 pi)
    square = (2.0**2 + 0.6**2) * area / (4 * np.pi)
    assert found.l2_norm == pytest.approx(np.sqrt(square), rel=1e-6)
    purity = (2 * np.pi * EPSILON) ** 2 * square / (2 * found.mass**2)
    assert found.purity == pytest.approx(purity, rel=1e-6)
    assert found.tail_xi < 1e-14
    assert found.edge_mass < 1e-4
    np.testing.assert_allclose(fields.current[0], 0, atol=1e-8)
    # p = -P has no partner at +P: exp(-P^2/2) is left
    # the spin current of the velocity -eps alpha sigma2, eps alpha sigma1
    np.testing.assert_allclose(fields.current[2, 0], -ALPHA * 2.0, rtol=1e-12)
    np.testing.assert_allclose(fields.current[1, 1], ALPHA * 2.0, rtol=1e-12)


@pytest.mark.parametrize("edge", [(0, 7), (-2, 7), (5, 1), (5, -1)])
def test_edge_mass_sees_every_edge(solver, edge):
    layout = solver.space.layout
    grid = layout.grid
    w = np.zeros((4, grid.nx, *grid.n_p))
    w[0, :, 5, 7], w[0][:, edge[0], edge[1]] = 3.0, 1.0
    W = pauli.pack(w.reshape(4, grid.nx, -1))
    fields = moments(layout, W, EPSILON, ALPHA)
    found = diagnostics(layout, W, fields, np.zeros(grid.n_x), EPSILON)
    assert found.edge_mass == pytest.approx(0.25)
    assert found.tail_eta > 0.5


def test_rashba_energy(solver):
    """eps alpha <p2 w1 - p1 w2> of a displaced Gaussian with spin along 1 and 2."""
    layout = solver.space.layout
    grid = layout.grid
    p1, p2 = grid.p_flat
    bump = np.exp(-0.5 * ((p1 - 0.4) ** 2 + (p2 + 0.7) ** 2)) / (2 * np.pi)
    w = np.zeros((4, grid.nx, grid.np))
    w[0], w[1], w[2] = bump, 0.3 * bump, 0.2 * bump
    fields = moments(layout, pauli.pack(w), EPSILON, ALPHA)
    expected = EPSILON * ALPHA * (-0.7 * 0.3 - 0.4 * 0.2)
    np.testing.assert_allclose(fields.rashba_energy, expected, rtol=1e-6)
    np.testing.assert_allclose(fields.kinetic_energy, 1 + 0.5 * (0.16 + 0.49), rtol=1e-5)


def test_tail_sees_a_wave_along_one_axis():
    field = np.cos(2 * np.pi * 4 * np.arange(10) / 10)[:, None] * np.ones((10, 8))
    assert spectral_tail(field) == pytest.approx(1)
    assert spectral_tail(field.T) == pytest.approx(1)
    assert spectral_tail(np.cos(2 * np.pi * np.arange(10) / 10)[:, None] * np.ones(8)) < 1e-15
    assert spectral_tail(np.ones((4, 4))) == 0
