"""The local model against the nonlocal one, over epsilon and over alpha.

Rates are compared at one state, solutions at t_end. The local model keeps terms alpha^m eps^n with
m + n <= 2 and, as corrected, more: its error is of order 4 in eps at alpha = 0 and of order 3 along
alpha = eps. Of the published form each misprint is also tried alone, in the corrected model.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from macro import local
from macro.forms import Form
from macro.local import TERMS, Local
from wigner.case.spec import Case, parse_case

from . import macroscopic
from .cases import changed

MODELS = ("local", "local-published")


class Misprint(StrEnum):
    """The misprints of (7) that are tried alone."""

    DIFFUSION = "diffusion"
    DOUBLE_CROSS = "double-cross"
    RASHBA = "rashba"


# One misprint at a time: the printed term in the place of the corrected one.
MISPRINTS: dict[Misprint, dict[str, local.Term]] = {
    Misprint.DIFFUSION: {"spin bohm": local.printed_spin_bohm},
    Misprint.DOUBLE_CROSS: {"double precession": local.printed_double_precession},
    Misprint.RASHBA: {"rashba": local.printed_rashba},
}


def variants() -> dict[str, tuple[local.Term, ...]]:
    """The terms of the local model: corrected, as published, and with one misprint each."""
    corrected = TERMS[Form.CORRECTED]
    return {
        "local": tuple(corrected.values()),
        "local-published": tuple(TERMS[Form.PUBLISHED].values()),
        **{name: tuple((corrected | terms).values()) for name, terms in MISPRINTS.items()},
    }


def with_physics(case: Case, epsilon: float, alpha: float) -> Case:
    """The case at other eps and alpha."""
    return changed(case, f"physics.epsilon={epsilon!r}", f"physics.alpha={alpha!r}")


def rate_errors(text: str) -> dict[str, float]:
    """Largest error of the local rates at t = 0 with tau = 1, by variant.

    With tau = 1 the parts of order 0 and 1 in tau have the same weight.
    """
    return {
        name: float(np.abs(difference).max())
        for name, difference in rate_differences(parse_case(text)).items()
    }


def precession_errors(text: str) -> dict[str, float]:
    """Errors of the part of order 0 in tau, -2 n x a, as (7) and as (49) have it."""
    case = parse_case(text)
    u = macroscopic.initial(case)
    model = macroscopic.nonlocal_model(case)
    exact = model.rates(u).zeroth
    right = Local(model.medium, terms=[local.precession]).rate(u)
    return {
        "local": float(np.abs(right - exact).max()),
        "precession": float(np.abs(right / u[0] - exact).max()),
    }


def solution_errors(text: str) -> dict[str, float]:
    """Largest difference of (n0, n) at t_end between local and nonlocal solutions."""
    case = parse_case(text)
    exact = macroscopic.at_end(case, "nonlocal")
    return {name: float(np.abs(macroscopic.at_end(case, name) - exact).max()) for name in MODELS}


def rate_differences(case: Case) -> dict[str, NDArray]:
    """Local minus nonlocal rate at t = 0 with tau = 1, ``(4, N1, N2)``, by variant."""
    case = changed(case, "physics.tau=1.0")
    u = macroscopic.initial(case)
    model = macroscopic.nonlocal_model(case)
    exact = model.rate(u)
    return {
        name: Local(model.medium, terms=terms).rate(u) - exact for name, terms in variants().items()
    }


def budget(text: str) -> dict[str, NDArray]:
    """Root mean square of what each term gives to (d_t n0, d_t n) at t = 0; and both errors.

    Each is ``(2,)``.
    """
    case = parse_case(text)
    u = macroscopic.initial(case)
    model = macroscopic.nonlocal_model(case)
    exact = model.rate(u)

    def size(rate: NDArray) -> NDArray:
        return np.sqrt([np.mean(rate[0] ** 2), np.mean((rate[1:] ** 2).sum(axis=0))])

    sizes = {
        f"{form.value}/{name}": size(Local(model.medium, terms=[term]).rate(u))
        for form, terms in TERMS.items()
        for name, term in terms.items()
    }
    errors = {
        f"error/{name}": size(Local(model.medium, terms=terms).rate(u) - exact)
        for name, terms in variants().items()
        if name in MODELS
    }
    return sizes | errors
