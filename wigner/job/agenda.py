"""When a run writes a checkpoint and when it stops, decided alike on all ranks."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NamedTuple

from ..case.spec import OutputSpec
from ..phase_space.communicator import Communicator

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
# Where batch systems tell a job when it ends: in seconds since 1970 (Slurm, Cobalt), or in those of
# the whole job (TORQUE, OAR), which are taken to count from the start of the run.
ENDS = ("SLURM_JOB_END_TIME", "COBALT_ENDTIME")
LENGTHS = ("PBS_WALLTIME", "OAR_JOB_WALLTIME_SECONDS")
# What is left of a job for the last checkpoint: as many seconds, or this share of the job if less.
RESERVE, SHARE = 60.0, 0.05


class Decision(NamedTuple):
    """Whether a checkpoint is due, and why the run should stop (None: it should not)."""

    save: bool
    stop: str | None


class Stopped(Exception):
    """What has no checkpoint of its own was asked to end; its text is the reason."""


class Limit(NamedTuple):
    """Seconds since the start of a run after which it should have stopped, and who says so."""

    seconds: float
    source: str


def time_limit(
    wall_limit: float | None, variables: Mapping[str, str], now: float, saving: float
) -> Limit | None:
    """The first of ``output.wall_limit`` and the end of the batch job that a run is part of.

    Parameters
    ----------
    variables
        The environment.
    now
        Seconds since 1970 at the start of the run.
    saving
        Seconds that writing a checkpoint may take; a batch job keeps them and some more in reserve.
    """
    limits = []
    if wall_limit is not None:
        limits.append(Limit(wall_limit, f"output.wall_limit = {wall_limit:g} s"))
    for name in (*ENDS, *LENGTHS):
        said = variables.get(name, "")
        left = int(said) - (now if name in ENDS else 0.0) if said.isdecimal() else 0.0
        if left > 0:  # else it is of a job that is over, or of none
            reserve = saving + min(RESERVE, SHARE * left)
            limits.append(Limit(left - reserve, f"the end of the job ({name} = {said})"))
    return min(limits, default=None)


class Agenda:
    """Decides after each step.

    A checkpoint is due when t has passed a multiple of ``output.checkpoint``, or when
    ``output.checkpoint_wall`` seconds have gone by since the last. The run stops when any rank got
    a signal, or when another step like the longest so far would exceed the limit.

    Parameters
    ----------
    spec
        The section [output] of the case.
    comm
        All ranks of the run; signals count on each, the clock of rank 0 holds for all.
    requests
        Signals received by this rank; see :func:`stop_requests`.
    elapsed
        Wall-clock seconds since the run began.
    t
        Time of the state that needs no checkpoint: the initial one, or the one resumed from.
    saving
        Seconds that writing a checkpoint may take; the limit of a batch job is that much earlier.
    """

    def __init__(
        self,
        spec: OutputSpec,
        comm: Communicator,
        requests: Sequence[int],
        elapsed: Callable[[], float],
        t: float,
        saving: float = 0.0,
    ) -> None:
        self._spec, self._comm, self._requests, self._elapsed = spec, comm, requests, elapsed
        began = time.time() - elapsed()
        self._limit = time_limit(spec.wall_limit, os.environ, began, saving)
        self._job = time_limit(None, os.environ, began, saving)
        self._saved_t, self._saved_clock = t, time.monotonic()
        self._asked: float | None = None
        self._longest = 0.0

    def decide(self, t: float) -> Decision:
        """What to do with the state at ``t``."""
        now, limit, late = self._elapsed(), self._limit, None
        if self._asked is None:  # every session makes a step, but in a job that is about to end
            late = self._job.source if self._job is not None and now > self._job.seconds else None
        else:
            self._longest = max(self._longest, now - self._asked)
            if limit is not None and now + self._longest > limit.seconds:
                late = limit.source
        self._asked = now
        received = self._requests[0] if self._requests else 0
        votes = self._comm.allgather((received, late, self._due(t)))
        _, stop, due = votes[0]
        numbers = [number for number, _, _ in votes if number]
        return Decision(due, signal.Signals(numbers[0]).name if numbers else stop)

    def heed(self) -> None:
        """Between two steps on the way to an initial state.

        Raises
        ------
        Stopped
            On all ranks, if the run should stop.
        """
        stop = self.decide(0.0).stop
        if stop:
            raise Stopped(stop)

    def saved(self, t: float) -> None:
        """The state at ``t`` is in a checkpoint."""
        self._saved_t, self._saved_clock = t, time.monotonic()

    def _due(self, t: float) -> bool:
        every, seconds = self._spec.checkpoint, self._spec.checkpoint_wall
        if every and math.floor(t / every + 1e-9) > math.floor(self._saved_t / every + 1e-9):
            return True
        return time.monotonic() - self._saved_clock >= seconds


class Requests(list[int]):
    """Signals received so far that ask for an end.

    ``heard`` is called with the name of the first, at once: the step may take longer than who
    sent the signal waits before the run is killed.
    """

    heard: Callable[[str], None] | None = None

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """A handler of signals."""
        self.append(number)
        if self.heard is not None and len(self) == 1:
            self.heard(signal.Signals(number).name)


@contextmanager
def stop_requests() -> Iterator[Requests]:
    """The signals received so far that ask for an end; handlers are put back afterwards.

    However many arrive, they are only noted: the run ends after the step it is at.
    """
    requests = Requests()
    before = {number: signal.signal(number, requests.receive) for number in SIGNALS}
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
