"""Solutions of the models: closed forms, equilibria, free energy, conservation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from macro.calculus import Calculus
from macro.drift_diffusion import DriftDiffusion
from macro.entropic import Entropic
from macro.imex import integrate, solution
from macro.local import Local
from macro.model import Medium
from macro.nonlocal_model import Nonlocal
from macro.spin_drift_diffusion import SpinDriftDiffusion
from macro.two_component import TwoComponent
from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout
from wigner.physics import Physics

TURN = 2 * np.pi


def medium(n=(16, 1), length=(TURN, 1.0), *, epsilon=0.3, alpha=0.5, tau=0.2, V=None):
    physics = Physics(epsilon, alpha, tau, np.zeros(n) if V is None else V)
    return Medium(Calculus(n, length), physics)


def solver(case, levels=4):
    x = case.x
    layout = Layout(PhaseGrid(x.n_x, x.length, (8, 8), (7.0, 7.0)))
    return MultiplierSolver(layout, case.physics, 1e-12, levels=levels)


def last(model, u, t, tolerance=1e-10):
    ((_, found),) = solution(model, u, [t], tolerance, 0.01)
    return found


def test_gaussian_spreading():
    """n0 and n spread by diffusion alone, tau Lap, on a box wide enough for the images."""
    case = medium((64, 48), (16.0, 14.0), alpha=0.0, tau=0.5)
    x1, x2 = (np.arange(n) * L / n for n, L in zip(case.x.n_x, case.x.length, strict=True))

    def gaussian(variance):
        def along(x, L):
            images = x[:, None] - L * (np.arange(-3, 4) + 0.5)
            return np.exp(-(images**2) / (2 * variance)).sum(axis=1) / np.sqrt(TURN * variance)

        return np.multiply.outer(along(x1, 16.0), along(x2, 14.0))

    u = np.stack([0.05 + gaussian(1.0), 0.3 * gaussian(1.0), gaussian(1.2), 0 * gaussian(1.0)])
    found = last(SpinDriftDiffusion(case), u, 1.5)
    spread = 2 * 0.5 * 1.5
    exact = [0.05 + gaussian(1 + spread), 0.3 * gaussian(1 + spread), gaussian(1.2 + spread)]
    np.testing.assert_allclose(found[:3], exact, atol=1e-8)
    charge = last(DriftDiffusion(case), u * np.eye(4)[0][:, None, None], 1.5)
    np.testing.assert_allclose(charge[0], exact[0], atol=1e-8)


@pytest.mark.parametrize("make", [SpinDriftDiffusion, Local])
def test_dyakonov_perel_decay(make):
    """A homogeneous spin decays with the rates 4 alpha^2 tau (1, 1, 2)."""
    case = medium((4, 3), (TURN, 5.0))
    u = np.ones((4, 4, 3)) * np.array([1.0, 0.5, -0.3, 0.8])[:, None, None]
    found = last(make(case), u, 2.0)
    rates = 4 * case.physics.alpha**2 * case.physics.tau * np.array([0, 1, 1, 2])
    np.testing.assert_allclose(found, u * np.exp(-2.0 * rates)[:, None, None], atol=1e-9)


def test_homogeneous_spin_precesses_about_the_normal():
    """-2 n x a = -(2 eps^2 alpha^2 n3/(3 n0)) n x e3 + O(eps^4), and Dyakonov-Perel decay."""
    n = np.array([0.5, -0.3, 0.8])
    u = np.ones((4, 2, 2)) * np.array([1.0, *n])[:, None, None]
    errors = []
    for epsilon in (0.2, 0.1):
        case = medium((2, 2), (TURN, 5.0), epsilon=epsilon, alpha=0.7)
        rates = Nonlocal(case, solver(case)).rates(u)
        turning = -2 * epsilon**2 * 0.7**2 * n[2] / 3 * np.cross(n, [0, 0, 1])
        decay = -4 * 0.7**2 * n * np.array([1, 1, 2])
        errors.append(
            [
                np.abs(rates.zeroth[1:, 0, 0] - turning).max(),
                np.abs(rates.first[1:, 0, 0] - decay).max(),
            ]
        )
        assert np.abs(rates.first[0]).max() < 1e-12
    orders = np.log2(np.divide(*errors))
    np.testing.assert_allclose(orders, [4, 2], atol=0.1)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("branch", [1, -1])
def test_spin_helix(axis, branch):
    """Waves of (10) decay with lambda = tau (k^2 + 6 alpha^2 -+ 2 alpha sqrt(alpha^2 + 4 k^2))."""
    n, length = ((24, 1), (TURN, 1.0)) if axis == 0 else ((1, 24), (1.0, TURN))
    case, k = medium(n, length, alpha=0.8), 2.0
    alpha, tau = case.physics.alpha, case.physics.tau
    rate = tau * (k**2 + 6 * alpha**2 - branch * 2 * alpha * np.sqrt(alpha**2 + 4 * k**2))
    # d_t n_hat = -(tau k^2 + 4 alpha^2 tau diag(1, 1, 2) + 4 i alpha tau k_perp x) n_hat
    perp = np.array([0.0, -k, 0.0]) if axis == 0 else np.array([k, 0.0, 0.0])
    curl = np.array([np.cross(perp, e) for e in np.eye(3)]).T
    matrix = -tau * (k**2 * np.eye(3) + 4 * alpha**2 * np.diag([1, 1, 2]) + 4j * alpha * curl)
    values, vectors = np.linalg.eig(matrix)
    mode = np.argmin(np.abs(values + rate))
    assert values[mode] == pytest.approx(-rate, abs=1e-12)
    wave = np.exp(1j * k * np.arange(24) * TURN / 24).reshape(n)
    u = np.concatenate([np.ones((1, *n)), (vectors[:, mode, None, None] * wave).real])
    found = last(SpinDriftDiffusion(case), u, 1.0)
    np.testing.assert_allclose(found[1:], u[1:] * np.exp(-rate), atol=1e-8)
    # and any wave, by the exponential of the matrix
    start = np.array([0.3, -0.2, 0.4])
    u[1:] = (start[:, None, None] * wave).real
    exact = ((expm(matrix) @ start)[:, None, None] * wave).real
    np.testing.assert_allclose(last(SpinDriftDiffusion(case), u, 1.0)[1:], exact, atol=1e-8)


def test_boltzmann_density_is_stationary_classically():
    x = np.arange(24)[:, None] * TURN / 24
    case = medium((24, 1), V=0.7 * np.cos(x))
    u = np.concatenate([np.exp(-case.physics.V)[None], np.zeros((3, 24, 1))])
    assert np.abs(DriftDiffusion(case).rate(u)).max() < 1e-10
    assert np.abs(SpinDriftDiffusion(case).rate(u)).max() < 1e-10


@pytest.mark.parametrize(("make", "alpha"), [(Nonlocal, 0.6), (Entropic, 0.0)])
def test_density_of_the_global_maxwellian_is_stationary(make, alpha):
    """n0 = <exp(-H)>: a0 + V is constant and a = 0."""
    n = (12, 10)
    x1, x2 = np.meshgrid(*(np.arange(m) * TURN / m for m in n), indexing="ij")
    case = medium(n, (TURN, TURN), alpha=alpha, V=0.3 * np.cos(x1 + x2) + 0.2 * np.sin(x2))
    multipliers = solver(case, levels=3)
    A = np.stack([-case.physics.V, *np.zeros((3, *n))])
    u = multipliers.moment_map(A, (1, 2, 3))
    assert np.ptp(u[0]) > 0.5
    np.testing.assert_allclose(make(case, multipliers).rate(u), 0, atol=1e-9)


def wavy(n=(20, 1)):
    x = np.arange(n[0])[:, None] * TURN / n[0]
    return np.stack([1 + 0.4 * np.sin(x), 0 * x, 0 * x, 0 * x]), 0.5 * np.cos(x)


def test_spinless_nonlocal_is_entropic():
    u, V = wavy()
    case = medium((20, 1), alpha=0.0, V=V)
    found = Nonlocal(case, solver(case)).rate(u)
    np.testing.assert_allclose(found, Entropic(case, solver(case)).rate(u), atol=1e-10)
    assert np.abs(found[0]).max() > 0.05


def test_free_energy_falls_as_its_dissipation_says():
    """E never rises, and E(0) - E(t) = int tau int n0 |grad(a0 + V)|^2 dx dt."""
    u, V = wavy()
    case = medium((20, 1), alpha=0.0, V=V, tau=0.5)
    model = Entropic(case, solver(case, levels=2))

    def energy(u):
        return float(np.sum(u[0] * (model.multipliers(u)[0] + V)) * case.x.cell)

    nodes, weights = np.polynomial.legendre.leggauss(9)
    t_end = 1.0
    times = [0.5 * t_end * (1 + s) for s in nodes]
    found = [(energy(u), model.dissipation(u)) for _, u in solution(model, u, times, 1e-8, 0.02)]
    energies, dissipations = np.array(found).T
    states = [u, *(step.after.u for step in integrate(model, u, t_end, 1e-7, 0.02))]
    levels = np.array([energy(state) for state in states])
    assert np.all(np.diff(levels) <= 1e-10 * np.abs(levels[:-1]))
    assert np.all(np.diff(energies) < 0)
    lost = 0.5 * t_end * weights @ dissipations
    ((_, end),) = solution(model, u, [t_end], 1e-8, 0.02)
    assert energy(u) - energy(end) == pytest.approx(lost, rel=1e-6)
    assert lost > 0.1


@pytest.mark.parametrize("make", [Local, TwoComponent, SpinDriftDiffusion, DriftDiffusion])
def test_mass_is_kept(make):
    n = (15, 18)
    x1, x2 = np.meshgrid(*(np.arange(m) * TURN / m for m in n), indexing="ij")
    case = medium(n, (TURN, TURN), V=0.5 * np.cos(x1 + x2))
    u = np.stack([1 + 0.3 * np.sin(x1), 0 * x1, 0 * x1, 0.5 * np.cos(x2)])
    found = last(make(case), u, 1.0, 1e-7)
    assert found[0].sum() == pytest.approx(u[0].sum(), rel=1e-13)
    assert np.abs(found[0] - u[0]).max() > 0.01
