"""Columns S e_y of the square root S of exp(-K + A), on small windows around the points y.

S = (exp(delta A/2) exp(-delta K) exp(delta A/2))^m with delta = 1/(2m), the splitting of
``exponential``. Columns know nothing of each other; they need no communication and live in the
cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pyfftw
from numpy.typing import NDArray

from ..flows import factors
from ..flows.kernels import for_windows
from ..phase_space.fft import BACKWARD, FORWARD, Planner
from ..phase_space.layout import Layout
from ..physics import Physics
from .windows import places_of, window_for

# Window points per pass: columns, tables and temporaries of a pass stay in the cache.
BLOCK = 4096


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
    """The factors that A makes for the columns of a pass, as entries (11, 12, 21, 22).

    ``full`` and ``half`` are exp(delta A) and exp(delta A/2) on the window of each column,
    ``(4, y, n1, n2)``, views that are good for this pass alone (a single step needs no ``full``);
    ``own`` is exp(delta A/2) at the columns' own points, ``(4, y)``.
    """

    full: NDArray | None
    half: NDArray
    own: NDArray

    @property
    def between(self) -> NDArray:
        """``full``: the factor between two kinetic ones, ``(4, y, n1, n2)``.

        Raises
        ------
        ValueError
            For a single step, which has none.
        """
        if self.full is None:
            raise ValueError("exp(delta A) was asked for, which a single step does not have")
        return self.full


def inner(C: NDArray, D: NDArray) -> NDArray:
    """C^dagger D as matrices ``(2, 2, y)``, the inner product over rows and window points."""
    return np.einsum("aiyst,ajyst->ijy", C.conj(), D)


def at_zero(F: NDArray) -> NDArray:
    """F e_0 on the window, ``(2, 2, n1, n2)``, for entries (11, 12, 21, 22) of F in momentum."""
    return np.fft.fftshift(np.fft.ifft2(F), (1, 2)).reshape(2, 2, *F.shape[1:])


def squares(kernels: ModuleType, C: NDArray) -> NDArray:
    """Components ``(4, y)`` of C^dagger C, by the arithmetic of ``kernels``."""
    G = np.empty((3, C.shape[2]), dtype=complex)
    kernels.gram(C, G)
    g11, g21, g22 = G
    return np.stack([0.5 * (g11 + g22).real, g21.real, g21.imag, 0.5 * (g11 - g22).real])


class Columns:
    """Columns of S for any A, a pass of them at a time.

    Parameters
    ----------
    error
        Of the moments, as for :func:`.window_for`.

    Attributes
    ----------
    kernels
        The module of the arithmetic on windows.
    strips
        As those of :class:`.windows.Places`: the factors of one at a time are in memory.
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
        self.strips = self._places.strips
        self._columns = pyfftw.empty_aligned((2, 2, per_pass, *self.window.n), dtype=complex)
        self._changes: NDArray | None = None

    def local(self, A: NDArray, m: int) -> Iterator[tuple[slice, Local]]:
        """exp(delta A) and exp(delta A/2) for ``m`` steps and A, ``(4, N1, N2)``, pass by pass.

        Which of this rank's points, and their factors.
        """
        return self._local(m, factors.multiplier, A)

    def tangent(self, A: NDArray, B: NDArray, m: int) -> Iterator[tuple[slice, Local]]:
        """Derivatives of :meth:`local` in the direction B, ``(4, N1, N2)`` as A."""
        return self._local(m, factors.multiplier_derivative, A, B)

    def kinetic(self, m: int) -> Kinetic:
        """exp(-delta K) for ``m`` steps."""
        if m not in self._kinetic:
            delta, K, epsilon = 0.5 / m, self._dispersion, self.physics.epsilon
            F = factors.kinetic(K, self.physics, -1j * epsilon * delta)
            q1, q2 = K.momentum[0][:, None], K.momentum[1][None, :]
            start, moving1, moving2 = (at_zero(q * F.matrix) for q in (np.ones((1, 1)), q1, q2))
            diffusion = F.matrix[:, None] / math.prod(self.window.n)
            self._kinetic[m] = Kinetic(start, (moving1, moving2), diffusion)
        return self._kinetic[m]

    def of(self, start: NDArray, m: int, local: Local) -> NDArray:
        """The columns of one pass, ``(row, column, y, s1, s2)``, but for the innermost factor.

        A view of a buffer: the next call overwrites it. ``start`` comes from :meth:`kinetic`.
        """
        diffusion, multiply = self.kinetic(m).diffusion, self.kernels.multiply
        C = self._columns[:, :, : local.half.shape[1]]
        C[:] = start[:, :, None]
        for _ in range(m - 1):
            multiply(local.between, C)
            self._diffuse(C, diffusion)
        multiply(local.half, C)
        return C

    def with_tangent(self, m: int, local: Local, tangent: Local) -> tuple[NDArray, NDArray]:
        """The columns of one pass and their derivatives, both but for the innermost factor.

        Views of buffers, as in :meth:`of`.
        """
        kinetic, count = self.kinetic(m), local.half.shape[1]
        if self._changes is None:
            self._changes = pyfftw.empty_aligned(self._columns.shape, dtype=complex)
        C, dC = (f[:, :, :count] for f in (self._columns, self._changes))
        C[:], dC[:] = kinetic.start[:, :, None], 0.0
        for _ in range(m - 1):
            self._advance(local.between, tangent.between, C, dC)
            self._diffuse(C, kinetic.diffusion)
            self._diffuse(dC, kinetic.diffusion)
        self._advance(local.half, tangent.half, C, dC)
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

    def _local(
        self, m: int, factor: Callable[..., factors.Factor], *fields: NDArray
    ) -> Iterator[tuple[slice, Local]]:
        places = self._places
        own = factor(*(f.reshape(4, -1)[:, self.layout.x] for f in fields), 0.25 / m).matrix
        full = half = seen = None
        for strip in self.strips:
            refined = [places.refined(field, strip) for field in fields]
            if m > 1:
                full = places.joined(full, factor(*refined, 0.5 / m).matrix)
                seen = places.windows(full)
            half = places.joined(half, factor(*refined, 0.25 / m).matrix)
            windows = places.windows(half)
            for block, at in strip.passes:
                between = None if seen is None else seen[at]
                yield block, Local(between, windows[at], own[:, block])
