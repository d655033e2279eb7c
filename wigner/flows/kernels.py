"""2x2 arithmetic point by point: two-sided products of spectra, and columns on windows.

Here in numpy; ``kernels_numba`` has the same in machine code, several times faster, for lattices on
which it repays the time to load it. Both agree to roundoff.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from ..phase_space.grid import mirror
from .diffusion import Diffusion, Energy
from .factors import Factor

Entries = tuple[NDArray, NDArray, NDArray, NDArray]
Modes = tuple[NDArray, NDArray]

# Points per pass: modes and temporaries of a pass stay in the second-level cache.
BLOCK = 8192
# Points, of phase space or of all windows, from which compiled kernels are loaded: the 0.6 s that
# this takes is the gain of an initial state and a few steps. And the bytes of memory that it takes.
WORTHWHILE, MEMORY = 2**14, 1.1e8


class Product:
    """W^ -> F(+) W^ F(-)^dagger on spectra ``(2, k1, k2, b)`` of packed Hermitian fields.

    Parameters
    ----------
    modes
        Numbers of modes k1 and k2; the mirror image of mode k is -k.
    points
        Points of the whole lattice; the choice of the kernels is the same on all its ranks.
    run
        How many b follow each other in memory; 1 where k2 does.
    """

    def __init__(self, modes: tuple[int, int], points: int, run: int) -> None:
        self._scale = 1 / (modes[0] * modes[1])
        self._pairs, self._run = half_of_pairs(modes), run
        self._modes = modes
        self._compiled = machine_code() if wanted(points) else None

    def __call__(self, W: NDArray, factor: Factor, at1: NDArray, at2: NDArray) -> None:
        """Apply ``factor`` in place to W^ ``(2, k1, k2, b)``, divided by the number of modes.

        The factor's values F(+) and F(-) for mode k and place b are those at the points
        ``at1[k1, b] + at2[k2, b]`` and ``at1[-k1, b] + at2[-k2, b]`` of its flattened lattice.
        """
        if self._compiled is None:
            self._in_numpy(W, factor, at1, at2)
            return
        kind = "scalar" if factor.is_scalar else "hermitian" if factor.hermitian else "general"
        getattr(self._compiled, kind)(W, factor.rows, at1, at2, self._run, self._scale)

    def diffuse(self, W: NDArray, D: Diffusion) -> None:
        """W^ -> exp(-delta K)(+) W^ exp(-delta K)(-) in place, divided by the number of modes.

        W^ is ``(2, k1, k2, b)``; the places b are the columns of ``D``.
        """
        xi = self._scale * D.xi
        if D.is_scalar:
            W *= xi[:, :, None] * D.p
        elif self._compiled is not None:
            self._compiled.diffusion(W, D.p, xi, D.momentum, *D.shifts, D.series)
        else:
            for h, g in self._passes(W):
                plus, minus = rotations(D, h), rotations(D, g)
                scale = xi[*h][:, None] * D.p
                W[:, *h], W[:, *g] = sandwich(W[:, *h], W[:, *g], plus, minus, scale)

    def mean(self, W: NDArray, factor: Factor, at1: NDArray, at2: NDArray) -> None:
        """W^ -> (F(+) W^ + W^ F(-))/2 for a Hermitian 2x2 factor, else as :meth:`__call__`."""
        if self._compiled is not None:
            self._compiled.mean(W, factor.rows, at1, at2, self._run, self._scale)
            return
        for h, g in self._passes(W):
            at_h, at_g = at1[h[0]] + at2[h[1]], at1[g[0]] + at2[g[1]]
            plus, minus = _entries_at(factor, at_h), _entries_at(factor, at_g)
            W[:, *h], W[:, *g] = anticommutator(W[:, *h], W[:, *g], plus, minus, self._scale)

    def energy(self, W: NDArray, K: Energy) -> None:
        """W^ -> (K(+) W^ + W^ K(-))/2 in place, divided by the number of modes.

        W^ is ``(2, k1, k2, b)``; the places b are the columns of ``K``.
        """
        if K.is_scalar:
            W *= self._scale * (K.xi[:, :, None] + K.p)
        elif self._compiled is not None:
            self._compiled.energy(W, K.p, K.xi, K.momentum, *K.shifts, self._scale)
        else:
            for h, g in self._passes(W):
                scalar = self._scale * (K.xi[*h][:, None] + K.p)
                at_h, at_g = W[:, *h], W[:, *g]
                new = anticommutator(at_h, at_g, couplings(K, h), couplings(K, g), self._scale)
                W[:, *h], W[:, *g] = new[0] + scalar * at_h, new[1] + scalar * at_g

    def _in_numpy(self, W: NDArray, factor: Factor, at1: NDArray, at2: NDArray) -> None:
        for h, g in self._passes(W):
            plus, minus = at1[h[0]] + at2[h[1]], at1[g[0]] + at2[g[1]]
            W[:, *h], W[:, *g] = conjugate(W[:, *h], W[:, *g], factor, plus, minus, self._scale)

    def _passes(self, W: NDArray) -> Iterator[tuple[Modes, Modes]]:
        """Modes and their mirror images, a few at a time."""
        step = max(1, BLOCK // W.shape[3])
        for start in range(0, len(self._pairs[0]), step):
            h, g = (np.divmod(half[start : start + step], self._modes[1]) for half in self._pairs)
            yield h, g


def wanted(points: int) -> bool:
    """Whether so many points have compiled kernels."""
    return points >= WORTHWHILE and find_spec("numba") is not None


@cache
def machine_code() -> ModuleType:
    """The compiled kernels."""
    from . import kernels_numba  # noqa: PLC0415 (optional, and takes a second)

    return kernels_numba


def for_windows(points: int) -> ModuleType:
    """The module whose kernels for windows, from :func:`multiply` on, so many points are worth."""
    return machine_code() if wanted(points) else sys.modules[__name__]


def multiply(E: NDArray, C: NDArray) -> None:
    """C -> E C for 2x2 fields C ``(row, column, y, s1, s2)`` and E = (e11, e12, e21, e22).

    Entries of E are ``(y, s1, s2)``, or ``(1, s1, s2)`` where they are the same for all y.
    """
    upper = E[0] * C[0]
    upper += E[1] * C[1]
    C[1] *= E[3]
    C[1] += E[2] * C[0]
    C[0] = upper


def chebyshev(X: NDArray, Q: NDArray, C: NDArray, P: NDArray, S: NDArray, c: float) -> None:
    """P -> 2 (Q + X C) - P and S -> S + c P, for fields as in :func:`multiply`."""
    P *= -1
    for row, (left, right) in enumerate(((X[0], X[1]), (X[2], X[3]))):
        new = left * C[0]
        new += right * C[1]
        new += Q[row]
        new *= 2
        P[row] += new
    S += c * P


def gram(C: NDArray, G: NDArray) -> None:
    """G = entries 11, 21, 22 of C^dagger C, ``(3, y)``, for C ``(row, column, y, s1, s2)``.

    Inner products over rows and window points.
    """
    C = C.reshape(2, 2, C.shape[2], -1)
    first, second = C[:, 0], C[:, 1]
    np.einsum("rys,rys->y", first, first.conj(), out=G[0])
    np.einsum("rys,rys->y", first, second.conj(), out=G[1])
    np.einsum("rys,rys->y", second, second.conj(), out=G[2])


def half_of_pairs(n: tuple[int, int]) -> tuple[NDArray, NDArray]:
    """Indices (h, g) with g the mirror image of h, one of each pair; self-paired points once.

    Of the flattened lattice of ``n`` modes, each of shape ``(pairs,)``.
    """
    g = mirror(n)
    h = np.flatnonzero(np.arange(len(g)) <= g)
    return h, g[h]


def conjugate(
    at_h: NDArray, at_g: NDArray, F: Factor, plus: NDArray, minus: NDArray, scale: float
) -> tuple[NDArray, NDArray]:
    """Spectra at k and at -k of ``scale * F(+) W F(-)^dagger``, from those of W.

    The spectrum of a Hermitian field obeys ``W^(-k) = W^(k)^dagger``, so a pair of packed values
    gives the whole 2x2 matrix at k, and the result at k gives both values back.

    Parameters
    ----------
    at_h, at_g
        Spectra at k and at -k, ``(2, modes, b)``.
    plus, minus
        Where F has F(+) and F(-) on its flattened lattice, ``(modes, b)``.
    """
    U, V = at_h
    Uc, Vc = np.conj(at_g)
    if F.is_scalar:
        s = F.entries[0].ravel()
        s = s.take(plus) * np.conj(s.take(minus)) * scale
        return np.stack([U * s, V * s]), np.conj(np.stack([Uc * s, Vc * s]))
    return sandwich(at_h, at_g, _entries_at(F, plus), _entries_at(F, minus), scale)


def sandwich(
    at_h: NDArray, at_g: NDArray, plus: Entries, minus: Entries, scale: NDArray | float
) -> tuple[NDArray, NDArray]:
    """``scale * F(+) W F(-)^dagger`` as in :func:`conjugate`, from the entries of F(+) and F(-)."""
    U, V = at_h
    Uc, Vc = np.conj(at_g)
    # W11, W22 = w0 +- w3 with w0 = (U + Uc)/2, w3 = (U - Uc)/2i;  W21 = V, W12 = Vc
    w0, w3 = U + Uc, -1j * (U - Uc)
    half = 0.5 * scale
    W11, W22, W12, W21 = half * (w0 + w3), half * (w0 - w3), scale * Vc, scale * V
    # X = F(+) W
    a, b, c, d = plus
    X11, X12 = a * W11 + b * W21, a * W12 + b * W22
    X21, X22 = c * W11 + d * W21, c * W12 + d * W22
    # Y = X F(-)^dagger
    a, b, c, d = (np.conj(entry) for entry in minus)
    Y11, Y12 = X11 * a + X12 * b, X11 * c + X12 * d
    Y21, Y22 = X21 * a + X22 * b, X21 * c + X22 * d
    w0, w3 = 0.5 * (Y11 + Y22), 0.5j * (Y11 - Y22)
    return np.stack([w0 + w3, Y21]), np.conj(np.stack([w0 - w3, Y12]))


def anticommutator(
    at_h: NDArray, at_g: NDArray, plus: Entries, minus: Entries, scale: float
) -> tuple[NDArray, NDArray]:
    """``scale (F(+) W + W F(-))/2`` as in :func:`sandwich`."""
    zero = np.zeros_like(plus[0])
    one = zero + 1, zero, zero, zero + 1
    left = sandwich(at_h, at_g, plus, one, 0.5 * scale)
    right = sandwich(at_h, at_g, one, minus, 0.5 * scale)
    return left[0] + right[0], left[1] + right[1]


def couplings(K: Energy, modes: Modes) -> Entries:
    """Entries of eps (Lambda q).sigma at q = p + eps xi/2 for some modes xi and all columns p."""
    (of_xi1, of_xi2), (m1, m2) = K.shifts, modes
    k1, k2 = K.momentum[:, None] + (of_xi1[:, m1] + of_xi2[:, m2])[:, :, None]
    return 0 * k1, k1 - 1j * k2, k1 + 1j * k2, 0 * k1


def rotations(D: Diffusion, modes: Modes) -> Entries:
    """Entries of R at p + eps xi/2 for some modes xi and all columns p."""
    (of_xi1, of_xi2), (m1, m2) = D.shifts, modes
    k1, k2 = D.momentum[:, None] + (of_xi1[:, m1] + of_xi2[:, m2])[:, :, None]
    c, s = (np.polynomial.polynomial.polyval(k1**2 + k2**2, series) for series in D.series)
    return c, -s * (k1 - 1j * k2), -s * (k1 + 1j * k2), c


def _entries_at(F: Factor, at: NDArray) -> Entries:
    """Entries (11, 12, 21, 22) at table positions; equal diagonals are read once."""
    F11, F12, F21, F22 = F.entries
    a, b, c = (entry.ravel().take(at) for entry in (F11, F12, F21))
    return a, b, c, a if F22 is F11 else F22.ravel().take(at)
