"""The local quantum-spin drift-diffusion model (6)-(7), corrected or as published.

    d_t n0 = tau div(grad n0 + n0 (grad V - E) + F[n0] + eps^2 n.Db)
    d_t n = -2 n x b + (eps^2/6) n x B + tau div(grad n + n (grad V - E) + DF[n0](n))
            - 2 tau (2 Lambda grad x n + Lambda (grad V - E) x n)
            - 4 tau (tr(Lambda Lambda^T) - Lambda Lambda^T) n
            + tau sum_j D_j (n0 D_j b + (eps^2/3) n x (n x D_j b)/n0),    B = div(grad n/n0)

D_j = d_j - 2 Lambda_j x, F[n0] = -(eps^2/6) n0 grad(Lap sqrt(n0)/sqrt(n0)) is the Bohm force,
DF[n0](n_j) its derivative in the direction n_j. Of Rashba coupling Lambda is that of alpha p_perp,
and the relaxation is 4 alpha^2 tau (n1, n2, 2 n3). The paper has no b and no E.

As published, (7) has instead of DF[n0](n) (eps^2/12) (n A - grad Lap n + grad n C + B grad n0 + D)
with |n|^2 terms in A and C that do not belong there, half of the Rashba term, and
(eps^2 tau/(3 n0)) n x (n x B), which the term -4 tau (n x a) x a of (5) cancels. Each right-hand
side is a sum of named terms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import multiplier_expansion
from .calculus import Calculus, contracted, cross, relaxing, turned
from .forms import Form
from .model import Balance, Medium, Model


class Fields:
    """Densities and their derivatives, which are computed when they are first used.

    With L = log n0 and m = n/n0, Lap sqrt(n0)/sqrt(n0) is Q = Lap L/2 + |grad L|^2/4, and its
    derivative in the direction n_j is dQ_j = Lap m_j/2 + grad L.grad m_j/2.
    """

    def __init__(self, medium: Medium, u: NDArray) -> None:
        self.medium, self.x, self.physics = medium, medium.x, medium.physics
        self.n0, self.n = u[0], u[1:]
        self._logarithms = np.concatenate([np.log(u[:1]), u[1:] / u[0]])

    @cached_property
    def m(self) -> NDArray:
        """n/n0, ``(3, N1, N2)``."""
        return self._logarithms[1:]

    @cached_property
    def _spectrum(self) -> NDArray:
        return self.x.transform(self._logarithms)

    @cached_property
    def _slopes(self) -> NDArray:
        return self.x.grad_of(self._spectrum)

    @cached_property
    def _laplacians(self) -> NDArray:
        return self.x.field(-self.x.square * self._spectrum)

    @cached_property
    def grad_L(self) -> NDArray:
        """grad log n0, ``(2, N1, N2)``."""
        return self._slopes[:, 0]

    @cached_property
    def grad_m(self) -> NDArray:
        """grad(n/n0), ``(2, 3, N1, N2)``."""
        return self._slopes[:, 1:]

    @cached_property
    def _cross_slopes(self) -> NDArray:
        """grad L.grad m_j."""
        return self.grad_L[0] * self.grad_m[0] + self.grad_L[1] * self.grad_m[1]

    @cached_property
    def grad_n0(self) -> NDArray:
        """grad n0, ``(2, N1, N2)``."""
        return self.n0 * self.grad_L

    @cached_property
    def grad_n(self) -> NDArray:
        """grad n, ``(2, 3, N1, N2)``."""
        return self.n0 * self.grad_m + self.m * self.grad_n0[:, None]

    @cached_property
    def grad_Q(self) -> NDArray:
        """grad Q and grad dQ_j, ``(2, 4, N1, N2)``."""
        Q = 0.5 * self._laplacians
        Q[0] += 0.25 * (self.grad_L[0] ** 2 + self.grad_L[1] ** 2)
        Q[1:] += 0.5 * self._cross_slopes
        return self.x.grad(Q)

    @cached_property
    def B(self) -> NDArray:
        """B = div(grad n/n0) = Lap m + grad m.grad L + m Lap L, ``(3, N1, N2)``."""
        L = self._laplacians
        return L[1:] + self._cross_slopes + self.m * L[0]


class Parts(NamedTuple):
    """What a term adds: tau times fluxes of charge and of spin, and a source of spin."""

    charge: NDArray | None = None
    spin: NDArray | None = None
    source: NDArray | None = None


Term = Callable[[Fields], Parts]


def diffusion(f: Fields) -> Parts:
    """tau div grad (n0, n)."""
    return Parts(f.grad_n0, f.grad_n)


def drift(f: Fields) -> Parts:
    """tau div((n0, n) (grad V - E))."""
    slope = f.medium.slope
    return Parts(f.n0 * slope, f.n * slope[:, None])


def bohm(f: Fields) -> Parts:
    """tau div F[n0], the Bohm potential of (6)."""
    return Parts(charge=-(f.physics.epsilon**2) / 6 * f.n0 * f.grad_Q[:, 0])


def spin_bohm(f: Fields) -> Parts:
    """tau div DF[n0](n): the derivative of F[n0] in the direction n."""
    slope = f.n * f.grad_Q[:, :1] + f.n0 * f.grad_Q[:, 1:]
    return Parts(spin=-(f.physics.epsilon**2) / 6 * slope)


def rashba(f: Fields) -> Parts:
    """-4 tau Lambda grad x n, as (10) has it for Rashba coupling."""
    return Parts(spin=turned(-4 * f.medium.Lambda, f.n))


def gate(f: Fields) -> Parts:
    """-2 tau Lambda (grad V - E) x n."""
    return Parts(source=-2 * f.physics.tau * cross(f.medium.gate, f.n))


def relaxation(f: Fields) -> Parts:
    """-4 tau (tr(Lambda Lambda^T) - Lambda Lambda^T) n: D'yakonov-Perel relaxation."""
    return Parts(source=-4 * f.physics.tau * relaxing(f.medium.Lambda, f.n))


