"""The quantum Maxwellian of given densities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..case.problem import build
from ..case.spec import Case
from ..errors import CaseError, Fault
from ..flows.two_sided import PhaseSpace
from ..maxwellian.equilibrium import Maxwellian
from ..phase_space import pauli
from ..phase_space.grid import PhaseGrid
from ..phase_space.layout import Layout


@dataclass(frozen=True)
class QuantumMaxwellian:
    """M(N) = Exp(-H + A~) with <M> = N (Theorem 2.6), A~ = (a0 + V) sigma_0 + eps a.sigma.

    V does not matter: H has it too.

    Attributes
    ----------
    grid
        The lattices: ``grid.x`` and ``grid.p`` are pairs of axes, in units of x0 and p0.
    M
        w0, w1, w2, w3 of M = w0 sigma_0 + w.sigma, shape ``(4, N1, N2, M1, M2)``.
    a0, a
        Multipliers of n0 and of n, ``(N1, N2)`` and ``(3, N1, N2)``, in units of k_B T0 and of
        eps k_B T0.
    error
        Share of the largest n0 by which the moments of Exp(-H + A~) on the lattice miss N; M has
        it as a Gaussian in addition, so that its own moments are N to roundoff.
    """

    grid: PhaseGrid
    M: NDArray
    a0: NDArray
    a: NDArray
    error: float


def quantum_maxwellian(case: Case, u: ArrayLike | None = None) -> QuantumMaxwellian:
    """M(N) of densities on the lattices of a case, with its eps, alpha and beta (Theorem 2.6).

    ``maxwellian.tolerance`` of the case is the error allowed, relative to the largest n0.

    Parameters
    ----------
    u
        Densities (n0, n), shape ``(4, N1, N2)``, N = n0 sigma_0 + eps n.sigma; without them those
        of [initial].

    Returns
    -------
    QuantumMaxwellian
        M, ``(4, N1, N2, M1, M2)``, its multipliers, and what the lattice missed.

    Raises
    ------
    CaseError
        If the case is not sound, or the densities have another shape.
    ConstraintError
        If eps|n| < n0 does not hold everywhere, or the multipliers are not found.
    ResolutionError
        If the lattices cannot hold M(N).

    Examples
    --------
    >>> case = wigner.open_case("case.toml")
    >>> none = np.zeros(case.grid.n_x)
    >>> found = wigner.quantum_maxwellian(case, [none + 1.0, none, none, none + 0.5])
    >>> print(found.a0.max(), found.M[3].max())
    """
    problem = build(case)
    grid, physics, spec = problem.grid, problem.physics, case.maxwellian
    N = problem.N if u is None else physics.scaled(_densities(u, grid.n_x))
    space = PhaseSpace(Layout(grid), physics)
    solver = Maxwellian(space, spec.tolerance, spec.max_evaluations, spec.richardson)
    W = space.layout.x_major()
    solution = solver.symbol(N, W)
    A = physics.unscaled(solver.on_all_of_x(N, solution).A)
    M = pauli.unpack(W).reshape(4, *grid.n_x, *grid.n_p)
    return QuantumMaxwellian(grid, M, A[0], A[1:], solver.repair)


def _densities(u: ArrayLike, n_x: tuple[int, int]) -> NDArray:
    """(n0, n) as an array; raises CaseError if it has another shape."""
    try:
        found = np.asarray(u, dtype=float)
        got = f"shape {found.shape}"
    except (TypeError, ValueError) as error:
        got = f"no array of numbers ({error})"
    if not got.startswith("shape") or found.shape != (4, *n_x):
        raise CaseError(Fault("u", got, f"(n0, n1, n2, n3) on the x lattice, shape {(4, *n_x)}"))
    return found
