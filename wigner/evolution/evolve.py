"""The time loop, as a generator: what to observe and when to stop is the caller's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from numpy.typing import NDArray

from .relaxation import Step


class Interval(NamedTuple):
    """One step: from ``t`` over ``length`` to ``end``, which is a time asked for or not."""

    t: float
    length: float
    end: float
    landed: bool


def schedule(times: Sequence[float], dt: float, start: float = 0.0) -> Iterator[Interval]:
    """Steps from ``start`` through ``times``, landing on each exactly.

    Steps between two times are equal and not longer than ``dt``.

    Raises
    ------
    ValueError
        If ``dt`` is not positive or the times do not increase from ``start``.
    """
    if not dt > 0:
        raise ValueError(f"dt: got {dt}, expected a positive step")
    if any(not later > earlier for earlier, later in pairwise([start, *times])):
        raise ValueError(f"times: got {list(times)} after {start}, expected increasing times")
    return _intervals(times, dt, start)


def _intervals(times: Sequence[float], dt: float, start: float) -> Iterator[Interval]:
    for end in times:
        count = max(1, math.ceil((end - start) / dt * (1 - 1e-12)))
        # intervals that differ by roundoff share one length, hence one step
        length = float(f"{(end - start) / count:.12e}")
        for k in range(count):
            last = k == count - 1
            yield Interval(
                start + k * length, length, end if last else start + (k + 1) * length, last
            )
        start = end


def record_times(t_end: float, every: float) -> list[float]:
    """every, 2 every, ... and t_end itself: multiples of the decimal number that was typed."""
    count, typed = math.floor(t_end / every * (1 - 1e-9)), Decimal(repr(float(every)))
    return [float(k * typed) for k in range(1, count + 1)] + [t_end]


def evolve(
    W: NDArray, intervals: Iterable[Interval], make_step: Callable[[float], Step]
) -> Iterator[Interval]:
    """Advance x-major W, shape ``(2, x, p)``, in place over the intervals; yield each when done."""
    length, step = 0.0, None
    for interval in intervals:
        if step is None or interval.length != length:
            length, step = interval.length, make_step(interval.length)
        step(W, interval.t)
        yield interval
