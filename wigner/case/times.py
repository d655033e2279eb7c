"""Times that depend on each other: the steps, their end and the records between."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ..errors import Fault
from .values import shown

# Error of a step that dt = "auto" allows, if no other is given.
TOLERANCE = 1e-5


def settle_times(time: dict[str, Any], output: dict[str, Any]) -> Iterator[Fault]:
    """Fill in what follows from the others in the sections [time] and [output], in place.

    A record at the end if no interval is given; with dt = "auto", which is None here, its tolerance
    and a first step. Faulty keys are missing.
    """
    time["adaptive"] = "dt" in time and time["dt"] is None
    if "t_end" not in time:
        return
    if output.get("every", 0.0) is None:
        output["every"] = time["t_end"]
    if time["adaptive"]:
        if time.get("tolerance", 0.0) is None:
            time["tolerance"] = TOLERANCE
        if "tolerance" in time and "every" in output:
            time["dt"] = first_step(time["tolerance"], min(output["every"], time["t_end"]))
    elif "dt" in time and time["dt"] > time["t_end"]:
        expected = f"at most t_end = {time['t_end']}"
        yield Fault("time.dt", shown(time["dt"]), expected, "use a smaller step")


def first_step(tolerance: float, longest: float) -> float:
    """longest/2^k for rates of order one, where the error of a step is some dt^3."""
    return float(longest * 0.5 ** max(0, math.ceil(math.log2(longest / tolerance ** (1 / 3)))))
