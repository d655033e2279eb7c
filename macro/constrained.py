"""The base class of the models whose multipliers solve the moment constraint <M> = N."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.maxwellian.response import phi
from wigner.timing import timed

from .model import Medium, Model


class Constrained(Model):
    """A model with the multipliers of the quantum Maxwellian; each solve starts from the last.

    Parameters
    ----------
    solver
        Multipliers of given moments.
    """

    def __init__(self, medium: Medium, solver: MultiplierSolver) -> None:
        super().__init__(medium)
        self.solver = solver
        self._evaluations: list[int] = []

    def multipliers(self, u: NDArray) -> NDArray:
        """(a0, a) from the moment constraint, shape ``(4, N1, N2)`` as ``u``.

        Raises
        ------
        ConstraintError
            If it cannot be solved.
        """
        with timed(self.seconds, "constraint"):
            solution = self.solver.follow(self.physics.scaled(u))
        self._evaluations.append(solution.evaluations)
        return self.physics.unscaled(solution.A)

    def evaluations(self) -> list[int]:
        """Moment-map evaluations of the constraint solves since the last call."""
        counts, self._evaluations = self._evaluations, []
        return counts

    def splitting_error(self) -> float | None:
        """Estimated error of a prescribed splitting in the last multipliers; None without one."""
        A = self.solver.memory.A
        return None if A is None else self.solver.prescribed_error(A)

    def _stiff(self) -> NDArray:
        """-tau |xi|^2/phi(eps|xi|), the decay of small waves: -tau eps^2 |xi|^4/4 for large xi."""
        k = self.x.wave_number
        decay = self.physics.tau * k**2 / phi(self.physics.epsilon * k)
        return np.repeat(-decay[None], 4, axis=0)
