"""What a solver of the constraint remembers from one solve to the next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from numpy.typing import NDArray

from ..phase_space.resampling import Counts, resampled
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
    n_x
        The lattice of x of all other fields here, on which M(N) is made; None before it is chosen,
        and for a solver that has but one.
    foreseen, asked
        The waves of the moments, see :func:`.lattices.sizes`, and the tolerance for which it was
        last foreseen which lattice would do.
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
    n_x: Counts | None = None
    foreseen: NDArray | None = None
    asked: float = 0.0

    @property
    def in_use(self) -> Steps:
        """The steps; raises ValueError if they are not chosen yet."""
        if self.steps is None:
            raise ValueError("steps: got None, expected numbers; solve for the multipliers first")
        return self.steps

    def copy(self) -> Memory:
        """One that can learn, and be thrown away, without a trace in this one."""
        return replace(self, secants=self.secants.copy())

    def move(self, n_x: Counts) -> None:
        """Go on with A and the secants on another lattice of x.

        Steps are to be chosen anew there, and what the moments lack is not known.
        """
        A = None if self.A is None else resampled(self.A, n_x)
        pairs = self.secants.steps, self.secants.changes
        secants = Secants(*([resampled(f, n_x) for f in fields] for fields in pairs))
        self.forget()
        self.n_x, self.A, self.secants = n_x, A, secants

    def forget(self) -> None:
        """Begin anew on the same lattice, with steps that were given."""
        given = self.steps is not None and self.steps.given
        self.steps = self.steps if given else None
        self.A, self.offset, self.gain, self.secants = None, None, 1.0, Secants()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known that a solve begins with."""
        return self.A is None and self.offset is None and not self.secants.steps
