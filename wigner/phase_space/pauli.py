"""2x2 Hermitian fields: how W is stored, and the few matrix functions the solver needs.

A Hermitian field ``W = w0 sigma_0 + w.sigma`` is four real fields. On phase space they are kept
as two complex ones, ``w0 + i w3`` and ``w1 + i w2``: exactly real by construction, and one
complex FFT transforms two components. On x a field is simply an array ``(4, N1, N2)``.

The letters, in all of the project: N = (n0, eps n) and A = (a0, eps a) are components of matrices,
N = <W> and A = a0 sigma_0 + eps a.sigma. The densities u = (n0, n) and the multipliers mu = (a0, a)
do not contain eps: they are what is stored and printed, and what macroscopic models compute with.
`Physics.scaled` leads from u to N and from mu to A.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, apart
from .grid import Pair, place_of


def pack(w: NDArray) -> NDArray:
    """Real components ``(4, ...)`` to the stored form ``(2, ...)``: w0 + i w3, w1 + i w2."""
    W = np.empty((2, *w.shape[1:]), dtype=complex)
    W[0].real, W[0].imag, W[1].real, W[1].imag = w[0], w[3], w[1], w[2]
    return W


def unpack(W: NDArray) -> NDArray:
    """Stored form ``(2, ...)`` to real components ``(4, ...)``; the inverse of :func:`pack`."""
    return np.stack([W[0].real, W[1].real, W[1].imag, W[0].imag])


def norm(a: NDArray) -> NDArray:
    """|a| of the vector part of ``(4, ...)``."""
    return np.sqrt(a[1] ** 2 + a[2] ** 2 + a[3] ** 2)


def conjugation(e: NDArray, b: NDArray) -> NDArray:
    """Components ``(4, ...)`` of E B E for Hermitian E and B: 2 (e.b) e - det(E) (b0, -b)."""
    scalar = e[0] * b[0] + e[1] * b[1] + e[2] * b[2] + e[3] * b[3]
    determinant = e[0] ** 2 - e[1] ** 2 - e[2] ** 2 - e[3] ** 2
    return np.stack(
        [2 * e[0] * scalar - determinant * b[0]]
        + [2 * e[j] * scalar + determinant * b[j] for j in (1, 2, 3)]
    )


def product(a: NDArray, b: NDArray) -> NDArray:
    """Components ``(4, ...)`` of A B for Hermitian A and B; they are complex."""
    scalar = a[0] * b[0] + (a[1:] * b[1:]).sum(axis=0)
    return np.stack([scalar, *(a[0] * b[1:] + b[0] * a[1:] + 1j * np.cross(a[1:], b[1:], axis=0))])


def square(e: NDArray) -> NDArray:
    """Components ``(4, ...)`` of E^2 for Hermitian E: 2 e0 e - det(E) (1, 0)."""
    twice = 2 * e[0] * e
    twice[0] -= e[0] ** 2 - e[1] ** 2 - e[2] ** 2 - e[3] ** 2
    return twice


def exp(a: NDArray) -> NDArray:
    """exp(a0 sigma_0 + a.sigma) = e^a0 (cosh|a| sigma_0 + sinh|a| a.sigma/|a|), ``(4, ...)``."""
    r, weight = norm(a), np.exp(a[0])
    rise = np.expm1(r)  # e^r - 1 gives both cosh and sinh, the latter without cancellation
    fall = rise / (rise + 1)  # 1 - e^-r
    along = 0.5 * weight * (rise + fall)
    np.divide(along, r, out=along, where=r > 0)
    e = np.empty_like(a)
    e[0] = weight + 0.5 * weight * (rise - fall)
    np.multiply(np.where(r > 0, along, weight), a[1:], out=e[1:])
    return e


def exp_derivative(a: NDArray, b: NDArray) -> NDArray:
    """Derivative of exp(a) in the direction b, components ``(4, ...)``."""
    r = norm(a)
    small = r < 1e-3  # there the differences below cancel; the series is exact to roundoff
    safe = np.where(small, 1.0, r)
    slope = np.where(small, 1 + r**2 / 6 * (1 + r**2 / 20), np.sinh(r) / safe)  # sinh r / r
    bend = np.where(  # its derivative over r
        small, (1 + r**2 / 10 * (1 + r**2 / 28)) / 3, (np.cosh(r) - slope) / safe**2
    )
    inner = a[1] * b[1] + a[2] * b[2] + a[3] * b[3]
    e0, weight = np.cosh(r), np.exp(a[0])
    scalar = weight * (b[0] * e0 + slope * inner)
    along = weight * (b[0] * slope + bend * inner)
    return np.stack([scalar, *(along * a[j] + weight * slope * b[j] for j in (1, 2, 3))])


def components(A: NDArray) -> NDArray:
    """Components ``(4, ...)`` of the Hermitian part of matrices ``(2, 2, ...)``."""
    off = 0.5 * (A[1, 0] + A[0, 1].conj())
    up, down = A[0, 0].real, A[1, 1].real
    return np.stack([0.5 * (up + down), off.real, off.imag, 0.5 * (up - down)])


def is_positive(n: NDArray, r: NDArray | None = None) -> bool:
    """Whether both eigenvalues n0 +- |n| of ``(4, ...)`` are positive everywhere; nan is not.

    ``r`` is |n| where the caller has it.
    """
    return bool(np.all(n[0] > (norm(n) if r is None else r)))


def positivity_fault(n: NDArray, length: Pair, what: str, remedy: str) -> Fault | None:
    """What is wrong with moments (n0, eps n) on x, at the worst point; None if they are positive.

    Parameters
    ----------
    n
        Shape ``(4, N1, N2)``.
    length
        Sides of the box.
    what, remedy
        As in :class:`~wigner.errors.Fault`.
    """
    finite = np.isfinite(n).all(axis=0)
    if finite.all() and is_positive(n):
        return None
    r = norm(n)
    lowest = np.where(finite, n[0], -np.inf) - np.where(finite, r, 0.0)
    j = np.unravel_index(np.argmin(lowest), lowest.shape)
    n0, spin = float(n[0][j]), float(r[j])
    got = f"n0 = {apart(n0, spin, '6g')} and eps|n| = {apart(spin, n0, '6g')}"
    return Fault(what, got, "n0 > eps|n|", remedy, place_of(j, lowest.shape, length))


def log(n: NDArray) -> NDArray:
    """Components ``(4, ...)`` of the logarithm of a positive field; the inverse of :func:`exp`.

    Raises
    ------
    FloatingPointError
        If an eigenvalue ``n0 - |n|`` is not positive.
    """
    r = norm(n)
    if not is_positive(n, r):
        raise FloatingPointError("logarithm of a matrix field that is not positive definite")
    least = n[0] - r
    half = 0.5 * np.log(least * (n[0] + r))
    safe = np.where(r > 0, r, 1.0)
    # artanh(|n|/n0)/|n|; numpy's arctanh takes twice as long
    along = np.where(r > 0, 0.5 * np.log1p(2 * r / least) / safe, 1 / n[0])
    return np.stack([half, along * n[1], along * n[2], along * n[3]])
