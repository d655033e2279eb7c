"""A quantum Maxwellian as matrices and as a symbol on a phase-space lattice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil

import numpy as np
from numpy.typing import NDArray

from macro.nonlocal_model import Nonlocal, Rates
from wigner.flows import operators
from wigner.flows.two_sided import PhaseSpace
from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.phase_space import moyal, pauli
from wigner.phase_space.communicator import SERIAL
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout

from ..oracle import dense
from .exact import Exact


@dataclass(frozen=True)
class Setup(Exact):
    """A quantum Maxwellian with its symbol on a p lattice of ``n_p`` points up to ``p_max``."""

    n_p: tuple[int, int]
    p_max: tuple[float, float]

    # Matrices

    @cached_property
    def wide(self) -> dense.Box:
        """The box with the fibres that pointwise symbols need."""
        reach = 13 * self.epsilon
        b1, b2 = (
            max(b, ceil(reach / L)) for b, L in zip(self.box.fibres, self.box.length, strict=True)
        )
        return replace(self.box, fibres=(b1, b2))

    @cached_property
    def rho(self) -> NDArray:
        """M on the fibres of the wide box, ``(fibres, 2 N1 N2, 2 N1 N2)``."""
        return dense.quantum_exponential(self.wide, self.mu)

    @cached_property
    def H(self) -> NDArray:
        """The Hamiltonian on the fibres of the wide box; shape as :attr:`rho`."""
        return dense.hamiltonian(self.wide, self.V)

    @cached_property
    def A_tilde(self) -> NDArray:
        """Multiplication by A~ = a0 + V + eps a.sigma, ``(2 N1 N2, 2 N1 N2)``, on every fibre."""
        return dense.multiplication(dense.scaled(self.wide, self.mu) + dense.scalar(self.V))

    @cached_property
    def TM(self) -> NDArray:
        """The symbol of (i/eps) [H, M], ``(4, N1, N2, M1, M2)``."""
        return self.symbol(1j / self.epsilon * (self.H @ self.rho - self.rho @ self.H)).real

    @cached_property
    def V_M(self) -> NDArray:
        """The symbol of [V, M], ``(4, N1, N2, M1, M2)``."""
        V = dense.multiplication(dense.scalar(self.V))
        return self.symbol(V @ self.rho - self.rho @ V)

    def symbol(self, operator: NDArray) -> NDArray:
        """The Wigner transform of any operator: complex Pauli components on the lattice.

        Its shape is ``(4, N1, N2, M1, M2)``, that of the operator as :attr:`rho`.
        """
        adjoint = dense.adjoint(operator)
        parts = (0.5 * (operator + adjoint), -0.5j * (operator - adjoint))
        real, imaginary = (dense.wigner(self.wide, part, *self.grid.p) for part in parts)
        return real + 1j * imaginary

    # Phase space

    @cached_property
    def grid(self) -> PhaseGrid:
        """The x lattice of the box times the p lattice."""
        return PhaseGrid(self.box.n, self.box.length, self.n_p, self.p_max)

    @cached_property
    def space(self) -> PhaseSpace:
        """The solver's phase space."""
        return PhaseSpace(Layout(self.grid, SERIAL), self.physics)

    @cached_property
    def W(self) -> NDArray:
        """The symbol of M, ``(4, N1, N2, M1, M2)``."""
        return self.symbol(self.rho).real

    @cached_property
    def model(self) -> Rates:
        """Orders 0 and 1 in tau of (4)-(5) for the densities of M, by the moment map."""
        solver = MultiplierSolver(self.space.layout, self.physics, tolerance=1e-9)
        return Nonlocal(self.medium, solver).rates(self.u)

    def theta(self, V: NDArray, w: NDArray) -> NDArray:
        """theta_eps[V] of each of four real components ``(4, N1, N2, M1, M2)``, by the solver."""
        return self._unpacked(operators.theta(self.space, V, self._packed(w)))

    def transport(self, w: NDArray) -> NDArray:
        """T w by (25), by the solver; shapes ``(4, N1, N2, M1, M2)``."""
        return self._unpacked(operators.transport(self.space, self._packed(w)))

    def moyal(self, a: NDArray, b: NDArray) -> NDArray:
        """a # b of symbols ``(4, N1, N2, M1, M2)``, by (14) and the matrix product."""
        matrices = (np.moveaxis(dense.pauli_matrix(f), (-2, -1), (0, 1)) for f in (a, b))
        product = moyal.matrix_product(self.grid, self.epsilon, *matrices)
        return 0.5 * np.einsum("cji,ij...->c...", dense.SIGMA, product)

    def derivative(self, f: NDArray, order: tuple[int, int, int, int]) -> NDArray:
        """d^order f of a complex scalar symbol, by x1, x2, p1, p2; for modes below Nyquist's.

        Shapes are ``(N1, N2, M1, M2)``.
        """
        spectrum = np.fft.fftn(f)
        for axis, (count, dual) in enumerate(
            zip(order, (*self.grid.xi, *self.grid.eta), strict=True)
        ):
            others = tuple(k for k in range(4) if k != axis)
            spectrum *= np.expand_dims((1j * dual) ** count, others)
        return np.fft.ifftn(spectrum)

    def moment(self, w: NDArray, weight: NDArray | float = 1.0) -> NDArray:
        """<weight w>, ``(..., N1, N2)``, of a symbol ``(..., N1, N2, M1, M2)``."""
        return (w * weight).sum(axis=(-2, -1)) * self.grid.dp

    def integral(self, w: NDArray) -> NDArray:
        """The integral over a period in x and over p of w, ``(..., N1, N2, M1, M2)``."""
        return self.moment(w).sum(axis=(-2, -1)) * self.grid.dx

    def _packed(self, w: NDArray) -> NDArray:
        return pauli.pack(w.reshape(4, self.grid.nx, self.grid.np))

    def _unpacked(self, W: NDArray) -> NDArray:
        return pauli.unpack(W).reshape(4, *self.grid.n_x, *self.grid.n_p)


