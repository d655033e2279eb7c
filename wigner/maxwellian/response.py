"""How the density of a homogeneous state responds to a wave of A, exactly and as it is split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import dawsn

from ..flows.splitting import LIMIT, extrapolation
from ..phase_space.grid import PhaseGrid, wave_numbers


def phi(z: NDArray) -> NDArray:
    """int_0^1 exp(-z^2 s(1-s)/2) ds: the response of the density to A at wave number z/eps.

    z may have any shape.
    """
    x = np.asarray(z) / np.sqrt(8.0)
    return np.where(x > 1e-8, dawsn(x) / np.where(x > 1e-8, x, 1.0), 1.0)


def split_phi(z: NDArray, steps: Sequence[int]) -> NDArray:
    """What phi becomes for the splitting: the trapezoidal rule on 2m intervals for m steps.

    Short waves respond more strongly than by phi, which vanishes like 4/z^2. The results of
    several numbers of steps are extrapolated. z as in :func:`phi`.
    """
    if tuple(steps) == (LIMIT,):
        return phi(z)
    half = np.asarray(0.5 * z**2)
    return sum(
        (
            weight * np.mean([np.exp(-half * s * (1 - s)) for s in np.arange(2 * m) / (2 * m)], 0)
            for m, weight in zip(steps, extrapolation(steps), strict=True)
        ),
        start=np.zeros_like(half),
    )


def split_error(A: NDArray, z: NDArray, steps: Sequence[int]) -> float:
    """What the splitting misses of the moments if each wave of A responds on its own.

    Relative to the density, and the sum over all waves, which are seldom large at one place: some
    four times the error.

    Parameters
    ----------
    A
        Multipliers (a0, eps a), ``(4, N1, N2)``.
    z
        As :func:`on_spectra` gives it.
    """
    n1, n2 = A.shape[1:]
    amplitudes = np.abs(np.fft.rfft2(A)) / (n1 * n2)
    amplitudes[:, :, 1 : (n2 + 1) // 2] *= 2  # for the waves with the opposite xi
    return float((amplitudes * np.abs(split_phi(z, steps) - phi(z))).sum(axis=(1, 2)).max())


def on_spectra(grid: PhaseGrid, epsilon: float) -> NDArray:
    """z = eps |xi| of the spectra of real fields, ``(N1, N2//2 + 1)``."""
    xi1, xi2 = wave_numbers(grid.n_x, grid.length)
    return epsilon * np.hypot(xi1[:, None], xi2[None, :])
