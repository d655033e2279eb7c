"""The global Maxwellian Exp(-H + c): the state in which nothing moves, for V, b and phi[n0].

H has V + phi and eps b.sigma, which A~ has too, so the multipliers of Exp(-K + A) are
a0 = c - V - phi[n0] and a = -b. The constant c gives the mean density.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..errors import ConstraintError, Fault
from ..flows.splitting import LIMIT
from ..phase_space import pauli
from ..phase_space.grid import PhaseGrid
from ..physics import Physics
from . import response
from .anderson import Iteration, Secants
from .multiplier_solver import MultiplierSolver

# Iterations for phi at the most; some 5 are usual.
MOST = 60


def equilibrium_density(solver: MultiplierSolver, mean: float) -> NDArray:
    """N = <Exp(-H + c)>, components (n0, eps n), shape ``(4, N1, N2)``, phi to the tolerance.

    Parameters
    ----------
    solver
        Its physics has V, b and the mean field, of which those of t = 0 count. A uniform force has
        no equilibrium and is left out.
    mean
        Mean of n0.

    Raises
    ------
    ConstraintError
        If phi is not found.
    """
    physics, grid = solver.physics.at(0.0), solver.layout.grid
    b = np.broadcast_to(physics.b, (3, *grid.n_x))

    def moments(minus_phi: NDArray) -> NDArray:
        """<Exp(-K + A)> with c for the mean density."""
        A = np.stack([minus_phi - physics.V, *(-physics.epsilon * b)])
        A[0] -= (A[0] + pauli.norm(A)).max()  # the exponential neither overflows nor vanishes
        N = solver.moment_map(A, (LIMIT,))
        return N * (mean / N[0].mean())

    N, _ = with_phi(solver.physics, grid, mean, solver.tolerance, moments)
    return N


def with_phi(
    physics: Physics,
    grid: PhaseGrid,
    mean: float,
    tolerance: float,
    moments: Callable[[NDArray], NDArray],
) -> tuple[NDArray, NDArray]:
    """N and -phi with phi = phi[n0], to the tolerance, and N what ``moments`` makes of -phi.

    Shapes are ``(4, N1, N2)`` and ``(N1, N2)``.

    Raises
    ------
    ConstraintError
        If phi is not found.
    """
    field, minus_phi = physics.mean_field, np.zeros(grid.n_x)
    if field is None:
        return moments(minus_phi), minus_phi
    # a wave of phi changes the density by -n0 phi(eps |q|), which the kernel turns into phi again
    spectrum = response.phi(response.on_spectra(grid, physics.epsilon))
    damping = 1 + mean * field.kernel * spectrum
    iteration = Iteration(Secants())
    for _ in range(MOST):
        N = moments(minus_phi)
        residual = -field(N[0]) - minus_phi
        size = float(np.abs(residual).max())
        if size <= tolerance:
            return N, minus_phi
        correction = np.fft.irfft2(np.fft.rfft2(residual) / damping, s=grid.n_x)
        minus_phi = iteration.next(minus_phi, correction)
    raise ConstraintError(
        Fault(
            "equilibrium",
            f"a potential phi that still changes by {size:.1e} after {MOST} iterations",
            f"at most {tolerance:.1e}",
            "use a smaller field.coupling, or a larger maxwellian.tolerance",
        )
    )
