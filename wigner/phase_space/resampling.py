"""Between a lattice of x and a coarser one of the same box: what they have in common are waves.

A wave that the finer lattice has and the coarser one has not is left out. The wave at the end of an
even lattice is two at once, and is left out as well where the lattices differ.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from .fft import BACKWARD, FORWARD, Planner
from .layout import Layout
from .moments import squares

Counts = tuple[int, int]
Part = tuple[slice, slice]


def resampled(field: NDArray, n: Counts) -> NDArray:
    """A real field ``(..., N1, N2)`` on ``n`` points of the same box, ``(..., n1, n2)``."""
    before = field.shape[-2], field.shape[-1]
    if before == n:
        return field
    spectrum = np.fft.rfft2(field)
    found = np.zeros((*field.shape[:-2], n[0], n[1] // 2 + 1), dtype=complex)
    for there, here in _of_real(before, n):
        found[..., *here] = spectrum[..., *there]
    return np.fft.irfft2(found, s=n) * (n[0] * n[1] / (before[0] * before[1]))


def left_out(field: NDArray, n: Counts) -> float:
    """The most that a field ``(k, N1, N2)`` loses at a point where it goes to ``n`` points."""
    before, spectrum = (field.shape[-2], field.shape[-1]), np.fft.rfft2(field)
    for there, _ in _of_real(before, n):
        spectrum[..., *there] = 0.0
    return float(np.abs(np.fft.irfft2(spectrum, s=before)).max())


def shared(one: Counts, other: Counts) -> list[tuple[Part, Part]]:
    """Where the waves that two lattices share are in an FFT-ordered spectrum of either."""
    axes = [_halves(n, m) for n, m in zip(one, other, strict=True)]
    return [((a[0], b[0]), (a[1], b[1])) for a, b in product(*axes)]


def _of_real(one: Counts, other: Counts) -> list[tuple[Part, Part]]:
    """As :func:`shared`, in spectra of real fields, ``(n1, n2//2 + 1)``."""
    n, m = one[1], other[1]
    half = slice(0, n // 2 + 1 if n == m else (min(n, m) + 1) // 2)
    return [((a, half), (b, half)) for a, b in _halves(one[0], other[0])]


def _halves(n: int, m: int) -> list[tuple[slice, slice]]:
    """Waves from 0 on, and those below, on an axis."""
    least = min(n, m)
    below = least // 2 if least % 2 or n == m else least // 2 - 1
    above = (least + 1) // 2
    low, high = slice(0, above), (slice(n - below, n), slice(m - below, m))
    return [(low, low), high] if below else [(low, low)]


def numbers(coarse: Layout) -> int:
    """Complex numbers that a rank needs for all of x, of its columns of p."""
    return 2 * coarse.grid.nx * coarse.n_p_local


class Refinement:
    """From a coarse lattice of x to a finer one, for x-major fields of the same p lattice.

    Parameters
    ----------
    coarse, fine
        Layouts on the same ranks that differ in ``n_x`` alone.
    memory
        At least :func:`numbers` of them, which this may use while it works.
    """

    def __init__(self, coarse: Layout, fine: Layout, memory: NDArray) -> None:
        self._coarse, self._fine, self._fft = coarse, fine, Planner()
        shape = 2, *coarse.grid.n_x, coarse.n_p_local
        self._waves = memory[: numbers(coarse)].reshape(shape)
        self._shared = shared(coarse.grid.n_x, fine.grid.n_x)

    def __call__(self, W: NDArray, out: NDArray) -> NDArray:
        """Write W, on the coarse lattice, into ``out`` on the fine one, both ``(2, x block, np)``.

        Returns
        -------
        NDArray
            The largest amplitude of each wave over all columns of p, on the coarse lattice and
            the same on every rank, ``(n1, n2)``.
        """
        coarse, waves = self._coarse, self._waves
        largest = np.zeros(coarse.grid.n_x)
        for block, columns in coarse.columns(W, back=False):
            self._fft(block, (1, 2), FORWARD)  # x -> xi
            np.maximum(largest, squares(block).max(axis=(0, 3)), out=largest)
            np.multiply(block, 1 / coarse.grid.nx, out=waves[..., columns])
        for block, columns in self._fine.columns(out, there=False):
            block[:] = 0.0
            for there, here in self._shared:
                block[:, *here] = waves[:, *there, columns]
            self._fft(block, (1, 2), BACKWARD)  # xi -> x
        return np.sqrt(np.max(coarse.comm.allgather(largest), axis=0))
