"""The arithmetic of ``kernels`` in machine code; importing this takes half a second.

numba keeps what it compiles on the disk, beside this file or in the user's cache directory
(``NUMBA_CACHE_DIR`` names another), and later processes load it. Where neither can be written
each process compiles anew. The contraction of a b + c is the only liberty taken with rounding:
one kind of processor gives the same bits in every run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

OPTIONS: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy"}
# Spectrum (2, k1, k2, b), table (point, entry), places (k1, b) and (k2, b), run, scale.
PRODUCT = "void(complex128[:,:,:,:], {}[:,::1], int64[:,:], int64[:,:], int64, float64)"


def _kernel(signature: str) -> Callable[[Callable], Callable]:
    """Compile a kernel for arguments of these types, or load it from the disk."""

    def decorate(kernel: Callable) -> Callable:
        try:
            return njit(signature, cache=True, **OPTIONS)(kernel)
        except RuntimeError:  # nowhere to keep it
            return njit(signature, **OPTIONS)(kernel)

    return decorate


@njit(**OPTIONS)
def _times(a, z):  # type: ignore[no-untyped-def]
    """a z for real a: half the work of a product of complex numbers."""
    return complex(a * z.real, a * z.imag)


@njit(**OPTIONS)
def _matrix(W, k1, k2, g1, g2, b, scale):  # type: ignore[no-untyped-def]
    """Entries 11, 12, 21, 22 of ``scale`` W^(k), from the packed spectra at k and g = -k."""
    U, V = W[0, k1, k2, b], W[1, k1, k2, b]
    Uc, Vc = W[0, g1, g2, b].conjugate(), W[1, g1, g2, b].conjugate()
    w0, i_w3 = _times(0.5 * scale, U + Uc), _times(0.5 * scale, U - Uc)
    w3 = complex(i_w3.imag, -i_w3.real)
    return w0 + w3, _times(scale, Vc), _times(scale, V), w0 - w3


@njit(**OPTIONS)
def _store(W, k1, k2, g1, g2, b, Y11, Y12, Y21, Y22):  # type: ignore[no-untyped-def]
    """The packed spectra at k and g = -k, from the matrix at k."""
    w0, w3 = _times(0.5, Y11 + Y22), _times(0.5, Y11 - Y22)
    i_w3 = complex(-w3.imag, w3.real)
    W[0, k1, k2, b], W[1, k1, k2, b] = w0 + i_w3, Y21
    W[0, g1, g2, b], W[1, g1, g2, b] = (w0 - i_w3).conjugate(), Y12.conjugate()


@njit(**OPTIONS)
def _mirrored(k, n):  # type: ignore[no-untyped-def]
    return n - k if k > 0 else 0


@_kernel(PRODUCT.format("complex128"))
def scalar(W, F, at1, at2, run, scale):  # type: ignore[no-untyped-def]
    """W^ -> scale F(+) W^ conj(F(-)), what is side by side in memory at a time."""
    _, n1, n2, n = W.shape
    s = np.empty(max(n2, run), np.complex128)
    if run > 1:
        for k1 in range(n1):
            g1 = _mirrored(k1, n1)
            for k2 in range(n2):
                g2 = _mirrored(k2, n2)
                for b in range(n):
                    plus, minus = at1[k1, b] + at2[k2, b], at1[g1, b] + at2[g2, b]
                    s[b] = _times(scale, F[plus, 0] * F[minus, 0].conjugate())
                for c in range(2):
                    for b in range(n):
                        W[c, k1, k2, b] *= s[b]
        return
    for b in range(n):
        for k1 in range(n1):
            first, last = at1[k1, b], at1[_mirrored(k1, n1), b]
            for k2 in range(n2):
                plus, minus = first + at2[k2, b], last + at2[_mirrored(k2, n2), b]
                s[k2] = _times(scale, F[plus, 0] * F[minus, 0].conjugate())
            for c in range(2):
                for k2 in range(n2):
                    W[c, k1, k2, b] *= s[k2]


@_kernel(PRODUCT.format("float64"))
def hermitian(W, F, at1, at2, run, scale):  # type: ignore[no-untyped-def]
    """W^ -> scale F(+) W^ F(-) for Hermitian F = (f11, f22, Re f21, Im f21)."""
    _, n1, n2, n = W.shape
    for first in range(0, n, run):
        for k1 in range(n1 // 2 + 1):
            g1 = _mirrored(k1, n1)
            for k2 in range(n2 // 2 + 1 if g1 == k1 else n2):
                g2 = _mirrored(k2, n2)
                for b in range(first, min(first + run, n)):
                    plus, minus = at1[k1, b] + at2[k2, b], at1[g1, b] + at2[g2, b]
                    W11, W12, W21, W22 = _matrix(W, k1, k2, g1, g2, b, scale)
                    f11, f22, f21 = F[plus, 0], F[plus, 1], complex(F[plus, 2], F[plus, 3])
                    f12 = f21.conjugate()
                    X11, X12 = _times(f11, W11) + f12 * W21, _times(f11, W12) + f12 * W22
                    X21, X22 = f21 * W11 + _times(f22, W21), f21 * W12 + _times(f22, W22)
                    f11, f22, f21 = F[minus, 0], F[minus, 1], complex(F[minus, 2], F[minus, 3])
                    f12 = f21.conjugate()
                    Y11, Y12 = _times(f11, X11) + X12 * f21, X11 * f12 + _times(f22, X12)
                    Y21, Y22 = _times(f11, X21) + X22 * f21, X21 * f12 + _times(f22, X22)
                    _store(W, k1, k2, g1, g2, b, Y11, Y12, Y21, Y22)


@_kernel(PRODUCT.format("float64"))
def mean(W, F, at1, at2, run, scale):  # type: ignore[no-untyped-def]
    """W^ -> scale (F(+) W^ + W^ F(-))/2 for F as in :func:`hermitian`."""
    _, n1, n2, n = W.shape
    for first in range(0, n, run):
        for k1 in range(n1 // 2 + 1):
            g1 = _mirrored(k1, n1)
            for k2 in range(n2 // 2 + 1 if g1 == k1 else n2):
                g2 = _mirrored(k2, n2)
                for b in range(first, min(first + run, n)):
                    plus, minus = at1[k1, b] + at2[k2, b], at1[g1, b] + at2[g2, b]
                    W11, W12, W21, W22 = _matrix(W, k1, k2, g1, g2, b, 0.5 * scale)
                    f11, f22, f21 = F[plus, 0], F[plus, 1], complex(F[plus, 2], F[plus, 3])
                    e11, e22, e21 = F[minus, 0], F[minus, 1], complex(F[minus, 2], F[minus, 3])
                    f12, e12 = f21.conjugate(), e21.conjugate()
                    Y11 = _times(f11 + e11, W11) + f12 * W21 + W12 * e21
                    Y12 = _times(f11 + e22, W12) + f12 * W22 + W11 * e12
                    Y21 = _times(f22 + e11, W21) + f21 * W11 + W22 * e21
                    Y22 = _times(f22 + e22, W22) + f21 * W12 + W21 * e12
                    _store(W, k1, k2, g1, g2, b, Y11, Y12, Y21, Y22)


@_kernel(PRODUCT.format("complex128"))
def general(W, F, at1, at2, run, scale):  # type: ignore[no-untyped-def]
    """W^ -> scale F(+) W^ F(-)^dagger for any F = (f11, f12, f21, f22)."""
    _, n1, n2, n = W.shape
    for first in range(0, n, run):
        for k1 in range(n1 // 2 + 1):
            g1 = _mirrored(k1, n1)
            for k2 in range(n2 // 2 + 1 if g1 == k1 else n2):
                g2 = _mirrored(k2, n2)
                for b in range(first, min(first + run, n)):
                    plus, minus = at1[k1, b] + at2[k2, b], at1[g1, b] + at2[g2, b]
                    W11, W12, W21, W22 = _matrix(W, k1, k2, g1, g2, b, scale)
                    f11, f12, f21, f22 = F[plus, 0], F[plus, 1], F[plus, 2], F[plus, 3]
                    X11, X12 = f11 * W11 + f12 * W21, f11 * W12 + f12 * W22
                    X21, X22 = f21 * W11 + f22 * W21, f21 * W12 + f22 * W22
                    f11, f12 = F[minus, 0].conjugate(), F[minus, 1].conjugate()
                    f21, f22 = F[minus, 2].conjugate(), F[minus, 3].conjugate()
                    Y11, Y12 = X11 * f11 + X12 * f12, X11 * f21 + X12 * f22
                    Y21, Y22 = X21 * f11 + X22 * f12, X21 * f21 + X22 * f22
                    _store(W, k1, k2, g1, g2, b, Y11, Y12, Y21, Y22)


@njit(**OPTIONS)
def _rotations(momentum, shift1, shifts2, series, square, R):  # type: ignore[no-untyped-def]
    """R = (c, Re f21, Im f21) of all columns and all waves k2 of one k1, one after the other."""
    n, last = momentum.shape[1], series.shape[1] - 1
    c, re, im = R[0], R[1], R[2]
    for k2 in range(shifts2.shape[1]):
        first, second = shift1[0] + shifts2[0, k2], shift1[1] + shifts2[1, k2]
        for b in range(n):
            re[k2 * n + b] = -(momentum[0, b] + first)
            im[k2 * n + b] = -(momentum[1, b] + second)
    for i in range(len(square)):
        square[i] = re[i] * re[i] + im[i] * im[i]
    s = R[3]
    c[:], s[:] = series[0, last], series[1, last]
    for j in range(last - 1, -1, -1):  # Horner's scheme for cosh and for sinh over its argument
        a, b = series[0, j], series[1, j]
        for i in range(len(square)):
            c[i] = c[i] * square[i] + a
        for i in range(len(square)):
            s[i] = s[i] * square[i] + b
    for i in range(len(square)):
        re[i] *= s[i]
        im[i] *= s[i]


@_kernel(
    "void(complex128[:,:,:,:], float64[:], float64[:,:], float64[:,:],"
    " float64[:,:], float64[:,:], float64[:,:])"
)
def diffusion(W, p, xi, momentum, shifts1, shifts2, series):  # type: ignore[no-untyped-def]
    """W^ -> xi p R(+) W^ R(-) with R = c - s (k1 sigma1 + k2 sigma2)."""
    _, n1, n2, n = W.shape
    square, R, S = np.empty(n2 * n), np.empty((4, n2 * n)), np.empty((4, n2 * n))
    for k1 in range(n1 // 2 + 1):
        g1 = _mirrored(k1, n1)
        _rotations(momentum, shifts1[:, k1], shifts2, series, square, R)
        _rotations(momentum, shifts1[:, g1], shifts2, series, square, S)
        for k2 in range(n2 // 2 + 1 if g1 == k1 else n2):
            g2 = _mirrored(k2, n2)
            for b in range(n):
                W11, W12, W21, W22 = _matrix(W, k1, k2, g1, g2, b, xi[k1, k2] * p[b])
                i = k2 * n + b
                c, f21, f12 = R[0, i], complex(R[1, i], R[2, i]), complex(R[1, i], -R[2, i])
                X11, X12 = _times(c, W11) + f12 * W21, _times(c, W12) + f12 * W22
                X21, X22 = f21 * W11 + _times(c, W21), f21 * W12 + _times(c, W22)
                i = g2 * n + b
                c, f21, f12 = S[0, i], complex(S[1, i], S[2, i]), complex(S[1, i], -S[2, i])
                Y11, Y12 = _times(c, X11) + X12 * f21, X11 * f12 + _times(c, X12)
                Y21, Y22 = _times(c, X21) + X22 * f21, X21 * f12 + _times(c, X22)
                _store(W, k1, k2, g1, g2, b, Y11, Y12, Y21, Y22)


@_kernel(
    "void(complex128[:,:,:,:], float64[:], float64[:,:], float64[:,:], float64[:,:], float64[:,:],"
    " float64)"
)
def energy(W, p, xi, momentum, shifts1, shifts2, scale):  # type: ignore[no-untyped-def]
    """W^ -> scale (K(+) W^ + W^ K(-))/2 with K = p + xi + k1 sigma1 + k2 sigma2."""
    _, n1, n2, n = W.shape
    for k1 in range(n1 // 2 + 1):
        g1 = _mirrored(k1, n1)
        for k2 in range(n2 // 2 + 1 if g1 == k1 else n2):
            g2 = _mirrored(k2, n2)
            d21 = complex(shifts1[0, k1] + shifts2[0, k2], shifts1[1, k1] + shifts2[1, k2])
            e21 = complex(shifts1[0, g1] + shifts2[0, g2], shifts1[1, g1] + shifts2[1, g2])
            for b in range(n):
                W11, W12, W21, W22 = _matrix(W, k1, k2, g1, g2, b, scale)
                s, s21 = xi[k1, k2] + p[b], complex(momentum[0, b], momentum[1, b])
                plus, minus = _times(0.5, s21 + d21), _times(0.5, s21 + e21)
                plus12, minus12 = plus.conjugate(), minus.conjugate()
                Y11 = _times(s, W11) + plus12 * W21 + W12 * minus
                Y12 = _times(s, W12) + plus12 * W22 + W11 * minus12
                Y21 = _times(s, W21) + plus * W11 + W22 * minus
                Y22 = _times(s, W22) + plus * W12 + W21 * minus12
                _store(W, k1, k2, g1, g2, b, Y11, Y12, Y21, Y22)


@_kernel("void(complex128[:,:,:,:], complex128[:,:,:,:,:])")
def multiply(E, C):  # type: ignore[no-untyped-def]
    """C -> E C for 2x2 fields C (row, column, y, s1, s2) and E = (e11, e12, e21, e22)."""
    _, _, ny, n1, n2 = C.shape
    for y in range(ny):
        at = min(y, E.shape[1] - 1)
        for s1 in range(n1):
            for s2 in range(n2):
                e11, e12 = E[0, at, s1, s2], E[1, at, s1, s2]
                e21, e22 = E[2, at, s1, s2], E[3, at, s1, s2]
                for j in range(2):
                    up, down = C[0, j, y, s1, s2], C[1, j, y, s1, s2]
                    C[0, j, y, s1, s2] = e11 * up + e12 * down
                    C[1, j, y, s1, s2] = e21 * up + e22 * down


@_kernel(
    "void(complex128[:,:,:,:], complex128[:,:,:,:,:], complex128[:,:,:,:,:], "
    "complex128[:,:,:,:,:], complex128[:,:,:,:,:], float64)"
)
def chebyshev(X, Q, C, P, S, c):  # type: ignore[no-untyped-def]
    """P -> 2 (Q + X C) - P and S -> S + c P, for fields as in :func:`multiply`."""
    _, _, ny, n1, n2 = C.shape
    for y in range(ny):
        for s1 in range(n1):
            for s2 in range(n2):
                x11, x22 = X[0, y, s1, s2].real, X[3, y, s1, s2].real
                x12, x21 = X[1, y, s1, s2], X[2, y, s1, s2]
                for j in range(2):
                    up, down = C[0, j, y, s1, s2], C[1, j, y, s1, s2]
                    p = Q[0, j, y, s1, s2] + _times(x11, up) + x12 * down
                    q = Q[1, j, y, s1, s2] + x21 * up + _times(x22, down)
                    p = _times(2.0, p) - P[0, j, y, s1, s2]
                    q = _times(2.0, q) - P[1, j, y, s1, s2]
                    P[0, j, y, s1, s2], P[1, j, y, s1, s2] = p, q
                    S[0, j, y, s1, s2] += _times(c, p)
                    S[1, j, y, s1, s2] += _times(c, q)


@_kernel("void(complex128[:,:,:,:,:], complex128[:,:])")
def gram(C, G):  # type: ignore[no-untyped-def]
    """G = entries 11, 21, 22 of C^dagger C by y, inner products over rows and window points."""
    _, _, ny, n1, n2 = C.shape
    for y in range(ny):
        g11, g21, g22 = 0.0, 0.0j, 0.0
        for row in range(2):
            for s1 in range(n1):
                for s2 in range(n2):
                    a, b = C[row, 0, y, s1, s2], C[row, 1, y, s1, s2]
                    g11 += a.real * a.real + a.imag * a.imag
                    g22 += b.real * b.real + b.imag * b.imag
                    g21 += a * b.conjugate()
        G[0, y], G[1, y], G[2, y] = g11, g21, g22
