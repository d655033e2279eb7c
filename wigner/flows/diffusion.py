"""exp(-delta K) on both sides of a symbol: imaginary time, for the quantum exponential.

With K(q) = |q|^2/2 + eps (Lambda q).sigma the two sides at q = p +- eps xi/2 have the product

    exp(-delta |p|^2) exp(-delta eps^2 |xi|^2/4) R(p + eps xi/2) [ . ] R(p - eps xi/2),
    R(q) = exp(-delta eps k.sigma) = cosh(y) sigma_0 - s sinh(y)/y k.sigma,  k = Lambda q

with s = delta eps and y = s |k|. In units of the largest y, r = y/Y, cosh(Y r) and sinh(Y r)/r are
power series in r^2 with positive coefficients: no table is needed, and no digit is lost.

In the first of many small steps the state is still broad in p and feels the edge of the p box:
|p|^2 has a kink there when it is continued periodically, and p a jump. Their tails in eta spoil
the exponential at 1e-5, so both are rounded, in p alone: the p of R becomes a rounded momentum,
and eps xi/2 stays what it is, however far beyond the box. Continuing K periodically in q instead
makes the response of the exponential to short waves 7 to 24 times too heavy where eps |xi|/2
exceeds some 0.6 P, and the kinetic solver unstable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, ResolutionError
from ..phase_space.grid import PhaseGrid, frequencies
from ..physics import Physics
from .factors import rounded_parabola

# Size of the first term of a series that is left out, relative to its sum.
ROUNDOFF = 1e-17
# The largest Y whose exponentials, squared, are finite.
GREATEST = 350.0


@dataclass(frozen=True)
class Diffusion:
    """The product above on the lattice, for some columns of p.

    Attributes
    ----------
    p
        exp(-delta |p|^2), rounded, by column.
    xi
        exp(-delta eps^2 |xi|^2/4), shape ``(N1, N2)``, in FFT order.
    momentum
        s Lambda p/Y, p rounded, shape ``(2, columns)``: Lambda p has no third component.
    shifts
        s Lambda eps xi/(2 Y), what each axis of xi adds to it: two ``(2, n)``, in FFT order.
    series
        Coefficients of cosh(Y r) and of sinh(Y r)/r by powers of r^2, shape ``(2, terms)``; no
        terms where there is no coupling.
    """

    p: NDArray
    xi: NDArray
    momentum: NDArray
    shifts: tuple[NDArray, NDArray]
    series: NDArray

    @property
    def is_scalar(self) -> bool:
        """Whether there is no coupling."""
        return self.series.size == 0

    def of(self, columns: slice) -> Diffusion:
        """That of some of the columns."""
        return Diffusion(
            self.p[columns], self.xi, self.momentum[:, columns], self.shifts, self.series
        )


@dataclass(frozen=True)
class Energy:
    """W -> (K # W + W # K)/2 on the lattice, for some columns of p, rounded as the products above.

    Attributes
    ----------
    p, xi
        |p|^2/2, by column, and eps^2 |xi|^2/8, shape ``(N1, N2)``, in FFT order: their sum is the
        mean of |q|^2/2 at q = p +- eps xi/2.
    momentum
        eps Lambda p, the mean of eps Lambda q, shape ``(2, columns)``.
    shifts
        eps Lambda eps xi/2, half its difference, by axis of xi: two ``(2, n)``, in FFT order.
    bounds
        Between which its spectrum is, on the whole lattice.
    is_scalar
        Whether there is no coupling, in any column: Lambda p may vanish in some.
    """

    p: NDArray
    xi: NDArray
    momentum: NDArray
    shifts: tuple[NDArray, NDArray]
    bounds: tuple[float, float]
    is_scalar: bool

    def of(self, columns: slice) -> Energy:
        """That of some of the columns."""
        return replace(self, p=self.p[columns], momentum=self.momentum[:, columns])

    def times(self, factor: float) -> Energy:
        """A multiple of it."""
        first, second = self.shifts
        return Energy(
            factor * self.p,
            factor * self.xi,
            factor * self.momentum,
            (factor * first, factor * second),
            (factor * self.bounds[0], factor * self.bounds[1]),
            self.is_scalar,
        )


class Diffusions:
    """:class:`Diffusion` by ``delta``, for some columns of the flattened p lattice."""

    def __init__(self, grid: PhaseGrid, physics: Physics, columns: slice) -> None:
        self._epsilon = physics.epsilon
        Lambda = physics.Lambda[:2]
        K = rounded_parabola(grid.p, grid.p_max)
        square = 2 * np.add.outer(*K.energy).ravel()
        self._square = square[columns]
        # on the whole lattice, so that all ranks agree on the largest
        mesh = np.stack([p.ravel() for p in np.meshgrid(*K.momentum, indexing="ij")])
        shifts = [0.5 * physics.epsilon * xi for xi in grid.xi]
        widest = [np.abs(p).max() + np.abs(k).max() for p, k in zip(mesh, shifts, strict=True)]
        self._largest = physics.spin_orbit * math.hypot(*widest)
        self._momentum = Lambda @ mesh[:, columns]
        self._shifts = [np.outer(Lambda[:, axis], shifts[axis]) for axis in (0, 1)]
        # a factor that is even in xi can take the Nyquist wave for what it is
        xi1, xi2 = (frequencies(n, L / n) for n, L in zip(grid.n_x, grid.length, strict=True))
        self._waves = 0.25 * physics.epsilon**2 * np.add.outer(xi1**2, xi2**2)
        spin = physics.epsilon * physics.spin_orbit
        at_p, at_xi = spin * np.hypot(*mesh), spin * np.sqrt(self._waves)
        self._bounds = (
            float((0.5 * square - at_p).min() + (0.5 * self._waves - at_xi).min()),
            float((0.5 * square + at_p).max() + (0.5 * self._waves + at_xi).max()),
        )

    def __call__(self, delta: float) -> Diffusion:
        """exp(-delta K) on both sides.

        Raises
        ------
        ResolutionError
            If the coupling is so strong that it overflows.
        """
        s = delta * self._epsilon
        Y = s * self._largest
        if Y > GREATEST:
            raise ResolutionError(self._overflow(Y))
        unit = s / Y if Y > 0 else 0.0
        return Diffusion(
            np.exp(-delta * self._square),
            np.exp(-delta * self._waves),
            unit * self._momentum,
            (unit * self._shifts[0], unit * self._shifts[1]),
            _series(Y),
        )

    @property
    def energy(self) -> Energy:
        """K itself, its mean of both sides."""
        first, second = (self._epsilon * shift for shift in self._shifts)
        momentum = self._epsilon * self._momentum
        p, xi, scalar = 0.5 * self._square, 0.5 * self._waves, self._largest == 0
        return Energy(p, xi, momentum, (first, second), self._bounds, scalar)

    def _overflow(self, Y: float) -> Fault:
        return Fault(
            "physics.alpha",
            f"eps |Lambda q|/2 up to {Y:.3g} on the lattice",
            f"at most {GREATEST:g}",
            "use fewer points n_x, whose waves reach too far, or a smaller alpha, beta or epsilon",
        )


def _series(Y: float) -> NDArray:
    """Coefficients of cosh(Y r) and of sinh(Y r)/r by powers of r^2, to roundoff for r <= 1."""
    if Y == 0:
        return np.empty((2, 0))
    terms = [1.0]  # Y^k/k!, which grow up to k = Y
    while len(terms) <= Y + 2 or terms[-1] > ROUNDOFF * math.cosh(Y) or len(terms) % 2:
        terms.append(terms[-1] * Y / len(terms))
    return np.array([terms[::2], terms[1::2]])
