"""Shapes for formulas: switches in time, and bumps that are periodic in space.

Their arguments may be arrays of any shapes that broadcast together; the result has the shape
of them all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Widths from its centre at which a shape is roundoff.
NEGLIGIBLE = 20.0
# Periods on each side that are added at the most; beyond them a shape is no bump.
MOST_IMAGES = 100


def step(distance: ArrayLike, width: ArrayLike) -> NDArray:
    """(1 + tanh(d/w))/2: from 0 to 1, smooth, half at d = 0; the reverse for w < 0.

    Arguments have any shapes that broadcast together.
    """
    return np.asarray(0.5 * (1 + np.tanh(np.divide(distance, _some(width)))))


def gaussian(distance: ArrayLike, width: ArrayLike, period: ArrayLike) -> NDArray:
    """sum_k exp(-(d + k L)^2/(2 w^2)): a Gaussian of standard deviation w on a ring of length L.

    Arguments as of :func:`step`.
    """
    return _on_ring(lambda d, w: np.exp(-0.5 * (d / w) ** 2), distance, width, period)


def plateau(distance: ArrayLike, length: ArrayLike, edge: ArrayLike, period: ArrayLike) -> NDArray:
    """One for |d| < l/2 and zero beyond, with edges as of tanh(d/e), on a ring of length L.

    Arguments as of :func:`step`.
    """
    half = np.multiply(0.5, length)

    def shape(d: NDArray, e: NDArray) -> NDArray:
        return 0.5 * (np.tanh((d + half) / e) - np.tanh((d - half) / e))

    return _on_ring(shape, distance, edge, period, reach=half)


def _some(width: ArrayLike) -> NDArray:
    """The width, not a number where it is 0: such a shape is none on any lattice."""
    return np.where(np.equal(width, 0), np.nan, width)


def _on_ring(
    shape: Callable[[NDArray, NDArray], NDArray],
    distance: ArrayLike,
    width: ArrayLike,
    period: ArrayLike,
    reach: ArrayLike = 0.0,
) -> NDArray:
    """The sum of a shape's images at all distances d + k L that it reaches."""
    d, w, L = np.broadcast_arrays(distance, _some(width), period)
    d = d - L * np.round(d / L)
    far = np.max((np.abs(reach) + NEGLIGIBLE * np.abs(w)) / np.abs(L))
    images = min(int(np.ceil(far)), MOST_IMAGES) if np.isfinite(far) else 0
    return sum((shape(d + k * L, w) for k in range(-images, images + 1)), start=np.zeros(d.shape))
