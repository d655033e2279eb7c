"""N -> A: the multipliers of a quantum Maxwellian, to a tolerance on constraint and splitting.

Fields on x alone: no phase space is needed, which is how the macroscopic models use it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..flows.splitting import richardson
from ..phase_space.layout import Layout
from . import constraint
from .anderson import Iteration, Secants
from .constraint import ConstraintError, Solution
from .moment_map import MomentMap
from .preconditioner import OneStep

MOST_LEVELS = 8
# Corrections in the linearised constraint at the most, some 4 are usual, and their size as a share
# of the largest density.
MOST_CORRECTIONS, SMALL = 40, 1e-4


class ResolutionError(ConstraintError):
    """A lattice or a splitting cannot hold the quantum Maxwellian; shorter steps do not help."""


class Multipliers:
    """N -> A, with everything that does not change during a run.

    Parameters
    ----------
    layout
        Each rank works on the columns of its x block; fields on x are the same on every rank.
    epsilon, alpha
        Scaled Planck and Rashba constants.
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
    secants
        What the constraint solver has learned.
    """

    def __init__(
        self,
        layout: Layout,
        epsilon: float,
        alpha: float,
        tolerance: float = 1e-10,
        max_evaluations: int = 200,
        levels: int | None = None,
    ) -> None:
        self.layout, self.epsilon, self.alpha = layout, epsilon, alpha
        self.tolerance, self.max_evaluations, self.levels = tolerance, max_evaluations, levels
        self._automatic = levels is None
        self.secants = Secants()
        self.moment_map = MomentMap(layout, epsilon, alpha)
        self._nearby = OneStep(self.moment_map.columns)
        self._latest: tuple[NDArray | None, NDArray | None] = (None, None)

    def multipliers(
        self, N: NDArray, start: NDArray | None = None, tolerance: float | None = None
    ) -> Solution:
        """Solve <Exp(-K + A)> = N for A = (a0, eps a).

        Where the levels are chosen from the tolerance, they grow when N has become so steep that
        the splitting error seems to exceed it.

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
            If N is not positive definite, the solve does not converge, or no number of levels
            reaches the tolerance.
        """
        tolerance = self.tolerance if tolerance is None else tolerance
        if self.levels is None:
            self.levels = self.choose_levels(N)
        solution, error = self._solve(N, self.levels, tolerance, start)
        evaluations = solution.evaluations
        while self._automatic and error > self.tolerance:
            if self.levels == MOST_LEVELS:
                raise self._too_coarse(error)
            self.levels += 1
            solution, error = self._solve(N, self.levels, tolerance, solution.A)
            evaluations += solution.evaluations
        return replace(solution, evaluations=evaluations)

    def slope(self, A: NDArray, dN: NDArray, start: NDArray | None = None) -> NDArray:
        """The rate dA of the multipliers A of a density N that changes at the rate dN.

        Solves d<Exp(-K + A)> dA = dN to the tolerance times the largest n0, by corrections of the
        map of one step that Anderson's method accelerates.

        Parameters
        ----------
        A
            Multipliers (a0, eps a) found by :meth:`multipliers`, shape ``(4, N1, N2)``.
        dN
            Components (dn0, eps dn), same shape.
        start
            First guess for dA.

        Raises
        ------
        ConstraintError
            If the tolerance is not reached.
        """
        largest, iteration = self._moments(A, self.levels)[0].max(), Iteration(Secants())
        dA, history = np.zeros_like(A) if start is None else start, []
        for _ in range(MOST_CORRECTIONS):
            missing = dN - self.moment_map.derivative(A, dA, self.levels)
            history.append(float(np.abs(missing).max() / largest))
            if history[-1] <= self.tolerance:
                return dA
            small = SMALL / history[-1]  # the correction is not linear
            correction = self._nearby.correction(A, small * missing)
            if correction is None:
                break
            dA = iteration.next(dA, correction / small)
        raise ConstraintError(
            f"linearised moment constraint: not solved to {self.tolerance:.1e} of the largest "
            f"density; residuals {', '.join(f'{r:.1e}' for r in history[-8:])}; eps|n| comes close "
            "to n0, n0 to zero, or the fields are too steep: try a finer x lattice or a larger "
            "tolerance"
        )

    def choose_levels(self, N: NDArray) -> int:
        """The fewest levels, two at least, whose moments the next level leaves as they are.

        Raises
        ------
        ConstraintError
            If no number of levels reaches the tolerance.
        """
        A = self._solve(N, 2, max(self.tolerance, 1e-6), None)[0].A
        for levels in range(2, MOST_LEVELS):
            last, found = (self._moments(A, k) for k in (levels, levels + 1))
            change = float(np.abs(found - last).max() / N[0].max())
            if change <= self.tolerance:
                return levels
        raise self._too_coarse(change)

    def _solve(
        self, N: NDArray, levels: int, tolerance: float, start: NDArray | None
    ) -> tuple[Solution, float]:
        """Multipliers for a fixed number of levels, and the estimated error of the splitting."""
        solution = constraint.solve(
            lambda A: self._moments(A, levels),
            N,
            self.layout.grid,
            self.epsilon,
            tolerance,
            start,
            self.max_evaluations,
            self.secants,
            self._nearby,
        )
        error = splitting_error(self._splittings(solution.A, levels)) / float(N[0].max())
        return solution, error

    def _moments(self, A: NDArray, levels: int) -> NDArray:
        return np.tensordot(richardson(levels), self._splittings(A, levels), axes=1)

    def _splittings(self, A: NDArray, levels: int) -> NDArray:
        """Those of the moment map; of the latest A only what is not known yet is computed.

        A solve begins where the one before ended, and the choice of levels adds to what it has.
        """
        latest, known = self._latest
        if latest is None or not np.array_equal(A, latest):
            known = np.empty((0, *A.shape))
        if len(known) < levels:
            more = self.moment_map.splittings(A, levels, first=len(known) + 1)
            known = np.concatenate([known, more])
        self._latest = A, known
        return known[:levels]

    def _too_coarse(self, error: float) -> ResolutionError:
        return ResolutionError(
            f"splitting error of the quantum Maxwellian: got {error:.1e} with {MOST_LEVELS} "
            f"levels, expected {self.tolerance:.1e}; raise maxwellian.tolerance, or reduce epsilon "
            "or the steepness of the fields"
        )


def splitting_error(splittings: NDArray) -> float:
    """Estimated error of moments extrapolated from 1, 2, ... steps, from the series itself.

    Each level divides the error by about the same factor; the change that the next one would
    bring is the last change times that factor, with 2 for safety.
    """
    series = [
        np.tensordot(richardson(k), splittings[:k], axes=1) for k in range(1, len(splittings) + 1)
    ]
    changes = [float(np.abs(series[0]).max())]
    changes += [float(np.abs(b - a).max()) for a, b in pairwise(series)]
    if len(changes) == 1:
        return np.inf
    return 2 * changes[-1] ** 2 / changes[-2] if changes[-2] > 0 else 0.0
