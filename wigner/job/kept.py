"""The state of a run: W, the solver that advances it, and where an earlier state is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..evolution.evolve import Interval, evolve
from ..evolution.solver import Solver
from ..evolution.state import Reached, State
from ..output import checkpoint
from ..phase_space.moments import density
from .guards import check_moments

# What an error says before the first checkpoint.
NOTHING_KEPT = "there is no checkpoint yet: run again, the same directory may be used"


class RunState(ABC):
    """W with its solver.

    Attributes
    ----------
    W
        x-major field; it is advanced and loaded in place.
    """

    def __init__(self, solver: Solver, W: NDArray) -> None:
        self.solver, self.W = solver, W

    @abstractmethod
    def load(self) -> State:
        """Take W, and all that the solver knew, from the newest state that is kept."""

    def advance(self, intervals: Iterable[Interval]) -> Iterator[Interval]:
        """Advance W over the intervals, yielding each when it is done.

        Raises
        ------
        StateError
            As soon as the moments are not finite, or the mass has changed.
        """
        return self._checked(evolve(self.W, intervals, self.solver.step))

    def go_on(self, t: float, steps: int) -> Iterator[Interval]:
        """As :meth:`advance`, from ``t`` and after ``steps`` steps to the end of the run."""
        return self._checked(self.solver.evolve(self.W, t, steps))

    def _checked(self, intervals: Iterator[Interval]) -> Iterator[Interval]:
        """Intervals that are done, with the moments of W as they should be."""
        solver, initial = self.solver, self.solver.problem.N
        for interval in intervals:
            check_moments(density(solver.layout, self.W), initial, solver.layout.grid)
            yield interval


class HeldState(RunState):
    """One that is kept in memory, in a second W that is made with the first."""

    def __init__(self, solver: Solver, W: NDArray) -> None:
        super().__init__(solver, W)
        self._before: tuple[State, NDArray] | None = None

    def save(self, reached: Reached) -> None:
        """Keep what it is now, in place of what was kept before."""
        _, W = self._before or (None, np.empty_like(self.W))
        W[:] = self.W
        self._before = self.solver.snapshot(reached), W

    def load(self) -> State:
        """As :meth:`RunState.load`.

        Raises
        ------
        ValueError
            If nothing was kept.
        """
        if self._before is None:
            raise ValueError("load: got no earlier state, expected that save was called")
        state, self.W[:] = self._before
        self.solver.restore(replace(state, memory=state.memory.copy()))
        return state


class KeptState(RunState):
    """One that is kept in checkpoints: there may be no room for a second W.

    Attributes
    ----------
    kept
        What a run can go on from, for the text of an error.
    """

    def __init__(self, solver: Solver, checkpoints: Path, W: NDArray) -> None:
        super().__init__(solver, W)
        self.kept, self._checkpoints = NOTHING_KEPT, checkpoints

    def save(self, reached: Reached) -> str:
        """Write a checkpoint; its name."""
        solver = self.solver
        state = solver.snapshot(reached)
        path = checkpoint.save(self._checkpoints, solver.layout, self.W, state, solver.case)
        self._keep(state)
        return path.name

    def load(self) -> State:
        """As :meth:`RunState.load`; raises as :func:`.checkpoint.load`."""
        solver = self.solver
        state = checkpoint.load(self._checkpoints, solver.layout, self.W, solver.problem.identity)
        solver.restore(state)
        self._keep(state)
        return state

    def _keep(self, state: State) -> None:
        name = checkpoint.name(state.steps)
        self.kept = f"the newest checkpoint, {name} at t = {state.t:.6g}, is from before"
