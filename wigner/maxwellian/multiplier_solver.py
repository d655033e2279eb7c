"""N -> A: the multipliers of a quantum Maxwellian, to a tolerance on constraint and splitting.

Fields on x alone: no phase space is needed, which is how the macroscopic models use it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import ConstraintError, Fault
from ..flows.splitting import LIMIT
from ..phase_space.layout import Layout
from ..physics import Physics
from . import constraint, steps
from .anderson import Iteration, Secants
from .constraint import Solution
from .memory import Memory
from .moment_map import MomentMap
from .preconditioner import OneStep
from .response import split_error, split_phi
from .sample import Sample, largest, places
from .steps import Steps

# Corrections in the linearised constraint at the most, some 4 are usual, and their size as a share
# of the largest density.
MOST_CORRECTIONS, SMALL = 40, 1e-4
# Places where errors are looked for before the steps are chosen, at the most; some four are usual.
MOST_PLACES = 12
# Choices of steps in one solve at the most, each for better multipliers; the last is the limit.
MOST_CHOICES = 4


class MultiplierSolver:
    """N -> A, with everything that does not change during a run.

    Parameters
    ----------
    layout
        Each rank works on the columns of its x block; fields on x are the same on every rank.
    physics
        Its epsilon and Lambda matter.
    tolerance
        Bound on the residual of the constraint and on the splitting error of the moments, both
        relative to max n0.
    max_evaluations
        Evaluations of the moment map allowed per solve.
    levels
        The moments of 1, 2, ..., ``levels`` steps of the splitting are extrapolated; None to
        choose the numbers of steps from the tolerance at the first solve.

    Attributes
    ----------
    memory
        What is remembered from one solve to the next.
    moment_map
        The moment map in double precision. Solves use the one with the windows of the memory.
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
        self._given = steps.up_to(levels)
        self.memory = Memory(self._given)
        self.moment_map = MomentMap(layout, physics)
        self._maps = {0.0: self.moment_map}
        self._sample = Sample(layout.grid, physics, tolerance)
        self._evaluated: Evaluated | None = None

    @property
    def steps(self) -> tuple[int, ...]:
        """Numbers of steps in use.

        Raises
        ------
        ValueError
            If they are not chosen yet.
        """
        return self._in_use.numbers

    @property
    def _in_use(self) -> Steps:
        return self.memory.in_use

    @cached_property
    def _one_step(self) -> OneStep:
        """The moment map of one step."""
        return OneStep(self.moment_map.columns)

    @property
    def guide(self) -> MomentMap:
        """The moment map that solves use: its windows are made for the steps in use."""
        return self._map(self._in_use.windows)

    def restore(self, memory: Memory) -> None:
        """Remember what was remembered once; steps that were given stay."""
        self._evaluated = None  # as on a rank that has only just begun
        self.memory = replace(memory, steps=self._given or memory.steps)

    def follow(self, N: NDArray) -> Solution:
        """As :meth:`solve`, for one of the solves of a run that follow each other.

        It starts from the multipliers of the one before, and the next one from those found here.
        """
        solution = self.solve(N, self.memory.A)
        self.memory.A = solution.A
        return solution

    def solve_aside(self, N: NDArray) -> Solution:
        """As :meth:`follow`, but what it learns is forgotten.

        How often a run is recorded must not change it. Only steps that nobody had chosen stay.
        """
        memory = self.memory.copy()
        solution = self._solve(N, memory, memory.A, self.tolerance)
        if self.memory.steps is None:
            self.memory.steps = memory.steps
        return solution

    def solve(
        self, N: NDArray, start: NDArray | None = None, tolerance: float | None = None
    ) -> Solution:
        """Solve <Exp(-K + A)> = N for A = (a0, eps a), apart from the solves of a run.

        It learns from them, and they from it, but none of them starts from the A found here.
        Where the steps are chosen from the tolerance, others are chosen when N has become so steep
        that the splitting error seems to exceed it, at last the ``LIMIT``, which stays.

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
            If N is not positive definite, or the solve does not converge.
        """
        tolerance = self.tolerance if tolerance is None else tolerance
        return self._solve(N, self.memory, start, tolerance)

    def _solve(
        self,
        N: NDArray,
        memory: Memory,
        start: NDArray | None,
        tolerance: float,
        gain: float = 1.0,
    ) -> Solution:
        """As :meth:`solve`, learning from a memory and adding to it; ``gain`` as in ``constraint``.

        The moments of the symbol are meant to be N, so those of the map have the offset as well.
        """
        fresh = memory.steps is None
        if memory.steps is None:
            constraint.check_positive(N, self.layout.grid)
            start = self._one_step.start(N) if start is None else start
            memory.steps = self._chosen(start)
        target = N if memory.offset is None else N + memory.offset
        secants = memory.secants
        solution = self._with(memory.steps, target, secants, start, tolerance, gain)
        for choice in range(1, MOST_CHOICES + 1):
            if not (fresh or self._is_coarse(memory.steps)):
                break
            last = choice == MOST_CHOICES
            found = Steps((LIMIT,)) if last else self._chosen(solution.A)
            stays, fresh = fresh and found.numbers == memory.steps.numbers, False
            memory.steps = found
            if stays:
                break
            better = self._with(memory.steps, target, secants, solution.A, tolerance, gain)
            evaluations = solution.evaluations + better.evaluations
            solution = replace(better, evaluations=evaluations, first=solution.first)
        return solution

    def _chosen(self, A: NDArray) -> Steps:
        """The cheapest steps that meet the tolerance at A, and the smallest windows for them.

        Where one number of steps more changes the moments on all of x most, the error is largest:
        this place has to be looked at. The first rank decides, since others may round differently.
        """
        comm = self.layout.comm
        at = comm.bcast(places(A, self._one_step(A)[0], self.layout.grid))
        while True:
            chosen: Steps = comm.bcast(self._sample.choice(A, at))
            if LIMIT in chosen.numbers:
                return chosen
            more = (*chosen.numbers, chosen.numbers[-1] + 1)
            moments = self._evaluate(A, replace(chosen, numbers=more)).__getitem__
            missed = steps.difference(moments, chosen.numbers, more)
            worst = comm.bcast(largest(np.abs(missed).max(axis=0)))
            if self._sample.has(worst, at) or len(at) == MOST_PLACES:
                spread = steps.spread(moments, chosen.numbers)
                return replace(chosen, spread=spread, waves=self._lost_waves(A, chosen))
            at.append(worst)

    def _map(self, error: float) -> MomentMap:
        """The moment map whose windows are made for some error."""
        if error not in self._maps:
            self._maps[error] = MomentMap(self.layout, self.physics, error)
        return self._maps[error]

    def _lost_waves(self, A: NDArray, chosen: Steps) -> float:
        """What single waves of A seem to miss."""
        return split_error(A, self._one_step.z, chosen.numbers)

    def _is_coarse(self, chosen: Steps) -> bool:
        """Whether the splitting error seems to exceed the tolerance, where A was last evaluated."""
        known = self._evaluated
        if known is None:
            return False
        waves = self._lost_waves(known.A, chosen)
        return chosen.are_coarse(known.moments.__getitem__, waves, self.tolerance)

    def prescribed_error(self, A: NDArray) -> float | None:
        """Estimated splitting error of steps that were prescribed, relative to max n0.

        It is the change of the moments at A, ``(4, N1, N2)``, by one number of steps more; None
        where the steps are chosen, which are within the tolerance.
        """
        if self._given is None:
            return None
        numbers = self._given.numbers
        more = (*numbers, numbers[-1] + 1)
        moments = dict(zip(more, self.moment_map.by_steps(A, more), strict=True))
        return steps.change(moments.__getitem__, numbers, more)

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
        chosen, iteration = self._in_use, Iteration(Secants())
        near = self._one_step.near(chosen.numbers)
        moment_map, largest = self.guide, self._combined(A, chosen)[0].max()
        dA = np.zeros_like(A) if start is None else start
        history: list[float] = []
        for _ in range(MOST_CORRECTIONS):
            missing = dN - moment_map.derivative(A, dA, chosen.numbers)
            history.append(float(np.abs(missing).max() / largest))
            if history[-1] <= self.tolerance:
                return dA
            small = SMALL / history[-1]  # the correction is not linear
            correction = near.correction(A, small * missing)
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

    def _with(
        self,
        chosen: Steps,
        N: NDArray,
        secants: Secants,
        start: NDArray | None,
        tolerance: float,
        gain: float,
    ) -> Solution:
        """Multipliers for some numbers of steps."""
        return constraint.solve(
            lambda A: self._combined(A, chosen),
            N,
            self.layout.grid,
            split_phi(self._one_step.z, chosen.numbers),
            tolerance,
            start,
            self.max_evaluations,
            secants,
            self._one_step.near(chosen.numbers),
            gain,
        )

    def _combined(self, A: NDArray, chosen: Steps) -> NDArray:
        """Moments extrapolated from those of some numbers of steps."""
        return steps.combined(self._evaluate(A, chosen).__getitem__, chosen.numbers)

    def _knows(self, A: NDArray) -> bool:
        """Whether the moments at A are known for the steps in use."""
        known = self._evaluated
        if known is None or not known.are_of(A, self._in_use.windows):
            return False
        return all(m in known.moments for m in self.steps)

    def _evaluate(self, A: NDArray, chosen: Steps) -> dict[int, NDArray]:
        """Moments by number of steps; of the latest A only those not known yet are computed.

        A solve begins where the one before ended, and the choice of steps adds to what it has.
        """
        known = self._evaluated
        if known is None or not known.are_of(A, chosen.windows):
            known = self._evaluated = Evaluated(A.copy(), chosen.windows, {})
        missing = [m for m in chosen.numbers if m not in known.moments]
        if missing:
            found = self._map(chosen.windows).by_steps(A, missing)
            known.moments.update(zip(missing, found, strict=True))
        return known.moments


@dataclass(frozen=True)
class Evaluated:
    """Moments by number of steps, at some multipliers and with windows for some error."""

    A: NDArray
    windows: float
    moments: dict[int, NDArray]

    def are_of(self, A: NDArray, windows: float) -> bool:
        """Whether they are those of these multipliers, ``(4, N1, N2)``, and windows."""
        return windows == self.windows and np.array_equal(A, self.A)
