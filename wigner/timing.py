"""Wall time by phase."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    """Add the wall time of what is done meanwhile to a phase."""
    clock = time.perf_counter()
    try:
        yield
    finally:
        seconds[phase] = seconds.get(phase, 0.0) + time.perf_counter() - clock


class Phases:
    """Wall time by phase, in s; ``with phases("records"): ...`` adds to it.

    What is counted in another phase meanwhile is not counted twice.
    """

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._own: defaultdict[str, float] = defaultdict(float)
        self._others: Mapping[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        clock, counted = time.perf_counter(), self._counted()
        try:
            yield
        finally:
            spent = time.perf_counter() - clock
            self._own[name] += spent - (self._counted() - counted)

    def include(self, others: Mapping[str, float]) -> None:
        """Take in phases that somebody else measures, and goes on measuring."""
        self._others = others

    def _counted(self) -> float:
        return sum(self._own.values()) + sum(self._others.values())

    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self._start

    def seconds(self) -> dict[str, float]:
        """All phases, and as "other" what none of them counts."""
        phases = {**self._own, **self._others}
        return phases | {"other": self.elapsed() - sum(phases.values())}
