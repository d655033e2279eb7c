"""Small windows around the points y of the x lattice, on a refinement of it.

A column S e_y of the square root S of exp(-K + A), see ``columns``, dies like exp(-|s|^2/eps^2)
with the distance s from y: it is a 2x2 field on a window of some 24 x 24 points around y, however
large the box. What A gives there is tabulated on the windows of some lines of the x lattice at a
time, so that memory does not grow with the refined lattice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..flows import factors
from ..phase_space.fft import good_length
from ..phase_space.grid import PhaseGrid, interpolation, thermal_reach
from ..phase_space.layout import Layout

# The momentum cut of a window for double precision.
CUT = 8.5
# Half-width of a window, in units of eps and of the reach of a thermal state. Gram matrices square
# the column, so that the density misses exp(-2 reach^2). Without splitting it misses some
# 3e-4 exp(-0.87 reach^2), measured: thermal states at the edge return through the momenta at the
# cut, which the first of few steps would have damped.
SPLIT, UNSPLIT = 0.5, 0.65
# Error of moments with them, relative to the largest density; none below is aimed at.
ROUNDOFF = 1e-13
# How far below its cut K is rounded: the largest momentum that a window has in full.
EDGE = 0.75
# Points of the refined lattice to one of a window: more would make the tables large.
STRIDES = (1, 2, 3)
# Points of the refined lattice that a strip may always have; the windows of all lines of a small
# lattice have fewer.
STRIP = 2**15


@dataclass(frozen=True)
class Window:
    """Offsets around a point, on a refinement of the x lattice.

    Attributes
    ----------
    n, spacing
        Points and the space between them, per axis.
    ratio, stride
        Points of the refined lattice to one of the x lattice, and to one of the window.
    """

    n: tuple[int, int]
    spacing: tuple[float, float]
    ratio: tuple[int, int]
    stride: tuple[int, int]

    def norm(self, epsilon: float) -> float:
        """What makes a sum over the window the density of a column: (2 pi eps)^2 over its cell."""
        return (2 * math.pi * epsilon) ** 2 / math.prod(self.spacing)

    @property
    def extent(self) -> tuple[int, int]:
        """Points of the refined lattice from the first of a window to its last, per axis."""
        first, second = ((n - 1) * b + 1 for n, b in zip(self.n, self.stride, strict=True))
        return first, second

    @property
    def pitch(self) -> tuple[int, int]:
        """Points of the refined lattice from one window to the next, those between left out.

        Windows that overlap share points; others lie side by side, however far apart they are.
        """
        first, second = (min(pair) for pair in zip(self.ratio, self.extent, strict=True))
        return first, second

    def covered(self, axis: int, count: int) -> int:
        """Points of the refined lattice that windows around ``count`` x points cover on an axis."""
        return (count - 1) * self.pitch[axis] + self.extent[axis]

    def lines_of_strip(self, n2: int, lines: int) -> int:
        """Lines of ``n2`` x points to a strip, where there are ``lines``: about as many in each.

        A strip makes no fewer rows of its own than it has in common with the one before.
        """
        row = self.pitch[0]
        most = max(math.ceil(self.extent[0] / row), STRIP // (row * self.covered(1, n2)))
        return math.ceil(lines / math.ceil(lines / most))

    @property
    def offsets(self) -> tuple[NDArray, NDArray]:
        """Offsets s per axis, ascending, ``(n1,)`` and ``(n2,)``; zero is entry n // 2."""
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
    grid: PhaseGrid,
    epsilon: float,
    spin_orbit: float,
    error: float = ROUNDOFF,
    share: float = SPLIT,
) -> Window:
    """The smallest window for moments to some error, on a refinement of the x lattice.

    Rashba coupling, (|p| +- eps alpha)^2/2, moves thermal momenta out by eps |alpha|.

    Parameters
    ----------
    spin_orbit
        The largest |Lambda p| of a unit vector p.
    error
        Relative to the largest density.
    share
        Half-width in units of eps and of the reach of a thermal state.
    """
    thermal = thermal_reach(max(error, ROUNDOFF))
    reach, cut = share * thermal, min(thermal + EDGE, CUT)
    widest, finest = (math.pi * epsilon / (c + epsilon * spin_orbit) for c in (cut, CUT))
    size = 2 * reach * epsilon
    axes = [
        (_good(size / widest), widest, 1, 1) if n == 1 else _axis(L / n, size, widest, finest)
        for n, L in zip(grid.n_x, grid.length, strict=True)
    ]
    n, spacing, ratio, stride = zip(*axes, strict=True)
    return Window(n, spacing, ratio, stride)


