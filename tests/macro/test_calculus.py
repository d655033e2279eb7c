"""Spectral calculus: closed forms on odd, even and single-point axes, and integral identities."""

from __future__ import annotations

import numpy as np
import pytest

from macro.calculus import PERP, Calculus, contracted, cross, relaxing, turned

LENGTH = (6.0, 5.0)
SHAPES = [(16, 12), (15, 9), (9, 16), (16, 1), (1, 15)]


def wave(x: Calculus):
    """f = sin(k1 x1) cos(k2 x2) with its first derivatives and Laplacian."""
    k = [2 * np.pi / L if n > 1 else 0.0 for n, L in zip(x.n_x, LENGTH, strict=True)]
    x1, x2 = (np.arange(n) * L / n for n, L in zip(x.n_x, LENGTH, strict=True))
    s, c = np.sin(k[0] * x1 + 0.3)[:, None], np.cos(k[1] * x2 + 0.4)[None]
    d1 = k[0] * np.cos(k[0] * x1 + 0.3)[:, None] * c
    d2 = -k[1] * s * np.sin(k[1] * x2 + 0.4)[None]
    return s * c, d1, d2, -(k[0] ** 2 + k[1] ** 2) * s * c


@pytest.mark.parametrize("n", SHAPES)
def test_derivatives_of_a_wave(n):
    x = Calculus(n, LENGTH)
    f, d1, d2, laplacian = wave(x)
    np.testing.assert_allclose(x.grad(f), [d1, d2], atol=1e-12)
    np.testing.assert_allclose(x.laplacian(f), laplacian, atol=1e-12)
    np.testing.assert_allclose(x.div(np.stack([f, 2 * f])), d1 + 2 * d2, atol=1e-12)
    np.testing.assert_allclose(x.spin_grad(PERP, f), [d2, -d1, 0 * f], atol=1e-12)
    np.testing.assert_allclose(x.spin_div(PERP, np.stack([f, 3 * f, f])), d2 - 3 * d1, atol=1e-12)
    curl = x.spin_curl(PERP, np.stack([f, 3 * f, 5 * f]))
    np.testing.assert_allclose(curl, [-5 * d1, -5 * d2, d1 + 3 * d2], atol=1e-12)


@pytest.mark.parametrize("n", [*SHAPES, (3, 2), (1, 1)])
def test_transforms_are_inverse_and_divergences_have_no_mean(n):
    x, rng = Calculus(n, LENGTH), np.random.default_rng(1)
    f = rng.normal(size=(2, 3, *n))
    np.testing.assert_allclose(x.field(x.transform(f)), f, atol=1e-14)
    assert not np.any(x.div_spectrum(f)[:, 0, 0])


@pytest.mark.parametrize("n", [(12, 18), (9, 15)])
def test_products_of_kept_modes_have_no_aliases_among_them(n):
    """The product on the lattice equals that on one twice as fine, on the modes kept."""
    fine, coarse = (Calculus((m * n[0], m * n[1]), LENGTH) for m in (2, 1))
    rng = np.random.default_rng(2)
    spectra = [coarse.transform(rng.normal(size=n)) * coarse.kept for _ in range(2)]

    def refined(spectrum):
        padded = np.zeros((2 * n[0], n[1] + 1), dtype=complex)
        rows = np.round(np.fft.fftfreq(n[0], 1 / n[0])).astype(int)
        padded[rows, : spectrum.shape[1]] = 4 * spectrum
        return padded

    f, g = (coarse.field(s) for s in spectra)
    F, G = (fine.field(refined(s)) for s in spectra)
    there = fine.transform(F * G)
    rows = np.round(np.fft.fftfreq(n[0], 1 / n[0])).astype(int)
    exact = there[rows, : n[1] // 2 + 1] / 4
    here = coarse.transform(f * g)
    np.testing.assert_allclose(here[coarse.kept], exact[coarse.kept], atol=1e-11)
    assert np.abs(here - exact)[~coarse.kept].max() > 1e-3


def test_cross_and_turned_are_those_of_the_definition():
    x, rng = Calculus((8, 6), LENGTH), np.random.default_rng(3)
    a, b = rng.normal(size=(2, 3, 8, 6))
    np.testing.assert_allclose(cross(a, b), np.cross(a, b, axis=0), atol=1e-14)
    # grad_perp x a by the definition of the cross product, grad_perp = (d2, -d1, 0)
    d1, d2 = x.grad(a)
    by_rows = [-d1[2], -d2[2], d2[1] + d1[0]]
    np.testing.assert_allclose(x.div(turned(PERP, a)), by_rows, atol=1e-11)


def test_products_with_any_matrix_are_those_of_its_columns():
    rng = np.random.default_rng(4)
    Lambda, a, F = rng.normal(size=(3, 2)), *rng.normal(size=(2, 2, 3, 8, 6))
    along = [
        np.cross(column[:, None, None], f, axis=0) for column, f in zip(Lambda.T, F, strict=True)
    ]
    np.testing.assert_allclose(contracted(Lambda, F), along[0] + along[1], atol=1e-14)
    np.testing.assert_allclose(turned(Lambda, F[1])[1], along[1], atol=1e-14)
    twice = contracted(Lambda, turned(Lambda, a[0]))
    np.testing.assert_allclose(relaxing(Lambda, a[0]), -twice, atol=1e-13)
    n = a[1]
    np.testing.assert_allclose(relaxing(0.5 * PERP, n), 0.25 * np.stack([n[0], n[1], 2 * n[2]]))
