"""A study: the tasks it computes for a case, and what it concludes from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from wigner.case.spec import Case
from wigner.phase_space.communicator import Communicator

from . import tasks
from .claims import Claim, Expected, Result
from .tasks import Outcome, Outcomes, Task, TaskError

SIZES = ("small", "full")
T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """What a study is asked to do.

    Attributes
    ----------
    size
        "small" (seconds, for tests) or "full" (minutes, for the report).
    case
        A user's own case, or None for those that are shipped.
    """

    size: str
    case: Case | None = None

    def pick(self, small: T, full: T) -> T:
        """One of two values, by the size."""
        return {"small": small, "full": full}[self.size]


@dataclass(frozen=True)
class Study:
    """A question with its answer.

    Attributes
    ----------
    name, title
        As typed on the command line, and as headed in the report.
    plan
        The tasks for a setting.
    conclude
        Claims, tables and figures from the outcomes, by name of task; computes next to nothing.
    """

    name: str
    title: str
    plan: Callable[[Setting], Sequence[Task]]
    conclude: Callable[[Setting, Outcomes], Result]


def compute(
    studies: Sequence[Study], setting: Setting, directory: Path, comm: Communicator
) -> dict[str, Outcome]:
    """What the tasks of studies give, by "study/task", on all ranks; kept in ``directory``."""
    everything = [
        replace(task, name=f"{study.name}/{task.name}")
        for study in studies
        for task in study.plan(setting)
    ]
    return tasks.compute(everything, directory / "tasks", comm)


def conclude(
    studies: Sequence[Study], setting: Setting, outcomes: Mapping[str, Outcome]
) -> list[Result]:
    """Results of studies from what :func:`compute` gave.

    A study one of whose tasks failed has one claim, which fails and says why.
    """
    return [
        _conclude(
            study,
            setting,
            {task.name: outcomes[f"{study.name}/{task.name}"] for task in study.plan(setting)},
        )
        for study in studies
    ]


def run(
    studies: Sequence[Study], setting: Setting, directory: Path, comm: Communicator
) -> list[Result]:
    """:func:`compute`, then :func:`conclude`, on every rank."""
    return conclude(studies, setting, compute(studies, setting, directory, comm))


def _conclude(study: Study, setting: Setting, outcomes: Mapping[str, Outcome]) -> Result:
    computed: Outcomes = {}
    errors: list[TaskError] = []
    for name, outcome in outcomes.items():
        if isinstance(outcome, TaskError):
            errors.append(outcome)
        else:
            computed[name] = outcome
    if not errors:
        return study.conclude(setting, computed)
    claim = Claim(
        f"{study.name}.tasks",
        "all tasks of the study are computed",
        "",
        math.nan,
        Expected(0, 0),
        note="; ".join(str(error) for error in errors),
    )
    return Result("The study could not be concluded.", (claim,))
