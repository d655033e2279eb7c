"""Collisions where V, b and E vary in time: orders of the schemes, uniformly in tau."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.support.setups import (
    dresselhaus_of_rashba,
    mesh,
    modulated,
    space,
    with_drive,
    with_physics,
)
from wigner.evolution import initial
from wigner.evolution.relaxation import TABLEAUS, Collisions, make_step, order_of
from wigner.flows.splitting import STRANG
from wigner.flows.transport import Transport
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.phase_space import pauli
from wigner.phase_space.moments import density
from wigner.physics import External

pytestmark = pytest.mark.usefixtures("compiled")
EPSILON, T, TOLERANCE = 0.4, 0.4, 1e-11


class Driven:
    """A small problem along x1 with V(x, t), b(x, t), E(t), alpha and beta."""

    def __init__(self, mean_field=None):
        at_rest = space(
            (8, 1),
            (16, 16),
            EPSILON,
            alpha=0.5,
            beta=-0.3,
            length=(2 * np.pi, 1.0),
            p_max=(5.0, 5.0),
        )
        x1, _ = mesh(at_rest.layout.grid)

        def drive(t):
            b = [0.5 * np.cos(x1 + t), 0.3 * np.sin(3 * t) + 0 * x1, 0.4 * np.sin(x1 - t)]
            return External(0.6 * np.cos(x1 - 2 * t), np.stack(b), (0.6 * np.cos(2 * t), 0.5 - t))

        self.space = with_physics(with_drive(at_rest, drive), mean_field=mean_field)
        self.N = modulated(self.space.layout.grid, EPSILON)
        self.N += 0.5 * (self.N.mean(axis=1, keepdims=True) - self.N)

    @cache  # noqa: B019
    def density(self, scheme, tau, steps):
        """<W> at T, from W = M(N) + tau G for tau << 1 and from M(N) else."""
        space_ = with_physics(self.space, tau=tau)
        solver = Maxwellian(space_, TOLERANCE, levels=1)
        W = (initial.prepared if tau < 0.5 else initial.maxwellian)(solver, self.N)
        splitting = TABLEAUS[scheme].splitting if scheme in TABLEAUS else STRANG
        step = make_step(scheme, Transport(space_, splitting), Collisions(solver), T / steps)
        for n in range(steps):
            step(W, n * T / steps)
        return density(space_.layout, W)

    def errors(self, scheme, tau, steps):
        """Against two runs of the third order, extrapolated."""
        fine, finer = (self.density("sdirk3", tau, n) for n in (8, 16))
        exact = finer + (finer - fine) / 7
        return np.array([np.abs(self.density(scheme, tau, n) - exact).max() for n in steps])


@pytest.fixture(scope="module")
def driven():
    return Driven()


@pytest.mark.parametrize("tau", [1.0, 0.03, 1e-4])
def test_orders_are_uniform_in_tau(driven, tau):
    """One constant bounds errors over dt^2 and over dt^3 for all tau.

    The stages are of order 1, so errors of "sdirk3" have a part tau dt^2, which is seen where dt
    is some tau; static fields give the same. The orders are seen on either side.
    """
    steps = np.array([4, 8])
    second, third = (driven.errors(scheme, tau, steps) for scheme in ("sdirk2", "sdirk3"))
    assert np.all(second < 0.05 * (T / steps) ** 2)
    assert np.all(third < 0.12 * (T / steps) ** 3)
    assert np.log2(second[0] / second[1]) == pytest.approx(2, abs=0.15)
    if tau != 0.03:
        assert np.log2(third[0] / third[1]) == pytest.approx(3, abs=0.15)


@pytest.mark.parametrize("tau", [1.0, 0.1])
def test_strang_is_of_order_two_where_tau_is_resolved(driven, tau):
    exact = driven.density("sdirk3", tau, 8)
    errors = [np.abs(driven.density("strang", tau, n) - exact).max() for n in (4, 8)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.1)
    assert errors[1] < 3e-3


def test_order_two_where_the_density_makes_a_potential():
    """phi on the way to a stage misses what collisions do to n0, of order dt^2: order 2 is left."""
    driven = Driven(lambda n0: 3.0 * (n0 - n0.mean()))
    exact = driven.density("sdirk3", 1.0, 16)
    second, third = (
        np.array([np.abs(driven.density(scheme, 1.0, n) - exact).max() for n in (4, 8)])
        for scheme in ("sdirk2", "sdirk3")
    )
    assert np.log2(second[0] / second[1]) == pytest.approx(2, abs=0.1)
    assert np.all(third < 0.05 * second)
    assert order_of("sdirk3", driven.space.physics) == 2
    assert order_of("sdirk3", with_physics(driven.space, mean_field=None).physics) == 3


@pytest.mark.parametrize("scheme", ["sdirk2", "sdirk3", "strang"])
def test_dresselhaus_runs_are_rashba_runs_turned(scheme):
    """Two steps in V(x, t), b(x, t) and E(t) from M(N), all of b and N turned alike."""
    ends = []
    for alpha, beta in ((0.6, 0.0), (0.0, 0.6)):
        turn = dresselhaus_of_rashba if beta else np.array
        options = {"length": (2 * np.pi, 1.0), "p_max": (5.0, 5.0), "tau": 0.1}
        space_ = space((8, 1), (16, 16), EPSILON, alpha=alpha, beta=beta, **options)
        x1, _ = mesh(space_.layout.grid)

        def drive(t, x1=x1, turn=turn):
            u = [np.cos(x1 - 2 * t), 0.5 * np.cos(x1 + t), 0.3 + 0 * x1, 0.4 * np.sin(x1 - t)]
            return External(u[0], turn(np.stack(u))[1:], (0.6 * np.cos(2 * t), 0.5 - t))

        space_ = with_drive(space_, drive)
        solver = Maxwellian(space_, TOLERANCE, levels=1)
        N = modulated(space_.layout.grid, EPSILON)
        W = initial.maxwellian(solver, turn(0.5 * (N + N.mean(axis=1, keepdims=True))))
        splitting = TABLEAUS[scheme].splitting if scheme in TABLEAUS else STRANG
        step = make_step(scheme, Transport(space_, splitting), Collisions(solver), 0.1)
        for n in range(2):
            step(W, 0.1 * n)
        ends.append(pauli.unpack(W))
    one, other = dresselhaus_of_rashba(ends[0]), ends[1]
    np.testing.assert_allclose(other, one, rtol=0, atol=1e-12 * np.abs(one).max())
