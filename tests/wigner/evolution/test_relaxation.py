"""Collisions: conservation, orders in time at every tau, agreement with exact operator algebra."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from tests.support import oracle_cases as cases
from tests.support.setups import modulated, space, with_physics
from validation.oracle import dense
from wigner.evolution import initial
from wigner.evolution.evolve import evolve, schedule
from wigner.evolution.relaxation import SDIRK2, SDIRK3, TABLEAUS, Collisions, make_step
from wigner.flows.splitting import STRANG
from wigner.flows.transport import Transport
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.phase_space.moments import density

pytestmark = pytest.mark.usefixtures("compiled")
EPSILON, ALPHA, T = 0.3, 0.5, 0.4
SCHEMES = ("sdirk2", "sdirk3", "strang")


class SmallProblem:
    """A small problem along x1 that is solved many times."""

    def __init__(self, n_x=(12, 1), n_p=(20, 20), alpha=ALPHA, tolerance=1e-12):
        V = lambda x1, _: 0.6 * np.cos(x1) + 0.2 * np.sin(2 * x1)  # noqa: E731
        self.space = space(n_x, n_p, EPSILON, alpha=alpha, V=V, length=(2 * np.pi, 1.0))
        self.N = modulated(self.space.layout.grid, EPSILON)
        self.tolerance = tolerance
        self.maxwellian = self.maxwellian_at(1.0)
        self.W = initial.maxwellian(self.maxwellian, self.N)

    def maxwellian_at(self, tau):
        """The Maxwellian of a phase space with another relaxation time."""
        return Maxwellian(with_physics(self.space, tau=tau), self.tolerance, levels=2)

    def density(self, scheme, tau, steps, t_end=T, W=None):
        """<W> at ``t_end``, by a solver that knows nothing of other runs."""
        splitting = TABLEAUS[scheme].splitting if scheme in TABLEAUS else STRANG
        transport = Transport(with_physics(self.space, tau=tau), splitting)
        collisions = Collisions(self.maxwellian_at(tau))
        state = (self.W if W is None else W).copy()
        step_of = lambda dt: make_step(scheme, transport, collisions, dt)  # noqa: E731
        for _ in evolve(state, schedule([t_end], t_end / steps), step_of):
            pass
        return density(self.space.layout, state)


@pytest.fixture(scope="module")
def problem():
    return SmallProblem()


def orders(errors):
    return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))


@cache
def at_end(problem, scheme, tau, steps):
    """The density at T."""
    return problem.density(scheme, tau, steps)


# Steps of "sdirk3" that are short enough to show its order.
SHORT = {1.0: 8, 0.1: 16}


def reference(problem, tau):
    """The density at T: the third-order scheme with small steps, extrapolated once."""
    fine, finer = (at_end(problem, "sdirk3", tau, n * SHORT[tau]) for n in (2, 4))
    return finer + (finer - fine) / 7


@pytest.mark.parametrize("tau", SHORT)
@pytest.mark.parametrize(("scheme", "order", "tolerance"), [("sdirk2", 2, 0.1), ("sdirk3", 3, 0.2)])
def test_order_in_time(problem, scheme, order, tolerance, tau):
    exact, coarse = reference(problem, tau), SHORT[tau] if scheme == "sdirk3" else 8
    errors = [np.abs(at_end(problem, scheme, tau, n) - exact).max() for n in (coarse, 2 * coarse)]
    assert orders(errors) == pytest.approx(order, abs=tolerance)


@pytest.mark.parametrize("tau", [0.02, 0.002, 1e-5])
def test_asymptotic_preserving_order(problem, tau):
    """SDIRK2 keeps its order when the step is far longer than tau, with one set of steps.

    From a well-prepared state; the initial layer of W = M(N) costs a part of an order while the
    step passes through tau (1.6 at tau = 0.002).
    """
    W = initial.prepared(problem.maxwellian_at(tau), problem.N)
    found = {n: problem.density("sdirk2", tau, n, W=W) for n in (4, 8, 16, 32)}
    exact = found[32] + (found[32] - found[16]) / 3
    errors = [np.abs(found[n] - exact).max() for n in (4, 8, 16)]
    assert np.all(orders(errors) > 1.8)


@pytest.mark.parametrize("tau", [1.0, 0.03, 1e-3, 1e-6])
def test_orders_are_uniform_in_tau(tau):
    """A homogeneous polarised gas precesses: M(N) is not linear in N. From the prepared state.

    One constant bounds errors over dt^3 for all tau. While dt passes through tau errors change
    their sign; in the limit the order is seen. Alexander's scheme with three stages has 0.4 dt^3
    for the last step here, and the orders 2.4, 2.3, 2.2.
    """
    space_ = space((1, 1), (18, 18), 0.5, alpha=0.7, tau=tau, p_max=(5.5, 5.5))
    solver = Maxwellian(space_, 1e-12, levels=2)
    start = initial.prepared(solver, np.array([1.0, 0.5, 0.3, 0.5])[:, None, None])

    def at_end(scheme, steps):
        transport, collisions = Transport(space_, TABLEAUS[scheme].splitting), Collisions(solver)
        W, step = start.copy(), make_step(scheme, transport, collisions, 0.5 / steps)
        for _ in range(steps):
            step(W)
        return density(space_.layout, W)

    steps, exact = np.array([4, 8, 16]), at_end("sdirk3", 64)
    second, third = (
        np.array([np.abs(at_end(scheme, n) - exact).max() for n in steps])
        for scheme in ("sdirk2", "sdirk3")
    )
    assert np.all(second < 0.2 * (0.5 / steps) ** 2)
    assert np.all(third < 0.08 * (0.5 / steps) ** 3)
    if tau in (1.0, 1e-6):
        assert np.all(orders(third) > 2.9)


def test_strang_is_of_order_two_only_when_tau_is_resolved(problem):
    exact = reference(problem, 1.0)
    errors = [np.abs(at_end(problem, "strang", 1.0, n) - exact).max() for n in (8, 16)]
    assert orders(errors) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("tableau", [SDIRK2, SDIRK3], ids=["sdirk2", "sdirk3"])
def test_order_conditions_of_the_tableaus(tableau):
    s = len(tableau.nodes)
    a = np.diag([tableau.gamma] * s)
    for i, row in enumerate(tableau.weights):
        a[i, : len(row)] = row
    b, c = a[-1], np.array(tableau.nodes)
    np.testing.assert_allclose(a.sum(axis=1), c, atol=1e-12)
    conditions = [(b.sum(), 1), (b @ c, 1 / 2), (b @ c**2, 1 / 3), (b @ a @ c, 1 / 6)]
    conditions += [(b @ (c * np.linalg.solve(a, c**2)), 2 / 3)]  # in the limit tau -> 0
    for value, wanted in conditions[: {2: 2, 3: 5}[tableau.order]]:
        assert value == pytest.approx(wanted, abs=1e-12)
    # L-stable: stiffly accurate, so R(-inf) = 0; A-stable on the imaginary axis
    z = 1j * np.logspace(-2, 3, 200)
    R = [1 + zi * b @ np.linalg.solve(np.eye(s) - zi * a, np.ones(s)) for zi in z]
    assert np.abs(R).max() <= 1 + 1e-12


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("tau", [1.0, 1e-3])
def test_collisions_alone_hold_the_density_and_reach_the_maxwellian(scheme, tau):
    """No transport: one particle at rest, alpha = 0, fields along x1, tiny steps of transport."""
    p = SmallProblem(alpha=0.0)
    W = initial.classical(p.maxwellian, p.N)
    M = initial.maxwellian(p.maxwellian, p.N)
    collisions = Collisions(p.maxwellian)

    class Frozen:
        space = with_physics(p.space, tau=tau)

        def flow(self, _t):
            return lambda *_fields, **_when: None

    step = make_step(scheme, Frozen(), collisions, 8 * tau)
    before, far = density(p.space.layout, W), np.abs(W - M).max()
    for _ in range(6):
        step(W)
    after = density(p.space.layout, W)
    np.testing.assert_allclose(after, before, atol=2e-14 * np.abs(before).max())
    assert np.abs(W - M).max() < 1e-3 * far


@pytest.mark.parametrize("scheme", SCHEMES)
def test_mass_and_spin_in_a_run(problem, scheme):
    """Mass to roundoff; without Rashba coupling the total spin too, whatever the constraint."""
    p = SmallProblem(alpha=0.0, tolerance=1e-6)
    found = p.density(scheme, 0.05, 10)
    total, initially = found.sum(axis=(1, 2)), p.N.sum(axis=(1, 2))
    assert total[0] == pytest.approx(initially[0], rel=1e-13)
    np.testing.assert_allclose(total, initially, atol=1e-13 * initially[0])
    with_spin = problem.density(scheme, 0.05, 10).sum(axis=(1, 2))
    assert with_spin[0] == pytest.approx(initially[0], rel=1e-13)


def test_global_equilibrium_is_stationary():
    """N of Exp(-H) with V: a0 = -V. The state stays although each sub-flow moves it."""
    p = SmallProblem(n_x=(16, 1), n_p=(32, 30))
    A = np.zeros_like(p.N)
    A[0] = -p.space.physics.V
    N = p.maxwellian.whole.moment_map(A, (1, 2))
    W = p.space.layout.x_major()
    p.maxwellian.symbol(N, W, A)
    drift = [np.abs(p.density("sdirk2", 0.1, n, W=W) - N).max() for n in (4, 8)]
    assert drift[0] < 2e-3 * N[0].max()
    assert drift[0] / drift[1] > 3.5


def test_prepared_state_has_no_initial_layer():
    """W = M + tau G leaves M(N) by O(tau), and the current starts where it goes."""
    p = SmallProblem()
    distances = []
    for tau in (0.02, 0.01):
        maxwellian = p.maxwellian_at(tau)
        W = initial.prepared(maxwellian, p.N)
        np.testing.assert_allclose(density(p.space.layout, W), p.N, atol=1e-13)
        # after a time of many tau the state has the form M + tau G of its own density
        later = W.copy()
        transport = Transport(maxwellian.space, STRANG)
        step = make_step("sdirk2", transport, Collisions(maxwellian), tau / 8)
        for _ in range(40):
            step(later)
        N = density(p.space.layout, later)
        formed = initial.prepared(maxwellian, N)
        away = np.abs(later - initial.maxwellian(maxwellian, N)).max()
        distances.append((np.abs(later - formed).max(), away))
    assert distances[0][1] / distances[1][1] == pytest.approx(2, abs=0.2)
    assert distances[0][0] / distances[1][0] == pytest.approx(4, abs=0.6)


def run_against(case, n_x, n_p, p_max, length, steps, tolerance=1e-7):
    """(n0, n) of the solver at the case's times, extrapolated from two step lengths at order 3."""
    epsilon, alpha = case.box.epsilon, case.box.alpha
    space_ = space(n_x, n_p, epsilon, alpha=alpha, tau=case.tau, p_max=p_max, length=length)
    x1, x2 = np.ix_(*space_.layout.grid.x)
    space_ = with_physics(space_, V=np.broadcast_to(case.potential(x1, x2), n_x))
    W = initial_symbol(case, space_)
    coarse, fine = (_run_against(case, space_, W.copy(), dt, tolerance) for dt in steps)
    return fine + (fine - coarse) / 7


