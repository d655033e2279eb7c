"""Multipliers (a0, a) from densities (n0, n) by the semiclassical expansion, Lemma 4.2.

    a0 = log(n0/(2 pi)) + eps^2 a0^(2) + O(eps^4),    a = n/n0 + eps^2 a^(2) + O(eps^4)

with a0^(2) from (45) and a^(2) from (48), each a sum of named terms, for any spin-orbit matrix
Lambda: Lambda grad stands where (48) has alpha grad_perp. These terms of (48) are wrong as printed;
`RASHBA` has their factors in either form. V, b and E have no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .calculus import Calculus, coupled, cross, relaxing
from .forms import Form, Terms, total


@dataclass(frozen=True)
class RashbaFactors:
    """Factors of Lambda grad x n and of (Lambda grad n0/n0) x n in (48)."""

    curl: float
    gradient: float


RASHBA = {
    Form.CORRECTED: RashbaFactors(curl=2, gradient=-1),
    Form.PUBLISHED: RashbaFactors(curl=4, gradient=1),
}


def multipliers(
    x: Calculus, u: NDArray, epsilon: float, Lambda: NDArray, form: Form = Form.CORRECTED
) -> NDArray:
    """(a0, a) by Lemma 4.2, with errors of order eps^4.

    Parameters
    ----------
    x
        Derivatives on the x lattice.
    u
        Densities ``(n0, n)``, shape ``(4, N1, N2)``, n0 > 0.
    Lambda
        Spin-orbit matrix, ``(3, 2)``.

    Returns
    -------
    NDArray
        ``(a0, a)``, shape ``(4, N1, N2)``.
    """
    n0, n = u[0], u[1:]
    a0 = np.log(n0 / (2 * np.pi)) + epsilon**2 * total(scalar_terms(x, u, Lambda))
    a = n / n0 + epsilon**2 * total(spin_terms(x, u, Lambda, form))
    return np.concatenate([a0[None], a])


def scalar_terms(x: Calculus, u: NDArray, Lambda: NDArray) -> Terms:
    """The terms of a0^(2), (45), each ``(N1, N2)``; right as printed."""
    n0, n = u[0], u[1:]
    return {
        "laplacian": -x.laplacian(n0) / (12 * n0),
        "gradient": (x.grad(n0) ** 2).sum(0) / (24 * n0**2),
        "spin": -(n**2).sum(0) / (2 * n0**2),
        "rashba": np.full_like(n0, -0.5 * (Lambda**2).sum()),
    }


def spin_terms(x: Calculus, u: NDArray, Lambda: NDArray, form: Form = Form.CORRECTED) -> Terms:
    """The terms of a^(2), (48), each ``(3, N1, N2)``."""
    n0, n = u[0], u[1:]
    grad_n0, grad_n = x.grad(n0), x.grad(n)
    bohm = x.laplacian(n0) / n0 - (grad_n0**2).sum(0) / n0**2
    factors, rashba = RASHBA[form], rashba_terms(x, u, Lambda)
    return {
        "bohm": bohm * n / (12 * n0),
        "cubic": (n**2).sum(0) * n / (3 * n0**3),
        "laplacian": -x.laplacian(n) / (12 * n0),
        "gradient": (grad_n * grad_n0[:, None]).sum(0) / (12 * n0**2),
        "relaxation": relaxing(Lambda, n) / (3 * n0),
        "rashba curl": factors.curl * rashba["curl"],
        "rashba gradient": factors.gradient * rashba["gradient"],
    }


def rashba_terms(x: Calculus, u: NDArray, Lambda: NDArray) -> Terms:
    """The terms of (48) with Lambda grad, without their factors, see `RashbaFactors`.

    Each is ``(3, N1, N2)``.
    """
    n0, n = u[0], u[1:]
    return {
        "curl": x.spin_curl(Lambda, n) / (6 * n0),
        "gradient": cross(coupled(Lambda, x.grad(n0)), n) / (6 * n0**2),
    }
