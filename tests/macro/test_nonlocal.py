"""The nonlocal model (4)-(5), against dense operator algebra and the kinetic operators."""

from __future__ import annotations

import numpy as np
import pytest

from macro.calculus import Calculus
from macro.model import Medium
from macro.nonlocal_model import Nonlocal
from tests.support.setups import space, with_physics
from validation.oracle import bgk, dense, rates
from wigner.flows.operators import transport
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout
from wigner.phase_space.moments import density
from wigner.physics import Physics

ALPHA, BETA, FORCE = 0.6, 0.35, (0.7, -0.4)


def model(medium: Medium, levels: int | None = None) -> Nonlocal:
    x = medium.x
    layout = Layout(PhaseGrid(x.n_x, x.length, (8, 8), (7.0, 7.0)))
    return Nonlocal(medium, MultiplierSolver(layout, medium.physics, 1e-12, levels=levels))


def waves(n, amplitude):
    """Multipliers (a0, a) and V: one wave along each axis that has points."""
    x1, x2 = np.meshgrid(*(2 * np.pi * np.arange(m) / m for m in n), indexing="ij")
    shape = [
        np.sin(x1) * np.cos(x2),
        np.cos(x1),
        np.sin(x1 + 0.5) + 0.3 * np.cos(x2),
        np.cos(x1 + x2 + 1),
    ]
    mean = np.array([-1.8, 0.5, 0.2, 0.0])[:, None, None]
    return mean + amplitude * np.stack(shape), amplitude * (np.cos(x1 + x2) + 0.5 * np.sin(x2))


def zeeman(n, amplitude):
    """A field b with a mean and a wave along each axis that has points."""
    x1, x2 = np.meshgrid(*(2 * np.pi * np.arange(m) / m for m in n), indexing="ij")
    shape = [np.sin(x1 + x2), np.cos(x1 + 0.3) * np.cos(x2), 0.7 * np.sin(x1 - 1)]
    return np.array([0.3, -0.4, 0.6])[:, None, None] + amplitude * np.stack(shape)


@pytest.mark.parametrize(
    ("n", "length", "epsilon", "amplitude"),
    [((19, 21), (2.4, 2.6), 0.3, 0.12), ((36, 1), (2 * np.pi, 1.0), 0.4, 0.3)],
)
def test_right_hand_side_is_that_of_dense_operators(n, length, epsilon, amplitude):
    """Orders 0 and 1 in tau, all components, to 1e-9: no formula is shared.

    The densities are those of given multipliers, which the model has to find.
    """
    box = rates.box(n, length, epsilon, ALPHA, p_max=7.3, separation=7.9)
    mu, V = waves(box.n, amplitude)
    exact = rates.rates_of(box, bgk.exponential(box, mu), V)
    u, V, zeroth, first = (
        dense.resample(f, n) for f in (exact.M.u, V, -exact.TM, exact.TTM + exact.TdM)
    )
    found = model(Medium(Calculus(n, length), Physics(epsilon, ALPHA, 1.0, V)), 5).rates(u)
    assert np.abs(zeroth[1:]).max(axis=(1, 2)).min() > 1e-3
    assert np.abs(first).max(axis=(1, 2)).min() > 0.1
    np.testing.assert_allclose(found.zeroth, zeroth, atol=1e-9)
    np.testing.assert_allclose(found.first, first, atol=1e-9 * np.abs(first).max())


@pytest.mark.parametrize("n", [(19, 1), (1, 21)])
@pytest.mark.parametrize("terms", [{"beta"}, {"b"}, {"E"}, {"beta", "b", "E"}])
def test_every_term_is_that_of_dense_operators(n, terms):
    """Dresselhaus coupling, a Zeeman field and a uniform force, each beside Rashba coupling."""
    length, epsilon, beta = (2.4, 2.6), 0.3, BETA if "beta" in terms else 0.0
    box = rates.box(n, length, epsilon, ALPHA, beta=beta, p_max=7.3, separation=7.9)
    mu, V = waves(box.n, 0.12)
    b = zeeman(box.n, 0.12) if "b" in terms else np.zeros((3, *box.n))
    E = FORCE if "E" in terms else (0.0, 0.0)
    exact = rates.rates_of(box, bgk.exponential(box, mu), V, b, E)
    u, V, b, zeroth, first = (
        dense.resample(f, n) for f in (exact.M.u, V, b, -exact.TM, exact.TTM + exact.TdM)
    )
    physics = Physics(epsilon, ALPHA, 1.0, V, beta, b, E)
    found = model(Medium(Calculus(n, length), physics), 5).rates(u)
    assert np.abs(first).max(axis=(1, 2)).min() > 0.1
    np.testing.assert_allclose(found.zeroth, zeroth, atol=1e-9)
    np.testing.assert_allclose(found.first, first, atol=2e-9 * np.abs(first).max())


def test_right_hand_side_is_that_of_the_kinetic_operators():
    """<T M> and <T T M> + <T d_t^0 M> by the operators of the kinetic solver, in 2D, to 1e-8.

    With all terms of H: Rashba and Dresselhaus coupling, V, b and E.
    """
    n, epsilon = (16, 15), 0.15
    mu, V = waves(n, 0.15)
    space_ = space(n, (38, 38), epsilon, alpha=ALPHA, beta=BETA, V=lambda *_: V, p_max=(7.8, 7.8))
    space_ = with_physics(space_, b=zeeman(n, 0.15), E=FORCE)
    solver = Maxwellian(space_, 1e-12, levels=4)
    scale = np.array([1, epsilon, epsilon, epsilon])[:, None, None]
    A = mu * scale
    N = solver.whole.moment_map(A, (1, 2, 3, 4))

    def TM(N, times=1):
        M = space_.layout.x_major()
        solver.symbol(N, M, A)
        for _ in range(times):
            M = transport(space_, M)
        return density(space_.layout, M)

    first = TM(N)
    h = 0.02  # <T d_t^0 M> = -d<T M(N)> along <T M>, by differences of order four
    differences = [TM(N - k * h * first) - TM(N + k * h * first) for k in (1, 2)]
    along = (8 * differences[0] - differences[1]) / (12 * h)
    second = TM(N, 2) + along
    medium = Medium(Calculus(n, space_.layout.grid.length), space_.physics)
    found = model(medium, 4).rates(N / scale)
    np.testing.assert_allclose(found.zeroth * scale, -first, atol=1e-8)
    np.testing.assert_allclose(found.first * scale, second, atol=1e-8 * np.abs(second).max())
