"""What a run needs, besides W, to go on as if it had never stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..maxwellian.anderson import Secants
from ..maxwellian.memory import Memory

NUMBERS = ("t", "steps", "records", "digest")


@dataclass(frozen=True)
class State:
    """What a run needs, besides W, to go on as if it had never stopped.

    Attributes
    ----------
    t, steps
        Time and number of steps done.
    records, digest
        Records written so far, and their checksum.
    memory
        What the constraint solver remembers.
    physics
        What the run solves, by key of the case: to be compared when it goes on.
    """

    t: float
    steps: int
    records: int
    digest: int
    memory: Memory
    physics: dict[str, str]

    def arrays(self) -> dict[str, NDArray]:
        """All of it as arrays, by name."""
        memory = self.memory
        return {
            **{name: np.array(getattr(self, name)) for name in NUMBERS},
            "physics": np.frombuffer(json.dumps(self.physics).encode(), dtype=np.uint8),
            "levels": np.array(memory.levels or 0),
            **({} if memory.A is None else {"latest": memory.A}),
            "secant_steps": np.array(memory.secants.steps),
            "secant_changes": np.array(memory.secants.changes),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray]) -> State:
        """The state of these arrays."""
        secants = Secants(list(arrays["secant_steps"]), list(arrays["secant_changes"]))
        return cls(
            **{name: arrays[name].item() for name in NUMBERS},
            memory=Memory(arrays["levels"].item() or None, arrays.get("latest"), secants),
            physics=json.loads(arrays["physics"].tobytes()),
        )
