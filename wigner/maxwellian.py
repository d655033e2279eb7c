"""The quantum Maxwellian M(N) of Theorem 2.6: Exp(-H + A~) with <M> = N."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import constraint, pauli
from .constraint import ConstraintError, Secants, Solution
from .exponential import Exponential
from .moment_map import MomentMap
from .moments import density
from .twosided import PhaseSpace

MOST_LEVELS = 8
# Share of n0 by which the moments of M(N) on the p lattice may miss N before that is an error.
DEFECT = 1e-3


class Maxwellian:
    """N -> A and A -> M(N), with everything that does not change during a run.

    Parameters
    ----------
    space
        The distributed phase space.
    alpha
        Scaled Rashba constant.
    tolerance
        Bound on the residual of the constraint and on the splitting error of the moments, both
        relative to max n0.
    max_evaluations
        Evaluations of the moment map allowed per solve.
    levels
        Splittings combined by Richardson extrapolation; None to choose them from the tolerance
        at the first solve.

    Attributes
    ----------
    profile
        Gaussian in p, on the lattice of integral one.
    defect
        Largest share of n0 so far by which the moments of M(N) on the p lattice missed N.
    secants
        What the constraint solver has learned.
    """

    def __init__(
        self,
        space: PhaseSpace,
        alpha: float,
        tolerance: float = 1e-10,
        max_evaluations: int = 200,
        levels: int | None = None,
    ) -> None:
        self.space, self.alpha = space, alpha
        self.tolerance, self.max_evaluations, self.levels = tolerance, max_evaluations, levels
        self.secants, self.defect = Secants(), 0.0
        self.moment_map = MomentMap(space.layout, space.epsilon, alpha)
        self.exponential = Exponential(space, alpha)
        p1, p2 = space.layout.grid.p_flat
        gaussian = np.exp(-0.5 * (p1**2 + p2**2))
        self.profile = gaussian / (gaussian.sum() * space.layout.grid.dp)

    def multipliers(
        self, N: NDArray, start: NDArray | None = None, tolerance: float | None = None
    ) -> Solution:
        """Solve <Exp(-K + A)> = N for A = (a0, eps a).

        Parameters
        ----------
        N
            Components (n0, eps n), shape ``(4, N1, N2)``.
        start
            First guess for A; the classical multipliers when None.
        tolerance
            Instead of the solver's own.

        Raises
        ------
        ConstraintError
            If N is not positive definite or the solve does not converge.
        """
        if self.levels is None:
            self.levels = self.choose_levels(N)
        return self._solve(
            N, self.levels, self.tolerance if tolerance is None else tolerance, start
        )

    def symbol(self, A: NDArray, N: NDArray, out: NDArray) -> None:
        """Write M(N) into x-major ``out``, with <M> = N to roundoff.

        What the solve and the p lattice leave of N - <M> is returned as that multiple of a
        Gaussian in p, so that collisions conserve density and spin exactly.

        Raises
        ------
        ConstraintError
            If that is more than a share of 1e-3: the p lattice cannot hold M(N).
        """
        self.exponential(A, self.levels or MOST_LEVELS, out)
        layout = self.space.layout
        missing = N - density(layout, out)
        defect = float(np.abs(missing).max() / N[0].max())
        self.defect = max(self.defect, defect)
        if not defect <= DEFECT:
            grid = layout.grid
            raise ConstraintError(
                f"p lattice: the moments of M(N) on it miss N by {defect:.1e} of the largest "
                f"density, expected at most {DEFECT:.0e}; p_max = {_pair(grid.p_max)} and pi/dp "
                f"= {_pair(grid.eta_max)} are too small; use a larger p_max and more points n_p"
            )
        out += pauli.pack(missing.reshape(4, -1)[:, layout.x])[:, :, None] * self.profile

    def choose_levels(self, N: NDArray) -> int:
        """The fewest levels whose moments the next level changes by less than the tolerance.

        Raises
        ------
        ConstraintError
            If no number of levels reaches the tolerance.
        """
        A = self._solve(N, 2, max(self.tolerance, 1e-6), None).A
        scale = N[0].max()
        last = self.moment_map(A, 1)
        changes = []
        for levels in range(2, MOST_LEVELS + 1):
            found = self.moment_map(A, levels)
            changes.append(float(np.abs(found - last).max() / scale))
            if changes[-1] <= self.tolerance:
                return levels - 1
            last = found
        raise ConstraintError(
            f"splitting error of the quantum Maxwellian: got {changes[-1]:.1e} with {MOST_LEVELS} "
            f"levels, expected {self.tolerance:.1e}; raise maxwellian.tolerance, or reduce epsilon "
            "or the steepness of the initial fields"
        )

    def _solve(self, N: NDArray, levels: int, tolerance: float, start: NDArray | None) -> Solution:
        return constraint.solve(
            lambda A: self.moment_map(A, levels),
            N,
            self.space.layout.grid,
            self.space.epsilon,
            tolerance,
            start,
            self.max_evaluations,
            self.secants,
        )


def _pair(values: tuple[float, float]) -> str:
    return "(" + ", ".join(f"{value:.3g}" for value in values) + ")"
