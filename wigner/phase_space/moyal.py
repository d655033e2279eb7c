"""The Moyal product of two symbols, eq. (14), by twisted convolution; for verification.

Both symbols are trigonometric sums on phase space. On plane waves
exp(i(xi.x + eta.p)) # g = exp(i(xi.x + eta.p)) g(x + eps eta/2, p - eps xi/2), so f # g is a sum
of translates of g, one for each mode of f: exact for the lattice's trigonometric sums, and of a
cost that grows with the square of the lattice. It shares no formula with the solver's flows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .grid import PhaseGrid


def product(grid: PhaseGrid, epsilon: float, f: NDArray, g: NDArray) -> NDArray:
    """f # g, eq. (14), for scalar complex symbols of shape ``(N1, N2, M1, M2)``.

    Modes of ``f`` below 1e-16 of the largest are left out.
    """
    modes, at = _modes(grid, f)
    spectrum = np.fft.fftn(g)
    xi, eta = _duals(grid)
    phases = _coordinates(grid)
    result = np.zeros(f.shape, dtype=complex)
    for amplitude, (k1, k2, m1, m2) in zip(modes, at, strict=True):
        kx, ke = (xi[0][k1], xi[1][k2]), (eta[0][m1], eta[1][m2])
        # translate: x -> x + eps eta/2 multiplies mode xi' by exp(i xi'.eps eta/2)
        shift = np.ones((1, 1, 1, 1), dtype=complex)
        wave = amplitude * np.ones((1, 1, 1, 1), dtype=complex)
        for axis in (0, 1):
            ahead = np.exp(0.5j * epsilon * ke[axis] * xi[axis])
            behind = np.exp(-0.5j * epsilon * kx[axis] * eta[axis])
            shift = shift * _along(ahead, axis) * _along(behind, 2 + axis)
            wave = wave * _along(np.exp(1j * kx[axis] * phases[axis]), axis)
            wave = wave * _along(np.exp(1j * ke[axis] * phases[2 + axis]), 2 + axis)
        result += wave * np.fft.ifftn(spectrum * shift)
    return result


def matrix_product(grid: PhaseGrid, epsilon: float, A: NDArray, B: NDArray) -> NDArray:
    """(A # B)_ij = sum_k A_ik # B_kj for symbols of shape ``(2, 2, N1, N2, M1, M2)``."""
    return np.array(
        [
            [sum(product(grid, epsilon, A[i, k], B[k, j]) for k in (0, 1)) for j in (0, 1)]
            for i in (0, 1)
        ]
    )


def _modes(grid: PhaseGrid, f: NDArray) -> tuple[NDArray, NDArray]:
    """Amplitudes and indices of the modes of f that matter, phases counted from x = p = 0."""
    spectrum = np.fft.fftn(f) / f.size
    at = np.argwhere(np.abs(spectrum) > 1e-16 * np.abs(spectrum).max())
    _, eta = _duals(grid)
    start = eta[0][at[:, 2]] * grid.p[0][0] + eta[1][at[:, 3]] * grid.p[1][0]
    return spectrum[tuple(at.T)] * np.exp(-1j * start), at


def _duals(grid: PhaseGrid) -> tuple[list[NDArray], list[NDArray]]:
    xi = [2 * np.pi * np.fft.fftfreq(n, L / n) for n, L in zip(grid.n_x, grid.length, strict=True)]
    eta = [
        2 * np.pi * np.fft.fftfreq(n, 2 * P / n) for n, P in zip(grid.n_p, grid.p_max, strict=True)
    ]
    return xi, eta


def _coordinates(grid: PhaseGrid) -> tuple[NDArray, ...]:
    return (*grid.x, *grid.p)


def _along(values: NDArray, axis: int) -> NDArray:
    """A one-dimensional array placed along one of four axes."""
    return np.expand_dims(values, tuple(k for k in range(4) if k != axis))
