"""The moment constraint: convergence, hard data, refusal to return what is not converged."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import mesh, modulated, space, without_potential
from validation.oracle import bgk, dense
from wigner.errors import ConstraintError
from wigner.maxwellian import constraint
from wigner.maxwellian.anderson import Secants
from wigner.maxwellian.moment_map import MomentMap
from wigner.maxwellian.response import on_spectra, phi, split_phi
from wigner.phase_space import pauli
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout

ALPHA = 0.5


def solve(N, epsilon, tolerance=1e-12, levels=3, **options):
    """Solve on the torus of side 2 pi; the solution and the moment map."""
    grid = PhaseGrid(N.shape[1:], (2 * np.pi, 2 * np.pi), (8, 8), (7.0, 7.0))
    moment_map = MomentMap(Layout(grid), without_potential(grid.n_x, epsilon, ALPHA))
    moments = lambda A: moment_map(A, range(1, levels + 1))  # noqa: E731
    near = response(grid, epsilon, levels)
    return constraint.solve(moments, N, grid, near, tolerance, **options), moments


def response(grid, epsilon, levels):
    """Of a homogeneous state, with 1, ..., ``levels`` steps."""
    return split_phi(on_spectra(grid, epsilon), range(1, levels + 1))


def grid_of(n):
    return PhaseGrid(n, (2 * np.pi, 2 * np.pi), (8, 8), (7.0, 7.0))


def polarised(n, share):
    """A spin texture of all directions with eps|n| = share * n0."""
    x1, x2 = mesh(grid_of(n))
    n0 = 1 + 0.4 * np.sin(x1) * np.cos(x2)
    spins = [np.cos(x1) * np.sin(x2), np.sin(x1) * np.sin(x2), np.cos(x2)]
    return np.stack([n0, *(share * n0 * s for s in spins)])


def near_vacuum(n, ratio):
    x1, x2 = mesh(grid_of(n))
    n0 = np.exp(np.log(ratio) / 4 * (2 - np.cos(x1) - np.cos(x2)))
    return np.stack([n0, *(0.15 * n0 * s for s in (np.cos(x1), np.sin(x2), np.cos(x1 + x2)))])


@pytest.mark.parametrize(("epsilon", "most"), [(0.1, 12), (0.2, 14), (0.4, 20)])
def test_cold_solve_of_modulated_fields(epsilon, most):
    N = modulated(grid_of((16, 16)), epsilon)
    found, moments = solve(N, epsilon)
    assert found.residual <= 1e-12
    assert np.abs(N - moments(found.A)).max() <= 1e-12 * N[0].max()
    assert found.evaluations <= most


@pytest.mark.parametrize("epsilon", [0.1, 0.4, 0.8])
def test_nearly_full_polarisation(epsilon):
    N = polarised((16, 16), 0.9)
    found, moments = solve(N, epsilon, tolerance=1e-10)
    assert np.abs(N - moments(found.A)).max() <= 1e-10 * N[0].max()


@pytest.mark.parametrize("epsilon", [0.1, 0.4])
def test_near_vacuum(epsilon):
    N = near_vacuum((16, 16), 1e-4)
    found, moments = solve(N, epsilon, tolerance=1e-11)
    assert np.abs(N - moments(found.A)).max() <= 1e-11 * N[0].max()


def test_homogeneous_state_is_solved_by_the_classical_formula():
    """alpha = 0: A = log(N/2 pi) exactly, one evaluation."""
    N = np.ones((4, 4, 4)) * np.array([1.0, 0.3, -0.2, 0.4])[:, None, None]
    grid = grid_of((4, 4))
    moment_map = MomentMap(Layout(grid), without_potential(grid.n_x, 0.3, 0.0))
    found = constraint.solve(lambda A: moment_map(A, (1,)), N, grid, response(grid, 0.3, 1), 1e-11)
    assert found.evaluations == 1
    np.testing.assert_allclose(2 * np.pi * pauli.exp(found.A), N, atol=1e-12)


def test_response_of_the_density():
    """phi: d<M>/dA of a homogeneous state in Fourier space is n0 phi(eps |xi|)."""
    epsilon, h = 0.5, 1e-4
    space_ = space((16, 16), (8, 8), epsilon, p_max=(7.0, 7.0))
    moments = MomentMap(space_.layout, space_.physics)
    x1, x2 = mesh(space_.layout.grid)
    for k in ((1, 0), (2, 1), (3, 3)):
        A = np.zeros((4, 16, 16))
        wave = np.cos(k[0] * x1 + k[1] * x2)
        A[0] = h * wave
        response = (moments(A, range(1, 6)) - moments(-A, range(1, 6)))[0] / (2 * h)
        expected = 2 * np.pi * phi(epsilon * np.hypot(*k)) * wave
        np.testing.assert_allclose(response, expected, atol=2e-6)


def test_multipliers_against_newton_on_dense_matrices():
    """x1 only: another discretisation, another method."""
    epsilon, L = 0.3, 5.0
    fields = (
        lambda x1, _: 1 + 0.4 * np.sin(2 * np.pi * x1 / L),
        lambda x1, _: 0.5 + 0.4 * np.cos(2 * np.pi * x1 / L),
        lambda x1, _: 0.6 * np.sin(2 * np.pi * x1 / L + 0.5),
        lambda x1, _: 0.7 * np.cos(2 * np.pi * x1 / L + 1),
    )
    box = dense.strip(35, L, epsilon, ALPHA, 7.0, 17)
    u = np.stack([dense.field(box, f) for f in fields])
    exact = dense.scaled(box, bgk.maxwellian(box, u).mu)
    grid = PhaseGrid((35, 1), (L, 1.0), (8, 8), (7.0, 7.0))
    moment_map = MomentMap(Layout(grid), without_potential(grid.n_x, epsilon, ALPHA))
    N = dense.scaled(box, u)
    found = constraint.solve(
        lambda A: moment_map(A, range(1, 6)), N, grid, response(grid, epsilon, 5), 1e-12
    )
    np.testing.assert_allclose(found.A, exact, atol=1e-8)


def test_newton_alone_converges(monkeypatch):
    """The fallback, with Anderson's method switched off."""
    monkeypatch.setattr(constraint, "_anderson", lambda *_: None)
    N = polarised((12, 12), 0.9)
    found, moments = solve(N, 0.4, tolerance=1e-9)
    assert np.abs(N - moments(found.A)).max() <= 1e-9 * N[0].max()
    assert found.evaluations > 10


