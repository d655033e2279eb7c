"""The moment map A -> <Exp(-K + A)>, from columns of exp((-K + A)/2) on small windows.

exp(-K + A) = S S^dagger with the splitting S of ``exponential``, so the density matrix at y is
the Gram matrix of the column S e_y. The column dies like exp(-|s|^2/eps^2) with the distance s
from y: it is a 2x2 field on a window of some 24 x 24 points around y, however large the box.
Columns know nothing of each other; they need no communication and live in the cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyfftw
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from . import factors, pauli
from .grid import PhaseGrid, interpolation
from .layout import Layout
from .splitting import richardson
from .transforms import BACKWARD, FORWARD, Planner

# Half-width of a window in units of eps, and its momentum cut. Gram matrices square the column:
# exp(-2 4.05^2) and exp(-8.5^2/2) are roundoff in the density.
REACH, CUT = 4.05, 8.5
# Window lengths: those that FFTW transforms several times faster than their neighbours.
LENGTHS = (16, 20, 25, 32, 40, 50, 64, 80, 100, 128)
# Window points per pass: columns, tables and temporaries of a pass stay in the cache.
BLOCK = 4096


@dataclass(frozen=True)
class Window:
    """Offsets around a point: ``n`` points of ``spacing`` per axis, in FFT order."""

    n: tuple[int, int]
    spacing: tuple[float, float]

    @property
    def offsets(self) -> tuple[NDArray, NDArray]:
        """Offsets s per axis, ascending; zero is entry n // 2."""
        return tuple(h * (np.arange(n) - n // 2) for n, h in zip(self.n, self.spacing, strict=True))

    def dispersion(self, epsilon: float) -> factors.Dispersion:
        """Kinetic energy on the momenta eps k dual to the offsets, in FFT order."""
        q = tuple(
            2 * np.pi * epsilon * np.fft.fftfreq(n, h)
            for n, h in zip(self.n, self.spacing, strict=True)
        )
        return factors.rounded_parabola(q, tuple(np.pi * epsilon / h for h in self.spacing))


def window_for(grid: PhaseGrid, epsilon: float, alpha: float) -> Window:
    """The smallest window that gives double precision, on a refinement of the x lattice.

    Rashba coupling, (|p| +- eps alpha)^2/2, moves thermal momenta out by eps |alpha|.
    """
    widest = math.pi * epsilon / (CUT + epsilon * abs(alpha))
    steps = [L / n for n, L in zip(grid.n_x, grid.length, strict=True)]
    spacing = [
        widest if n == 1 else step / math.ceil(step / widest)
        for n, step in zip(grid.n_x, steps, strict=True)
    ]
    least = [math.ceil(2 * REACH * epsilon / h) for h in spacing]
    n = [next((length for length in LENGTHS if length >= m), m) for m in least]
    return Window(tuple(n), tuple(spacing))


@dataclass(frozen=True)
class _Steps:
    """What the columns S_m e_y share, each factor as entries (11, 12, 21, 22).

    ``start`` is exp(-delta K) e_0 on the window, ``diffusion`` is exp(-delta K) in momentum,
    ``full`` and ``half`` are exp(delta A) and exp(delta A/2) on the window of each column, views
    ``(4, N1, N2, n1, n2)`` of the refined lattice (a single step needs no ``full``), ``local`` is
    exp(delta A/2) at the columns' own points.
    """

    count: int
    start: NDArray
    diffusion: NDArray
    full: NDArray | None
    half: NDArray
    local: NDArray


class MomentMap:
    """<Exp(-K + A)> = n0 sigma_0 + eps n.sigma on the x lattice.

    Parameters
    ----------
    layout
        Each rank works on the columns of its x block.
    epsilon, alpha
        Scaled Planck and Rashba constants.
    """

    def __init__(self, layout: Layout, epsilon: float, alpha: float) -> None:
        self.layout, self.epsilon, self.alpha = layout, epsilon, alpha
        self.window = window_for(layout.grid, epsilon, alpha)
        self._fft = Planner()
        self._dispersion = self.window.dispersion(epsilon)
        self._diffusions: dict[int, tuple[NDArray, NDArray]] = {}
        self._prepare()

    def __call__(self, A: NDArray, levels: int) -> NDArray:
        """Components (n0, eps n), shape ``(4, N1, N2)``, the same on every rank.

        Parameters
        ----------
        A
            Components (a0, eps a), shape ``(4, N1, N2)``.
        levels
            Splittings of 1, ..., ``levels`` steps are combined, to order 2*levels.
        """
        return np.tensordot(richardson(levels), self.splittings(A, levels), axes=1)

    def splittings(self, A: NDArray, levels: int) -> NDArray:
        """The moments of S_m S_m^dagger for m = 1, ..., ``levels``, ``(levels, 4, N1, N2)``."""
        local = np.empty((levels, 4, self.layout.n_x_local))
        for m, density in enumerate(local, start=1):
            steps = self._steps(A, m)
            for block, at in self._passes:
                density[:, block] = self._density(steps, block, at)
        norm = (2 * np.pi * self.epsilon) ** 2 / math.prod(self.window.spacing)
        found = self.layout.gather(norm * local.reshape(4 * levels, -1))
        return found.reshape(levels, 4, *self.layout.grid.n_x)

    def _density(self, steps: _Steps, block: slice, at: tuple) -> NDArray:
        """gram(S_m e_y): components of the density matrix at the points y of the block."""
        count = block.stop - block.start
        # C = S_m e_y as (row, column, y, s1, s2), factors from right to left
        C, upper = self._columns[:, :, :count], self._upper[:, :count]
        C[:] = steps.start[:, :, None]
        for _ in range(steps.count - 1):
            _multiply(steps.full[at], C, upper)
            self._fft(C, (3, 4), FORWARD)  # s -> q
            _multiply(steps.diffusion, C, upper)
            self._fft(C, (3, 4), BACKWARD)  # q -> s
        _multiply(steps.half[at], C, upper)
        return _gram(C, steps.local[:, block])

    def _steps(self, A: NDArray, m: int) -> _Steps:
        refined = self._refine[0] @ A @ self._refine[1].T
        return _Steps(
            m,
            *self._diffusion(m),
            self._windows(_exponential(refined, 0.5 / m)) if m > 1 else None,
            self._windows(_exponential(refined, 0.25 / m)),
            _exponential(A.reshape(4, -1)[:, self.layout.x], 0.25 / m),
        )

    def _windows(self, E: NDArray) -> NDArray:
        """A field on the refined lattice as seen from every x point: no copies."""
        r1, r2 = self._ratio
        return sliding_window_view(E, self.window.n, axis=(1, 2))[:, ::r1, ::r2]

    def _diffusion(self, m: int) -> tuple[NDArray, NDArray]:
        """exp(-delta K) for delta = 1/(2m): on the window from e_0, and in momentum."""
        if m not in self._diffusions:
            delta = 0.5 / m
            F = factors.kinetic(
                self._dispersion, self.epsilon, self.alpha, -1j * self.epsilon * delta
            )
            entries = factors.entries(F)
            start = np.fft.fftshift(np.fft.ifft2(entries), (1, 2)).reshape(2, 2, *self.window.n)
            self._diffusions[m] = start, entries[:, None] / math.prod(self.window.n)
        return self._diffusions[m]

    def _prepare(self) -> None:
        """The refined lattice that the windows of this rank's columns cover, and work arrays."""
        grid, x = self.layout.grid, self.layout.x
        n2 = grid.n_x[1]
        top, bottom = x.start // n2, (x.stop - 1) // n2 + 1
        self._per_pass = max(1, BLOCK // math.prod(self.window.n))
        self._passes = list(self._cut(x, n2, top))
        self._ratio = tuple(
            round(L / n / h) if n > 1 else 1
            for n, L, h in zip(grid.n_x, grid.length, self.window.spacing, strict=True)
        )
        self._refine = []
        for axis, (first, count) in enumerate(((top, bottom - top), (0, n2))):
            h, n = self.window.spacing[axis], self.window.n[axis]
            fine = np.arange((count - 1) * self._ratio[axis] + n) - n // 2
            points = first * self._ratio[axis] * h + fine * h if grid.n_x[axis] > 1 else 0 * fine
            self._refine.append(interpolation(grid.n_x[axis], grid.length[axis], points))
        shape = (2, 2, self._per_pass, *self.window.n)
        self._columns = pyfftw.empty_aligned(shape, dtype=complex)
        self._upper = np.empty(shape[1:], dtype=complex)

    def _cut(self, x: slice, n2: int, top: int) -> Iterator[tuple[slice, tuple]]:
        """This rank's columns in passes along a line of the x lattice, and their windows."""
        if n2 == 1:
            for start in range(x.start, x.stop, self._per_pass):
                stop = min(start + self._per_pass, x.stop)
                yield slice(start - x.start, stop - x.start), np.s_[:, start - top : stop - top, 0]
            return
        start = x.start
        while start < x.stop:
            x1, x2 = divmod(start, n2)
            stop = min(start + self._per_pass, start - x2 + n2, x.stop)
            at = np.s_[:, x1 - top, x2 : x2 + stop - start]
            yield slice(start - x.start, stop - x.start), at
            start = stop


def _exponential(A: NDArray, delta: float) -> NDArray:
    """exp(delta A) as entries (11, 12, 21, 22)."""
    return factors.entries(factors.multiplier(A, delta))


def _multiply(E: NDArray, C: NDArray, upper: NDArray) -> None:
    """C -> E C for 2x2 fields, in place; ``upper`` is scratch of the shape of C's rows."""
    np.multiply(E[0], C[0], out=upper)
    upper += E[1] * C[1]
    C[1] *= E[3]
    C[1] += E[2] * C[0]
    C[0] = upper


def _gram(C: NDArray, E: NDArray) -> NDArray:
    """Components of E^dagger (C^dagger C) E, the inner product over rows and window points."""
    C = C.reshape(2, 2, C.shape[2], -1)
    up, down = C[:, 0], C[:, 1]
    g11 = np.einsum("ays,ays->y", up, up.conj()).real
    g22 = np.einsum("ays,ays->y", down, down.conj()).real
    g21 = np.einsum("ays,ays->y", up, down.conj())
    b = np.stack([0.5 * (g11 + g22), g21.real, g21.imag, 0.5 * (g11 - g22)])
    e11, _, e21, e22 = E
    e = np.stack([0.5 * (e11 + e22).real, e21.real, e21.imag, 0.5 * (e11 - e22).real])
    return pauli.conjugation(e, b)
