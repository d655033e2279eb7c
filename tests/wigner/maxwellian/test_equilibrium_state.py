"""The global Maxwellian: against dense operators, at rest, least in free energy."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import mesh, modulated, space, with_physics
from wigner.flows.operators import transport
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.maxwellian.equilibrium_state import equilibrium_density
from wigner.phase_space.mean_field import MeanField
from wigner.phase_space.moments import free_energy

EPSILON = 0.4


def fields(space_):
    """V and b on a lattice of x."""
    x1, x2 = mesh(space_.layout.grid)
    V = 0.6 * np.cos(x1) + 0.3 * np.cos(x1 + x2) * (space_.layout.grid.n_x[1] > 1)
    b = np.stack([0.4 * np.sin(x1), 0.3 + 0 * x1, 0.5 * np.cos(x1 + 1)])
    return V, b


@pytest.fixture(scope="module", params=["external", "interacting"])
def solver(request):
    plain = space((14, 1), (28, 28), EPSILON, alpha=0.5, beta=-0.3)
    V, b = fields(plain)
    grid = plain.layout.grid
    field = MeanField(grid, "2deg", 0.8) if request.param == "interacting" else None
    return Maxwellian(with_physics(plain, V=V, b=b, mean_field=field), 1e-9)


def test_it_is_the_maxwellian_of_constant_potentials(solver):
    """a0 + V + phi is constant and a + b zero; the mean density is what was asked for."""
    N, physics = equilibrium_density(solver.whole, 0.7), solver.space.physics
    assert N[0].mean() == pytest.approx(0.7, rel=1e-12)
    a = physics.unscaled(solver.whole.solve(N).A)
    chemical = a[0] + physics.at(0.0, N[0]).V
    assert np.ptp(chemical) < 1e-7
    assert np.abs(a[1:] + physics.b).max() < 1e-6
    assert np.ptp(N[0]) > 0.1
    if physics.mean_field is not None:  # screened
        bare = equilibrium_density(
            Maxwellian(with_physics(solver.space, mean_field=None), 1e-9).whole, 0.7
        )
        assert np.ptp(N[0]) < 0.8 * np.ptp(bare[0])


def test_nothing_moves(solver):
    """T M = 0 for M = Exp(-H + c), and for no other density."""
    N = equilibrium_density(solver.whole, 1.0)
    W = solver.space.layout.x_major()
    solver.symbol(N, W)
    physics = solver.space.physics.at(0.0, N[0])
    still = np.abs(transport(solver.space, W, physics)).max()
    solver.symbol(modulated(solver.space.layout.grid, EPSILON), W)
    moving = np.abs(transport(solver.space, W, physics)).max()
    assert still < 3e-6 * moving


def test_free_energy_is_least_there(solver):
    N, physics = equilibrium_density(solver.whole, 1.0), solver.space.physics
    x1, _ = mesh(solver.space.layout.grid)

    def energy(change: np.ndarray) -> float:
        A = solver.whole.solve(N + change).A
        return float(free_energy(physics, physics.unscaled(N + change), physics.unscaled(A)).sum())

    least, wave = energy(np.zeros_like(N)), np.cos(x1 - 0.3)
    for k in range(4):
        change = np.zeros_like(N)
        change[k] = 1e-2 * wave
        up, down = energy(change) - least, energy(-change) - least
        assert up > 1e-5
        assert down > 1e-5
        assert up == pytest.approx(down, rel=0.2)  # no slope there


@pytest.mark.parametrize("shift", [-2000.0, 2000.0])
def test_it_does_not_depend_on_the_zero_of_energy(shift):
    plain = space((8, 1), (20, 20), EPSILON)
    V, _ = fields(plain)
    N, moved = (
        equilibrium_density(Maxwellian(with_physics(plain, V=V + c), 1e-8).whole, 0.7)
        for c in (0.0, shift)
    )
    np.testing.assert_allclose(moved, N, atol=1e-11)
