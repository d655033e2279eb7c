"""What a run needs, besides W, to go on as if it had never stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import CheckpointError, Fault
from ..maxwellian.anderson import Secants
from ..maxwellian.memory import Memory
from ..maxwellian.steps import Steps
from .quality import Quality

# Version of the arrays: 1 had p lattices from -P on, 2 has them symmetric about 0.
FORMAT = 2
SHARES = ("gain", "defect", "worst_defect", "asked")
NUMBERS = ("t", "steps", "records", "digest")


class Reached(NamedTuple):
    """How far a run is, as its output knows; attributes as those of :class:`State`."""

    t: float
    steps: int
    records: int
    digest: int
    since_record: tuple[int, ...]
    quality: Quality


@dataclass(frozen=True)
class State:
    """What a run needs, besides W, to go on as if it had never stopped.

    Attributes
    ----------
    t, steps
        Time and number of steps done.
    records, digest
        Records written so far, and their checksum.
    since_record
        Evaluations of each constraint solve since the last record.
    memory
        What the constraint solver remembers.
    physics
        What the run solves, by key of the case: to be compared when it goes on.
    quality
        The worst of the run so far.
    dt
        The next step at the most, where steps are chosen from a tolerance.
    balance
        Work, heat and torque so far, see ``balance``.
    """

    t: float
    steps: int
    records: int
    digest: int
    since_record: tuple[int, ...]
    memory: Memory
    physics: dict[str, str]
    quality: Quality = field(default_factory=Quality)
    dt: float = 0.0
    balance: tuple[float, ...] = (0.0,) * 5

    def arrays(self) -> dict[str, NDArray]:
        """All of it as arrays, by name: numbers, and fields of any shape."""
        memory = self.memory
        # those that the case gives are not of the memory: it may give others when the run goes on
        steps = None if memory.steps is None or memory.steps.given else memory.steps
        known = {"latest": memory.A, "offset": memory.offset, "foreseen": memory.foreseen}
        return {
            **{name: np.array(getattr(self, name)) for name in NUMBERS},
            "format": np.array(FORMAT),
            "dt": np.array(self.dt),
            "balance": np.array(self.balance),
            "physics": _written(self.physics),
            "quality": _written(self.quality.plain()),
            **({} if steps is None else {"splitting_steps": np.array(steps.numbers)}),
            **({} if steps is None else {"splitting_error": np.array(steps.errors)}),
            **{name: array for name, array in known.items() if array is not None},
            **({} if memory.n_x is None else {"n_x": np.array(memory.n_x)}),
            **{name: np.array(getattr(memory, name)) for name in SHARES},
            "since_record": np.array(self.since_record, dtype=int),
            "secant_steps": np.array(memory.secants.steps),
            "secant_changes": np.array(memory.secants.changes),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray]) -> State:
        """The state of these arrays, as :meth:`arrays` gives them.

        Raises
        ------
        CheckpointError
            If they are of another format.
        """
        version = arrays["format"].item() if "format" in arrays else 1
        if version != FORMAT:
            raise CheckpointError(
                Fault(
                    "checkpoint",
                    f"format {version}, whose W and multipliers belong to another lattice of p",
                    f"format {FORMAT}",
                    "run its case.toml anew in another directory; its records stay readable",
                )
            )
        steps = None
        if "splitting_steps" in arrays:
            errors = arrays["splitting_error"].tolist()
            steps = Steps(tuple(arrays["splitting_steps"].tolist()), *errors)
        n_x = None
        if "n_x" in arrays:
            first, second = arrays["n_x"].tolist()
            n_x = first, second
        elif "latest" in arrays:  # before there were coarser lattices there was no other
            n_x = arrays["latest"].shape[1], arrays["latest"].shape[2]
        secants = Secants(list(arrays["secant_steps"]), list(arrays["secant_changes"]))
        return cls(
            **{name: arrays[name].item() for name in NUMBERS},
            since_record=tuple(arrays["since_record"].tolist()),
            memory=Memory(
                steps,
                arrays.get("latest"),
                arrays.get("offset"),
                **{name: arrays[name].item() for name in SHARES if name in arrays},
                secants=secants,
                n_x=n_x,
                foreseen=arrays.get("foreseen"),
            ),
            physics=json.loads(arrays["physics"].tobytes()),
            quality=Quality.from_plain(json.loads(arrays["quality"].tobytes()))
            if "quality" in arrays
            else Quality(),
            dt=arrays["dt"].item() if "dt" in arrays else 0.0,
            balance=tuple(arrays["balance"].tolist()) if "balance" in arrays else (0.0,) * 5,
        )


def _written(plain: object) -> NDArray:
    """Plain data as an array of the bytes of its JSON."""
    return np.frombuffer(json.dumps(plain).encode(), dtype=np.uint8)