def _run_against(case, space_, W, dt, tolerance):
    transport = Transport(space_, SDIRK3.splitting)
    collisions = Collisions(Maxwellian(space_, tolerance))
    step_of = lambda step: make_step("sdirk3", transport, collisions, step)  # noqa: E731
    found = []
    for interval in evolve(W, schedule(case.times, dt), step_of):
        if interval.landed:
            N = density(space_.layout, W)
            N[1:] /= case.box.epsilon
            found.append(N)
    return np.array(found)


def initial_symbol(case, space_):
    """W(0) = Exp(-K + A) by the solver itself, which other tests compare with dense algebra."""
    grid = space_.layout.grid
    fields = [a(grid.x[0][:, None], grid.x[1][None, :]) for a in case.multipliers]
    A = np.stack([np.broadcast_to(f, grid.n_x) for f in fields])
    A[1:] *= case.box.epsilon
    solver = Maxwellian(space_, levels=5)
    W = space_.layout.x_major()
    solver.symbol(solver.whole.moment_map(A, solver.steps), W, A)
    return W


def test_x1_only_against_dense_density_matrices():
    """64 points, all components, alpha != 0: moments at t = 0.5 to 1e-6."""
    _, exact = cases.densities("strip", (64, 1))
    L = (2 * np.pi, 1.0)
    found = run_against(cases.STRIP, (64, 1), (28, 30), (6.6, 6.86), L, (1 / 12, 1 / 24))
    assert np.abs(found[-1] - exact[-1]).max() < 1e-6
    assert np.abs(exact[-1] - exact[0]).max() > 0.05


