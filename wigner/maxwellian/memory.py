"""What a solver of the constraint remembers from one solve to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

from numpy.typing import NDArray

from .anderson import Secants


@dataclass
class Memory:
    """All that makes a later solve differ from the same solve on its own.

    A run that goes on from a checkpoint with the memory of the one before has the same bits.

    Attributes
    ----------
    levels
        Levels in use; None before they are chosen.
    A
        Multipliers (a0, eps a) of the last solve of the run, None before the first.
    secants
        What Anderson's method knows of the response of the moments to A.
    """

    levels: int | None = None
    A: NDArray | None = None
    secants: Secants = field(default_factory=Secants)

    def copy(self) -> Memory:
        """One that can learn, and be thrown away, without a trace in this one."""
        return Memory(self.levels, self.A, self.secants.copy())
