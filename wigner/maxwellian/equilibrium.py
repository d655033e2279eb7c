"""The quantum Maxwellian M(N) of Theorem 2.6: Exp(-H + A~) with <M> = N."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import ConstraintError, ResolutionError
from ..flows.two_sided import PhaseSpace
from ..phase_space.layout import Layout
from ..phase_space.resampling import Counts, resampled
from . import constraint, lattices
from .constraint import Solution, classical
from .memory import Memory
from .on_lattice import OnLattice
from .steps import up_to


class Maxwellian:
    """N -> M(N) on a distributed phase space, on no more points of x than its tolerance needs.

    Parameters
    ----------
    space, tolerance, max_evaluations, levels
        As those of :class:`.MultiplierSolver`; ``space`` is the phase space of M(N).

    Attributes
    ----------
    memory
        What is remembered from one M(N) to the next.
    profile
        Gaussian in p, on the lattice of integral one.
    repair
        Share of max n0 that was returned as a multiple of it in the last M(N), see
        :class:`.OnLattice`.
    seconds
        Wall time spent on the constraint and on the exponential.
    """

    def __init__(
        self,
        space: PhaseSpace,
        tolerance: float = 1e-10,
        max_evaluations: int = 200,
        levels: int | None = None,
    ) -> None:
        self.space, self.tolerance = space, tolerance
        self._max_evaluations, self._levels = max_evaluations, levels
        self.repair = 0.0
        self.seconds = {"constraint": 0.0, "exponential": 0.0}
        p1, p2 = space.layout.grid.p_flat
        gaussian = np.exp(-0.5 * (p1**2 + p2**2))
        self.profile = gaussian / (gaussian.sum() * space.layout.grid.dp)
        self._given = up_to(levels)
        self.memory = Memory(self._given)
        self._solvers: dict[Counts, OnLattice] = {}

    @property
    def whole(self) -> OnLattice:
        """The solver on the lattice of W itself, with a memory of its own where it was not used."""
        return self._on(self._layout.grid.n_x)

    @property
    def steps(self) -> tuple[int, ...]:
        """Numbers of splitting steps in use; raises ValueError if they are not chosen yet."""
        return self.memory.in_use.numbers

    def follow_symbol(self, N: NDArray, out: NDArray) -> Solution:
        """As :meth:`symbol`, for one of the M(N) of a run that follow each other."""
        memory = self.memory
        solution = self._symbol(N, out, memory.A, self.tolerance, memory.gain)
        memory.A = solution.A
        return solution

    def symbol(
        self,
        N: NDArray,
        out: NDArray,
        start: NDArray | None = None,
        tolerance: float | None = None,
    ) -> Solution:
        """Write M(N) into x-major ``out``, with <M> = N to roundoff.

        Parameters
        ----------
        N
            Components (n0, eps n), shape ``(4, N1, N2)``.
        start
            First guess for A on any lattice of x.
        tolerance
            Of the moments of Exp(-K + A), instead of the solver's own.

        Returns
        -------
        Solution
            With A on the lattice that M(N) was made on.

        Raises
        ------
        ConstraintError
            If N is not positive definite, or the solve does not converge.
        ResolutionError
            If the lattice cannot hold M(N).
        """
        tolerance = self.tolerance if tolerance is None else tolerance
        return self._symbol(N, out, start, tolerance, 1.0)

    def solve_aside(self, N: NDArray) -> Solution:
        """A of N, both ``(4, N1, N2)``, learning nothing: records must not change a run.

        Only the lattice and the steps of a first solve stay. Errors are those of :meth:`symbol`.
        """
        self._check_positive(N)
        aside = self.memory.copy()
        while True:
            solver = self._fitting(N, aside)
            try:
                solution = solver.solve_aside(resampled(N, solver.n_x))
                break
            except ConstraintError:
                if solver is self.whole:
                    raise
                aside.move(self._layout.grid.n_x)
        memory = self.memory
        if memory.n_x is None:
            memory.n_x, memory.steps = aside.n_x, aside.steps
            memory.foreseen, memory.asked = aside.foreseen, aside.asked
        return self._on_all_of_x(N, solution, aside)

    def on_all_of_x(self, N: NDArray, solution: Solution) -> Solution:
        """Multipliers that :meth:`symbol` found for N, ``(4, N1, N2)``, on the lattice of W."""
        return self._on_all_of_x(N, solution, self.memory.copy())

    def _on_all_of_x(self, N: NDArray, solution: Solution, aside: Memory) -> Solution:
        """As :meth:`on_all_of_x`, with a memory that may be changed.

        A is rougher than M(N), but what differs from the classical multipliers is not. Where this
        has waves that its lattice does not hold, A is solved for on all of x.
        """
        n_x = self._layout.grid.n_x
        on = solution.A.shape[1], solution.A.shape[2]
        if on == n_x:
            return solution
        quantum = solution.A - classical(resampled(N, on))
        A = classical(N) + resampled(quantum, n_x)
        waves = np.abs(np.fft.fft2(quantum)).max(axis=0) / (on[0] * on[1])
        if max(lattices.last(waves, on, n_x)) <= lattices.CHOSEN * self.tolerance:
            return replace(solution, A=A)
        steps, offset = aside.steps, aside.offset
        aside.move(n_x)
        aside.A, aside.steps = A, steps
        aside.offset = None if offset is None else resampled(offset, n_x)
        self.whole.memory = aside
        return self.whole.solve_aside(N)

    def prescribed_error(self, A: NDArray) -> float | None:
        """As :meth:`.MultiplierSolver.prescribed_error`, of A on all of x, ``(4, N1, N2)``."""
        n_x = self.memory.n_x or self._layout.grid.n_x
        return None if self._given is None else self._on(n_x).prescribed_error(resampled(A, n_x))

    def restore(self, memory: Memory) -> None:
        """Remember what was remembered once; steps that were given stay."""
        self.memory = replace(memory, steps=self._given or memory.steps)
        for solver in self._solvers.values():
            solver.restore(self.memory)

    def _symbol(
        self, N: NDArray, out: NDArray, start: NDArray | None, tolerance: float, gain: float
    ) -> Solution:
        """As :meth:`symbol`; ``gain`` as in ``constraint.solve``."""
        self._check_positive(N)
        memory, evaluations, before = self.memory, 0, self.memory.n_x
        while True:
            solver = self._fitting(N, memory)
            n_x, trust = solver.n_x, gain if solver.n_x == before else 1.0
            defects, begins = (memory.defect, memory.worst_defect), memory.is_empty
            start = start if start is None else resampled(start, n_x)
            try:
                solution = solver.symbol(N, out, start, tolerance, trust)
            except (ConstraintError, ResolutionError):
                if solver is not self.whole:  # which decides
                    memory.move(self._layout.grid.n_x)
                elif begins and start is None:
                    raise
                else:  # what was learned elsewhere may mislead here
                    memory.forget()
                    start = None
            else:
                evaluations, start = evaluations + solution.evaluations, solution.A
                lost = self._lost(solver)
                if not lost:
                    self.repair = solver.repair
                    return replace(solution, evaluations=evaluations)
                possible = lattices.at_least(n_x, self._layout.grid.n_x, self._layout.comm.size)
                memory.move(next(n for n in possible if all(n[k] > n_x[k] for k in lost)))
            memory.defect, memory.worst_defect = defects  # what was wrong there is not used

    def _check_positive(self, N: NDArray) -> None:
        """Raise ConstraintError unless N, ``(4, N1, N2)``, is positive definite everywhere."""
        constraint.check_positive(N, self._layout.grid)

    def _fitting(self, N: NDArray, memory: Memory) -> OnLattice:
        """The solver with a memory, on its lattice or on a finer one if that may not hold M(N).

        The first rank decides, since others may round differently.
        """
        grid, comm, least = self._layout.grid, self._layout.comm, memory.n_x or (1, 1)
        if least != grid.n_x:
            sizes, looser = lattices.sizes(N), memory.asked > self.tolerance
            if comm.bcast(looser or lattices.have_grown(sizes, memory.foreseen, self.tolerance)):
                epsilon = self.space.physics.epsilon
                likely = lattices.coarsest(N, grid, epsilon, self.tolerance, comm)
                memory.foreseen, memory.asked = sizes, self.tolerance
                least = max(least[0], likely[0]), max(least[1], likely[1])
        possible = lattices.at_least(least, grid.n_x, comm.size)
        n_x = comm.bcast(next(n for n in possible if lattices.fits(N, n, self.tolerance)))
        if memory.n_x != n_x:
            memory.move(n_x)
        for left in self._solvers.keys() - {n_x, grid.n_x}:
            del self._solvers[left]
        solver = self._on(n_x)
        solver.memory = memory
        return solver

    def _lost(self, solver: OnLattice) -> list[int]:
        """The axes whose last waves are too large in the symbol that a solver has made last."""
        waves = solver.exponential.waves
        if waves is None:
            return []
        ends = lattices.ends(waves, solver.n_x, self._layout.grid.n_x)
        return [k for k, end in enumerate(ends) if not end <= lattices.KEPT * self.tolerance]

    @property
    def _layout(self) -> Layout:
        """The lattice of W on its ranks."""
        return self.space.layout

    def _on(self, n_x: Counts) -> OnLattice:
        """The solver on a lattice of x: one on that of W, and one on another, at the most."""
        if n_x not in self._solvers:
            self._solvers[n_x] = OnLattice(
                self.space,
                n_x,
                self.tolerance,
                self._max_evaluations,
                self._levels,
                self.profile,
                self.seconds,
            )
        return self._solvers[n_x]
