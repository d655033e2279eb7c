"""W -> F(+) W F(-)^dagger: the one operation that every exact sub-flow is made of.

Fourier in x turns a function of p into a factor at ``p + eps xi/2`` on the left and at
``p - eps xi/2`` on the right; Fourier in p turns a function of x into factors at
``x +- eps eta/2``. Real time and imaginary time, kinetic part and potential part differ only in
the factor (see ``factors``).
"""

from __future__ import annotations

import numpy as np
import pyfftw
from numpy.typing import NDArray

from ..phase_space.fft import BACKWARD, FORWARD, Planner
from ..phase_space.grid import interpolation, mirror, sums
from ..phase_space.layout import Layout, passes
from ..physics import Physics
from .diffusion import Diffusion, Energy
from .factors import Factor
from .kernels import Product


class PhaseSpace:
    """The two-sided products by functions of p and of x, on x-major W, in place.

    Attributes
    ----------
    layout, physics
        The lattice with its ranks, and the physics on it.
    """

    def __init__(self, layout: Layout, physics: Physics) -> None:
        self.layout, self.physics = layout, physics
        self.momentum = MomentumSide(layout, physics.epsilon)
        self.position = PositionSide(layout, physics.epsilon)

    def by_momentum(self, W: NDArray, factor: Factor) -> None:
        """x-major W -> F(p) # W # F(p)^dagger; ``factor`` is tabulated on ``momentum.q``."""
        for block, columns in self.layout.columns(W):
            self.momentum.apply(block, columns, factor)

    def diffuse(self, W: NDArray, diffusion: Diffusion) -> None:
        """x-major W -> exp(-delta K) # W # exp(-delta K)."""
        for block, columns in self.layout.columns(W):
            self.momentum.diffuse(block, columns, diffusion)

    def diffuse_field(self, field: NDArray, diffusion: Diffusion, out: NDArray) -> None:
        """As :meth:`diffuse` for a packed field of x, ``(2, N1, N2)``, into x-major ``out``."""
        spectrum = self.momentum.spectrum(field)
        for block, columns in self.layout.columns(out, there=False):
            block[:] = spectrum
            self.momentum.diffuse_spectrum(block, columns, diffusion)

    def by_position(self, W: NDArray, factor: Factor, boost: NDArray | None = None) -> None:
        """x-major W -> F(x) # W # F(x)^dagger; ``factor`` is tabulated by ``position.refined``.

        ``boost`` multiplies W in eta besides, shape ``n_p``.
        """
        self.position.apply(W, factor, boost)


class MomentumSide:
    """F(p + eps xi/2) W^ F(p - eps xi/2)^dagger with ^ the Fourier transform in x; p-major."""

    def __init__(self, layout: Layout, epsilon: float) -> None:
        grid = layout.grid
        self._fft = Planner()
        (p1, rows), (p2, columns) = _own(layout.p, grid.n_p[1])
        q1 = sums(grid.p[0][p1], 0.5 * epsilon * grid.xi[0])
        q2 = sums(grid.p[1][p2], 0.5 * epsilon * grid.xi[1])
        self.q = (q1.values, q2.values)
        # position of p + eps xi/2 in the flattened table is at1[xi1, p] + at2[xi2, p]
        self._at1 = np.ascontiguousarray(q1.index[rows].T * len(q2.values))
        self._at2 = np.ascontiguousarray(q2.index[columns].T)
        self._multiply = Product(grid.n_x, grid.nx * grid.np, run=grid.np)

    def apply(self, block: NDArray, columns: slice, factor: Factor) -> None:
        """Conjugate a block ``(2, N1, N2, columns)`` by ``factor`` (tabulated on ``self.q``)."""
        self._fft(block, (1, 2), FORWARD)  # (x, p) -> (xi, p)
        self._multiply(block, factor, self._at1[:, columns], self._at2[:, columns])
        self._fft(block, (1, 2), BACKWARD)  # (xi, p) -> (x, p)

    def diffuse(self, block: NDArray, columns: slice, diffusion: Diffusion) -> None:
        """Apply exp(-delta K) to both sides of a block ``(2, N1, N2, columns)``."""
        self._fft(block, (1, 2), FORWARD)  # (x, p) -> (xi, p)
        self.diffuse_spectrum(block, columns, diffusion)

    def energy(self, block: NDArray, columns: slice, K: Energy) -> None:
        """A block ``(2, N1, N2, columns)`` becomes (K # W + W # K)/2."""
        self._fft(block, (1, 2), FORWARD)  # (x, p) -> (xi, p)
        self._multiply.energy(block, K.of(columns))
        self._fft(block, (1, 2), BACKWARD)  # (xi, p) -> (x, p)

    def spectrum(self, field: NDArray) -> NDArray:
        """The transform of a field of x alone, ``(2, N1, N2, 1)``."""
        spectrum = pyfftw.empty_aligned((*field.shape, 1), dtype=complex)
        spectrum[..., 0] = field
        self._fft(spectrum, (1, 2), FORWARD)  # x -> xi
        return spectrum

    def diffuse_spectrum(self, block: NDArray, columns: slice, diffusion: Diffusion) -> None:
        """As :meth:`diffuse`, from the transform in x."""
        self._multiply.diffuse(block, diffusion.of(columns))
        self._fft(block, (1, 2), BACKWARD)  # (xi, p) -> (x, p)


