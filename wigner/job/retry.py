"""What a run does about a step whose constraint cannot be solved: it takes shorter steps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import islice

from ..errors import CaseError, CheckpointError, ConstraintError, ResolutionError
from ..evolution.evolve import Interval, schedule
from .kept import RunState

log = logging.getLogger(__name__)

# A step whose constraint cannot be solved is done again in so many parts.
PARTS = (2, 4, 8, 16)


class Retry:
    """Does a step again in 2 parts, and in 4, 8 and 16 if need be.

    The failed step has spoilt W: the newest state that is kept is loaded, and all steps since are
    done again, to the same bits.

    Parameters
    ----------
    state
        The state of the run.
    save
        Keeps that of the last complete step.
    """

    def __init__(self, state: RunState, save: Callable[[], None]) -> None:
        self._state, self._save = state, save

    def go_on(self, t: float, steps: int) -> Iterator[Interval]:
        """Advance W from ``t``, after ``steps`` steps, to the end of the run; yield each step.

        Raises
        ------
        ConstraintError
            If a step cannot be done in parts either, or the lattice is at fault.
        """
        while True:
            try:
                for interval in self._state.go_on(t, steps):
                    yield interval
                    t, steps = interval.end, steps + 1
                return
            except ConstraintError as error:
                # steps that are chosen have been tried shorter
                if isinstance(error, ResolutionError) or self._state.solver.adaptive is not None:
                    raise
                failure = error.at()  # without the arrays that its traceback holds
            interval = self._again(t, steps, failure)
            yield interval
            t, steps = interval.end, steps + 1
            self._save()  # nobody has to go this way again

    def _again(self, t: float, steps: int, failure: ConstraintError) -> Interval:
        """The step after ``t``, which failed after ``steps`` steps had been done.

        Raises
        ------
        ConstraintError
            The last failure, if the step cannot be done in parts either.
        """
        state, solver = self._state, self._state.solver
        interval = next(solver.intervals(t, steps))
        try:
            self._return_to(steps)
            for parts in PARTS:
                if solver.layout.comm.rank == 0:
                    told = "the step to t = %.6g is done again in %d parts: %s"
                    log.warning(told, interval.end, parts, failure)
                try:
                    for _ in state.advance(_divided(interval, parts)):
                        pass
                    return interval
                except ResolutionError:
                    raise
                except ConstraintError as error:
                    failure = error.at()  # without the arrays that its traceback holds
                state.load()
                solver.collisions.evaluations.clear()
        except (CheckpointError, CaseError) as error:
            raise failure.at(tried=f"the step cannot be done again: {error}") from None
        raise failure.at(tried=f"shorter steps failed too, down to dt/{PARTS[-1]}")

    def _return_to(self, steps: int) -> None:
        """Take the state back to where it was after ``steps`` steps, and keep it."""
        state, solver = self._state, self._state.solver
        saved = state.load()
        since = solver.intervals(saved.t, saved.steps)
        for _ in state.advance(islice(since, steps - saved.steps)):
            pass
        solver.collisions.evaluations.clear()
        if saved.steps < steps:
            self._save()


def _divided(interval: Interval, parts: int) -> Iterator[Interval]:
    """An interval in equal parts."""
    return schedule([interval.end], interval.length / parts, interval.t)
