"""Initial states with given moments N."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, StateError, apart
from ..flows.operators import transport
from ..maxwellian.equilibrium import Maxwellian
from ..maxwellian.equilibrium_state import equilibrium_density
from ..maxwellian.multiplier_solver import MultiplierSolver
from ..phase_space import pauli
from ..phase_space.moments import density, square_norm

# Square norm of M + tau G in units of that of M from which on it is no state: G is orthogonal to M
# but for terms of order eps.
LARGEST = 2.0


def maxwellian(solver: Maxwellian, N: NDArray) -> NDArray:
    """W = M(N) (Theorem 2.6), x-major, shape ``(2, x, p)``; N has ``(4, N1, N2)``.

    Raises
    ------
    ConstraintError
        If the moment constraint cannot be solved.
    """
    W = solver.space.layout.x_major()
    solver.symbol(N, W)
    return W


def equilibrium(solver: Maxwellian, N: NDArray) -> NDArray:
    """W = Exp(-H + c), x-major, with the mean density of N: nothing moves without a force E.

    Shapes and errors are those of :func:`maxwellian`.
    """
    return maxwellian(solver, at_rest(solver.whole, N))


def at_rest(solver: MultiplierSolver, N: NDArray) -> NDArray:
    """The moments of Exp(-H + c) with the mean density of N, shape ``(4, N1, N2)``."""
    return equilibrium_density(solver, float(N[0].mean()))


def classical(solver: Maxwellian, N: NDArray) -> NDArray:
    """W = N(x) exp(-|p|^2/2)/(2 pi), normalised on the lattice so that <W> = N, x-major."""
    layout = solver.space.layout
    W = layout.x_major()
    W[:] = pauli.pack(N.reshape(4, -1)[:, layout.x])[:, :, None] * solver.profile
    return W


def prepared(solver: Maxwellian, N: NDArray) -> NDArray:
    """W = M(N) + tau G with G = -d_t^0 M(N) - T M(N), x-major: no initial layer to order tau.

    d_t^0 M is the derivative of M along d_t^0 N = -<T M>; <G> = 0, so <W> = N. It is taken by
    central differences of order four along N + h d_t^0 N.

    Raises
    ------
    StateError
        If tau G is no correction but as large as M: their sum is no state then.
    """
    layout, tau = solver.space.layout, solver.space.physics.tau
    W = layout.x_major()
    start = solver.symbol(N, W).A
    size = square_norm(layout, W)
    TM = transport(solver.space, W, solver.space.physics.at(0.0, N[0]))
    rate = -density(layout, TM)
    TM *= -tau
    W += TM
    del TM
    largest = np.abs(rate / N[0]).max()
    if largest == 0:
        return W
    h, M = 1e-2 / largest, layout.x_major()
    for offset, weight in ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12)):
        moved = N + offset * h * rate
        tolerance = min(solver.tolerance, 1e-11)
        solver.symbol(moved, M, start, tolerance)
        M *= -tau * weight / h
        W += M
    grown = np.nan_to_num(square_norm(layout, W) / size, nan=np.inf, posinf=np.inf)
    if grown > LARGEST:
        raise StateError(
            Fault(
                "initial.state",
                f'"prepared" with tau = {tau:.4g}, whose M + tau G has '
                f"{apart(grown, LARGEST, '3g')} times the square norm of M",
                f"at most {LARGEST:g} times, as tau G is a correction for small tau",
                'use state = "maxwellian", or a smaller tau',
            )
        )
    return W


def prepare(state: str, solver: Maxwellian, N: NDArray) -> NDArray:
    """The initial state of the given name, one of ``STATES``, x-major.

    Shapes and errors are those of :func:`maxwellian` and :func:`prepared`.
    """
    return STATES[state](solver, N)


STATES = {
    "maxwellian": maxwellian,
    "prepared": prepared,
    "classical": classical,
    "equilibrium": equilibrium,
}