class PositionSide:
    """F(x + eps eta/2) W~ F(x - eps eta/2)^dagger with ~ the Fourier transform in p; x-major."""

    def __init__(self, layout: Layout, epsilon: float) -> None:
        grid = layout.grid
        self._n_p = grid.n_p
        self._fft = Planner()
        (x1, rows), (x2, columns) = _own(layout.x, grid.n_x[1])
        y = [
            sums(points, 0.5 * epsilon * eta, L) if n > 1 else sums(points, np.zeros(len(eta)))
            for points, eta, L, n in zip(
                (grid.x[0][x1], grid.x[1][x2]), grid.eta, grid.length, grid.n_x, strict=True
            )
        ]
        # position of x + eps eta/2 in the flattened table is at1[x, eta1] + at2[x, eta2]
        self._at1 = y[0].index[rows] * len(y[1].values)
        self._at2 = y[1].index[columns]
        self.refinement = [
            interpolation(n, L, axis.values)
            for n, L, axis in zip(grid.n_x, grid.length, y, strict=True)
        ]
        self._mirror = mirror(grid.n_p)
        self._multiply = Product(grid.n_p, grid.nx * grid.np, run=1)

    def refined(self, field: NDArray) -> NDArray:
        """``field`` of shape ``(..., N1, N2)`` interpolated to the lattice of shifted points."""
        return self.refinement[0] @ field @ self.refinement[1].T

    def shifted(self, rows: slice) -> tuple[NDArray, NDArray]:
        """Table positions of x + eps eta/2 and x - eps eta/2 for some x and all eta.

        Each of shape ``(rows, np)``.
        """
        m1, m2 = self._n_p
        at = self._at1[rows, :, None] + self._at2[rows, None, :]
        plus = at.reshape(-1, m1 * m2)
        return plus, plus[:, self._mirror]

    def apply(self, W: NDArray, factor: Factor, boost: NDArray | None = None) -> None:
        """Conjugate x-major ``W`` by ``factor`` (tabulated on the refined lattice), in place.

        ``boost``, a function of eta of shape ``n_p``, multiplies it besides.
        """
        for rows in passes(W):
            block = self._in_eta(W, rows, factor)
            if boost is not None:
                block *= boost
            self._fft(block, (2, 3), FORWARD)  # (x, eta) -> (x, p)

    def mean(self, W: NDArray, rows: slice, factor: Factor) -> NDArray:
        """(F(x) # W + W # F(x))/2 of some rows of W, ``(2, rows, np)``; F Hermitian."""
        block = pyfftw.empty_aligned((2, W[0, rows].shape[0], *self._n_p), dtype=complex)
        block[:] = W[:, rows].reshape(block.shape)
        self._fft(block, (2, 3), BACKWARD)  # (x, p) -> (x, eta)
        at1, at2 = self._at1[rows].T, self._at2[rows].T
        self._multiply.mean(block.transpose(0, 2, 3, 1), factor, at1, at2)
        self._fft(block, (2, 3), FORWARD)  # (x, eta) -> (x, p)
        return block.reshape(2, -1, W.shape[2])

    def to_eta(self, W: NDArray, total: NDArray) -> None:
        """Write the coefficients of W in eta, divided by their number, into ``total``.

        Both are ``(2, x block, np)``.
        """
        for rows in passes(W):
            block = W[:, rows].reshape(2, -1, *self._n_p)
            self._fft(block, (2, 3), BACKWARD)  # (x, p) -> (x, eta)
            total[:, rows] = block.reshape(2, -1, total.shape[2]) / total.shape[2]

    def add_in_eta(self, W: NDArray, factor: Factor, total: NDArray, *, first: bool) -> None:
        """Add what :meth:`apply` gives to ``total``, in Fourier space; W is used up.

        W is x-major, ``total`` ``(2, x block, np)`` too; with ``first`` it has anything before.
        """
        for rows in passes(W):
            block = self._in_eta(W, rows, factor).reshape(2, -1, total.shape[2])
            if first:
                total[:, rows] = block
            else:
                total[:, rows] += block

    def _in_eta(self, W: NDArray, rows: slice, factor: Factor) -> NDArray:
        """Some rows of W, made the coefficients of the product, ``(2, rows, *n_p)``."""
        block = W[:, rows].reshape(2, -1, *self._n_p)
        self._fft(block, (2, 3), BACKWARD)  # (x, p) -> (x, eta)
        modes_first = block.transpose(0, 2, 3, 1)
        self._multiply(modes_first, factor, self._at1[rows].T, self._at2[rows].T)
        return block


def _own(block: slice, columns: int) -> list[tuple[NDArray, NDArray]]:
    """Which indices of either axis a block of a flattened lattice has, and where each point's is.

    A rank with less than a line of the lattice needs tables of no more than its own columns.
    """
    axes = np.divmod(np.arange(block.start, block.stop), columns)
    return [np.unique(axis, return_inverse=True) for axis in axes]
