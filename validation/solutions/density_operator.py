"""The density operator of a Wigner function of one x axis, as dense matrices.

Where nothing varies along one axis, the momentum across, q, is a number, and rho is a matrix on
the plane waves exp(i k x) for each q. Weyl's quantisation reads there

    rho_{k k'} = W^(xi = k - k', p = eps (k + k')/2),     W^ the Fourier coefficients in x,

so eigenvalues, logarithm and free energy (27) need only linear algebra. Nothing is shared with the
solver but the lattice on which it gives W.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wigner.phase_space import pauli
from wigner.phase_space.grid import PhaseGrid

SIGMA = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


@dataclass(frozen=True)
class Strip:
    """Plane waves along the axis of x on which fields vary, and the momenta across it.

    Attributes
    ----------
    grid, epsilon, alpha
        The lattice of W and the parameters of H.

    Raises
    ------
    ValueError
        If fields vary along both axes.
    """

    grid: PhaseGrid
    epsilon: float
    alpha: float

    def __post_init__(self) -> None:
        if 1 not in self.grid.n_x:
            raise ValueError(f"n_x: got {self.grid.n_x}, expected one point along one axis")

    @property
    def axis(self) -> int:
        """The axis on which fields vary."""
        return 0 if self.grid.n_x[1] == 1 else 1

    @property
    def reach(self) -> int:
        """Waves k = 2 pi m/L with |m| <= reach have momenta within the p box."""
        L, P = self.grid.length[self.axis], self.grid.p_max[self.axis]
        return int(P * L / (2 * np.pi * self.epsilon))

    @property
    def weight(self) -> float:
        """What a matrix counts in Tr, per unit length across: dq/(2 pi eps)."""
        across = 1 - self.axis
        dq = 2 * self.grid.p_max[across] / self.grid.n_p[across]
        return dq * self.grid.length[across] / (2 * np.pi * self.epsilon)

    def density(self, W: NDArray) -> NDArray:
        """rho of x-major ``W``: ``(q, n, n)``, rows ordered (k, spin)."""
        grid, axis, K = self.grid, self.axis, self.reach
        n, L, P = grid.n_x[axis], grid.length[axis], grid.p_max[axis]
        w = pauli.unpack(W).reshape(4, n, *grid.n_p)
        w = np.fft.fft(w if axis == 0 else np.swapaxes(w, 2, 3), axis=1) / n
        # momenta eps (k + k')/2 lie between those of the lattice
        p = np.pi * self.epsilon / L * np.arange(-2 * K, 2 * K + 1)
        w = np.einsum("jp,ixpq->ijxq", _interpolation(grid.p[axis], P, p), w)
        m = np.arange(-K, K + 1)
        difference, total = m[:, None] - m[None, :], m[:, None] + m[None, :] + 2 * K
        entries = w[:, total, difference % n] * (2 * np.abs(difference) < n)[..., None]
        return _matrices(np.moveaxis(entries, 3, 1))

    def hamiltonian(self, V: NDArray) -> NDArray:
        """H = |p|^2/2 + V + eps alpha (p2 sigma1 - p1 sigma2), as :meth:`density`."""
        axis, K = self.axis, self.reach
        n, L = self.grid.n_x[axis], self.grid.length[axis]
        m, q = np.arange(-K, K + 1), self.grid.p[1 - axis]
        along, across = np.meshgrid(2 * np.pi * self.epsilon / L * m, q, indexing="xy")
        p1, p2 = (along, across) if axis == 0 else (across, along)
        difference = m[:, None] - m[None, :]
        spectrum = np.fft.fft(V.ravel()) / n
        entries = np.zeros((4, q.size, m.size, m.size), dtype=complex)
        entries[0] = spectrum[difference % n] * (2 * np.abs(difference) < n)
        diagonal = np.arange(m.size)
        entries[0][:, diagonal, diagonal] += 0.5 * (p1**2 + p2**2)
        entries[1][:, diagonal, diagonal] = self.epsilon * self.alpha * p2
        entries[2][:, diagonal, diagonal] = -self.epsilon * self.alpha * p1
        return _matrices(entries)

    def free_energy(self, rho: NDArray, H: NDArray) -> float:
        """Tr(rho log rho - rho + H rho), eq. (27); eigenvalues below zero count as zero.

        Operators as of :meth:`density`.
        """
        n = np.clip(np.linalg.eigvalsh(rho), 0.0, None)
        entropy = n * np.log(np.where(n > 0, n, 1.0)) - n
        return self.weight * float(entropy.sum() + np.einsum("qij,qji->", H, rho).real)


def _matrices(entries: NDArray) -> NDArray:
    """Pauli components ``(4, q, k, k')`` to matrices with rows (k, spin)."""
    whole = np.einsum("iab,iqkl->qkalb", SIGMA, entries)
    size = 2 * entries.shape[-1]
    return whole.reshape(-1, size, size)


def _interpolation(lattice: NDArray, P: float, p: NDArray) -> NDArray:
    """Matrix of trigonometric interpolation from a lattice of [-P, P) to p; zero outside."""
    n = len(lattice)
    eta = np.pi / P * (np.arange(n) - n // 2)
    waves = np.exp(1j * eta * p[:, None])
    waves[:, eta == -np.pi * n / (2 * P)] = 0.0  # stands for both signs
    matrix = (waves @ np.exp(-1j * eta[:, None] * lattice)).real / n
    matrix[(p < -P) | (p >= P)] = 0.0
    return matrix