def _good(least: float) -> int:
    """The least number of points that is transformed fast."""
    return good_length(math.ceil(least), otherwise=math.ceil(least))


def _axis(step: float, size: float, widest: float, finest: float) -> tuple[int, float, int, int]:
    """The fewest points that cover ``size`` at a spacing of at most ``widest``.

    The spacing is a fraction stride/ratio of the lattice's ``step``. Windows on the lattice itself
    need the spacing for double precision, ``finest``: else there is no room beyond the thermal
    momenta for the waves that the fields have there.

    Returns
    -------
    int, float, int, int
        Points, spacing, ratio and stride.
    """
    most = widest if step > widest else finest
    choices = []
    for stride in STRIDES:
        ratio = max(stride, math.ceil(stride * step / most))
        choices.append((_good(size * ratio / (stride * step)), stride, ratio))
    n, stride, ratio = min(choices)
    return n, step * stride / ratio, ratio, stride


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
    window
        What they have in common.
    refinement
        Matrices that interpolate from the x lattice to the refined one, per axis.
    strips
        From the first line of the x lattice to the last.
    """

    window: Window
    refinement: tuple[NDArray, NDArray]
    strips: tuple[Strip, ...]

    def refined(self, field: NDArray, strip: Strip) -> NDArray:
        """A field ``(..., N1, N2)`` on the rows of a strip."""
        return self.refinement[0][strip.rows] @ field @ self.refinement[1].T

    def joined(self, before: NDArray | None, rows: NDArray) -> NDArray:
        """A table of a strip: what it shares with the one of the strip before, and its own rows.

        Tables are ``(k, rows, columns)`` of the refined lattice.
        """
        if before is None:
            return rows
        shared = before[:, before.shape[1] - self.window.extent[0] + self.window.pitch[0] :]
        return np.concatenate((shared, rows), axis=1)

    def windows(self, E: NDArray) -> NDArray:
        """A table of a strip as seen from its x points, ``(k, y1, y2, n1, n2)``: no copies."""
        (p1, p2), (b1, b2) = self.window.pitch, self.window.stride
        windows = sliding_window_view(E, self.window.extent, axis=(1, 2), writeable=True)
        return windows[:, ::p1, ::p2, ::b1, ::b2]

    def passes(
        self, table: Callable[..., NDArray], *fields: NDArray
    ) -> Iterator[tuple[slice, NDArray]]:
        """Which of this rank's points, and the windows around them of a table of some fields.

        Windows are ``(k, y, n1, n2)``; the table is made of fields ``(..., N1, N2)`` as
        :meth:`refined` gives them.
        """
        whole = None
        for strip in self.strips:
            whole = self.joined(whole, table(*(self.refined(f, strip) for f in fields)))
            windows = self.windows(whole)
            for block, at in strip.passes:
                yield block, windows[at]


def places_of(window: Window, layout: Layout, per_pass: int) -> Places:
    """Windows around the points of this rank, at most ``per_pass`` of them in a pass."""
    grid, x, n2 = layout.grid, layout.x, layout.grid.n_x[1]
    top, bottom = x.start // n2, (x.stop - 1) // n2 + 1  # lines of the x lattice

    def refinement(axis: int, first: int, count: int) -> NDArray:
        """From the x lattice to what windows around ``count`` of its points cover, on an axis."""
        n, ratio, stride = window.n[axis], window.ratio[axis], window.stride[axis]
        which, offset = np.divmod(np.arange(window.covered(axis, count)), window.pitch[axis])
        fine = (first + which) * ratio + offset - n // 2 * stride
        step = window.spacing[axis] / stride if grid.n_x[axis] > 1 else 0.0
        return interpolation(grid.n_x[axis], grid.length[axis], fine * step)

    def strips() -> Iterator[Strip]:
        made, lines = 0, window.lines_of_strip(n2, bottom - top)
        for first in range(top, bottom, lines):
            last = min(first + lines, bottom)
            rows = slice(made, window.covered(0, last - top))
            points = slice(max(x.start, first * n2), min(x.stop, last * n2))
            passes = _passes(points, n2, per_pass)
            yield Strip(
                rows,
                tuple((slice(start - x.start, stop - x.start), at) for start, stop, at in passes),
            )
            made = rows.stop

    matrices = refinement(0, top, bottom - top), refinement(1, 0, n2)
    return Places(window, matrices, tuple(strips()))


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
