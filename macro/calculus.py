"""Spectral calculus on the periodic x lattice.

Fields have shape ``(..., N1, N2)``; a direction, where there is one, is the first axis:
``grad f`` has shape ``(2, ..., N1, N2)``. Spectra are those of real fields, ``(..., N1, N2//2+1)``.
Nyquist entries have no derivative of odd order, so that real fields stay real.

Lambda is the spin-orbit matrix of eps (Lambda p).sigma, shape ``(3, 2)``; Lambda_j is its column j,
and Lambda grad = sum_j Lambda_j d_j. Of Rashba coupling it is alpha times PERP, the matrix of
p_perp = (p2, -p1, 0).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wigner.phase_space.fft import RealPlanner
from wigner.phase_space.grid import dual, wave_numbers

PERP = np.array([[0.0, 1.0], [-1.0, 0.0], [0.0, 0.0]])


@dataclass(frozen=True)
class Calculus:
    """Derivatives on a lattice of ``n_x`` points on a periodic box of sides ``length``."""

    n_x: tuple[int, int]
    length: tuple[float, float]
    _fft: RealPlanner = field(default_factory=RealPlanner, repr=False, compare=False)

    def transform(self, f: NDArray) -> NDArray:
        """The spectrum, ``(..., N1, N2//2+1)``, of a real field ``(..., N1, N2)``.

        Its first entry is the sum of f over the lattice.
        """
        return self._fft.forward(f)

    def field(self, spectrum: NDArray) -> NDArray:
        """The real field of a spectrum; shapes as of :meth:`transform`."""
        return self._fft.backward(spectrum, self.n_x)

    @cached_property
    def xi(self) -> tuple[NDArray, NDArray]:
        """Wave numbers of a spectrum, ``(N1, 1)`` and ``(1, N2//2+1)``, Nyquist entries zero."""
        k1, k2 = (dual(n, L / n) for n, L in zip(self.n_x, self.length, strict=True))
        return k1[:, None], k2[None, : self.n_x[1] // 2 + 1]

    @cached_property
    def square(self) -> NDArray:
        """|xi|^2 on spectra, ``(N1, N2//2+1)``, Nyquist entries zero."""
        return self.xi[0] ** 2 + self.xi[1] ** 2

    @cached_property
    def wave_number(self) -> NDArray:
        """|xi| on spectra, ``(N1, N2//2+1)``, Nyquist entries included: only the mean has 0."""
        k1, k2 = wave_numbers(self.n_x, self.length)
        return np.hypot(k1[:, None], k2[None, :])

    @cached_property
    def kept(self) -> NDArray:
        """The modes of a product without aliases: those below two thirds of the Nyquist index.

        True for these, shape ``(N1, N2//2+1)``.
        """
        n1, n2 = self.n_x
        k1 = np.abs(np.fft.fftfreq(n1, 1 / n1))[:, None]
        k2 = np.arange(n2 // 2 + 1)[None, :]
        return (3 * k1 < n1) & (3 * k2 < n2)

    @property
    def cell(self) -> float:
        """The area of a lattice cell; integrals are sums times it."""
        return self.length[0] * self.length[1] / (self.n_x[0] * self.n_x[1])

    def grad(self, f: NDArray) -> NDArray:
        """(d_1 f, d_2 f), shape ``(2, ..., N1, N2)``."""
        return self.grad_of(self.transform(f))

    def grad_of(self, spectrum: NDArray) -> NDArray:
        """The gradient of the field of a spectrum, shape ``(2, ..., N1, N2)``."""
        slopes = np.empty((2, *spectrum.shape), dtype=complex)
        for slope, xi in zip(slopes, self.xi, strict=True):
            np.multiply(spectrum, 1j * xi, out=slope)
        return self.field(slopes)

    def div(self, flux: NDArray) -> NDArray:
        """d_1 F_1 + d_2 F_2 for F of shape ``(2, ..., N1, N2)``."""
        return self.field(self.div_spectrum(flux))

    def div_spectrum(self, flux: NDArray) -> NDArray:
        """The spectrum of a divergence; the flux has shape ``(2, ..., N1, N2)``."""
        first, second = self.transform(flux)
        return 1j * self.xi[0] * first + 1j * self.xi[1] * second

    def laplacian(self, f: NDArray) -> NDArray:
        """d_1^2 f + d_2^2 f, shape ``(..., N1, N2)``."""
        return self.field(-self.square * self.transform(f))

    def spin_grad(self, Lambda: NDArray, f: NDArray) -> NDArray:
        """(Lambda grad) f of a scalar field, shape ``(3, N1, N2)``."""
        return coupled(Lambda, self.grad(f))

    def spin_div(self, Lambda: NDArray, a: NDArray) -> NDArray:
        """(Lambda grad) . a for a of shape ``(3, N1, N2)``."""
        return self.div(np.tensordot(Lambda.T, a, axes=1))

    def spin_curl(self, Lambda: NDArray, a: NDArray) -> NDArray:
        """(Lambda grad) x a, shapes ``(3, N1, N2)``."""
        return self.div(turned(Lambda, a))


def coupled(Lambda: NDArray, v: NDArray) -> NDArray:
    """Lambda v of a field of vectors in the plane: ``(2, ...)`` to ``(3, ...)``."""
    return np.tensordot(Lambda, v, axes=1)


def turned(Lambda: NDArray, a: NDArray) -> NDArray:
    """Lambda_j x a by direction j, ``(2, 3, N1, N2)``: its divergence is (Lambda grad) x a."""
    return np.tensordot(_crosses(Lambda), a, axes=1)


def contracted(Lambda: NDArray, fluxes: NDArray) -> NDArray:
    """sum_j Lambda_j x F_j of fluxes F, ``(2, 3, N1, N2)`` to ``(3, N1, N2)``."""
    return np.tensordot(_crosses(Lambda).swapaxes(0, 1), fluxes, axes=2)


def relaxing(Lambda: NDArray, n: NDArray) -> NDArray:
    """(tr(Lambda Lambda^T) - Lambda Lambda^T) n = -sum_j Lambda_j x (Lambda_j x n).

    Of Rashba coupling alpha^2 (2 n + n_perpperp) = alpha^2 (n1, n2, 2 n3): spins in the plane relax
    half as fast. Shapes are ``(3, ...)``.
    """
    return np.tensordot(relaxation_matrix(Lambda), n, axes=1)


def relaxation_matrix(Lambda: NDArray) -> NDArray:
    """tr(Lambda Lambda^T) - Lambda Lambda^T, shape ``(3, 3)``."""
    square = Lambda @ Lambda.T
    return np.trace(square) * np.eye(3) - square


def _crosses(Lambda: NDArray) -> NDArray:
    """The matrices of Lambda_j x, shape ``(2, 3, 3)``: one product is cheaper than many passes."""
    return np.cross(Lambda.T[:, None], np.eye(3)).swapaxes(1, 2)


def cross(a: NDArray, b: NDArray) -> NDArray:
    """a x b of spin-like fields ``(3, ...)``."""
    return np.stack(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    )
