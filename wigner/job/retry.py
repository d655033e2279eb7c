"""What a run does about a step whose constraint cannot be solved: it takes shorter steps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import islice

from ..errors import CaseError, CheckpointError, ConstraintError, ResolutionError
from ..evolution.evolve import Interval, schedule
from .kept import KeptState

log = logging.getLogger(__name__)

# A step whose constraint cannot be solved is done again in so many parts.
PARTS = (2, 4, 8, 16)


class Retry:
    """Does a step again in 2 parts, and in 4, 8 and 16 if need be.

    The failed step has spoilt W, and no second W is kept for this: the newest checkpoint is read,
    and all steps since are done again, to the same bits.

    Parameters
    ----------
    state
        The state of the run.
    save
        Writes a checkpoint of the last complete step.
    """

    def __init__(self, state: KeptState, save: Callable[[], None]) -> None:
        self._state, self._save = state, save

    def __call__(self, t: float, steps: int, failure: ConstraintError) -> Interval:
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
        """Take the state back to where it was after ``steps`` steps, and write a checkpoint."""
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
