"""Operators on two-spinors over a periodic box, as dense matrices.

Everything here is linear algebra on

    H = K + V(x) + eps b(x).sigma,   K = |p|^2/2 + eps (Lambda p).sigma,   p = -i eps grad,

Lambda p = alpha (p2, -p1, 0) + beta (p1, -p2, 0).

An operator that commutes with the translations by (L1, 0) and (0, L2) splits into Bloch fibres: on
the functions exp(i q.x/eps) f(x), f periodic, it is a matrix on f in which p reads eps k + q. A
`Box` holds N1 x N2 lattice points and B1 x B2 values of q that fill one Brillouin zone evenly, so
it stands for the box of B1 L1 x B2 L2 with fields of period (L1, L2), at the cost of B1 B2 matrices
of dimension 2 N1 N2. Two geometries are the same code:

    torus     Box((15, 15), (L1, L2), eps, alpha)       one fibre, q = 0
    x1 only   strip(63, L1, eps, alpha, p_max, n_p)     N2 = 1, the fibres are the values of p2

Operators are arrays (fibre, 2 N1 N2, 2 N1 N2), rows ordered (x1, x2, spin); multiplication by a
field acts alike on every fibre. Fields are (4, N1, N2) in Pauli components.

Accuracy against continuous momenta on the whole plane, for states near exp(-|p|^2/2):

- momenta beyond eps pi N1/L1 are missing: take eps pi N1/L1 >= 6.5 for 1e-9 or better;
- densities see the kernel at separations B L, exp(-(B L/eps)^2/2): take B L >= 6.5 eps;
- pointwise Wigner functions see it at B L/2: take B L >= 13 eps.

N1 and N2 are odd, so that every wave number has its opposite and first derivatives need no special
mode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

Array = np.ndarray

SIGMA = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


@dataclass(frozen=True)
class Box:
    """Lattice, Bloch fibres and parameters.

    Parameters
    ----------
    n : (N1, N2), both odd, else it raises ValueError
    length : (L1, L2)
    epsilon, alpha, beta : scaled Planck, Rashba and Dresselhaus constants
    fibres : (B1, B2), values of q = (2 pi eps/L) (j - (B - 1)/2)/B along each axis
    """

    n: tuple[int, int]
    length: tuple[float, float]
    epsilon: float
    alpha: float
    fibres: tuple[int, int] = (1, 1)
    beta: float = 0.0

    def __post_init__(self) -> None:
        if any(n % 2 == 0 for n in self.n):
            raise ValueError(f"n must be odd along both axes, got {self.n}")

    @property
    def coupling(self) -> Array:
        """Lambda, (3, 2)."""
        return np.array([[self.beta, self.alpha], [-self.alpha, -self.beta], [0.0, 0.0]])

    @property
    def cell(self) -> tuple[float, float]:
        """Lattice spacings (h1, h2)."""
        return self.length[0] / self.n[0], self.length[1] / self.n[1]

    @property
    def weight(self) -> float:
        """<W>(x) = weight * sum over fibres of the 2x2 block at (x, x)."""
        h1, h2 = self.cell
        return (2 * np.pi * self.epsilon) ** 2 / (h1 * h2 * self.fibres[0] * self.fibres[1])


def strip(n: int, length: float, epsilon: float, alpha: float, p_max: float, n_p: int) -> Box:
    """Fields of x1 only: one x2 point, n_p values of p2, their cells filling [-p_max, p_max].

    The sum over p2 is the trapezoid rule of int dp2; it sees the kernel at s2 = 2 pi eps/dp2, so
    n_p = 17 with p_max = 7 is exact to 1e-12 for densities. Twice as many for `wigner`.
    """
    return Box((n, 1), (length, np.pi * epsilon / p_max), epsilon, alpha, (1, n_p))


def doubled(box: Box) -> Box:
    """The same fields with twice the fibres along the axes that need them for `wigner`."""
    needed = 13 * box.epsilon
    b1, b2 = (b if b * L >= needed else 2 * b for b, L in zip(box.fibres, box.length, strict=True))
    return replace(box, fibres=(b1, b2))


def lattice(box: Box) -> tuple[Array, Array]:
    """x1 as (N1, 1) and x2 as (1, N2), both starting at 0."""
    (n1, n2), (h1, h2) = box.n, box.cell
    return h1 * np.arange(n1)[:, None], h2 * np.arange(n2)[None, :]


def field(box: Box, f: Callable[[Array, Array], Array | float]) -> Array:
    """f(x1, x2) on the lattice, (N1, N2)."""
    return np.array(np.broadcast_to(f(*lattice(box)), box.n), dtype=float)


def wave_numbers(n: int, length: float) -> Array:
    """2 pi m/L for m = -(n - 1)/2 .. (n - 1)/2, (n,)."""
    return 2 * np.pi / length * (np.arange(n) - (n - 1) // 2)


def offsets(box: Box) -> Array:
    """Bloch momenta q of the fibres, (B, 2)."""
    q = [
        2 * np.pi * box.epsilon / length * (np.arange(b) - (b - 1) / 2) / b
        for b, length in zip(box.fibres, box.length, strict=True)
    ]
    return np.stack(np.meshgrid(*q, indexing="ij"), -1).reshape(-1, 2)


def momenta(box: Box) -> tuple[Array, Array]:
    """p1 and p2 = eps k + q of every fibre and plane wave, each (B, N1 N2)."""
    k = [wave_numbers(n, length) for n, length in zip(box.n, box.length, strict=True)]
    p = box.epsilon * np.stack(np.meshgrid(*k, indexing="ij"), -1).reshape(1, -1, 2)
    p = p + offsets(box)[:, None, :]
    return p[..., 0], p[..., 1]


# Pauli algebra


def pauli_matrix(c: Array) -> Array:
    """Sum of c_j sigma_j: (4, ...) to (..., 2, 2)."""
    return np.einsum("c...,cij->...ij", c, SIGMA)


def pauli_components(m: Array) -> Array:
    """c_j = tr(sigma_j m)/2 of Hermitian m: (..., 2, 2) to (4, ...), real."""
    return 0.5 * np.einsum("cji,...ij->c...", SIGMA, m).real


def scaled(box: Box, f: Array) -> Array:
    """(f0, f) to (f0, eps f): u to N = <W>, and mu to A."""
    return np.concatenate([f[:1], box.epsilon * f[1:]])


# Operators


def momentum_function(box: Box, symbol: Array) -> Array:
    """The operator f(p) for a symbol in Pauli components, (4, B, N1 N2)."""
    dft = [
        np.exp(-1j * np.outer(wave_numbers(n, length), length / n * np.arange(n))) / np.sqrt(n)
        for n, length in zip(box.n, box.length, strict=True)
    ]
    F = np.kron(*dft)
    f = np.einsum("kx,bkij,ky->bxiyj", F.conj(), pauli_matrix(symbol), F, optimize=True)
    return f.reshape(len(f), 2 * F.shape[0], -1)


def multiplication(f: Array) -> Array:
    """The operator of multiplication by f0 + f.sigma, (4, N1, N2) to (2 N1 N2, 2 N1 N2)."""
    blocks = pauli_matrix(f.reshape(4, -1))
    n = len(blocks)
    out = np.zeros((n, 2, n, 2), complex)
    out[np.arange(n), :, np.arange(n), :] = blocks
    return out.reshape(2 * n, 2 * n)


def momentum(box: Box, axis: int) -> Array:
    """p_i, (B, 2 N1 N2, 2 N1 N2)."""
    p = momenta(box)[axis]
    return momentum_function(box, np.stack([p, 0 * p, 0 * p, 0 * p]))


def kinetic(box: Box) -> Array:
    """K = |p|^2/2 + eps (Lambda p).sigma, (B, 2 N1 N2, 2 N1 N2)."""
    p = np.stack(momenta(box))
    spin = box.epsilon * np.tensordot(box.coupling, p, axes=1)
    return momentum_function(box, np.concatenate([0.5 * (p**2).sum(0)[None], spin]))


def velocity(box: Box, axis: int) -> Array:
    """v_i = dH/dp_i = p_i + eps sum_k Lambda_ki sigma_k, (B, 2 N1 N2, 2 N1 N2)."""
    p = momenta(box)[axis]
    spin = (np.full_like(p, box.epsilon * c) for c in box.coupling[:, axis])
    return momentum_function(box, np.stack([p, *spin]))


def scalar(V: Array) -> Array:
    """V sigma_0 in Pauli components, (N1, N2) to (4, N1, N2)."""
    return np.stack([V, 0 * V, 0 * V, 0 * V])


def hamiltonian(box: Box, V: Array, b: Array | float = 0.0) -> Array:
    """H = K + V + eps b.sigma, b of shape (3, N1, N2)."""
    b = np.broadcast_to(b, (3, *box.n))
    return kinetic(box) + multiplication(scaled(box, np.concatenate([V[None], b])))


class Spectrum(NamedTuple):
    """Eigenvalues (B, n) and eigenvectors (B, n, n) of a Hermitian operator."""

    values: Array
    vectors: Array


def diagonalise(operator: Array) -> Spectrum:
    """Operator = U diag(values) U^dagger on every fibre, (..., n, n)."""
    return Spectrum(*np.linalg.eigh(operator))


def adjoint(m: Array) -> Array:
    """m^dagger on every fibre, (..., n, m) to (..., m, n)."""
    return m.conj().swapaxes(-1, -2)


def operator_function(spectrum: Spectrum, f: Callable[[Array], Array]) -> Array:
    """f(operator) = U f(values) U^dagger, (B, n, n)."""
    values, U = spectrum
    return (U * f(values)[:, None, :]) @ adjoint(U)


def quantum_exponential(box: Box, mu: Array) -> Array:
    """exp(-K + a0 + eps a.sigma) from the multipliers mu = (a0, a), (4, N1, N2)."""
    return operator_function(diagonalise(exponent(box, mu)), np.exp)


def exponent(box: Box, mu: Array) -> Array:
    """B = -H + A~ = -K + A, A~ = A + V, A = a0 + eps a.sigma, for mu = (a0, a), (4, N1, N2)."""
    return multiplication(scaled(box, mu)) - kinetic(box)


def evolve(box: Box, H: Spectrum, rho: Array, t: float) -> Array:
    """rho(t) = exp(-i t H/eps) rho exp(i t H/eps), exactly, (B, 2 N1 N2, 2 N1 N2)."""
    U = operator_function(H, lambda energy: np.exp(-1j * t / box.epsilon * energy))
    return U @ rho @ adjoint(U)


# Moments


def local(box: Box, rho: Array) -> Array:
    """<W> = (2 pi eps)^2 rho(x, x) in Pauli components, (4, N1, N2)."""
    n = box.n[0] * box.n[1]
    blocks = np.einsum("bxixj->xij", rho.reshape(-1, n, 2, n, 2))
    return box.weight * pauli_components(blocks).reshape(4, *box.n)


def densities(box: Box, rho: Array) -> Array:
    """u = (n0, n) with <W> = n0 + eps n.sigma, (4, N1, N2)."""
    u = local(box, rho)
    u[1:] /= box.epsilon
    return u


def anticommutator(a: Array, rho: Array) -> Array:
    """(a rho + rho a)/2, (..., n, n)."""
    return 0.5 * (a @ rho + rho @ a)


def first_moments(box: Box, rho: Array) -> Array:
    """<p_i w_j>, (4 components j, 2 directions i, N1, N2)."""
    moments = [local(box, anticommutator(momentum(box, i), rho)) for i in (0, 1)]
    return np.stack(moments, axis=1)


def currents(box: Box, rho: Array) -> Array:
    """Currents of (n0, n) from {v_i, rho}/2, (4, 2, N1, N2): d_t n0 + div J_0 = 0 under H.

    J_0 = <p w0> + eps^2 Lambda^T n. For the spin eps J_ji = <p_i w_j> + eps Lambda_ji n0, and
    d_t n + div J = (2/eps) <Lambda p x w> + 2 b x n.
    """
    J = [densities(box, anticommutator(velocity(box, i), rho)) for i in (0, 1)]
    return np.stack(J, axis=1)


def kinetic_energy(box: Box, rho: Array) -> Array:
    """<|p|^2/2 w0>, (N1, N2); <p^2 W> is the diagonal of (p^2 rho + 2 p rho p + rho p^2)/4."""
    energy = np.zeros(box.n)
    for i in (0, 1):
        p = momentum(box, i)
        energy += 0.5 * local(box, anticommutator(p, anticommutator(p, rho)))[0]
    return energy


# Between lattices, and to phase space


def interpolation(n: int, length: float, points: Array) -> Array:
    """Trigonometric interpolation from n lattice points to any points, (points, n)."""
    s = 2 * np.pi / length * (np.asarray(points)[:, None] - length / n * np.arange(n))
    m = np.arange(1, (n - 1) // 2 + 1)
    kernel = 1 + 2 * np.cos(s[..., None] * m).sum(-1)
    return (kernel if n % 2 else kernel + np.cos(n / 2 * s)) / n


def resample(f: Array, n: tuple[int, int]) -> Array:
    """The trigonometric interpolant of f(..., N1, N2) on the lattice of n points (odd or even)."""
    E1, E2 = (interpolation(m, 1.0, np.arange(k) / k) for m, k in zip(f.shape[-2:], n, strict=True))
    return np.einsum("ax,...xy,by->...ab", E1, f, E2, optimize=True)


def derivative(box: Box, f: Array, axis: int) -> Array:
    """d f/d x_axis of a field (..., N1, N2) by its Fourier series."""
    k = np.fft.ifftshift(wave_numbers(box.n[axis], box.length[axis]))
    k = k.reshape(-1, 1) if axis == 0 else k
    return np.fft.ifft(1j * k * np.fft.fft(f, axis=axis - 2), axis=axis - 2).real


def kernel(box: Box, rho: Array) -> tuple[Array, Array, Array]:
    """rho(x + s/2, x - s/2) for all lattice x and s on the lattice of spacing h, |s| < B L/2.

    Half lattice points by trigonometric interpolation, fibres summed with their exp(i q.s/eps).

    Returns
    -------
    s1, s2 : separations along each axis
    kernel : (N1, N2, s1, s2, 2, 2)
    """
    (n1, n2), (h1, h2) = box.n, box.cell
    E1, E2 = (
        interpolation(n, length, length / (2 * n) * np.arange(2 * n))
        for n, length in zip(box.n, box.length, strict=True)
    )
    j1, j2 = (
        np.arange(-((n * b - 1) // 2), (n * b - 1) // 2 + 1)
        for n, b in zip(box.n, box.fibres, strict=True)
    )
    x1, x2, d1, d2 = np.ix_(2 * np.arange(n1), 2 * np.arange(n2), j1, j2)
    rows = ((x1 + d1) % (2 * n1), (x2 + d2) % (2 * n2))
    columns = ((x1 - d1) % (2 * n1), (x2 - d2) % (2 * n2))
    total = np.zeros((n1, n2, len(j1), len(j2), 2, 2), complex)
    for q, block in zip(offsets(box), rho.reshape(-1, n1, n2, 2, n1, n2, 2), strict=True):
        fine = np.einsum("ax,by,xyizwj,cz,dw->abcdij", E1, E2, block, E1, E2, optimize=True)
        phase = np.exp(1j / box.epsilon * (q[0] * h1 * j1[:, None] + q[1] * h2 * j2))
        total += phase[..., None, None] * fine[rows + columns]
    return h1 * j1, h2 * j2, total / (h1 * h2 * box.fibres[0] * box.fibres[1])


def wigner(box: Box, rho: Array, p1: Array, p2: Array) -> Array:
    """W(x, p) = int rho(x + s/2, x - s/2) exp(-i s.p/eps) ds, (4, N1, N2, p1, p2), any momenta."""
    s1, s2, k = kernel(box, rho)
    F1, F2 = (np.exp(-1j / box.epsilon * np.outer(s, p)) for s, p in ((s1, p1), (s2, p2)))
    h1, h2 = box.cell
    return pauli_components(h1 * h2 * np.einsum("xystij,sp,tq->xypqij", k, F1, F2, optimize=True))