@dataclass(frozen=True)
class Wave:
    """c exp(i (xi.x + eta.p)) with c in Pauli components, xi = 2 pi k/L, eta = pi m/P."""

    k: tuple[int, int]
    m: tuple[int, int]
    c: NDArray

    def duals(self, s: Setup) -> tuple[NDArray, NDArray]:
        """xi and eta, ``(2,)`` each."""
        return 2 * np.pi * np.divide(self.k, s.box.length), np.pi * np.divide(self.m, s.p_max)

    def symbol(self, s: Setup) -> NDArray:
        """The wave on the lattice, ``(4, N1, N2, M1, M2)``."""
        xi, eta = self.duals(s)
        x1, x2, p1, p2 = np.ix_(*s.grid.x, *s.grid.p)
        phase = xi[0] * x1 + xi[1] * x2 + eta[0] * p1 + eta[1] * p2
        return np.multiply.outer(self.c, np.exp(1j * phase))

    def operator(self, s: Setup) -> NDArray:
        """Its Weyl quantisation, c exp(i eps xi.eta/2) exp(i xi.x) exp(i eta.p).

        Shape as :attr:`Setup.rho`.
        """
        xi, eta = self.duals(s)
        x1, x2 = dense.lattice(s.wide)
        p1, p2 = dense.momenta(s.wide)
        translation = np.exp(1j * (eta[0] * p1 + eta[1] * p2))
        shift = dense.momentum_function(
            s.wide, np.stack([translation, *3 * [np.zeros_like(translation)]])
        )
        factor = np.exp(1j * (xi[0] * x1 + xi[1] * x2 + 0.5 * s.epsilon * (xi @ eta)))
        return dense.multiplication(np.multiply.outer(self.c, factor)) @ shift


def waves(s: Setup) -> list[Wave]:
    """Three waves that do not commute, with all components; constant along axes of one point."""
    rng = np.random.default_rng(5)
    modes = [((0, 1), (1, 1)), ((1, 0), (0, -1)), ((-1, 1), (-2, 1))]
    v1, v2 = (n > 1 for n in s.box.n)
    return [
        Wave((k1 * v1, k2 * v2), m, rng.normal(size=4) + 1j * rng.normal(size=4))
        for (k1, k2), m in modes
    ]
