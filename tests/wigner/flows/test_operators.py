"""theta_eps, T and the Moyal product: Lemmas 2.3, 2.4 and 2.7."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import mesh, space, thermal, with_physics
from wigner.flows.factors import Factor
from wigner.flows.operators import gradients, theta, transport
from wigner.flows.transport import Transport
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.phase_space import moyal, pauli
from wigner.phase_space.moments import density, moments

EPSILON, ALPHA = 0.7, 0.6


@pytest.fixture(scope="module")
def small():
    return space((5, 6), (9, 8), EPSILON, p_max=(4.0, 5.0), length=(2 * np.pi, 5.0))


def potential(x1, x2):
    return np.cos(x1 + x2) + 0.4 * np.sin(2 * x1) * np.cos(x2)


def band_limited(grid, seed):
    """A real symbol of low modes in x and p: products with V stay on the lattice."""
    rng = np.random.default_rng(seed)
    spectrum = np.zeros((*grid.n_x, *grid.n_p), dtype=complex)
    low = np.ix_(
        *[np.r_[0, 1, n - 1] for n in grid.n_x], *[np.r_[0:3, n - 2 : n] for n in grid.n_p]
    )
    spectrum[low] = rng.normal(size=spectrum[low].shape) + 1j * rng.normal(size=spectrum[low].shape)
    return np.fft.ifftn(spectrum).real * spectrum.size


def as_symbol(space, f):
    """A scalar field of shape (N1, N2, M1, M2) as the component w0 of an x-major symbol."""
    w = np.zeros((4, space.layout.grid.nx, space.layout.grid.np))
    w[0] = f.reshape(w.shape[1:])
    return pauli.pack(w)


def test_theta_is_the_odd_moyal_product(small):
    """Eq. (20), i eps theta[V] f = V # f - f # V."""
    grid = small.layout.grid
    x1, x2 = mesh(grid)
    V = np.cos(x1 + x2) + 0.3 * np.sin(x2)
    f = band_limited(grid, 1)
    V4 = np.broadcast_to(V[:, :, None, None], f.shape).astype(complex)
    commutator = moyal.product(grid, EPSILON, V4, f) - moyal.product(grid, EPSILON, f, V4)
    found = theta(small, V, as_symbol(small, f))[0].real.reshape(f.shape)
    scale = np.abs(found).max()
    np.testing.assert_allclose(1j * EPSILON * found, commutator, atol=1e-11 * scale)
    assert scale > 0.1


@pytest.mark.parametrize("variable", ["x", "p"])
def test_two_sided_products_are_moyal_products(variable):
    """F # W # F^dagger by the solver's kernel and by eqs. (14), (18), for F of x and F of p."""
    space_ = space((7, 3), (9, 5), EPSILON, p_max=(3.0, 2.5), length=(4.0, 3.0))
    layout, grid = space_.layout, space_.layout.grid
    rng = np.random.default_rng(11)
    x, p = np.ix_(*grid.x), np.ix_(*grid.p)
    kx, kp = 2 * np.pi / grid.length[0], np.pi / grid.p_max[0]
    # lowest modes alone, so that no product leaves the lattice; F is not Hermitian
    wave = np.multiply.outer(np.cos(kx * x[0] + 0.3 + 0 * x[1]), np.sin(kp * p[0] - 0.2 + 0 * p[1]))
    w = rng.normal(size=(4, 1, 1, 1, 1)) + rng.normal(size=(4, 1, 1, 1, 1)) * wave
    c = rng.normal(size=(2, 4, 1, 1)) + 1j * rng.normal(size=(2, 4, 1, 1))
    W = layout.x_major()
    W[:] = pauli.pack(w.reshape(4, grid.nx, grid.np))
    if variable == "x":
        F = c[0] + c[1] * np.exp(1j * kx * (x[0] + 0 * x[1]))
        refined = space_.position.refined
        space_.by_position(W, Factor(tuple(refined(F.real) + 1j * refined(F.imag))))
        F = F[..., None, None]
    else:
        q1, q2 = np.ix_(*space_.momentum.q)
        table = c[0] + c[1] * np.exp(1j * kp * (q1 + 0 * q2))
        space_.by_momentum(W, Factor(tuple(table)))
        F = (c[0] + c[1] * np.exp(1j * kp * (p[0] + 0 * p[1])))[:, None, None]
    F = (F * np.ones((1, *grid.n_x, *grid.n_p))).reshape(2, 2, *grid.n_x, *grid.n_p)
    adjoint = F.conj().swapaxes(0, 1)
    matrix = np.array([[w[0] + w[3], w[1] - 1j * w[2]], [w[1] + 1j * w[2], w[0] - w[3]]])
    product = moyal.matrix_product
    exact = product(grid, EPSILON, product(grid, EPSILON, F, matrix), adjoint)
    found = pauli.unpack(W).reshape(4, *grid.n_x, *grid.n_p)
    np.testing.assert_allclose(found[0] + found[3], exact[0, 0], atol=1e-11)
    np.testing.assert_allclose(found[0] - found[3], exact[1, 1], atol=1e-11)
    np.testing.assert_allclose(found[1] + 1j * found[2], exact[1, 0], atol=1e-11)