def precession(f: Fields) -> Parts:
    """(eps^2/6) n x B, to which -2 n x a reduces: the part of order 0 in tau."""
    return Parts(source=f.physics.epsilon**2 / 6 * cross(f.n, f.B))


def larmor(f: Fields) -> Parts:
    """-2 n x b."""
    return Parts() if f.medium.b is None else Parts(source=-2 * cross(f.n, f.medium.b))


def zeeman(f: Fields) -> Parts:
    """What b pulls: eps^2 n.D_j b, and P_j = n0 D_j b + (eps^2/3) n x (n x D_j b)/n0.

    The source is -2 tau sum_j Lambda_j x P_j, so that the whole is tau sum_j D_j P_j.
    """
    if f.medium.b is None:
        return Parts()
    Db, square = f.medium.Db, f.physics.epsilon**2
    pulled = np.stack([f.n0 * D + square / 3 * cross(f.m, cross(f.n, D)) for D in Db])
    source = -2 * f.physics.tau * contracted(f.medium.Lambda, pulled)
    return Parts(square * (f.n * Db).sum(axis=1), pulled, source)


def printed_rashba(f: Fields) -> Parts:
    """-2 alpha tau grad_perp x n, as (7) is printed."""
    return Parts(spin=turned(-2 * f.medium.Lambda, f.n))


