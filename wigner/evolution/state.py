"""What a run needs, besides W, to go on as if it had never stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..maxwellian.anderson import Secants

NUMBERS = ("t", "steps", "records", "digest", "levels")


@dataclass(frozen=True)
class State:
    """What a run needs, besides W, to go on as if it had never stopped.

    Attributes
    ----------
    t, steps
        Time and number of steps done.
    records, digest
        Records written so far, and their checksum.
    levels
        Splittings combined in the quantum exponential.
    latest
        Multipliers of the last constraint solve of a step, None before the first step.
    secants
        What the constraint solver has learned.
    physics
        What the run solves, by key of the case: to be compared when it goes on.
    """

    t: float
    steps: int
    records: int
    digest: int
    levels: int
    latest: NDArray | None
    secants: Secants
    physics: dict[str, str]

    def arrays(self) -> dict[str, NDArray]:
        """All of it as arrays, by name."""
        return {
            **{name: np.array(getattr(self, name)) for name in NUMBERS},
            "physics": np.frombuffer(json.dumps(self.physics).encode(), dtype=np.uint8),
            **({} if self.latest is None else {"latest": self.latest}),
            "secant_steps": np.array(self.secants.steps),
            "secant_changes": np.array(self.secants.changes),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray]) -> State:
        """The state of these arrays."""
        return cls(
            **{name: arrays[name].item() for name in NUMBERS},
            latest=arrays.get("latest"),
            secants=Secants(list(arrays["secant_steps"]), list(arrays["secant_changes"])),
            physics=json.loads(arrays["physics"].tobytes()),
        )
