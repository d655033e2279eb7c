"""A study: the tasks it computes for a case, and what it concludes from them."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from wigner.case.spec import Case
from wigner.errors import CaseError, WignerError
from wigner.phase_space.communicator import Communicator

from . import tasks
from .claims import MOOT, Claim, Expected, Result, decided
from .tasks import Outcome, Outcomes, Task, TaskError

SIZES = ("small", "full")
T = TypeVar("T")

log = logging.getLogger(__name__)


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
    essential
        Names of the tasks without which it cannot be concluded; all of them if there is no such
        function. ``conclude`` is given what the others came to, if they did.
    """

    name: str
    title: str
    plan: Callable[[Setting], Sequence[Task]]
    conclude: Callable[[Setting, Outcomes], Result]
    essential: Callable[[Setting], Collection[str]] | None = None


def compute(
    studies: Sequence[Study], setting: Setting, directory: Path, comm: Communicator
) -> dict[str, Outcome]:
    """What the tasks of studies give, by "study/task", on all ranks; kept in ``directory``.

    Raises
    ------
    CaseError
        If none of the studies can be planned for the case.
    """
    everything, refused = [], []
    for study in studies:
        try:
            planned = study.plan(setting)
        except CaseError as error:
            refused.append(error)
        else:
            everything += [replace(task, name=f"{study.name}/{task.name}") for task in planned]
    if len(refused) == len(studies):
        raise refused[0]
    return tasks.compute(everything, directory / "tasks", comm)


def conclude(
    studies: Sequence[Study], setting: Setting, outcomes: Mapping[str, Outcome]
) -> list[Result]:
    """Results of studies from what :func:`compute` gave.

    A study that cannot be planned for the case, one of whose essential tasks failed, or that cannot
    be concluded has one claim, which says why; the other studies are concluded all the same. The
    cases that are shipped have to decide every claim.
    """
    results = []
    for study in studies:
        try:
            result = _conclude(study, setting, outcomes)
        except WignerError as error:  # more is asked than the case allows
            result = _told(study, "the study suits the case", str(error), MOOT)
        except Exception as error:  # whatever it is, the other studies are reported
            log.exception("%s could not be concluded", study.name)
            result = _told(study, "the study is concluded", f"{type(error).__name__}: {error}")
        if setting.case is None:
            result = replace(result, claims=tuple(decided(claim) for claim in result.claims))
        results.append(result)
    return results


def run(
    studies: Sequence[Study], setting: Setting, directory: Path, comm: Communicator
) -> list[Result]:
    """:func:`compute`, then :func:`conclude`, on every rank."""
    return conclude(studies, setting, compute(studies, setting, directory, comm))


def _conclude(study: Study, setting: Setting, outcomes: Mapping[str, Outcome]) -> Result:
    computed: Outcomes = {}
    failed: set[str] = set()
    errors: dict[str, list[str]] = {}  # texts of what was wrong, by its kind
    for task in study.plan(setting):
        outcome = outcomes[f"{study.name}/{task.name}"]
        if isinstance(outcome, TaskError):
            failed.add(task.name)
            errors.setdefault(outcome.kind, []).append("; ".join(str(outcome).splitlines()))
        else:
            computed[task.name] = outcome
    if not errors:
        return study.conclude(setting, computed)
    told = [
        f"{first}{f' (and {len(others)} other tasks likewise)' if others else ''}"
        for first, *others in errors.values()
    ]
    missing = _told(study, "all tasks of the study are computed", "; ".join(told))
    if study.essential is None or failed & {*study.essential(setting)}:
        return missing
    rest = study.conclude(setting, computed)
    return replace(rest, claims=(*rest.claims, *missing.claims))


def _told(study: Study, statement: str, note: str, undecided: str = "") -> Result:
    """A result with one claim, that the study could be done; it fails if it can at all."""
    key = f"{study.name}.tasks"
    claim = Claim(key, statement, "", math.nan, Expected(0, 0), note=note, undecided=undecided)
    return Result("The study could not be concluded.", (claim,))
