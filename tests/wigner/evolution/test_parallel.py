"""The same run on 1, 2, 3 and 4 ranks, with lattices that do not divide."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import modulated, space
from wigner.evolution import initial
from wigner.evolution.evolve import evolve, schedule
from wigner.evolution.relaxation import TABLEAUS, Collisions, make_step
from wigner.flows.operators import theta, transport
from wigner.flows.splitting import STRANG
from wigner.flows.transport import Transport
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.phase_space.communicator import SERIAL
from wigner.phase_space.moments import density, diagnostics, moments

EPSILON, ALPHA, TAU = 0.3, 0.6, 0.05


def run(comm, n_x, scheme, state="maxwellian"):
    """Moments, diagnostics and multipliers after a few steps."""
    V = lambda x1, x2: 0.5 * np.cos(x1 * (n_x[0] > 1) + x2 * (n_x[1] > 1))  # noqa: E731
    options = {"alpha": ALPHA, "tau": TAU, "V": V, "p_max": (5.0, 5.2)}
    space_ = space(n_x, (15, 16), EPSILON, comm=comm, **options)
    layout, physics, N = space_.layout, space_.physics, modulated(space_.layout.grid, EPSILON)
    maxwellian = Maxwellian(space_, 1e-13, levels=1)
    W = initial.prepare(state, maxwellian, N)
    splitting = TABLEAUS[scheme].splitting if scheme in TABLEAUS else STRANG
    flows, collisions = Transport(space_, splitting), Collisions(maxwellian)
    step_of = lambda dt: make_step(scheme, flows, collisions, dt)  # noqa: E731
    for _ in evolve(W, schedule([0.2], 0.1), step_of):
        pass
    fields = moments(layout, W, physics)
    return N, fields, diagnostics(layout, W, fields, physics), maxwellian.memory.A


@pytest.mark.mpi(n=[1, 2, 3, 4])
@pytest.mark.parametrize(
    ("n_x", "scheme", "state"),
    [
        ((5, 7), "sdirk2", "maxwellian"),
        ((5, 7), "sdirk3", "prepared"),
        ((1, 9), "strang", "classical"),
        ((6, 1), "sdirk2", "maxwellian"),
    ],
)
def test_results_do_not_depend_on_the_number_of_ranks(comm, n_x, scheme, state):
    N, fields, scalars, A = run(comm, n_x, scheme, state)
    _, alone, alone_scalars, alone_A = run(SERIAL, n_x, scheme, state)
    for name in ("n0", "n", "momentum", "current", "kinetic_energy", "rashba_energy"):
        found, expected = getattr(fields, name), getattr(alone, name)
        np.testing.assert_allclose(found, expected, atol=1e-12 * np.abs(expected).max())
    np.testing.assert_allclose(A, alone_A, atol=1e-10)
    for name in ("mass", "energy", "l2_norm", "purity", "edge_mass", "tail_eta", "tail_xi"):
        expected = getattr(alone_scalars, name)
        assert getattr(scalars, name) == pytest.approx(expected, rel=1e-9)
    mass = N[0].mean() * 4 * np.pi**2
    assert scalars.mass == pytest.approx(mass, rel=1e-13)
    np.testing.assert_allclose(scalars.spin, fields.n.mean(axis=(1, 2)) * 4 * np.pi**2)


@pytest.mark.mpi(n=[2, 3])
def test_maxwellians_on_fewer_points_of_x(comm):
    """They go on with more points on all ranks at once."""
    ends = []
    for c in (comm, SERIAL):
        V = lambda x1, x2: 2.0 * np.cos(x1) + 0.3 * np.cos(x2)  # noqa: E731
        space_ = space((18, 15), (16, 15), 0.2, alpha=0.6, tau=0.05, V=V, comm=c)
        layout = space_.layout
        maxwellian = Maxwellian(space_, 1e-5)
        N = np.zeros((4, 18, 15))
        N[0], N[1] = 1.0, 0.3
        W = initial.maxwellian(maxwellian, N)
        first = maxwellian.memory.n_x
        step = make_step("sdirk2", Transport(space_), Collisions(maxwellian), 0.1)
        for _ in range(3):
            step(W)
        ends.append((first, maxwellian.memory.n_x, density(layout, W), maxwellian.memory.A))
    (first, last, found, A), (alone_first, alone_last, expected, alone_A) = ends
    assert (first, last) == (alone_first, alone_last)
    assert np.prod(first) < np.prod(last) < 18 * 15
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(A, alone_A, atol=1e-10)


@pytest.mark.mpi(n=[2, 3])
def test_operators_on_several_ranks(comm):
    """theta and T on a block are the block of theta and T."""
    found, expected = [], []
    for c, results in ((comm, found), (SERIAL, expected)):
        V = lambda x1, x2: np.cos(x1) * np.sin(x2)  # noqa: E731
        space_ = space((4, 5), (7, 6), 0.5, alpha=0.7, V=V, comm=c, p_max=(3.0, 3.0))
        layout = space_.layout
        rng = np.random.default_rng(7)
        whole = rng.normal(size=(2, 20, 42)) + 1j * rng.normal(size=(2, 20, 42))
        W = layout.x_major()
        W[:] = whole[:, layout.x]
        results += [theta(space_, space_.physics.V, W), transport(space_, W)]
        results.append(density(layout, W))
    block = space((4, 5), (7, 6), 0.5, comm=comm, p_max=(3.0, 3.0)).layout.x
    np.testing.assert_allclose(found[0], expected[0][:, block], atol=1e-12)
    np.testing.assert_allclose(found[1], expected[1][:, block], atol=1e-11)
    np.testing.assert_allclose(found[2], expected[2], atol=1e-13)


@pytest.mark.mpi(n=3)
def test_every_rank_has_the_same_fields_to_the_bit(comm):
    _, fields, _, A = run(comm, (5, 7), "sdirk2")
    for array in (fields.n0, fields.n, A):
        assert len({part.tobytes() for part in comm.allgather(array)}) == 1
