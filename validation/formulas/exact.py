"""Exact values for the fields of a case, by the dense operators of the oracle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from macro.calculus import Calculus
from macro.model import Medium
from wigner.case.spec import Case
from wigner.physics import Physics

from ..oracle import bgk, dense, rates
from ..oracle.dense import Box

# The least part of a term that no other term has, relative to the largest term, for its factor to
# be looked for.
OWN = 1e-3
# A term that is no larger is noise.
NOISE = 1e-12


class Fields(NamedTuple):
    """Densities ``u = (n0, n)``, shape ``(4, N1, N2)``, and potential on the lattice of a box."""

    box: Box
    u: NDArray
    V: NDArray


@dataclass(frozen=True)
class Exact:
    """A quantum Maxwellian as matrices, in a potential.

    Attributes
    ----------
    box
        Lattice and parameters of the dense operators.
    V
        Potential, shape ``(N1, N2)``.
    M
        The Maxwellian with its densities u and multipliers mu.
    """

    box: Box
    V: NDArray
    M: bgk.Maxwellian

    @property
    def epsilon(self) -> float:
        """The scaled Planck constant."""
        return self.box.epsilon

    @property
    def alpha(self) -> float:
        """The scaled Rashba constant."""
        return self.box.alpha

    @property
    def Lambda(self) -> NDArray:
        """The spin-orbit matrix, ``(3, 2)``."""
        return self.box.coupling

    @property
    def u(self) -> NDArray:
        """The densities ``(n0, n)``."""
        return self.M.u

    @property
    def mu(self) -> NDArray:
        """The multipliers ``(a0, a)``."""
        return self.M.mu

    @cached_property
    def x(self) -> Calculus:
        """Derivatives on the lattice of the box."""
        return Calculus(self.box.n, self.box.length)

    @cached_property
    def physics(self) -> Physics:
        """The physics of the solver, with tau = 1."""
        return Physics(self.epsilon, self.alpha, 1.0, self.V)

    @cached_property
    def medium(self) -> Medium:
        """What the macroscopic models share."""
        return Medium(self.x, self.physics)

    @cached_property
    def rates(self) -> rates.Rates:
        """<T M>, <T T M>, <T d_t^0 M> and d_t^0 mu."""
        return rates.rates_of(self.box, self.M, self.V)

    @cached_property
    def momentum(self) -> NDArray:
        """<p_i M>, shape ``(2, 4, N1, N2)``: direction, component."""
        return dense.first_moments(self.box, self.M.operator()).swapaxes(0, 1)


def solved(fields: Fields) -> Exact:
    """The Maxwellian that has the given densities."""
    return Exact(fields.box, fields.V, bgk.maxwellian(fields.box, fields.u))


def on_line(case: Case, epsilon: float, alpha: float) -> Fields:
    """The fields of a case along one axis: on the line x2 = 0 if they vary along both."""
    n1, n2 = case.grid.n_x
    n = (n1, 1) if n1 > 1 else (1, n2)
    return on_box(case, rates.box(n, case.grid.length, epsilon, alpha))


def on_box(case: Case, box: Box) -> Fields:
    """The formulas of a case on the lattice of a box."""
    x1, x2 = dense.lattice(box)
    formulas = case.physics.potential, case.initial.n0, *case.initial.n
    V, *u = (np.broadcast_to(f(x1, x2), box.n) for f in formulas)
    return Fields(box, np.array(u), np.array(V))


def symbol_of(box: Box, mu: NDArray, p: tuple[NDArray, NDArray], beta: float = 1.0) -> NDArray:
    """The Wigner transform of exp(beta (-K + a0 + eps a.sigma)), ``(4, N1, N2, M1, M2)``."""
    box = dense.doubled(box)
    spectrum = dense.diagonalise(dense.exponent(box, mu))
    rho = dense.operator_function(spectrum, lambda values: np.exp(beta * values))
    return dense.wigner(box, rho, p[0].ravel(), p[1].ravel())


def classical(u: NDArray) -> NDArray:
    """mu = (log(n0/(2 pi)), n/n0), the multipliers at eps = 0; both ``(4, N1, N2)``."""
    return np.concatenate([np.log(u[:1] / (2 * np.pi)), u[1:] / u[0]])


def low_pass(f: NDArray, keep: tuple[int, int]) -> NDArray:
    """A field ``(..., N1, N2)`` without its Fourier modes beyond ``keep`` along each axis."""
    spectrum = np.fft.fft2(f)
    k1, k2 = (np.abs(np.fft.fftfreq(n, 1 / n)) for n in f.shape[-2:])
    spectrum[..., (k1[:, None] > keep[0]) | (k2 > keep[1])] = 0
    return np.fft.ifft2(spectrum).real


def fitted(values: NDArray, terms: list[NDArray]) -> NDArray:
    """Factors of the terms whose sum is nearest to the values, by least squares.

    Values have any shape, to which terms broadcast; factors are ``(terms,)``. The factor of a term
    that vanishes, or that the other terms make up, is not a number.
    """
    columns = np.stack([np.broadcast_to(term, values.shape).ravel() for term in terms], axis=1)
    largest = np.linalg.norm(columns, axis=0).max()
    factors = np.full(len(terms), np.nan)
    if not largest > NOISE * math.sqrt(values.size):
        return factors
    found = np.linalg.lstsq(columns, values.ravel(), rcond=None)[0]
    for k, column in enumerate(columns.T):
        others = np.delete(columns, k, axis=1)
        own = column - others @ np.linalg.lstsq(others, column, rcond=None)[0]
        if np.linalg.norm(own) > OWN * largest:
            factors[k] = found[k]
    return factors
