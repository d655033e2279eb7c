"""The line of progress: how far a run is, and when it will be done."""

from __future__ import annotations

import time

from ..case.dimensions import UNITS, suited
from ..case.units import Scaling


class Progress:
    """How far a run from ``t`` to ``t_end`` is; ``steps`` None where only time will tell."""

    def __init__(self, t: float, t_end: float, steps: int | None, units: Scaling | None) -> None:
        self._t, self._t_end, self._steps, self._done = t, t_end, steps, 0
        self._si = None if units is None else suited(UNITS["time"], units, t_end)
        self._clock = time.perf_counter()

    def line(self, t: float, evaluations: list[int]) -> str:
        """One more step is done and the time is ``t``."""
        self._done += 1
        spent = time.perf_counter() - self._clock
        each = spent / self._done
        if self._steps is None:
            whole, left = "", spent * (self._t_end - t) / (t - self._t)
        else:
            whole, left = f" of {self._steps}", each * (self._steps - self._done)
        counts = "+".join(str(count) for count in evaluations)
        evaluated = f"{counts} evaluations, " if counts else ""
        return (
            f"t = {t:.6g} of {self._t_end:g}{self._beside(t)}, step {self._done}{whole}, "
            f"{each:.3g} s a step, {evaluated}{left:.0f} s left"
        )

    def _beside(self, t: float) -> str:
        """The same in SI, within parentheses; empty without a material."""
        if self._si is None:
            return ""
        factor, unit = self._si
        return f" ({t * factor:.4g} of {self._t_end * factor:.4g} {unit})"
