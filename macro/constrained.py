"""What models have in common whose multipliers follow from the moment constraint <M> = N."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wigner.maxwellian.constraint import phi
from wigner.maxwellian.multipliers import Multipliers

from .model import Model, Physics


class Constrained(Model):
    """A model with the multipliers of the quantum Maxwellian; each solve starts from the last.

    Parameters
    ----------
    solver
        Multipliers of given moments.
    """

    def __init__(self, physics: Physics, solver: Multipliers) -> None:
        super().__init__(physics)
        self.solver = solver
        e = physics.epsilon
        # from (n0, n) and (a0, a) to the components (n0, eps n) and (a0, eps a) of matrices
        self.scale = np.array([1, e, e, e])[:, None, None]
        self._latest: NDArray | None = None
        self._evaluations: list[int] = []

    def multipliers(self, u: NDArray) -> NDArray:
        """(a0, a) from the moment constraint.

        Raises
        ------
        ConstraintError
            If it cannot be solved.
        """
        solution = self.solver.multipliers(u * self.scale, self._latest)
        self._evaluations.append(solution.evaluations)
        self._latest = solution.A
        return solution.A / self.scale

    def evaluations(self) -> list[int]:
        """Moment-map evaluations of the constraint solves since the last call."""
        counts, self._evaluations = self._evaluations, []
        return counts

    def _stiff(self) -> NDArray:
        """-tau |xi|^2/phi(eps|xi|): the decay of small waves, for great xi as eps^2 |xi|^4/4."""
        k = self.physics.x.wave_number
        decay = self.physics.tau * k**2 / phi(self.physics.epsilon * k)
        return np.repeat(-decay[None], 4, axis=0)