def test_moments_of_theta():
    """Eq. (21): <theta[V] f> = 0 and <p theta[V] f> = -grad V <f>."""
    space_ = space((12, 12), (46, 48), 0.4, p_max=(8.0, 8.2))
    layout, grid = space_.layout, space_.layout.grid
    x1, x2 = mesh(grid)
    W, V = thermal(space_), np.cos(x1 + x2) + 0.4 * np.sin(2 * x1)
    slopes = (-np.sin(x1 + x2) + 0.8 * np.cos(2 * x1), -np.sin(x1 + x2))
    T, N = theta(space_, V, W), density(layout, W)
    scale = np.abs(N).max()
    np.testing.assert_allclose(density(layout, T), 0, atol=1e-11 * scale)
    for p, slope in zip(grid.p_flat, slopes, strict=True):
        np.testing.assert_allclose(density(layout, T * p), -slope * N, atol=1e-11 * scale)


@pytest.mark.parametrize("fields", ["V", "b", "E", "all"])
def test_transport_operator_generates_the_flow(fields):
    """d_t W = -T W for the flow W -> U # W # U^dagger, all terms of eq. (25)."""
    space_ = space((6, 6), (24, 24), 0.5, alpha=ALPHA, beta=-0.35, V=potential, p_max=(6.0, 6.0))
    x1, x2 = mesh(space_.layout.grid)
    b = np.stack([0.4 * np.cos(x1 - x2), 0.3 + 0.2 * np.sin(x2), 0.5 * np.cos(x1)])
    given = {"b": b, "E": (0.4, -0.7)}
    if fields != "all":
        given = {key: value for key, value in given.items() if key == fields}
        space_ = with_physics(space_, V=np.zeros((6, 6))) if given else space_
    space_ = with_physics(space_, **given)
    W, t = thermal(space_), 1e-4
    later, earlier = W.copy(), W.copy()
    for sign, state in ((1, later), (-1, earlier)):
        Transport(space_).flow(sign * t)(state)
    derivative = (later - earlier) / (2 * t)
    T = transport(space_, W)
    assert np.abs(derivative + T).max() < 2e-6 * np.abs(T).max()
    assert np.abs(density(space_.layout, T)).max() > 1e-3


def test_gradients_of_waves():
    space_ = space((8, 7), (4, 4), 0.3, p_max=(2.0, 2.0), length=(3.0, 4.0))
    grid = space_.layout.grid
    k1, k2 = 2 * np.pi * 2 / 3.0, -2 * np.pi / 4.0
    phase = k1 * grid.x[0][:, None] + k2 * grid.x[1] + 0.2
    w = np.zeros((4, grid.nx, grid.np))
    w[2] = np.sin(phase).reshape(-1, 1)
    d1, d2 = (pauli.unpack(d) for d in gradients(space_, pauli.pack(w)))
    np.testing.assert_allclose(d1[2, :, 0], k1 * np.cos(phase).ravel(), atol=1e-12)
    np.testing.assert_allclose(d2[2, :, 0], k2 * np.cos(phase).ravel(), atol=1e-12)
    np.testing.assert_allclose(d1[[0, 1, 3]], 0, atol=1e-12)


