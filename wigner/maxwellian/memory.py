"""What a solver of the constraint remembers from one solve to the next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from numpy.typing import NDArray

from .anderson import Secants
from .steps import Steps


@dataclass
class Memory:
    """All that makes a later solve differ from the same solve on its own.

    A run that goes on from a checkpoint with the memory of the one before has the same bits.

    Attributes
    ----------
    steps
        Numbers of splitting steps in use; None before they are chosen.
    A
        Multipliers (a0, eps a) of the last solve of the run, None before the first.
    offset
        What the moments of the symbol on the lattice lacked where those of the map were right,
        ``(4, N1, N2)``; None while that was within the tolerance.
    gain
        What the last correction of A left of the residual.
    secants
        What Anderson's method knows of the response of the moments to A.
    """

    steps: Steps | None = None
    A: NDArray | None = None
    offset: NDArray | None = None
    gain: float = 1.0
    secants: Secants = field(default_factory=Secants)

    def copy(self) -> Memory:
        """One that can learn, and be thrown away, without a trace in this one."""
        return replace(self, secants=self.secants.copy())
