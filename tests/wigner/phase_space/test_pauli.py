"""Matrix functions of 2x2 Hermitian fields, against numpy's linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm_frechet

from wigner.phase_space import pauli

SIGMA = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
A = np.random.default_rng(3).normal(size=(4, 50))
B = np.random.default_rng(4).normal(size=(4, 50))


def matrices(a):
    return np.einsum("cx,cij->xij", a, SIGMA)


def components(m):
    found = 0.5 * np.einsum("cji,xij->cx", SIGMA, m)
    np.testing.assert_allclose(found.imag, 0, atol=1e-12)
    return found.real


def function(a, f):
    values, vectors = np.linalg.eigh(matrices(a))
    return components((vectors * f(values)[:, None]) @ vectors.conj().swapaxes(1, 2))


def test_pack_and_unpack_are_inverse():
    np.testing.assert_array_equal(pauli.unpack(pauli.pack(A)), A)
    np.testing.assert_array_equal(pauli.pack(A), [A[0] + 1j * A[3], A[1] + 1j * A[2]])


def test_exponential():
    np.testing.assert_allclose(pauli.exp(A), function(A, np.exp), rtol=1e-12, atol=1e-13)


def test_exponential_without_spin():
    a = np.array([[0.3], [0.0], [0.0], [0.0]])
    np.testing.assert_allclose(pauli.exp(a), [[np.exp(0.3)], [0], [0], [0]])


def test_logarithm_inverts_the_exponential():
    np.testing.assert_allclose(pauli.log(pauli.exp(A)), A, rtol=1e-11, atol=1e-12)


def test_logarithm_refuses_an_indefinite_matrix():
    with pytest.raises(FloatingPointError, match="not positive definite"):
        pauli.log(np.array([[1.0], [1.0], [0.0], [0.0]]))


def test_square():
    np.testing.assert_allclose(pauli.square(A), function(A, np.square), rtol=1e-12, atol=1e-13)


def test_conjugation():
    E, M = matrices(A), matrices(B)
    np.testing.assert_allclose(pauli.conjugation(A, B), components(E @ M @ E), atol=1e-12)


@pytest.mark.parametrize("size", [1.0, 1e-2, 1e-3, 1e-6, 0.0])
def test_derivative_of_the_exponential(size):
    """Against the Frechet derivative of scipy, on both sides of the switch to the series."""
    a = A[:, :8] * np.array([1, size, size, size])[:, None]
    b = B[:, :8]
    exact = np.array(
        [
            expm_frechet(m, d, compute_expm=False)
            for m, d in zip(matrices(a), matrices(b), strict=True)
        ]
    )
    np.testing.assert_allclose(pauli.exp_derivative(a, b), components(exact), rtol=1e-11)


def test_components_of_the_hermitian_part():
    found = pauli.components(np.moveaxis(matrices(A) + 1j * matrices(B), 0, 2))
    np.testing.assert_allclose(found, A, atol=1e-14)
