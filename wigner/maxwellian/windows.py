"""Columns S e_y of the square root S of exp(-K + A), on small windows around the points y.

S = (exp(delta A/2) exp(-delta K) exp(delta A/2))^m with delta = 1/(2m), the splitting of
``exponential``. A column dies like exp(-|s|^2/eps^2) with the distance s from y: it is a 2x2
field on a window of some 24 x 24 points around y, however large the box. Columns know nothing of
each other; they need no communication and live in the cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyfftw
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..flows import factors
from ..flows.kernels import for_windows
from ..phase_space.fft import BACKWARD, FORWARD, Planner, good_length
from ..phase_space.grid import PhaseGrid, interpolation, thermal_reach
from ..phase_space.layout import Layout
from ..physics import Physics

# Half-width of a window in units of eps, and its momentum cut, for double precision.
REACH, CUT = 3.9, 8.5
# Error of moments with them, relative to the largest density; none below is aimed at.
ROUNDOFF = 1e-13
# How far below its cut K is rounded: the largest momentum that a window has in full.
EDGE = 0.75
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
        s1, s2 = (h * (np.arange(n) - n // 2) for n, h in zip(self.n, self.spacing, strict=True))
        return s1, s2

    def dispersion(self, epsilon: float) -> factors.Dispersion:
        """Kinetic energy on the momenta eps k dual to the offsets, in FFT order."""
        h1, h2 = self.spacing
        q1, q2 = (
            2 * np.pi * epsilon * np.fft.fftfreq(n, h)
            for n, h in zip(self.n, self.spacing, strict=True)
        )
        return factors.rounded_parabola((q1, q2), (np.pi * epsilon / h1, np.pi * epsilon / h2))


def window_for(
    grid: PhaseGrid, epsilon: float, spin_orbit: float, error: float = ROUNDOFF
) -> Window:
    """The smallest window for moments to some error, on a refinement of the x lattice.

    Rashba coupling, (|p| +- eps alpha)^2/2, moves thermal momenta out by eps |alpha|.

    Parameters
    ----------
    spin_orbit
        The largest |Lambda p| of a unit vector p.
    error
        Relative to the largest density.
    """
    # Gram matrices square the column: the density misses exp(-thermal^2/2) and exp(-2 reach^2)
    thermal = thermal_reach(max(error, ROUNDOFF))
    reach, cut = min(0.5 * thermal, REACH), min(thermal + EDGE, CUT)
    widest, finest = (math.pi * epsilon / (c + epsilon * spin_orbit) for c in (cut, CUT))
    steps = [L / n for n, L in zip(grid.n_x, grid.length, strict=True)]
    h1, h2 = (
        widest if n == 1 else step / _refinement(step, widest, finest)
        for n, step in zip(grid.n_x, steps, strict=True)
    )
    least = [math.ceil(2 * reach * epsilon / h) for h in (h1, h2)]
    n1, n2 = (good_length(m, otherwise=m) for m in least)
    return Window((n1, n2), (h1, h2))


def _refinement(step: float, widest: float, finest: float) -> int:
    """Points of a window to a lattice step, for a spacing of at most ``widest``.

    Windows on the lattice itself need the spacing for double precision, ``finest``: else there is
    no room beyond the thermal momenta for the waves that the fields have there.
    """
    ratio = math.ceil(step / widest)
    return ratio if ratio > 1 else math.ceil(step / finest)


@dataclass(frozen=True)
class Places:
    """The windows of this rank's columns, on the refined lattice that they cover.

    Attributes
    ----------
    n
        Points of a window per axis.
    ratio
        Points of the refined lattice to one of the x lattice, per axis.
    refinement
        Matrices that interpolate from the x lattice to the refined one, per axis.
    passes
        This rank's columns in passes along a line of the x lattice: which of its points, and
        where :meth:`windows` has their windows.
    """

    n: tuple[int, int]
    ratio: tuple[int, int]
    refinement: tuple[NDArray, NDArray]
    passes: tuple[tuple[slice, tuple], ...]

    def refined(self, field: NDArray) -> NDArray:
        """A field ``(..., N1, N2)`` on the refined lattice."""
        return self.refinement[0] @ field @ self.refinement[1].T

    def windows(self, E: NDArray) -> NDArray:
        """A field on the refined lattice as seen from every x point: no copies."""
        r1, r2 = self.ratio
        windows = sliding_window_view(E, self.n, axis=(1, 2), writeable=True)
        return windows[:, ::r1, ::r2]


def places_of(window: Window, layout: Layout, per_pass: int) -> Places:
    """Windows around the points of this rank, at most ``per_pass`` of them in a pass."""
    grid, x, n2 = layout.grid, layout.x, layout.grid.n_x[1]
    top, bottom = x.start // n2, (x.stop - 1) // n2 + 1  # lines of the x lattice
    ratio1, ratio2 = (
        round(L / n / h) if n > 1 else 1
        for n, L, h in zip(grid.n_x, grid.length, window.spacing, strict=True)
    )

    def refinement(axis: int, ratio: int, first: int, count: int) -> NDArray:
        """From the x lattice to what windows around ``count`` of its points cover, on an axis."""
        h, n = window.spacing[axis], window.n[axis]
        fine = np.arange((count - 1) * ratio + n) - n // 2
        points = first * ratio * h + fine * h if grid.n_x[axis] > 1 else 0 * fine
        return interpolation(grid.n_x[axis], grid.length[axis], points)

    return Places(
        window.n,
        (ratio1, ratio2),
        (refinement(0, ratio1, top, bottom - top), refinement(1, ratio2, 0, n2)),
        tuple(_passes(x, n2, top, per_pass)),
    )


def _passes(x: slice, n2: int, top: int, per_pass: int) -> Iterator[tuple[slice, tuple]]:
    """The passes of :class:`Places`; the lattice has lines of ``n2`` points, the first is ``top``.

    A pass goes along a line; where lines have one point, it goes across them.
    """
    start = x.start
    while start < x.stop:
        x1, x2 = divmod(start, n2)
        at: tuple
        if n2 == 1:
            stop = min(start + per_pass, x.stop)
            at = np.s_[:, x1 - top : x1 - top + stop - start, 0]
        else:
            stop = min(start + per_pass, start - x2 + n2, x.stop)
            at = np.s_[:, x1 - top, x2 : x2 + stop - start]
        yield slice(start - x.start, stop - x.start), at
        start = stop


@dataclass(frozen=True)
class Kinetic:
    """exp(-delta K) on the window: ``start`` from e_0, ``moving`` from p_1 e_0 and p_2 e_0, both
    ``(2, 2, n1, n2)``, and ``diffusion`` in momentum, as entries (11, 12, 21, 22).
    """

    start: NDArray
    moving: tuple[NDArray, NDArray]
    diffusion: NDArray


@dataclass(frozen=True)
class Local:
    """The factors that A makes, as entries (11, 12, 21, 22).

    ``full`` and ``half`` are exp(delta A) and exp(delta A/2) on the window of each column, views
    ``(4, N1, N2, n1, n2)`` of the refined lattice (a single step needs no ``full``), ``own`` is
    exp(delta A/2) at the columns' own points.
    """

    full: NDArray | None
    half: NDArray
    own: NDArray

    def between(self, at: tuple) -> NDArray:
        """``full`` on the windows of a pass: the factor between two kinetic ones.

        Raises
        ------
        ValueError
            For a single step, which has none.
        """
        if self.full is None:
            raise ValueError("exp(delta A) was asked for, which a single step does not have")
        return self.full[at]


class Columns:
    """Columns of S for any A, a pass of them at a time.

    Parameters
    ----------
    error
        Of the moments, as for :func:`window_for`.

    Attributes
    ----------
    kernels
        The module of the arithmetic on windows.
    passes
        As those of :class:`Places`.
    """

    def __init__(self, layout: Layout, physics: Physics, error: float) -> None:
        self.layout, self.physics = layout, physics
        self.window = window_for(layout.grid, physics.epsilon, physics.spin_orbit, error)
        self.kernels = for_windows(layout.grid.nx * math.prod(self.window.n))
        self._fft = Planner()
        self._dispersion = self.window.dispersion(physics.epsilon)
        self._kinetic: dict[int, Kinetic] = {}
        per_pass = max(1, BLOCK // math.prod(self.window.n))
        self._places = places_of(self.window, layout, per_pass)
        self.passes = self._places.passes
        self._columns = pyfftw.empty_aligned((2, 2, per_pass, *self.window.n), dtype=complex)
        self._changes: NDArray | None = None

    def local(self, A: NDArray, m: int) -> Local:
        """exp(delta A) and exp(delta A/2) for ``m`` steps."""
        return self._local(m, factors.multiplier, A)

    def tangent(self, A: NDArray, B: NDArray, m: int) -> Local:
        """Derivatives of :meth:`local` in the direction B."""
        return self._local(m, factors.multiplier_derivative, A, B)

    def kinetic(self, m: int) -> Kinetic:
        """exp(-delta K) for ``m`` steps."""
        if m not in self._kinetic:
            delta, K, epsilon = 0.5 / m, self._dispersion, self.physics.epsilon
            F = factors.kinetic(K, self.physics, -1j * epsilon * delta)
            q1, q2 = K.momentum[0][:, None], K.momentum[1][None, :]
            start, moving1, moving2 = (
                np.fft.fftshift(np.fft.ifft2(q * F.matrix), (1, 2)).reshape(2, 2, *self.window.n)
                for q in (np.ones((1, 1)), q1, q2)
            )
            diffusion = F.matrix[:, None] / math.prod(self.window.n)
            self._kinetic[m] = Kinetic(start, (moving1, moving2), diffusion)
        return self._kinetic[m]

    def of(self, start: NDArray, m: int, local: Local, at: tuple) -> NDArray:
        """The columns of one pass as (row, column, y, s1, s2), but for the innermost factor.

        A view of a buffer: the next call overwrites it. ``start`` comes from :meth:`kinetic`.
        """
        half, diffusion = local.half[at], self.kinetic(m).diffusion
        C, multiply = self._columns[:, :, : half.shape[1]], self.kernels.multiply
        C[:] = start[:, :, None]
        for _ in range(m - 1):
            multiply(local.between(at), C)
            self._diffuse(C, diffusion)
        multiply(half, C)
        return C

    def with_tangent(
        self, m: int, local: Local, tangent: Local, at: tuple
    ) -> tuple[NDArray, NDArray]:
        """The columns of one pass and their derivatives, both but for the innermost factor.

        Views of buffers, as in :meth:`of`.
        """
        half, kinetic = local.half[at], self.kinetic(m)
        if self._changes is None:
            self._changes = pyfftw.empty_aligned(self._columns.shape, dtype=complex)
        C, dC = (f[:, :, : half.shape[1]] for f in (self._columns, self._changes))
        C[:], dC[:] = kinetic.start[:, :, None], 0.0
        for _ in range(m - 1):
            self._advance(local.between(at), tangent.between(at), C, dC)
            self._diffuse(C, kinetic.diffusion)
            self._diffuse(dC, kinetic.diffusion)
        self._advance(half, tangent.half[at], C, dC)
        return C, dC

    def _diffuse(self, C: NDArray, diffusion: NDArray) -> None:
        """C -> exp(-delta K) C, in place."""
        self._fft(C, (3, 4), FORWARD)  # s -> q
        self.kernels.multiply(diffusion, C)
        self._fft(C, (3, 4), BACKWARD)  # q -> s

    def _advance(self, E: NDArray, dE: NDArray, C: NDArray, dC: NDArray) -> None:
        """C -> E C and dC -> E dC + dE C, in place."""
        self.kernels.multiply(E, dC)
        dC[0] += dE[0] * C[0] + dE[1] * C[1]
        dC[1] += dE[2] * C[0] + dE[3] * C[1]
        self.kernels.multiply(E, C)

    def _local(self, m: int, factor: Callable[..., factors.Factor], *fields: NDArray) -> Local:
        refined, windows = [self._places.refined(field) for field in fields], self._places.windows
        own = [field.reshape(4, -1)[:, self.layout.x] for field in fields]
        return Local(
            windows(factor(*refined, 0.5 / m).matrix) if m > 1 else None,
            windows(factor(*refined, 0.25 / m).matrix),
            factor(*own, 0.25 / m).matrix,
        )
