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
        What the moments of the symbol on the lattice lack where those of the map are right,
        ``(4, N1, N2)``: None until M(N) first missed N by more than it may, and brought up to date
        whenever it does.
    gain
        Share of the residual that the last single correction of A left; 1 where more were needed.
    defect, worst_defect
        Share of max n0 by which the moments of the symbol on the lattice differ from those of the
        map, when both were last known for one A, and the largest so far.
    secants
        What Anderson's method knows of the response of the moments to A.
    """

    steps: Steps | None = None
    A: NDArray | None = None
    offset: NDArray | None = None
    gain: float = 1.0
    defect: float = 0.0
    worst_defect: float = 0.0
    secants: Secants = field(default_factory=Secants)

    def copy(self) -> Memory:
        """One that can learn, and be thrown away, without a trace in this one."""
        return replace(self, secants=self.secants.copy())