def test_newton_takes_over_where_anderson_diverges(monkeypatch):
    """From a start far away the exponential overflows; the convex fallback comes back."""
    calls = []
    newton = constraint._newton
    monkeypatch.setattr(constraint, "_newton", lambda *a: calls.append(1) or newton(*a))
    N = modulated(grid_of((8, 8)), 0.3)
    start = np.full((4, 8, 8), 0.0)
    start[0] = 900.0
    found, moments = solve(N, 0.3, tolerance=1e-9, levels=1, start=start)
    assert calls
    assert np.abs(N - moments(found.A)).max() <= 1e-9 * N[0].max()


def test_short_waves_need_the_response():
    """eps k = 4: without phi it takes thirty evaluations."""
    epsilon = 0.8
    x1, _ = mesh(grid_of((16, 4)))
    N = np.zeros((4, 16, 4))
    N[0], N[3] = 1 + 0.05 * np.cos(5 * x1), 0.02 * np.sin(3 * x1)
    found, _ = solve(N, epsilon)
    assert found.evaluations <= 16


def test_few_unknowns_do_not_confuse_the_memory():
    """Homogeneous spins that turn: four active unknowns, ten remembered pairs."""
    grid, secants, start, counts = grid_of((1, 1)), Secants(), None, []
    moment_map = MomentMap(Layout(grid), without_potential(grid.n_x, 0.8, -1.0))
    for k in range(12):
        N = np.array([1.0, 0.8 * np.cos(0.2 * k), 0.8 * np.sin(0.2 * k), 0.1]).reshape(4, 1, 1)
        moments = lambda A: moment_map(A, (1, 2, 3))  # noqa: E731
        found = constraint.solve(
            moments, N, grid, response(grid, 0.8, 3), 1e-10, start=start, secants=secants
        )
        start = found.A
        counts.append(found.evaluations)
    assert max(counts) <= 12


def test_misleading_memory_is_forgotten():
    secants = Secants()
    rng = np.random.default_rng(1)
    for _ in range(10):
        secants.add(rng.normal(size=(4, 8, 8)), 1e-6 * rng.normal(size=(4, 8, 8)))
    N = modulated(grid_of((8, 8)), 0.3)
    found, moments = solve(N, 0.3, tolerance=1e-9, levels=1, secants=secants)
    assert np.abs(N - moments(found.A)).max() <= 1e-9 * N[0].max()


def test_warm_solves_learn_from_those_before():
    secants = Secants()
    N = modulated(grid_of((16, 16)), 0.2)
    start, counts = None, []
    for k in range(6):
        moved = N * (1 + 0.002 * k)
        found, _ = solve(moved, 0.2, tolerance=1e-10, start=start, secants=secants)
        start = found.A
        counts.append(found.evaluations)
    assert counts[0] <= 8
    assert max(counts[2:]) <= 4


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda N: N.__setitem__((0, 2, 1), -0.1),
            r"got n0 = -0.1 .*x1 = 3\.14159, x2 = 1\.5708, expected n0 > eps",
        ),
        (
            lambda N: N.__setitem__((3, 1, 3), 5.0),
            r"eps\|n\| = 5.* at x1 = 1\.5708, x2 = 4\.71239",
        ),
        (lambda N: N.__setitem__((0, 0, 0), np.nan), r"got n0 = nan .*x1 = 0, x2 = 0"),
    ],
)
def test_impossible_moments_are_refused_with_the_place(spoil, message):
    N = modulated(grid_of((4, 4)), 0.2)
    spoil(N)
    with pytest.raises(ConstraintError, match=message):
        solve(N, 0.2)


def test_nothing_unconverged_is_returned():
    N = polarised((12, 12), 0.9)
    with pytest.raises(
        ConstraintError, match=r"after 3 evaluations .*likely cause.*try.*max_evaluations"
    ):
        solve(N, 0.4, max_evaluations=3)


def test_the_diagnosis_names_the_cause():
    N = near_vacuum((8, 8), 1e-4)
    N[1:] *= 0.99 / (pauli.norm(N) / N[0]).max()
    with pytest.raises(ConstraintError, match=r"eps\|n\|/n0 reaches 0.99.*n0 falls to 1.0e-04"):
        solve(N, 0.8, max_evaluations=2)


def test_where_the_residual_is_largest_is_told():
    """A classical map whose moments at one point stay 10 % too small whatever A is."""
    grid = grid_of((8, 8))
    N = modulated(grid, 0.2)

    def moments(A):
        found = 2 * np.pi * pauli.exp(A)
        found[:, 3, 6] = 0.9 * N[:, 3, 6]
        return found

    told = r"after 5 evaluations .*, the largest at x1 = 2\.35619, x2 = 4\.71239, expected at most"
    with pytest.raises(ConstraintError, match=told) as caught:
        constraint.solve(moments, N, grid, response(grid, 0.2, 3), 1e-10, max_evaluations=5)
    assert caught.value.place == pytest.approx((0.75 * np.pi, 1.5 * np.pi))
    assert caught.value.fault.expected == "at most 1.0e-10"
