"""The collisionless flow where V, b and E vary in time, with Rashba and Dresselhaus coupling."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import (
    dresselhaus_of_rashba,
    mesh,
    space,
    thermal,
    with_drive,
    with_physics,
)
from validation.oracle import schroedinger
from validation.oracle.schroedinger import SIGMA, Gas
from wigner.flows.splitting import FOURTH, STRANG
from wigner.flows.transport import Transport
from wigner.phase_space import pauli
from wigner.phase_space.communicator import SERIAL
from wigner.physics import External

T = 0.4


def waves(t):
    """V = cos(x1 + x2 - 2t), and a b with all components that depends on x1 - x2 and on t."""
    V, b = 0.5 * np.exp(-2j * t), np.array([0.15 * np.exp(3j * t), 0.0, 0.2j * np.exp(1j * t)])
    zeeman = {
        (0, 0): np.array([0.3, 0.4 * np.sin(t), -0.2]),
        (1, -1): b,
        (-1, 1): b.conj(),
    }
    return {(1, 1): V, (-1, -1): np.conj(V)}, zeeman


def field(t):
    """E(t)."""
    return 0.8 * np.cos(2 * t), 0.6 * t - 0.5


def impulse(t):
    """The integral of E."""
    return 0.4 * np.sin(2 * t), 0.3 * t**2 - 0.5 * t


# W at time T is exact to 1e-7 of its maximum.
GAS = Gas(
    epsilon=0.8,
    alpha=0.5,
    beta=-0.3,
    modulation={
        (0, 0): SIGMA[0] + 0.3 * SIGMA[3],
        (1, 0): 0.15 * SIGMA[0] + 0.1 * SIGMA[1],
        (0, -1): 0.1j * SIGMA[0] + 0.15 * SIGMA[2],
    },
    drive=waves,
    impulse=impulse,
    modes=6,
    cut=1e-9,
)


@pytest.fixture(scope="module")
def case():
    """Phase space, W(0) and the exact W(T) on a lattice that holds it to 1e-7."""
    space_ = space((15, 14), (33, 34), GAS.epsilon, p_max=(7.3, 7.4), length=GAS.length)
    layout, grid = space_.layout, space_.layout.grid

    def drive(t):
        now = GAS.at(t)
        V, b = (of(now, *grid.x) for of in (schroedinger.potential_on, schroedinger.zeeman_on))
        return External(V, b, field(t))

    space_ = with_drive(with_physics(space_, alpha=GAS.alpha, beta=GAS.beta), drive)
    W = layout.x_major()
    W[:] = pauli.pack(schroedinger.initial_wigner(GAS, *grid.x, *grid.p).reshape(4, grid.nx, -1))
    exact = schroedinger.wigner(GAS, T, *grid.x, *grid.p).reshape(4, grid.nx, grid.np)
    return space_, W, exact


def advanced(space_, W, splitting, steps, t=T):
    W = W.copy()
    flow = Transport(space_, splitting).flow(t / steps)
    for n in range(steps):
        flow(W, t=n * t / steps)
    return W


@pytest.mark.parametrize(
    ("splitting", "steps", "order", "level"),
    [(STRANG, (4, 8), 2, 8e-4), (FOURTH, (2, 3), 4, 2e-6)],
    ids=["strang", "fourth"],
)
def test_bloch_waves_in_driven_fields(case, splitting, steps, order, level):
    """Every wrong sign, factor and time of V, b, E, alpha and beta is seen."""
    space_, W, exact = case
    coarse, fine = (
        np.abs(pauli.unpack(advanced(space_, W, splitting, n)) - exact).max() for n in steps
    )
    assert np.log(coarse / fine) / np.log(steps[1] / steps[0]) == pytest.approx(order, abs=0.1)
    assert fine < level * np.abs(exact).max()


@pytest.mark.parametrize("steps", [1, 3])
def test_a_uniform_field_linear_in_time_is_exact(steps):
    """W(x, p, t) = W(x - (p - A) t - B, p - A, 0), A and B the integrals of E and of A."""
    space_ = space((5, 6), (32, 32), 0.6, p_max=(7.5, 7.5))
    grid, V = space_.layout.grid, np.zeros((5, 6))
    space_ = with_drive(space_, lambda t: External(V, E=(0.7, -0.9 * t)))

    def state(x1, x2, p1, p2):
        return (1 + 0.4 * np.cos(x1 + x2 + 0.2)) * (1 + 0.3 * p1) * np.exp(-0.5 * (p1**2 + p2**2))

    x1, x2 = (x.reshape(-1, 1) for x in np.meshgrid(*grid.x, indexing="ij"))
    p1, p2 = grid.p_flat
    t, w = 0.4, np.zeros((4, grid.nx, grid.np))
    w[0] = state(x1, x2, p1, p2)
    A, B = (0.7 * t, -0.45 * t**2), (0.35 * t**2, -0.15 * t**3)
    exact = state(x1 - (p1 - A[0]) * t - B[0], x2 - (p2 - A[1]) * t - B[1], p1 - A[0], p2 - A[1])
    found = pauli.unpack(advanced(space_, pauli.pack(w), FOURTH, steps, t))
    np.testing.assert_allclose(found[0], exact, rtol=0, atol=2e-9)
    assert np.abs(exact - w[0]).max() > 0.1


def test_dresselhaus_flow_is_the_rashba_flow_turned():
    """With b turned alike and V and E as they are."""
    rashba = space((6, 7), (10, 12), 0.6, alpha=0.7, p_max=(4.0, 4.4))
    x1, x2 = mesh(rashba.layout.grid)
    b = np.stack([0.3 * np.cos(x1), 0.2 + 0.1 * np.sin(x2), 0.4 * np.sin(x1 - x2)])
    rashba = with_physics(rashba, V=np.cos(x1 + x2), b=b, E=(0.4, -0.3))
    turned = dresselhaus_of_rashba(np.concatenate([x1[None], b]))[1:]
    dresselhaus = with_physics(rashba, alpha=0.0, beta=0.7, b=turned)
    W = thermal(rashba)
    one = dresselhaus_of_rashba(pauli.unpack(advanced(rashba, W, STRANG, 3)))
    turned = pauli.pack(dresselhaus_of_rashba(pauli.unpack(W)))
    other = pauli.unpack(advanced(dresselhaus, turned, STRANG, 3))
    np.testing.assert_allclose(other, one, rtol=0, atol=1e-13 * np.abs(one).max())
    assert np.abs(one - dresselhaus_of_rashba(pauli.unpack(W))).max() > 0.1


def driven(comm):
    """W after three steps in fields of x1, x2 and t, on a lattice that no number of ranks divides.

    Its density makes a potential too.
    """
    space_ = space((7, 5), (11, 13), 0.6, alpha=0.5, beta=0.4, p_max=(4.0, 4.4), comm=comm)
    x1, x2 = mesh(space_.layout.grid)

    def drive(t):
        b = np.stack([0.3 * np.cos(x1 + t), 0.2 + 0 * x1, 0.4 * np.sin(x1 - x2 - t)])
        return External(np.cos(x1 + x2 - 2 * t), b, (0.5 * np.cos(t), -0.3))

    space_ = with_physics(with_drive(space_, drive), mean_field=lambda n0: 0.2 * (n0 - n0.mean()))
    return space_.layout, advanced(space_, thermal(space_), FOURTH, 3)


@pytest.mark.parametrize(
    ("splitting", "steps", "order"), [(STRANG, (4, 8), 2), (FOURTH, (4, 8), 4)]
)
def test_orders_with_the_potential_of_the_density(splitting, steps, order):
    """By refinement: the flow of V + phi[n0] leaves n0 as it is, so phi is that of its own time."""
    at_rest = space((8, 1), (18, 10), 0.6, beta=0.4, p_max=(5.0, 4.0), length=(2 * np.pi, 1.0))
    x1, _ = mesh(at_rest.layout.grid)
    space_ = with_drive(at_rest, lambda t: External(np.cos(x1 - 2 * t), E=(0.5 * np.cos(t), 0.0)))
    space_ = with_physics(space_, mean_field=lambda n0: n0 - n0.mean())
    W = pauli.pack(np.zeros((4, *thermal(space_).shape[1:])))
    p1, p2 = space_.layout.grid.p_flat
    W[0] = (1 + 0.4 * np.sin(x1.ravel()))[:, None] * np.exp(-0.5 * (p1**2 + p2**2))
    exact = advanced(space_, W, FOURTH, 24)
    coarse, fine = (np.abs(advanced(space_, W, splitting, n) - exact).max() for n in steps)
    assert np.log2(coarse / fine) == pytest.approx(order, abs=0.2)


@pytest.mark.mpi(n=[1, 2, 3])
def test_driven_flows_do_not_depend_on_the_number_of_ranks(comm, ranks):
    layout, W = driven(comm)
    _, alone = driven(SERIAL)
    np.testing.assert_allclose(W, alone[:, layout.x], rtol=0, atol=1e-13 * np.abs(alone).max())
