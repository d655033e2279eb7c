"""What solves the cases of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..case.spec import Case
from ..job.commands import checked
from ..job.supervise import Hosts


@dataclass(frozen=True)
class Program:
    """A command that runs a case, and leaves a directory such as ``wigner run`` leaves.

    Attributes
    ----------
    module, name
        It as a module of Python, and as the command that users type.
    check
        Raises CaseError for a case that it cannot run on these machines.
    arguments
        What each of its runs is given besides the case.
    facts
        What run.json says of such a run, and of no other.
    resumes
        Whether it goes on from a checkpoint; otherwise a run that was stopped begins anew.
    """

    module: str
    name: str
    check: Callable[[Case, Hosts], object]
    arguments: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    resumes: bool = True


# run.json of a kinetic run names no model.
KINETIC = Program("wigner", "wigner", checked, facts={"model": None})