def printed_spin_bohm(f: Fields) -> Parts:
    """(eps^2 tau/12) div(n A - grad Lap n + grad n C + B grad n0 + D), A, C and D as printed."""
    slopes, g = hessian(f.x, f.n0) / f.n0, f.grad_n0 / f.n0
    bend, spin = slopes[0, 0] + slopes[1, 1], (f.n**2).sum(axis=0) / f.n0**2
    steep = (g**2).sum(axis=0)
    A = 2 * steep * g - 4 * (f.n * f.grad_n).sum(axis=1) / f.n0**2 - g * bend
    A -= np.einsum("jxy,ijxy->ixy", g, slopes)
    C = (bend - steep + 4 * spin) * np.eye(2)[:, :, None, None] + slopes
    along = np.einsum("jkxy,jxy->kxy", f.grad_n, g)
    D = np.einsum("jxy,ijkxy->ikxy", g, hessian(f.x, f.n)) - along * g[:, None]
    flux = f.n * A[:, None] - f.x.grad(f.x.laplacian(f.n))
    flux += np.einsum("jkxy,ijxy->ikxy", f.grad_n, C) + f.B * f.grad_n0[:, None] + D
    return Parts(spin=f.physics.epsilon**2 / 12 * flux)


def printed_double_precession(f: Fields) -> Parts:
    """(eps^2 tau/(3 n0)) n x (n x B), the last term of (7)."""
    weight = f.physics.epsilon**2 * f.physics.tau / (3 * f.n0)
    return Parts(source=weight * cross(f.n, cross(f.n, f.B)))


_COMMON: dict[str, Term] = {
    "diffusion": diffusion,
    "drift": drift,
    "bohm": bohm,
    "gate": gate,
    "relaxation": relaxation,
    "precession": precession,
}
# Terms of b, which the published form does not have.
ZEEMAN: tuple[Term, ...] = (larmor, zeeman)
TERMS: dict[Form, dict[str, Term]] = {
    Form.CORRECTED: _COMMON | {"spin bohm": spin_bohm, "rashba": rashba},
    Form.PUBLISHED: _COMMON
    | {
        "spin bohm": printed_spin_bohm,
        "rashba": printed_rashba,
        "double precession": printed_double_precession,
    },
}


class Local(Model):
    """(6)-(7) as a sum of terms.

    Parameters
    ----------
    form
        Whether multipliers, and terms where none are given, are corrected or as published.
    terms
        The terms of the right-hand side; where none are given, corrected ones have those of b.
    """

    def __init__(
        self, medium: Medium, form: Form = Form.CORRECTED, terms: Iterable[Term] | None = None
    ) -> None:
        super().__init__(medium)
        self.form = form
        if terms is None:
            terms = (*TERMS[form].values(), *(ZEEMAN if form is Form.CORRECTED else ()))
        self.terms = tuple(terms)

    def balance(self, u: NDArray, t: float = 0.0) -> Balance:
        """The sum over the terms of (6)-(7), as of :meth:`.Model.balance`."""
        fields = Fields(self.medium.at(t, u[0]), u)
        flux, source = np.zeros((2, *u.shape)), np.zeros_like(u)
        for term in self.terms:
            parts = term(fields)
            if parts.charge is not None:
                flux[:, 0] += parts.charge
            if parts.spin is not None:
                flux[:, 1:] += parts.spin
            if parts.source is not None:
                source[1:] += parts.source
        flux *= self.physics.tau
        return Balance(flux, source)

    def multipliers(self, u: NDArray) -> NDArray:
        """(a0, a) to order eps^3, Lemma 4.2, ``(4, N1, N2)``."""
        epsilon, Lambda = self.physics.epsilon, self.medium.Lambda
        return multiplier_expansion.multipliers(self.x, u, epsilon, Lambda, self.form)

    def _stiff(self) -> NDArray:
        return super()._stiff() + bohm_symbol(self.medium)


def bohm_symbol(medium: Medium) -> NDArray:
    """Symbol of -(eps^2 tau/12) Lap^2, the leading part of tau div F; ``(N1, N2//2+1)``."""
    physics = medium.physics
    return -(physics.epsilon**2) * physics.tau / 12 * medium.x.wave_number**4


def hessian(x: Calculus, f: NDArray) -> NDArray:
    """d_i d_j f, shape ``(2, 2, ..., N1, N2)``."""
    return x.grad(x.grad(f))
