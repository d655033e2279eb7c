"""Between a lattice of x and a coarser one of the same box: what they have in common are waves.

A wave that the finer lattice has and the coarser one has not is left out. The wave at the end of an
even lattice is two at once, and is left out as well where the lattices differ.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from .fft import BACKWARD, FORWARD, Planner
from .grid import shared_waves
from .layout import Layout
from .moments import squares

Counts = tuple[int, int]


def resampled(field: NDArray, n: Counts) -> NDArray:
    """A real field ``(..., N1, N2)`` on ``n`` points of the same box, ``(..., n1, n2)``."""
    before = field.shape[-2], field.shape[-1]
    if before == n:
        return field
    spectrum = np.fft.rfft2(field)
    found = np.zeros((*field.shape[:-2], n[0], n[1] // 2 + 1), dtype=complex)
    for part in _of_real(before, n):
        found[..., *part] = spectrum[..., *part]
    return np.fft.irfft2(found, s=n) * (n[0] * n[1] / (before[0] * before[1]))


def left_out(field: NDArray, n: Counts) -> float:
    """The most that a field ``(k, N1, N2)`` loses at a point where it goes to ``n`` points."""
    before, spectrum = (field.shape[-2], field.shape[-1]), np.fft.rfft2(field)
    for part in _of_real(before, n):
        spectrum[..., *part] = 0.0
    return float(np.abs(np.fft.irfft2(spectrum, s=before)).max())


def _of_real(n: Counts, m: Counts) -> list[tuple[slice, slice]]:
    """Where the waves that two lattices share are in spectra ``(n1, n2//2 + 1)`` of real fields."""
    from_zero, _ = shared_waves(n[1], m[1])
    if n[1] == m[1]:  # with the Nyquist mode
        from_zero = slice(0, n[1] // 2 + 1)
    return [(first, from_zero) for first in shared_waves(n[0], m[0])]


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
        axes = zip(coarse.grid.n_x, fine.grid.n_x, strict=True)
        self._shared = list(product(*(shared_waves(n, m) for n, m in axes)))

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
            for part in self._shared:
                block[:, *part] = waves[:, *part, columns]
            self._fft(block, (1, 2), BACKWARD)  # xi -> x
        return np.sqrt(np.max(coarse.comm.allgather(largest), axis=0))
