"""Macroscopic solutions for the studies, by an integrator that is not the models' own.

scipy's DOP853 with error control: on lattices of studies the models are not stiff, and nothing of
`macro` but their right-hand sides takes part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from macro.catalogue import densities, make_model
from macro.model import Model
from macro.nonlocal_model import Nonlocal
from wigner.case.problem import build
from wigner.case.spec import Case
from wigner.errors import Fault, SolveError

RTOL = 1e-8


def model(case: Case, name: str) -> Model:
    """A model of `macro.catalogue.MODELS` for a case."""
    return make_model(name, case, build(case))


def nonlocal_model(case: Case) -> Nonlocal:
    """The nonlocal model, whose rates are known by powers of tau."""
    made = model(case, "nonlocal")
    assert isinstance(made, Nonlocal)
    return made


def initial(case: Case) -> NDArray:
    """(n0, n) at t = 0, ``(4, N1, N2)``."""
    return densities(build(case), case)


def solution(
    model: Model, u: NDArray, t: float, *, rtol: float = RTOL, times: NDArray | None = None
) -> NDArray:
    """(n0, n) at t from ``u`` at 0, ``(4, N1, N2)``; at ``times`` instead if given, first axis.

    Raises
    ------
    SolveError
        If the integrator gives up, or the model cannot be evaluated.
    """
    integrated = solve_ivp(
        lambda time, y: model.rate(y.reshape(u.shape), time).ravel(),
        (0.0, t),
        u.ravel(),
        method="DOP853",
        rtol=rtol,
        atol=rtol * float(np.abs(u).max()),
        t_eval=[t] if times is None else times,
    )
    if not integrated.success:
        remedy = "the case is stiff: use a smaller n_x or tau"
        raise SolveError(Fault("DOP853", integrated.message, remedy=remedy))
    y = integrated.y.T.reshape(-1, *u.shape)
    return y[0] if times is None else y


def at_end(case: Case, name: str) -> NDArray:
    """(n0, n) of a model at t_end, ``(4, N1, N2)``."""
    return solution(model(case, name), initial(case), case.time.t_end)


def relative(u: NDArray, reference: NDArray) -> float:
    """The larger of the relative errors of n0 and of n, each by its largest value.

    u and the reference are ``(4, N1, N2)``. A spin density below a thousandth of the largest n0
    is measured by that.
    """
    largest = np.abs(reference[0]).max()
    charge = np.abs(u[0] - reference[0]).max() / largest
    spin = np.abs(u[1:] - reference[1:]).max() / max(np.abs(reference[1:]).max(), 1e-3 * largest)
    return float(max(charge, spin))
