"""Exp(-K + A) and M(N) with Rashba and Dresselhaus coupling: dense algebra, and a symmetry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.setups import dresselhaus_of_rashba, mesh, modulated, space
from validation.oracle import dense
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.maxwellian.exponential import Exponential
from wigner.maxwellian.moment_map import MomentMap
from wigner.phase_space import pauli


def low_modes(x1, x2):
    """Multipliers (a0, a) for dense algebra and solver alike."""
    a = 0.4 * np.sin(x1) * np.cos(x2), 0.5 * np.cos(x1), 0.6 * np.sin(x2 + 0.3)
    return np.stack(np.broadcast_arrays(*a, 0.4 * np.cos(x1 + x2)))


def dense_case(box, size=1.0):
    """The multipliers (a0, a) on the box, and exp(-K + a0 + eps a.sigma)."""
    x1, x2 = (2 * np.pi * x / L for x, L in zip(dense.lattice(box), box.length, strict=True))
    mu = size * low_modes(x1, x2 if box.n[1] > 1 else 0.4 + 0 * x1)
    return mu, dense.quantum_exponential(box, mu)


@pytest.mark.parametrize(("alpha", "beta"), [(0.4, 0.5), (0.0, -0.6)])
def test_moments_against_dense_algebra_in_2d(alpha, beta):
    """Densities and first moments <p W> on a torus at eps = 0.9."""
    epsilon = 0.9
    box = dense.Box((15, 15), (2 * np.pi, 2 * np.pi), epsilon, alpha, beta=beta)
    _, rho = dense_case(box)
    space_ = space((12, 12), (32, 32), epsilon, alpha=alpha, beta=beta, p_max=(7.0, 7.0))
    A = low_modes(*mesh(space_.layout.grid))
    A[1:] *= epsilon
    moments = MomentMap(space_.layout, space_.physics)
    exact = dense.resample(dense.local(box, rho), (12, 12))
    assert np.abs(moments(A, range(1, 6)) - exact).max() < 1e-6 * exact[0].max()
    exact = dense.resample(dense.first_moments(box, rho), (12, 12))
    assert np.abs(moments.momenta(A, range(1, 6)) - exact).max() < 1e-5 * np.abs(exact).max()


def test_symbol_against_dense_algebra():
    """Pointwise in (x, p), in 2e-9 of the maximum with six two-sided steps at eps = 0.2."""
    epsilon, alpha, beta, L, P = 0.2, 0.3, -0.5, 2.7, 8.0
    box = replace(dense.doubled(dense.strip(35, L, epsilon, alpha, P, 33)), beta=beta)
    mu, rho = dense_case(box, 0.5)
    space_ = space((35, 1), (40, 40), epsilon, alpha=alpha, beta=beta, p_max=(P, P), length=(L, 1))
    p1, p2 = space_.layout.grid.p
    exact = dense.wigner(box, rho, p1[4:36:5], p2[4:36:4])
    W = space_.layout.x_major()
    Exponential(space_)(dense.scaled(box, mu), (1, 2, 3), W)
    found = pauli.unpack(W).reshape(4, 35, 1, 40, 40)[:, :, :, 4:36:5, 4:36:4]
    assert np.abs(found - exact).max() < 2e-9 * np.abs(exact).max()


@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 3.0), (1.5, 1.5), (-1.0, 2.0)])
def test_windows_hold_states_that_both_couplings_widen(alpha, beta):
    """<exp(-K)> = int exp(-|p|^2/2) cosh(eps |Lambda p|) dp, by the trapezoid rule.

    The largest |Lambda p| of a unit vector is |alpha| + |beta|, along one diagonal.
    """
    epsilon = 0.8
    space_ = space((3, 2), (8, 8), epsilon, alpha=alpha, beta=beta, p_max=(7.0, 7.0))
    found = MomentMap(space_.layout, space_.physics)(np.zeros((4, 3, 2)), (1,))
    p1, p2 = np.ix_(*2 * [np.linspace(-14, 14, 281)])
    k = np.hypot(beta * p1 + alpha * p2, alpha * p1 + beta * p2)
    exact = 0.01 * np.sum(np.exp(-0.5 * (p1**2 + p2**2)) * np.cosh(epsilon * k))
    np.testing.assert_allclose(found[0], exact, rtol=1e-9)
    np.testing.assert_allclose(found[1:], 0, atol=1e-9 * exact)


def test_dresselhaus_maxwellians_are_rashba_maxwellians_turned():
    """A, M(N) and the first moments, to what roundoff leaves of the same iterations."""
    epsilon, coupling = 0.3, 0.7
    rashba = space((8, 7), (20, 22), epsilon, alpha=coupling)
    dresselhaus = space((8, 7), (20, 22), epsilon, beta=coupling)
    N = modulated(rashba.layout.grid, epsilon)
    found = []
    for space_, turned in ((rashba, N), (dresselhaus, dresselhaus_of_rashba(N))):
        solver, W = Maxwellian(space_, 1e-11, levels=2), space_.layout.x_major()
        A = solver.symbol(turned, W).A
        found.append((A, pauli.unpack(W), solver.whole.moment_map.momenta(A, (1, 2))))
    for one, other in zip(*found, strict=True):
        one = dresselhaus_of_rashba(one)
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-12 * np.abs(one).max())
