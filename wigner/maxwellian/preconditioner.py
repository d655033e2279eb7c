"""The moment map of a single splitting step: a convolution, and near to the moment map itself.

For m = 1 the column of ``columns`` is exp(delta A/2) exp(-delta K) exp(delta A/2) e_y with
delta = 1/2, so that with s over the window and k(s) = exp(-K/2) e_0

    <S S^dagger>(y) = E(y) (sum_s k(s)^dagger exp(A(y+s)/2) k(s)) E(y),    E = exp(A/4).

The sum is a convolution of the four components of exp(A/2). Aliasing apart, this is what
``moment_map`` gives for one step, at a thousandth of the cost of the usual numbers of steps. It
differs from the limit by some eps^2/40, so a solution of the constraint for the one is soon
corrected to one for the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..phase_space import pauli
from ..phase_space.fft import RealPlanner
from ..phase_space.grid import wave_numbers
from .anderson import Iteration, Secants
from .columns import Columns
from .constraint import classical
from .response import on_spectra, split_phi

SIGMA = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
# The equation is solved until this share of its residual is left, in so many steps at the most.
SHARE, MOST = 1e-3, 30


class OneStep:
    """A -> <S S^dagger> for one step, components (a0, eps a) and (n0, eps n) on all of x.

    Every rank does the same: fields on x are replicated.

    Attributes
    ----------
    z
        eps |xi| of the spectra of real fields, ``(N1, N2//2 + 1)``.
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
        self.z = on_spectra(grid, epsilon)

    def __call__(self, A: NDArray) -> NDArray:
        """Components (n0, eps n), shape ``(4, N1, N2)``."""
        E = pauli.exp(0.25 * A)
        spectrum = self._fft.forward(pauli.square(E))
        spectrum = np.einsum("acxy,cxy->axy", self._kernel, spectrum)
        return pauli.conjugation(E, self._fft.backward(spectrum, self._n_x))

    def start(self, N: NDArray) -> NDArray:
        """Multipliers that give N here, or the classical ones where none are found.

        Both are ``(4, N1, N2)``.
        """
        A = self._solution(N, classical(N))
        return classical(N) if A is None else A

    def near(self, steps: Sequence[int]) -> Corrections:
        """Corrections of the multipliers for some numbers of steps."""
        return Corrections(self, split_phi(self.z, (1,)) / split_phi(self.z, steps))

    def changed(self, A: NDArray, missing: NDArray, responses: NDArray) -> NDArray | None:
        """Multipliers with ``missing`` more than A gives, each wave of it times its response.

        Fields ``(4, N1, N2)``, responses ``(N1, N2//2 + 1)``. None where none are found.
        """
        spectrum, moments = self._fft.forward(missing) * responses, self(A)
        return self._solution(moments + self._fft.backward(spectrum, self._n_x), A, moments)

    def _solution(self, N: NDArray, A: NDArray, moments: NDArray | None = None) -> NDArray | None:
        """Multipliers with moments N, by Anderson's method from A, which has some moments."""
        if not pauli.is_positive(N):
            return None
        target, iteration = pauli.log(N), Iteration(Secants())
        first: float | None = None
        for _ in range(MOST):
            moments = self(A) if moments is None else moments
            size = float(np.abs(N - moments).max())
            first = size if first is None else first
            if size <= max(SHARE * first, 1e-15 * N[0].max()):
                return A
            if not pauli.is_positive(moments):
                return None
            A, moments = iteration.next(A, target - pauli.log(moments)), None
        return None


@dataclass(frozen=True)
class Corrections:
    """The map of one step as a guide to that of several numbers of steps.

    Attributes
    ----------
    responses
        The linear response of a homogeneous state in the map of one step, by that in the other,
        wave by wave on spectra of real fields.
    """

    one_step: OneStep
    responses: NDArray

    def start(self, N: NDArray) -> NDArray:
        """As :meth:`.Nearby.start`."""
        return self.one_step.start(N)

    def correction(self, A: NDArray, missing: NDArray) -> NDArray | None:
        """As :meth:`.Nearby.correction`."""
        changed = self.one_step.changed(A, missing, self.responses)
        return None if changed is None else changed - A