def test_2d_against_dense_density_matrices():
    """Fields of x1 and x2 on a coarse torus, whose error is that of 12 x 12 points."""
    _, exact = cases.densities("torus", (12, 12))
    found = run_against(cases.TORUS, (12, 12), (24, 24), (6.1, 6.1), (6.0, 6.4), (1 / 8, 1 / 16))
    assert np.abs(found[-1] - exact[-1]).max() < 5e-6
    assert np.abs(exact[-1] - exact[0]).max() > 0.05


@pytest.mark.slow
def test_2d_against_dense_density_matrices_to_six_digits():
    """The same on 16 x 16 points: moments at t = 0.5 to 1e-6."""
    _, exact = cases.densities("torus", (16, 16))
    L, dt = (6.0, 6.4), (0.025, 0.0125)
    found = run_against(cases.TORUS, (16, 16), (32, 32), (7.0, 7.0), L, dt, tolerance=1e-9)
    assert np.abs(found[-1] - exact[-1]).max() < 1e-6


def test_a_small_case_recomputed_from_scratch():
    """Nothing stored: dense matrices and solver, side by side."""
    epsilon, alpha, tau, L = 0.4, 0.6, 0.1, 4.0
    k = 2 * np.pi / L
    case = cases.Relaxation(
        dense.strip(21, L, epsilon, alpha, 7.0, 17),
        lambda x1, x2: 0.4 * np.cos(k * x1),
        (
            lambda x1, x2: 0.3 * np.sin(k * x1) - math.log(2 * np.pi),
            lambda x1, x2: 0.4 + 0 * x1,
            lambda x1, x2: 0.5 * np.cos(k * x1),
            lambda x1, x2: 0.3 * np.sin(k * x1 + 1),
        ),
        tau,
        times=(0.2,),
    )
    exact = dense.resample(case.run(rtol=1e-7).u[-1], (21, 1))
    found = run_against(case, (21, 1), (32, 30), (7.0, 7.0), (L, 1.0), (0.04, 0.02))
    assert np.abs(found[-1] - exact).max() < 1e-6