@pytest.mark.parametrize(("alpha", "beta"), [(ALPHA, 0.0), (0.4, -0.7)])
def test_continuity_equations(alpha, beta):
    """d_t n0 + div J_0 = 0 and d_t n + div J = 2 <(Lambda p + b) x n>, eqs. (23), (24)."""
    options = {"alpha": alpha, "beta": beta, "V": potential, "p_max": (8.0, 8.2)}
    space_ = space((12, 10), (46, 48), 0.4, **options)
    layout, grid, W = space_.layout, space_.layout.grid, thermal(space_)
    x1, x2 = mesh(grid)
    b = np.stack([0.4 * np.cos(x1 - x2), 0.3 + 0 * x1, 0.5 * np.sin(x2)])
    space_ = with_physics(space_, b=b)
    rate = -density(layout, transport(space_, W))
    rate[1:] /= space_.physics.epsilon
    found = moments(layout, W, space_.physics)
    divergence = sum(spectral(found.current[:, i], grid, i) for i in (0, 1))
    turns = np.einsum("ki,cixy->kcxy", space_.physics.Lambda, found.momentum[1:])
    turns += b[:, None] * found.n  # <(Lambda p + b)_k n_c>
    cyclic = [((k + 1) % 3, (k + 2) % 3) for k in range(3)]
    precession = 2 * np.stack([turns[i, j] - turns[j, i] for i, j in cyclic])
    scale = np.abs(rate).max()
    np.testing.assert_allclose(rate[0] + divergence[0], 0, atol=1e-11 * scale)
    np.testing.assert_allclose(rate[1:] + divergence[1:], precession, rtol=0, atol=1e-11 * scale)
    assert np.abs(precession).max() > 0.1 * scale


def spectral(f, grid, axis):
    """d f/d x_axis of fields (..., N1, N2)."""
    k = grid.xi[axis].reshape(-1, 1) if axis == 0 else grid.xi[axis]
    return np.fft.ifft(1j * k * np.fft.fft(f, axis=axis - 2), axis=axis - 2).real


def equilibrium(alpha, amplitudes, polarisation):
    """Space, A and the symbol and moments of Exp(-K + A), for A with few modes."""
    V = lambda x1, x2: 0.5 * potential(x1, x2)  # noqa: E731
    space_ = space((16, 16), (36, 36), 0.2, alpha=alpha, V=V, p_max=(7.5, 7.5))
    layout = space_.layout
    x1, x2 = mesh(layout.grid)
    a = polarisation[:, None, None] if polarisation.ndim == 1 else polarisation
    A = np.concatenate([(0.3 * np.sin(x1) * np.cos(x2))[None], amplitudes(x1, x2) * a])
    solver = Maxwellian(space_, levels=4)
    N = solver.whole.moment_map(A, solver.steps)
    M = layout.x_major()
    solver.symbol(N, M, A)
    return space_, A, N, M


def test_residual_current_of_a_maxwellian():
    """Eq. (31), <T M> = 2 eps (n x a).sigma: A~ and N do not commute (Lemma 2.7)."""

    def spins(x1, x2):
        return np.stack([0.1 * np.cos(x1), 0.15 * np.sin(x1 + x2), 0.1 * np.cos(x2)])

    space_, A, N, M = equilibrium(ALPHA, spins, np.ones(3))
    found = density(space_.layout, transport(space_, M))
    expected = 2 / space_.physics.epsilon * np.cross(N[1:], A[1:], axis=0)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(found[0], 0, atol=5e-9)
    np.testing.assert_allclose(found[1:], expected, atol=5e-9)


def test_no_residual_current_where_multipliers_and_density_commute():
    """Lemma 2.7 the other way: collinear spins at alpha = 0."""

    def spins(x1, x2):
        return 0.2 * np.cos(x1 + x2)[None]

    space_, A, N, M = equilibrium(0.0, spins, np.array([0.6, 0.0, 0.8]))
    np.testing.assert_allclose(np.cross(N[1:], A[1:], axis=0), 0, atol=1e-12)
    found = density(space_.layout, transport(space_, M))
    np.testing.assert_allclose(found, 0, atol=5e-9)
