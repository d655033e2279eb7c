"""The arithmetic of two-sided products, in numpy and compiled, against plain 2x2 matrices."""

from __future__ import annotations

import numpy as np
import pytest

from wigner.flows.diffusion import Energy
from wigner.flows.factors import Factor
from wigner.flows.kernels import WORTHWHILE, Product, for_windows, wanted

PLACES = 5


def field(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def factor(rng, kind, lattice):
    """A factor of a kind on a lattice, and its matrices ``(points, 2, 2)``."""
    f11, f12, f21, f22 = field(rng, 4, *lattice)
    if kind == "scalar":
        return Factor((f11,)), np.multiply.outer(f11.ravel(), np.eye(2))
    if kind == "hermitian":
        f11, f22, f12 = f11.real.astype(complex), f22.real.astype(complex), f21.conj()
    spin = f11, f12, f21, f22
    F = Factor(spin, hermitian=kind == "hermitian")
    return F, np.moveaxis(np.array(spin).reshape(2, 2, -1), 2, 0)


def spectra(w):
    """Spectra of the packed fields and of the matrix field, for real ``w`` (4, n1, n2, places)."""
    w0, w1, w2, w3 = w
    matrix = np.array([[w0 + w3, w1 - 1j * w2], [w1 + 1j * w2, w0 - w3]])
    packed = np.array([w0 + 1j * w3, w1 + 1j * w2])
    return np.fft.fft2(packed, axes=(1, 2)), np.fft.fft2(matrix, axes=(2, 3))


@pytest.mark.parametrize("kind", ["scalar", "hermitian", "general"])
@pytest.mark.parametrize("modes", [(4, 6), (5, 3), (1, 4), (2, 1)])
@pytest.mark.parametrize(("points", "run"), [(0, 1), (WORTHWHILE, 1), (WORTHWHILE, PLACES)])
def test_both_sides_of_every_mode(kind, modes, points, run):
    if points and not wanted(points):
        pytest.skip("numba is not installed")
    rng = np.random.default_rng(5)
    F, matrices = factor(rng, kind, (7, 9))
    at1 = 9 * rng.integers(0, 7, (modes[0], PLACES))
    at2 = rng.integers(0, 9, (modes[1], PLACES))
    packed, W = spectra(rng.normal(size=(4, *modes, PLACES)))
    if run == 1:  # places far apart, modes side by side
        packed = np.moveaxis(np.moveaxis(packed, 3, 0).copy(), 0, 3)
    Product(modes, points, run)(packed, F, at1, at2)

    k = np.ix_(*(range(n) for n in modes))
    minus = [-index % n for index, n in zip(k, modes, strict=True)]
    plus_F = matrices[at1[k[0]] + at2[k[1]]]
    minus_F = matrices[at1[minus[0]] + at2[minus[1]]]
    W = np.einsum("xykij,jlxyk,xykml->imxyk", plus_F, W, minus_F.conj()) / np.prod(modes)
    back = np.fft.ifft2(W, axes=(2, 3))
    # F(+) W F(-)^dagger is Hermitian again: its spectrum is that of four real fields
    np.testing.assert_allclose(back, np.swapaxes(back, 0, 1).conj(), atol=1e-13)
    w0, w3 = (back[0, 0] + back[1, 1]) / 2, (back[0, 0] - back[1, 1]) / 2
    expected = np.fft.fft2(np.array([w0 + 1j * w3, back[1, 0]]), axes=(1, 2))
    np.testing.assert_allclose(packed, expected, atol=1e-13 * np.abs(expected).max())


@pytest.mark.parametrize("points", [0, WORTHWHILE])
@pytest.mark.parametrize("common", [True, False])
def test_columns_are_multiplied_point_by_point(points, common):
    if points and not wanted(points):
        pytest.skip("numba is not installed")
    rng, kernels = np.random.default_rng(8), for_windows(points)
    E, C = field(rng, 4, 1 if common else 3, 5, 4), field(rng, 2, 2, 3, 5, 4)
    expected = np.einsum("ijyst,jkyst->ikyst", (E + 0 * C[0, 0]).reshape(2, 2, 3, 5, 4), C)
    kernels.multiply(E, C)
    np.testing.assert_allclose(C, expected, atol=1e-13)
    G = np.empty((3, 3), dtype=complex)
    kernels.gram(C, G)
    whole = np.einsum("riyst,rjyst->ijy", C.conj(), C)
    np.testing.assert_allclose(G, [whole[0, 0], whole[1, 0], whole[1, 1]], atol=1e-12)


@pytest.mark.parametrize("points", [0, WORTHWHILE])
@pytest.mark.parametrize("modes", [(4, 6), (5, 3), (1, 4)])
def test_the_mean_of_both_sides_of_every_mode(modes, points):
    if points and not wanted(points):
        pytest.skip("numba is not installed")
    rng = np.random.default_rng(6)
    F, matrices = factor(rng, "hermitian", (7, 9))
    at1 = 9 * rng.integers(0, 7, (modes[0], PLACES))
    at2 = rng.integers(0, 9, (modes[1], PLACES))
    packed, W = spectra(rng.normal(size=(4, *modes, PLACES)))
    Product(modes, points, PLACES).mean(packed, F, at1, at2)
    k = np.ix_(*(range(n) for n in modes))
    minus = [-index % n for index, n in zip(k, modes, strict=True)]
    plus_F = matrices[at1[k[0]] + at2[k[1]]]
    minus_F = matrices[at1[minus[0]] + at2[minus[1]]]
    expected = mean_of(plus_F, W, minus_F) / np.prod(modes)
    np.testing.assert_allclose(unpacked(packed), expected, atol=1e-13)


@pytest.mark.parametrize("points", [0, WORTHWHILE])
@pytest.mark.parametrize("modes", [(4, 6), (5, 3), (3, 1)])
def test_energy_on_both_sides(modes, points):
    """K = |q|^2/2 + k.sigma at q = p +- eps xi/2, k linear in q."""
    if points and not wanted(points):
        pytest.skip("numba is not installed")
    rng = np.random.default_rng(7)
    odd = [rng.normal(size=(2, n)) for n in modes]
    odd = [0.5 * (f - f[:, -np.arange(f.shape[1])]) for f in odd]  # shifts are odd in xi
    even = rng.normal(size=modes)
    even = even + even[np.ix_(*(-np.arange(n) for n in modes))]
    K = Energy(
        rng.normal(size=PLACES),
        even,
        rng.normal(size=(2, PLACES)),
        tuple(odd),
        (0.0, 1.0),
        is_scalar=False,
    )
    packed, W = spectra(rng.normal(size=(4, *modes, PLACES)))
    Product(modes, points, PLACES).energy(packed, K)
    shift = odd[0][:, :, None, None] + odd[1][:, None, :, None]
    sides = [K.momentum[:, None, None] + sign * shift for sign in (1, -1)]
    scalar = K.xi[:, :, None] + K.p
    left, right = (
        np.moveaxis(np.array([[scalar, k1 - 1j * k2], [k1 + 1j * k2, scalar]]), (0, 1), (-2, -1))
        for k1, k2 in sides
    )
    expected = mean_of(left, W, right) / np.prod(modes)
    np.testing.assert_allclose(unpacked(packed), expected, atol=1e-13)


@pytest.mark.parametrize("points", [0, WORTHWHILE])
def test_a_step_of_the_recurrence(points):
    """P -> 2 (Q + X C) - P and S -> S + c P."""
    if points and not wanted(points):
        pytest.skip("numba is not installed")
    rng = np.random.default_rng(8)
    C, P, Q, S = field(rng, 4, 2, 2, 3, 4, 5)
    X = field(rng, 4, 3, 4, 5)
    X[0], X[3], X[1] = X[0].real, X[3].real, X[2].conj()
    expected = 2 * (Q + np.einsum("ikyst,kjyst->ijyst", X.reshape(2, 2, 3, 4, 5), C)) - P
    expected_sum = S + 0.3 * expected
    for_windows(points).chebyshev(X, Q, C, P, S, 0.3)
    np.testing.assert_allclose(P, expected, atol=1e-13)
    np.testing.assert_allclose(S, expected_sum, atol=1e-13)


def mean_of(left, W, right):
    """(L W + W R)/2 of matrices in the last two axes, or first two for W, which comes out so."""
    product = np.einsum("xykij,jlxyk->ilxyk", left, W) + np.einsum("ijxyk,xykjl->ilxyk", W, right)
    return 0.5 * product


def unpacked(packed):
    """The spectrum of the matrix field from the packed fields' spectra."""
    U, V = np.fft.ifft2(packed, axes=(1, 2))
    w0, w3, w1, w2 = U.real, U.imag, V.real, V.imag
    matrix = np.array([[w0 + w3, w1 - 1j * w2], [w1 + 1j * w2, w0 - w3]])
    return np.fft.fft2(matrix, axes=(2, 3))
