"""Where the moments of a steady iteration go, seen from some of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..phase_space.grid import PhaseGrid
from ..physics import Physics

# Moments that are looked at together.
SEEN = 6
# What differs along an axis by less, relative to the largest, does not vary.
FLAT = 1e-12


class Trail:
    """Moments, ``(m, N1, N2)``, that were seen at the ends of equal strides.

    There are few of them, and they go back over at least half of the way: strides are doubled as it
    becomes longer. What is slow would be lost in what is left of faster changes and in errors of
    the steps, if strides were short.

    Attributes
    ----------
    left
        The most that :func:`way_left` was on the latter half of the way, of ten strides at the
        least; infinite before. While fast parts die out, single looks see no slow ones.
    """

    def __init__(self, first: NDArray) -> None:
        self._seen, self._each, self._count = [first], 1, 0
        self._looks: list[tuple[int, float]] = []

    @property
    def left(self) -> float:
        """As above."""
        long = self._count >= 2 * (SEEN - 1)
        return max(left for _, left in self._looks) if long and self._looks else np.inf

    def add(self, now: NDArray) -> None:
        """Look at moments ``now``, ``(m, N1, N2)``, after one more stride."""
        self._count += 1
        if self._count % self._each:
            return
        self._seen.append(now)
        if len(self._seen) >= SEEN:
            self._looks.append((self._count, way_left(self._seen[-SEEN:])))
            self._looks = [look for look in self._looks if 2 * look[0] >= self._count]
        if len(self._seen) == 2 * SEEN - 1:
            self._seen, self._each = self._seen[::2], 2 * self._each


def way_left(seen: Sequence[NDArray]) -> float:
    """How far moments are from where they go, relative to the largest n0.

    Changes u_k of a linear iteration x_{k+1} = J x_k + c obey u_{k+1} = J u_k, so xi with
    u_k = sum_i xi_i (u_{i+1} - u_i) gives what is left: -sum_i xi_i u_{i+1}. This is the reduced
    rank extrapolation (Sidi, Vector Extrapolation Methods, SIAM 2017, chapter 1). A slow part is
    seen below a fast one that is larger. At least the last change is left.

    Parameters
    ----------
    seen
        Moments at the ends of equal strides, n0 first, ``(m, N1, N2)`` each; three or more.
    """
    u = np.diff(np.stack([each.ravel() for each in seen], axis=1))
    xi, *_ = np.linalg.lstsq(np.diff(u), u[:, -1])
    left = max(np.abs(u[:, 1:] @ xi).max(), np.abs(u[:, -1]).max())
    return float(left / seen[-1][0].max())


def varying_sides(physics: Physics, grid: PhaseGrid, moments: NDArray) -> list[float]:
    """Sides of the box along which moments, ``(m, N1, N2)``, V or b vary."""
    fields = [moments, np.reshape(physics.V, (1, *grid.n_x))]
    fields += [np.asarray(physics.b)] if np.ndim(physics.b) else []
    return [
        length
        for axis, length in zip((1, 2), grid.length, strict=True)
        if any(np.ptp(f, axis).max() > FLAT * np.abs(f).max() for f in fields)
    ]


def slowest_wave(physics: Physics, sides: Sequence[float]) -> float:
    """How long the slowest wave of a gas lives that barriers do not hold back.

    It is carried away by diffusion along the longest of the ``sides`` of the box along which
    something varies, with the rate tau (2 pi/L)^2; spins in the plane relax with
    4 tau (|alpha| - |beta|)^2 at the slowest (D'yakonov and Perel). Both are for small tau, below
    which nothing lives.
    """
    rates = [physics.tau * (2 * np.pi / length) ** 2 for length in sides]
    rates += [4 * physics.tau * (abs(physics.alpha) - abs(physics.beta)) ** 2]
    return physics.tau + max((1 / rate for rate in rates if rate > 0), default=0.0)
