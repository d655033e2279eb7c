"""Warnings of a number that should stay small: when it exceeds its bound, and when far worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# How many times larger a number has to be to be told again.
AGAIN = 10.0


@dataclass
class Alarm:
    """The largest value of a number in a run so far, and whether it was told.

    Attributes
    ----------
    bound
        What may pass without a word.
    value, time
        The largest, and when it was.
    told
        The last that was told.
    """

    bound: float
    value: float = 0.0
    time: float = 0.0
    told: float = 0.0

    def rings(self, t: float, value: float) -> bool:
        """Take note of the number at ``t``; whether to tell it."""
        if value > self.value:
            self.value, self.time = value, t
        if value <= max(self.bound, AGAIN * self.told):
            return False
        self.told = value
        return True

    def as_dict(self) -> dict[str, Any]:
        """The largest, for run.json."""
        return {"value": self.value, "time": self.time}
