"""The errors that callers catch: one hierarchy, whose instances carry their parts as fields.

A :class:`Fault` is one thing that is wrong: what it is, what was got, what is expected, and a
remedy. An error carries one fault or several, and where it happened in a run. The text is made at
the end, by ``str``, and nothing ever reads a part out of it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

Place = tuple[float, float]

# A scaled time in words.
SCALED_TIME = "t = {:.6g}".format


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong or, if it is not ``fatal``, doubtful.

    Attributes
    ----------
    what
        A key of the case, such as "grid.n_x", or a quantity, such as "mass".
    got
        What was found.
    expected
        What is legal or right; empty where ``got`` says by itself what is wrong.
    remedy
        What to do about it; empty where ``expected`` says it.
    place
        Coordinates (x1, x2) of the worst point.
    points
        How many points are affected, and out of how many.
    fatal
        Whether the work cannot be done; otherwise the fault is a warning.
    """

    what: str
    got: str
    expected: str = ""
    remedy: str = ""
    place: Place | None = None
    points: tuple[int, int] | None = None
    fatal: bool = True

    def __str__(self) -> str:
        text = f"got {self.got}" if self.expected else self.got
        if self.place is not None:
            text += " at x1 = {:.6g}, x2 = {:.6g}".format(*self.place)
        if self.points is not None:
            text += " ({} of {} points)".format(*self.points)
        if self.expected:
            text += f", expected {self.expected}"
        return f"{self.what}: {text}" + (f"; {self.remedy}" if self.remedy else "")


def apart(got: float, limit: float, spec: str) -> str:
    """A number, with as many digits as it takes to read other than the limit it is beyond.

    ``spec`` is that of a format with the fewest digits, such as "4g" or "1e".
    """
    text, shown = f"{got:.{spec}}", float(f"{limit:.{spec}}")
    for digits in range(int(spec[:-1]), 18) if got != limit else ():
        text = f"{got:.{digits}{spec[-1]}}"
        if float(text) != shown and (float(text) > shown) == (got > limit):
            break
    return text


def words(error: Exception) -> str:
    """What an error says; of one of the system its words and the file, without its number."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    return f"{error.strerror}: {error.filename}" if error.filename else error.strerror


class WignerError(Exception):
    """The base class of all errors here.

    Attributes
    ----------
    faults
        What is wrong; each fault is a line of the text.
    time, steps
        Simulated time and number of steps after which it happened, where a run says so.
    tried
        What was done against it in vain.
    kept
        What of the run is safe, to go on from.
    """

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)  # which also makes a pickled error whole again
        self.faults = faults
        self.time: float | None = None
        self.steps: int | None = None
        self.tried = ""
        self.kept = ""

    @property
    def fault(self) -> Fault:
        """What is wrong, the first if there are several."""
        return self.faults[0]

    @property
    def place(self) -> Place | None:
        """Coordinates (x1, x2) of the worst point, if the first fault has one."""
        return self.fault.place

    def at(
        self,
        *,
        time: float | None = None,
        steps: int | None = None,
        tried: str = "",
        kept: str = "",
    ) -> Self:
        """A copy that also says this; what the error says already stays.

        The copy has neither the traceback nor the causes of the error.
        """
        found = copy.copy(self)
        found.time = time if self.time is None else self.time
        found.steps = steps if self.steps is None else self.steps
        found.tried = self.tried or tried
        found.kept = self.kept or kept
        return found

    def told(self, moment: Callable[[float], str] = SCALED_TIME) -> str:
        """The text, with its time in the words of ``moment``."""
        when = [] if self.time is None else [f"at {moment(self.time)}"]
        when += [] if self.steps is None else [f"after {self.steps} steps"]
        text = "\n".join(str(fault) for fault in self.faults)
        text = "; ".join(part for part in (text, self.tried, self.kept) if part)
        return f"{', '.join(when)}: {text}" if when else text

    def __str__(self) -> str:
        return self.told()


class CaseError(WignerError, ValueError):
    """A case, or a command, that cannot be run as it is; it has every fault that was found.

    A ``ValueError``, as values are what is wrong.
    """


class ExpressionError(WignerError, ValueError):
    """A formula that is not accepted, or that has no finite value somewhere.

    A ``ValueError``, as readers of the values of a case expect it.
    """


class SolveError(WignerError):
    """A run cannot go on."""


class ConstraintError(SolveError):
    """The moment constraint could not be solved; shorter steps may help."""


class ResolutionError(ConstraintError):
    """A lattice or a splitting cannot hold the quantum Maxwellian; shorter steps do not help."""


class StateError(SolveError):
    """A state of a kinetic run is not finite, lost mass, or does not fit into the p box."""


class DensityError(SolveError):
    """Densities of a macroscopic run that no state has."""


class CheckpointError(WignerError):
    """There is no usable checkpoint."""


class RecordsError(WignerError):
    """The records are not those of the run."""


class BusyError(WignerError, OSError):
    """Another process is writing in the directory.

    An ``OSError``, as a directory that cannot be written in for another reason raises one.
    """
