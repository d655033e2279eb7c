"""Small windows around the points y of the x lattice, on a refinement of it.

A column S e_y of the square root S of exp(-K + A), see ``columns``, dies like exp(-|s|^2/eps^2)
with the distance s from y: it is a 2x2 field on a window of some 24 x 24 points around y, however
large the box. What A gives there is tabulated on the windows of some lines of the x lattice at a
time, so that memory does not grow with the refined lattice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..flows import factors
from ..phase_space.fft import good_length
from ..phase_space.grid import PhaseGrid, interpolation, thermal_reach
from ..phase_space.layout import Layout

# Half-width of a window in units of eps, and its momentum cut, for double precision.
REACH, CUT = 3.9, 8.5
# Error of moments with them, relative to the largest density; none below is aimed at.
ROUNDOFF = 1e-13
# How far below its cut K is rounded: the largest momentum that a window has in full.
EDGE = 0.75
# Points of the refined lattice that a strip may always have; the windows of all lines of a small
# lattice have fewer.
STRIP = 2**15


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


def pitch_of(window: Window, grid: PhaseGrid) -> tuple[int, int]:
    """Points of the refined lattice from one window to the next, per axis, those between left out.

    Windows that overlap share points; others lie side by side, however far apart their centres are.
    """
    first, second = (
        min(_ratio(window, grid, axis), n) for axis, n in zip((0, 1), window.n, strict=True)
    )
    return first, second


def covered(window: Window, grid: PhaseGrid, axis: int, count: int) -> int:
    """Points of the refined lattice that windows around ``count`` x points cover on an axis."""
    return (count - 1) * pitch_of(window, grid)[axis] + window.n[axis]


def lines_of_strip(window: Window, grid: PhaseGrid, lines: int) -> int:
    """Lines of the x lattice to a strip, where there are ``lines``: all strips have about as many.

    A strip makes no fewer rows of its own than it has in common with the one before.
    """
    row = pitch_of(window, grid)[0]
    points = row * covered(window, grid, 1, grid.n_x[1])
    most = max(math.ceil(window.n[0] / row), STRIP // points)
    return math.ceil(lines / math.ceil(lines / most))


def _ratio(window: Window, grid: PhaseGrid, axis: int) -> int:
    """Points of the refined lattice to one of the x lattice."""
    n, h = grid.n_x[axis], window.spacing[axis]
    return round(grid.length[axis] / n / h) if n > 1 else 1


@dataclass(frozen=True)
class Strip:
    """Lines of the x lattice whose windows are made together.

    Attributes
    ----------
    rows
        Rows of the refined lattice that the strip before does not have.
    passes
        Columns in passes along a line of the x lattice: which of this rank's points, and where
        :meth:`Places.windows` of this strip has their windows.
    """

    rows: slice
    passes: tuple[tuple[slice, tuple], ...]


@dataclass(frozen=True)
class Places:
    """The windows of this rank's columns, on the points of the refined lattice that they cover.

    Attributes
    ----------
    n
        Points of a window per axis.
    pitch
        From one window to the next, as :func:`pitch_of` has it.
    refinement
        Matrices that interpolate from the x lattice to the refined one, per axis.
    strips
        From the first line of the x lattice to the last.
    """

    n: tuple[int, int]
    pitch: tuple[int, int]
    refinement: tuple[NDArray, NDArray]
    strips: tuple[Strip, ...]

    def refined(self, field: NDArray, strip: Strip) -> NDArray:
        """A field ``(..., N1, N2)`` on the rows of a strip."""
        return self.refinement[0][strip.rows] @ field @ self.refinement[1].T

    def joined(self, before: NDArray | None, rows: NDArray) -> NDArray:
        """A table of a strip: what it shares with the one of the strip before, and its own rows."""
        if before is None:
            return rows
        shared = before[:, before.shape[1] - self.n[0] + self.pitch[0] :]
        return np.concatenate((shared, rows), axis=1)

    def windows(self, E: NDArray) -> NDArray:
        """A table of a strip as seen from every x point: no copies."""
        p1, p2 = self.pitch
        windows = sliding_window_view(E, self.n, axis=(1, 2), writeable=True)
        return windows[:, ::p1, ::p2]


def places_of(window: Window, layout: Layout, per_pass: int) -> Places:
    """Windows around the points of this rank, at most ``per_pass`` of them in a pass."""
    grid, x, n2 = layout.grid, layout.x, layout.grid.n_x[1]
    top, bottom = x.start // n2, (x.stop - 1) // n2 + 1  # lines of the x lattice
    pitch = pitch_of(window, grid)

    def refinement(axis: int, first: int, count: int) -> NDArray:
        """From the x lattice to what windows around ``count`` of its points cover, on an axis."""
        h, n, ratio = window.spacing[axis], window.n[axis], _ratio(window, grid, axis)
        which, offset = np.divmod(np.arange(covered(window, grid, axis, count)), pitch[axis])
        fine = which * ratio + offset - n // 2
        points = first * ratio * h + fine * h if grid.n_x[axis] > 1 else 0 * fine
        return interpolation(grid.n_x[axis], grid.length[axis], points)

    def strips() -> Iterator[Strip]:
        made, lines = 0, lines_of_strip(window, grid, bottom - top)
        for first in range(top, bottom, lines):
            last = min(first + lines, bottom)
            rows = slice(made, covered(window, grid, 0, last - top))
            points = slice(max(x.start, first * n2), min(x.stop, last * n2))
            passes = _passes(points, n2, per_pass)
            yield Strip(
                rows,
                tuple((slice(start - x.start, stop - x.start), at) for start, stop, at in passes),
            )
            made = rows.stop

    return Places(
        window.n,
        pitch,
        (refinement(0, top, bottom - top), refinement(1, 0, n2)),
        tuple(strips()),
    )


def _passes(x: slice, n2: int, per_pass: int) -> Iterator[tuple[int, int, tuple]]:
    """The passes of a strip with the points ``x`` of a lattice with lines of ``n2`` points.

    First point, the one behind the last, and where their windows are. A pass goes along a line;
    where lines have one point, it goes across them.
    """
    start, top = x.start, x.start // n2
    while start < x.stop:
        x1, x2 = divmod(start, n2)
        at: tuple
        if n2 == 1:
            stop = min(start + per_pass, x.stop)
            at = np.s_[:, x1 - top : x1 - top + stop - start, 0]
        else:
            stop = min(start + per_pass, start - x2 + n2, x.stop)
            at = np.s_[:, x1 - top, x2 : x2 + stop - start]
        yield start, stop, at
        start = stop
