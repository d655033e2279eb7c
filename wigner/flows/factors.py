"""One-sided factors: exponentials of K and of x-fields, tabulated where the flows need them.

A :class:`Factor` is a scalar or 2x2 matrix function F tabulated on a tensor lattice. The flows
read it at ``p + eps xi/2`` or ``x + eps eta/2`` and, mirrored, at the minus signs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..phase_space import pauli
from ..phase_space.grid import Pair
from ..physics import Physics

# Width of the rounding of K at the edge of the p box. Measured on the exponential's error
# (eps 0.2, 1 to 6 steps): 0.5 to 0.6 is best on boxes from P = 7 to P = 8.7.
ROUNDING = 0.55


@dataclass(frozen=True)
class Factor:
    """Entries of a matrix function on a lattice, each of shape ``(n1, n2)``.

    They are (11, 12, 21, 22), or a single one for a multiple of the identity. ``hermitian`` says
    that every matrix is Hermitian.
    """

    entries: tuple[NDArray, ...]
    hermitian: bool = False

    @property
    def is_scalar(self) -> bool:
        """Whether it is a multiple of the identity."""
        return len(self.entries) == 1

    @property
    def squared(self) -> Factor:
        """F^2 of a factor that is Hermitian or a multiple of the identity."""
        if self.is_scalar:
            return Factor((self.entries[0] ** 2,))
        f11, f12, f21, f22 = self.entries
        square, trace = (f21 * f12).real, (f11 + f22).real
        entries = f11.real**2 + square, trace * f12, trace * f21, f22.real**2 + square
        return Factor(entries, hermitian=True)

    @cached_property
    def matrix(self) -> NDArray:
        """Entries (11, 12, 21, 22) as one array, ``(4, n1, n2)``."""
        if not self.is_scalar:
            return np.stack(self.entries)
        (scalar,) = self.entries
        zero = np.zeros_like(scalar)
        return np.stack([scalar, zero, zero, scalar])

    @cached_property
    def rows(self) -> NDArray:
        """The entries of each point side by side, ``(n1*n2, k)``: a look-up meets one cache line.

        The scalar; or (11, 22, Re 21, Im 21) of a Hermitian matrix; or (11, 12, 21, 22).
        """
        if self.is_scalar:
            return self.entries[0].reshape(-1, 1)
        f11, f12, f21, f22 = (entry.ravel() for entry in self.entries)
        if self.hermitian:
            return np.stack([f11.real, f22.real, f21.real, f21.imag], axis=1)
        return np.stack([f11, f12, f21, f22], axis=1)


@dataclass(frozen=True)
class Dispersion:
    """Kinetic energy |q|^2/2 = energy[0] + energy[1] and momentum q on a tensor lattice.

    Each is a pair of shapes ``(n1,)`` and ``(n2,)``.
    """

    energy: tuple[NDArray, NDArray]
    momentum: tuple[NDArray, NDArray]


def parabola(q: tuple[NDArray, NDArray]) -> Dispersion:
    """The dispersion itself on axes q, ``(n1,)`` and ``(n2,)``, for flows in real time."""
    return Dispersion((0.5 * q[0] ** 2, 0.5 * q[1] ** 2), q)


def rounded_parabola(q: tuple[NDArray, NDArray], p_max: Pair) -> Dispersion:
    """The parabola continued periodically beyond +-P, its kink there rounded; for imaginary time.

    In the first of many imaginary-time steps the state is still broad in p and feels the edge of
    the box: the kink of the periodic parabola makes tails in eta that decay like 1/eta^2 and
    spoil the exponential at 1e-5. Convolving the periodic parabola with a Gaussian of width
    ``ROUNDING`` removes the tails and changes K only within a few widths of the edge, where
    exp(-K) is negligible. Momentum is the derivative of the energy. Axes as in :func:`parabola`.
    """
    energy, momentum = [], []
    for axis, P in zip(q, p_max, strict=True):
        k = np.arange(1, 8 + int(12 * P / (np.pi * ROUNDING)))
        damped = np.exp(-0.5 * (ROUNDING * np.pi * k / P) ** 2) * (-1.0) ** k * 2 * P / (np.pi * k)
        angle = axis[:, None] * (np.pi * k / P)
        momentum.append(-np.sin(angle) @ damped)
        energy.append(P**2 / 6 - 0.5 * ROUNDING**2 + np.cos(angle) @ (damped * P / (np.pi * k)))
    return Dispersion((energy[0], energy[1]), (momentum[0], momentum[1]))


def kinetic(K: Dispersion, physics: Physics, t: complex) -> Factor:
    """exp(-i t K(q)/eps) for K(q) = |q|^2/2 + eps k.sigma with k = Lambda q, exact.

    exp(-i t |q|^2/(2 eps)) (cos(t |k|) - i sin(t |k|) k.sigma/|k|). Imaginary time
    ``t = -i eps delta`` gives exp(-delta K(q)).

    Raises
    ------
    ValueError
        If ``t`` is neither real nor imaginary.
    """
    t = complex(t)
    if t.real != 0 and t.imag != 0:
        raise ValueError(f"t: got {t}, expected a real or an imaginary time")
    scalar = np.multiply.outer(*(np.exp(-1j * t / physics.epsilon * energy) for energy in K.energy))
    if physics.spin_orbit == 0:
        return Factor((scalar,))
    k1, k2 = _coupling(K, physics)
    k = np.hypot(k1, k2)
    if t.real == 0:  # cos(i y) = cosh y, sin(i y) = i sinh y
        cosine, sine = np.cosh(t.imag * k), 1j * np.sinh(t.imag * k)
    else:
        cosine, sine = np.cos(t.real * k), np.sin(t.real * k)
    along = -1j * scalar * sine / np.where(k > 0, k, 1.0)
    diagonal = scalar * cosine
    spin = diagonal, along * (k1 - 1j * k2), along * (k1 + 1j * k2), diagonal
    return Factor(spin, hermitian=t.real == 0)


def energy(K: Dispersion, physics: Physics) -> Factor:
    """K(q) = |q|^2/2 + eps k.sigma itself, k = Lambda q, a Hermitian factor."""
    k1, k2 = (physics.epsilon * k for k in _coupling(K, physics))
    square = np.add.outer(*K.energy)
    return field(np.stack([square, k1, k2, 0 * square]))


def _coupling(K: Dispersion, physics: Physics) -> tuple[NDArray, NDArray]:
    """Lambda q on the lattice of K; it has no third component."""
    q1, q2 = K.momentum[0][:, None], K.momentum[1][None, :]
    k1, k2, _ = (row[0] * q1 + row[1] * q2 for row in physics.Lambda)
    return k1, k2


def external(V: NDArray, b: NDArray | None, epsilon: float, t: float) -> Factor:
    """exp(-i t (V + eps b.sigma)/eps) for real fields V and b, ``(n1, n2)`` and ``(3, n1, n2)``.

    exp(-i t V/eps) (cos(t |b|) - i sin(t |b|) b.sigma/|b|).
    """
    scalar = np.exp(-1j * t / epsilon * V)
    if b is None:
        return Factor((scalar,))
    b1, b2, b3 = b
    size = np.sqrt(b1**2 + b2**2 + b3**2)
    diagonal, along = scalar * np.cos(t * size), -1j * t * scalar * np.sinc(t * size / np.pi)
    z = along * b3
    return Factor((diagonal + z, along * (b1 - 1j * b2), along * (b1 + 1j * b2), diagonal - z))


def multiplier(A: NDArray, delta: float) -> Factor:
    """exp(delta A) for a Hermitian field A of components ``(4, n1, n2)``."""
    if not np.any(A[1:]):
        return Factor((np.exp(delta * A[0]).astype(complex),))
    return field(pauli.exp(delta * A))


def multiplier_derivative(A: NDArray, B: NDArray, delta: float) -> Factor:
    """The derivative of exp(delta A) in the direction B; both as in :func:`multiplier`."""
    return field(pauli.exp_derivative(delta * A, delta * B))


def field(e: NDArray) -> Factor:
    """A Hermitian field of components ``(4, n1, n2)`` itself, as a factor."""
    spin = (e[0] + e[3], e[1] - 1j * e[2], e[1] + 1j * e[2], e[0] - e[3])
    return Factor(tuple(np.asarray(entry, dtype=complex) for entry in spin), hermitian=True)
