"""The moment map of a single splitting step: a convolution, and near to the moment map itself.

For m = 1 the column of ``windows`` is exp(delta A/2) exp(-delta K) exp(delta A/2) e_y with
delta = 1/2, so that with s over the window and k(s) = exp(-K/2) e_0

    <S S^dagger>(y) = E(y) (sum_s k(s)^dagger exp(A(y+s)/2) k(s)) E(y),    E = exp(A/4).

The sum is a convolution of the four components of exp(A/2). Aliasing apart, this is what
``moment_map`` gives for one level, at a thousandth of the cost of a few levels. It differs from
the limit by some eps^2/40, so a solution of the constraint for the one is soon corrected to one
for the other.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..phase_space import pauli
from ..phase_space.fft import RealPlanner
from ..phase_space.grid import wave_numbers
from .anderson import Iteration, Secants
from .constraint import classical, phi
from .windows import Columns

SIGMA = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
# The equation is solved until this share of its residual is left, in so many steps at the most.
SHARE, MOST = 1e-3, 30


class OneStep:
    """A -> <S S^dagger> for one step, components (a0, eps a) and (n0, eps n) on all of x.

    Every rank does the same: fields on x are replicated.
    """

    def __init__(self, columns: Columns) -> None:
        grid, window, epsilon = columns.layout.grid, columns.window, columns.physics.epsilon
        self._n_x, self._fft = grid.n_x, RealPlanner()
        k = columns.kinetic(1).start
        # component a of k^dagger sigma_c k, by (a, c, s1, s2)
        images = [
            pauli.components(np.einsum("ji...,jk,kl...->il...", k.conj(), sigma, k))
            for sigma in SIGMA
        ]
        xi = wave_numbers(grid.n_x, grid.length)
        waves = [np.exp(1j * np.outer(k, s)) for k, s in zip(xi, window.offsets, strict=True)]
        spectra = waves[0] @ np.stack(images, axis=1) @ waves[1].T
        self._kernel = (2 * np.pi * epsilon) ** 2 / math.prod(window.spacing) * spectra
        # linear responses of a homogeneous state: of this map, by that of the limit
        own = 0.5 + 0.5 * (self._kernel[0, 0] / self._kernel[0, 0, 0, 0]).real
        self._responses = own / phi(epsilon * np.hypot(xi[0][:, None], xi[1][None, :]))

    def __call__(self, A: NDArray) -> NDArray:
        """Components (n0, eps n), shape ``(4, N1, N2)``."""
        spectrum = self._fft.forward(pauli.exp(0.5 * A))
        spectrum = np.einsum("acxy,cxy->axy", self._kernel, spectrum)
        return pauli.conjugation(pauli.exp(0.25 * A), self._fft.backward(spectrum, self._n_x))

    def start(self, N: NDArray) -> NDArray:
        """Multipliers that give N here; the classical ones where none are found."""
        A = self._solution(N, classical(N))
        return classical(N) if A is None else A

    def correction(self, A: NDArray, missing: NDArray) -> NDArray | None:
        """The change of A that adds ``missing`` to the moments, or None where none is found.

        Wave by wave, what is added here is what the limit's linear response makes of it there.
        """
        spectrum = self._fft.forward(missing) * self._responses
        changed = self._solution(self(A) + self._fft.backward(spectrum, self._n_x), A)
        return None if changed is None else changed - A

    def _solution(self, N: NDArray, A: NDArray) -> NDArray | None:
        """Multipliers with moments N, by Anderson's method from A."""
        if not pauli.is_positive(N):
            return None
        target, iteration = pauli.log(N), Iteration(Secants())
        first: float | None = None
        for _ in range(MOST):
            moments = self(A)
            size = float(np.abs(N - moments).max())
            first = size if first is None else first
            if size <= max(SHARE * first, 1e-15 * N[0].max()):
                return A
            if not pauli.is_positive(moments):
                return None
            A = iteration.next(A, target - pauli.log(moments))
        return None
