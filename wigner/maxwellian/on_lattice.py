"""M(N) as made on some lattice of x, that of W or a coarser one.

A is solved for and the symbol is made there. At last it is brought to the lattice of W.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, ResolutionError
from ..flows.two_sided import PhaseSpace
from ..phase_space import pauli
from ..phase_space.grid import thermal_reach
from ..phase_space.layout import Layout, passes
from ..phase_space.moments import density, spectral_tail
from ..phase_space.resampling import Counts, resampled
from ..timing import timed
from .constraint import Solution
from .exponential import Exponential
from .multiplier_solver import MultiplierSolver

# Share of max n0 by which the moments of the symbol may differ from those of the map before the
# lattice is refused: M(N) is off by as much from point to point.
DEFECT = 1e-3
# Symbols computed for one M(N) at the most; one is usual.
ATTEMPTS = 5
# Share of what an attempt lacks that is asked for in those after the second. Waves with eps xi/2
# beyond P respond up to twice as strongly in the symbol, where they come back into the p box.
SHORTER = 2 / 3
# Share of the tolerance that the symbol may miss where it has no modes in eta.
MODES = 0.5
# Share of the defect that may be repaired where the lattice cannot hold M(N) to the tolerance.
REPAIRED = 0.1
# By how much the tail of A in xi must exceed that of a thermal state in p to be the likely cause.
CLEAR = 10


class OnLattice(MultiplierSolver):
    """N -> A (see ``MultiplierSolver``) and N -> M(N), both on ``n_x`` points.

    Parameters
    ----------
    space
        The phase space of M(N).
    n_x
        The lattice of x on which it is made.
    profile
        Gaussian in p, on the lattice of integral one.
    seconds
        Where the wall time spent on the constraint and on the exponential is added up.

    Attributes
    ----------
    repair
        Share of max n0 that was returned as a multiple of the profile in the last M(N): at most
        the tolerance, or a tenth of the defect where that is more.
    """

    def __init__(
        self,
        space: PhaseSpace,
        n_x: Counts,
        tolerance: float,
        max_evaluations: int,
        levels: int | None,
        profile: NDArray,
        seconds: dict[str, float],
    ) -> None:
        layout = space.layout
        if n_x != layout.grid.n_x:
            layout = Layout(replace(layout.grid, n_x=n_x), layout.comm)
        super().__init__(layout, space.physics, tolerance, max_evaluations, levels)
        self.space, self.profile, self.seconds = space, profile, seconds
        self.repair = 0.0

    @property
    def n_x(self) -> Counts:
        """The lattice of x."""
        return self.layout.grid.n_x

    @cached_property
    def exponential(self) -> Exponential:
        """Symbols of exp(-K + A), made when they are asked for."""
        return Exponential(self.space, MODES * self.tolerance, self.n_x)

    def symbol(
        self, N: NDArray, out: NDArray, start: NDArray | None, tolerance: float, gain: float
    ) -> Solution:
        """Write M(N) into x-major ``out``, with <M> = N to roundoff.

        A is solved for until the moments of the symbol on the lattice are N to the tolerance, or
        to a tenth of what the lattice misses. What is left of N - <M> is returned as that
        multiple of a Gaussian in p, so that collisions conserve density and spin exactly.

        Parameters
        ----------
        N
            Components (n0, eps n) on the lattice of ``out``, ``(4, N1, N2)``.
        start, tolerance
            As in :meth:`.MultiplierSolver.solve`; the solver's own tolerance bounds what is left.
        gain
            As in ``constraint.solve``.

        Returns
        -------
        Solution
            With A on the lattice of the solver.

        Raises
        ------
        ConstraintError
            As :meth:`.MultiplierSolver.solve`.
        ResolutionError
            If the lattice cannot hold M(N).
        """
        memory, evaluations, first, n_x = self.memory, 0, 0.0, self.n_x
        for attempt in range(ATTEMPTS):
            asked = tolerance / 2**attempt  # between its points a lattice misses a little more
            with timed(self.seconds, "constraint"):
                solution = self._solve(resampled(N, n_x), memory, start, asked, gain)
            evaluations += solution.evaluations
            first = first if attempt else solution.first
            with timed(self.seconds, "exponential"):
                self.exponential(solution.A, self.steps, out)
                missing = N - density(self.space.layout, out)
            self.repair = float(np.abs(missing).max() / N[0].max())
            if solution.first > asked:
                memory.gain = self.repair / solution.first if solution.evaluations < 3 else 1.0
            if self._knows(solution.A) or not self.repair <= self._bound:
                # where the map has N + offset, the symbol has N
                offset = self._combined(solution.A, self._in_use) - resampled(N - missing, n_x)
                self._note_defect(float(np.abs(offset).max() / N[0].max()), solution.A)
            if self.repair <= self._bound:
                break
            if attempt > 0:
                offset += (SHORTER - 1) * resampled(missing, n_x)
            memory.offset, start, gain = offset, solution.A, 1.0
        else:
            raise ResolutionError(self._misfit(solution.A, self.repair, self._bound))
        returned = pauli.pack(missing.reshape(4, -1)[:, self.space.layout.x])
        for rows in passes(out):
            out[:, rows] += returned[:, rows, None] * self.profile
        return Solution(solution.A, self.repair, evaluations, first)

    @property
    def _bound(self) -> float:
        """Of the repair."""
        return max(self.tolerance, REPAIRED * self.memory.defect)

    def _note_defect(self, defect: float, A: NDArray) -> None:
        """Remember by how much the lattice misses moments; raise ResolutionError if too much."""
        memory = self.memory
        memory.defect, memory.worst_defect = defect, max(memory.worst_defect, defect)
        if not defect <= DEFECT:
            raise ResolutionError(self._misfit(A, defect, DEFECT))

    def _misfit(self, A: NDArray, got: float, expected: float) -> Fault:
        """What is wrong with a lattice that cannot hold M(N), which one it is, and the least."""
        grid, physics = self.layout.grid, self.physics
        tail, shift = spectral_tail(A), physics.epsilon * physics.spin_orbit
        held = _held(*(P - shift for P in grid.p_max), *grid.eta_max)
        if tail > CLEAR * held:
            remedy = (
                f"{tail:.1e} of the multipliers' amplitude is beyond two thirds of the reach of "
                f"n_x = {list(grid.n_x)}: use more points n_x"
            )
        else:
            reach = thermal_reach(min(self.tolerance, DEFECT))
            P = reach + shift
            remedy = (
                f"p_max = {_pair(grid.p_max)} and pi/dp = {_pair(grid.eta_max)} hold a thermal "
                f"state to {held:.0e}: use at least "
                f"p_max = {P:.2g} and n_p = {math.ceil(2 * P * reach / math.pi)}"
            )
        miss = f"moments of M(N) that miss N by {got:.1e} of the largest density"
        return Fault("lattice", miss, f"at most {expected:.1e}", remedy)


def _held(*reaches: float) -> float:
    """The size of a thermal state where a lattice ends, in p or in eta."""
    return math.exp(-0.5 * max(min(reaches), 0.0) ** 2)


def _pair(values: tuple[float, float]) -> str:
    return "(" + ", ".join(f"{value:.3g}" for value in values) + ")"
