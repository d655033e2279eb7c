"""The quantum Maxwellian M(N) of Theorem 2.6: Exp(-H + A~) with <M> = N."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, ResolutionError
from ..flows.two_sided import PhaseSpace
from ..phase_space import pauli
from ..phase_space.moments import density, spectral_tail
from .exponential import Exponential
from .multiplier_solver import MultiplierSolver

# Share of n0 by which the moments of M(N) on the p lattice may miss N before that is an error.
DEFECT = 1e-3


class Maxwellian(MultiplierSolver):
    """N -> A (see ``MultiplierSolver``) and A -> M(N) on a distributed phase space.

    Attributes
    ----------
    profile
        Gaussian in p, on the lattice of integral one.
    defect
        Largest share of n0 so far by which the moments of M(N) on the p lattice missed N.
    """

    def __init__(
        self,
        space: PhaseSpace,
        tolerance: float = 1e-10,
        max_evaluations: int = 200,
        levels: int | None = None,
    ) -> None:
        super().__init__(space.layout, space.physics, tolerance, max_evaluations, levels)
        self.space, self.defect = space, 0.0
        self.exponential = Exponential(space)
        p1, p2 = space.layout.grid.p_flat
        gaussian = np.exp(-0.5 * (p1**2 + p2**2))
        self.profile = gaussian / (gaussian.sum() * space.layout.grid.dp)

    def symbol(self, A: NDArray, N: NDArray, out: NDArray) -> None:
        """Write M(N) into x-major ``out``, with <M> = N to roundoff.

        What the solve and the p lattice leave of N - <M> is returned as that multiple of a
        Gaussian in p, so that collisions conserve density and spin exactly.

        Raises
        ------
        ResolutionError
            If that is more than a share of 1e-3 beyond the tolerance: the p lattice cannot hold
            M(N).
        """
        self.exponential(A, self.levels, out)
        layout = self.space.layout
        missing = N - density(layout, out)
        defect = float(np.abs(missing).max() / N[0].max())
        self.defect = max(self.defect, defect)
        if not defect <= DEFECT + self.tolerance:
            raise ResolutionError(self._misfit(A, defect))
        out += pauli.pack(missing.reshape(4, -1)[:, layout.x])[:, :, None] * self.profile

    def _misfit(self, A: NDArray, defect: float) -> Fault:
        """What is wrong with a lattice that cannot hold M(N), and what tells which one it is."""
        grid = self.space.layout.grid
        return Fault(
            "lattice",
            f"moments of M(N) that miss N by {defect:.1e} of the largest density",
            f"at most {DEFECT + self.tolerance:.1e}",
            f"{spectral_tail(A):.1e} of the multipliers' amplitude is beyond two thirds of the "
            f"reach of n_x = {grid.n_x}, with p_max = {_pair(grid.p_max)} and pi/dp = "
            f"{_pair(grid.eta_max)}: use a finer n_x if the first is large, else a larger p_max "
            "and more points n_p",
        )


def _pair(values: tuple[float, float]) -> str:
    return "(" + ", ".join(f"{value:.3g}" for value in values) + ")"
