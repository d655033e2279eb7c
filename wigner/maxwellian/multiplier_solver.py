"""N -> A: the multipliers of a quantum Maxwellian, to a tolerance on constraint and splitting.

Fields on x alone: no phase space is needed, which is how the macroscopic models use it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..errors import ConstraintError, Fault, ResolutionError
from ..flows.splitting import extrapolation
from ..phase_space.layout import Layout
from ..physics import Physics
from . import constraint
from .anderson import Iteration, Secants
from .constraint import Solution
from .memory import Memory
from .moment_map import MomentMap
from .preconditioner import OneStep

MOST_LEVELS = 8
# Corrections in the linearised constraint at the most, some 4 are usual, and their size as a share
# of the largest density.
MOST_CORRECTIONS, SMALL = 40, 1e-4


class MultiplierSolver:
    """N -> A, with everything that does not change during a run.

    Parameters
    ----------
    layout
        Each rank works on the columns of its x block; fields on x are the same on every rank.
    physics
        Its epsilon and alpha matter.
    tolerance
        Bound on the residual of the constraint and on the splitting error of the moments, both
        relative to max n0.
    max_evaluations
        Evaluations of the moment map allowed per solve.
    levels
        The moments of 1, 2, ..., ``levels`` steps of the splitting are extrapolated; None to
        choose the number from the tolerance at the first solve.

    Attributes
    ----------
    memory
        What is remembered from one solve to the next.
    """

    def __init__(
        self,
        layout: Layout,
        physics: Physics,
        tolerance: float = 1e-10,
        max_evaluations: int = 200,
        levels: int | None = None,
    ) -> None:
        self.layout, self.physics = layout, physics
        self.tolerance, self.max_evaluations = tolerance, max_evaluations
        self._given_levels = levels
        self.memory = Memory(levels)
        self.moment_map = MomentMap(layout, physics)
        self._nearby = OneStep(self.moment_map.columns)
        self._evaluated: tuple[NDArray, NDArray] | None = None

    @property
    def levels(self) -> int:
        """Levels in use.

        Raises
        ------
        ValueError
            If they are not chosen yet.
        """
        if self.memory.levels is None:
            raise ValueError("levels: got None, expected a number; solve for the multipliers first")
        return self.memory.levels

    def restore(self, memory: Memory) -> None:
        """Remember what was remembered once; levels that were given stay."""
        self.memory = replace(memory, levels=self._given_levels or memory.levels)

    def follow(self, N: NDArray) -> Solution:
        """As :meth:`solve`, for one of the solves of a run that follow each other.

        It starts from the multipliers of the one before, and the next one from those found here.
        """
        solution = self.solve(N, self.memory.A)
        self.memory.A = solution.A
        return solution

    def solve_aside(self, N: NDArray) -> Solution:
        """As :meth:`follow`, but what it learns is forgotten.

        How often a run is recorded must not change it. Only levels that nobody had chosen stay.
        """
        memory = self.memory.copy()
        solution = self._solve(N, memory, memory.A, self.tolerance)
        if self.memory.levels is None:
            self.memory.levels = memory.levels
        return solution

    def solve(
        self, N: NDArray, start: NDArray | None = None, tolerance: float | None = None
    ) -> Solution:
        """Solve <Exp(-K + A)> = N for A = (a0, eps a), apart from the solves of a run.

        It learns from them, and they from it, but none of them starts from the A found here.
        Where the levels are chosen from the tolerance, they grow when N has become so steep that
        the splitting error seems to exceed it.

        Parameters
        ----------
        N
            Components (n0, eps n), shape ``(4, N1, N2)``.
        start
            First guess for A; when None, the multipliers for a single step of the splitting.
        tolerance
            Instead of the solver's own.

        Raises
        ------
        ConstraintError
            If N is not positive definite, the solve does not converge, or no number of levels
            reaches the tolerance.
        """
        tolerance = self.tolerance if tolerance is None else tolerance
        return self._solve(N, self.memory, start, tolerance)

    def _solve(
        self, N: NDArray, memory: Memory, start: NDArray | None, tolerance: float
    ) -> Solution:
        """As :meth:`solve`, learning from a memory and adding to it."""
        levels = memory.levels
        if levels is None:
            levels = memory.levels = self._choose_levels(N, memory.secants)
        solution, error = self._at_levels(levels, N, memory.secants, start, tolerance)
        evaluations = solution.evaluations
        while self._given_levels is None and error > self.tolerance:
            if levels == MOST_LEVELS:
                raise self._too_coarse(error)
            levels = memory.levels = levels + 1
            solution, error = self._at_levels(levels, N, memory.secants, solution.A, tolerance)
            evaluations += solution.evaluations
        return replace(solution, evaluations=evaluations)

    def slope(self, A: NDArray, dN: NDArray, start: NDArray | None = None) -> NDArray:
        """The rate dA of the multipliers A of a density N that changes at the rate dN.

        Solves d<Exp(-K + A)> dA = dN to the tolerance times the largest n0, by corrections of the
        map of one step that Anderson's method accelerates.

        Parameters
        ----------
        A
            Multipliers (a0, eps a) found by :meth:`solve`, shape ``(4, N1, N2)``.
        dN
            Components (dn0, eps dn), same shape.
        start
            First guess for dA.

        Raises
        ------
        ConstraintError
            If the tolerance is not reached.
        """
        levels, iteration = self.levels, Iteration(Secants())
        largest = self._moments(A, levels)[0].max()
        dA = np.zeros_like(A) if start is None else start
        history: list[float] = []
        for _ in range(MOST_CORRECTIONS):
            missing = dN - self.moment_map.derivative(A, dA, levels)
            history.append(float(np.abs(missing).max() / largest))
            if history[-1] <= self.tolerance:
                return dA
            small = SMALL / history[-1]  # the correction is not linear
            correction = self._nearby.correction(A, small * missing)
            if correction is None:
                break
            dA = iteration.next(dA, correction / small)
        tail = ", ".join(f"{r:.1e}" for r in history[-8:])
        raise ConstraintError(
            Fault(
                "linearised moment constraint",
                f"a residual of {history[-1]:.1e} of the largest density (the last residuals "
                f"are {tail}), the largest",
                f"at most {self.tolerance:.1e}",
                "eps|n| comes close to n0, n0 to zero, or the fields are too steep: try a finer x "
                "lattice or a larger tolerance",
                constraint.worst_place(missing, self.layout.grid),
            )
        )

    def choose_levels(self, N: NDArray) -> int:
        """The fewest levels, two at least, whose moments the next level leaves as they are.

        Raises
        ------
        ConstraintError
            If no number of levels reaches the tolerance.
        """
        return self._choose_levels(N, self.memory.secants)

    def _choose_levels(self, N: NDArray, secants: Secants) -> int:
        A = self._at_levels(2, N, secants, None, max(self.tolerance, 1e-6))[0].A
        for levels in range(2, MOST_LEVELS):
            fewer, more = (self._moments(A, k) for k in (levels, levels + 1))
            change = float(np.abs(more - fewer).max() / N[0].max())
            if change <= self.tolerance:
                return levels
        raise self._too_coarse(change)

    def _at_levels(
        self, levels: int, N: NDArray, secants: Secants, start: NDArray | None, tolerance: float
    ) -> tuple[Solution, float]:
        """Multipliers for a fixed number of levels, and the estimated error of the splitting."""
        solution = constraint.solve(
            lambda A: self._moments(A, levels),
            N,
            self.layout.grid,
            self.physics.epsilon,
            tolerance,
            start,
            self.max_evaluations,
            secants,
            self._nearby,
        )
        error = extrapolation_error(self._by_level(solution.A, levels)) / float(N[0].max())
        return solution, error

    def _moments(self, A: NDArray, levels: int) -> NDArray:
        return np.tensordot(extrapolation(levels), self._by_level(A, levels), axes=1)

    def _by_level(self, A: NDArray, levels: int) -> NDArray:
        """That of the moment map; of the latest A only what is not known yet is computed.

        A solve begins where the one before ended, and the choice of levels adds to what it has.
        """
        known = np.empty((0, *A.shape))
        if self._evaluated is not None and np.array_equal(A, self._evaluated[0]):
            known = self._evaluated[1]
        if len(known) < levels:
            more = self.moment_map.by_level(A, levels, first=len(known) + 1)
            known = np.concatenate([known, more])
        self._evaluated = A, known
        return known[:levels]

    def _too_coarse(self, error: float) -> ResolutionError:
        return ResolutionError(
            Fault(
                "splitting error of the quantum Maxwellian",
                f"{error:.1e} with {MOST_LEVELS} levels",
                f"at most {self.tolerance:.1e}",
                "raise maxwellian.tolerance, or reduce epsilon or the steepness of the fields",
            )
        )


def extrapolation_error(by_level: NDArray) -> float:
    """Estimated error of moments extrapolated from 1, 2, ... steps, from the series itself.

    Each level divides the error by about the same factor; the change that the next one would
    bring is the last change times that factor, with 2 for safety.
    """
    series = [
        np.tensordot(extrapolation(k), by_level[:k], axes=1) for k in range(1, len(by_level) + 1)
    ]
    changes = [float(np.abs(series[0]).max())]
    changes += [float(np.abs(b - a).max()) for a, b in pairwise(series)]
    if len(changes) == 1:
        return np.inf
    return 2 * changes[-1] ** 2 / changes[-2] if changes[-2] > 0 else 0.0
