"""The runs of a sweep, and what is left of each to do."""

from __future__ import annotations

import itertools
import json
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..case.spec import Case, as_dict, load_case
from ..case.values import shown
from ..errors import CaseError, Fault
from ..job.directories import check_new, usable
from ..job.supervise import Hosts
from ..machine import machine_memory
from ..output import checkpoint
from ..output.run_json import contents
from .program import KINETIC, Program
from .varied import Varied

# The case as it was when the sweep began: runs that begin later do not see it being edited.
CASE = "sweep.toml"
# Keys that may be another when a sweep is started again.
FREE = ("time.t_end", "output.checkpoint", "output.checkpoint_wall", "output.wall_limit")


@dataclass(frozen=True)
class Member:
    """A run of a sweep.

    Attributes
    ----------
    name
        Such as "tau=0.01,alpha=0.2": its directory within that of the sweep.
    place
        Which value each key has; for a zipped sweep one number for all.
    overrides
        What the run changes in the case.
    """

    name: str
    place: tuple[int, ...]
    overrides: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """A sweep.

    Attributes
    ----------
    case
        The case file that it starts from.
    overrides
        What all runs change in it.
    varied
        The keys that change from run to run.
    zipped
        Whether the keys change together; otherwise there is a run for each combination.
    directory
        That of the sweep.
    program
        What solves the cases.
    """

    case: Path
    overrides: tuple[str, ...]
    varied: tuple[Varied, ...]
    zipped: bool
    directory: Path
    program: Program = KINETIC

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of values; for a zipped sweep one number of runs."""
        counts = tuple(len(each.written) for each in self.varied)
        return counts[:1] if self.zipped else counts

    @property
    def members(self) -> Iterator[Member]:
        """All runs, the last key running fastest."""
        labels = [each.labels for each in self.varied]
        overrides = [each.overrides() for each in self.varied]
        for place in itertools.product(*map(range, self.shape)):
            k = place * len(self.varied) if self.zipped else place
            words = (f"{v.name}={labels[i][k[i]]}" for i, v in enumerate(self.varied))
            changed = (texts[j] for texts, j in zip(overrides, k, strict=True))
            yield Member(",".join(words), place, (*self.overrides, *changed))

    def value(self, varied: Varied, member: Member) -> Any:
        """The value that a key has in a run."""
        return varied.values[member.place[0 if self.zipped else self.varied.index(varied)]]

    def home(self, member: Member) -> Path:
        """The directory of a run."""
        return self.directory / member.name


def check_zip(varied: Sequence[Varied]) -> None:
    """Refuse keys that cannot change together.

    Raises
    ------
    CaseError
        If they have different numbers of values.
    """
    counts = {each.key: len(each.written) for each in varied}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{count} of {key}" for key, count in counts.items())
        expected, remedy = "as many values of each key", "leave --zip out for all combinations"
        raise CaseError(Fault("--zip", told, expected, remedy))


def machines(ranks: int, *, here: bool) -> Hosts:
    """Machines for so many ranks: this one for a run of one rank that begins ``here``.

    mpiexec may give ranks more machines, like this one; what a scheduler has, nobody knows here.
    """
    memory, name = machine_memory() if here else sys.maxsize, platform.node()
    return [(f"{name} {rank}" if rank else name, memory) for rank in range(ranks)]


def commands(plan: Plan, hosts: Hosts) -> dict[Member, list[str]]:
    """What is left to do: arguments of the program for each run that is not finished.

    Every case is checked, for ranks on these machines, and every directory.

    Raises
    ------
    CaseError
        With all that is wrong with any of them; what is wrong with all is said once.
    """
    found: dict[Fault, list[str]] = {}
    left: dict[Member, list[str]] = {}
    members = list(plan.members)
    for member in members:
        try:
            case = load_case(plan.case, member.overrides)
            plan.program.check(case, hosts)
            arguments = _left(plan, member, case)
        except CaseError as error:
            for fault in error.faults:
                found.setdefault(fault, []).append(member.name)
        else:
            if arguments:
                left[member] = arguments
    if found:
        raise CaseError(*(_of(fault, names, len(members)) for fault, names in found.items()))
    return left


def _of(fault: Fault, names: list[str], count: int) -> Fault:
    """A fault that says in which runs it is, unless it is in all."""
    if len(names) == count:
        return fault
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return replace(fault, what=f"{names[0]}{more}: {fault.what}")


def _left(plan: Plan, member: Member, case: Case) -> list[str]:
    """What to do about a run, nothing if it is finished.

    Raises
    ------
    CaseError
        If its directory cannot be used, or has a run of another case.
    """
    home, program = plan.home(member), plan.program
    overrides = [part for entry in member.overrides for part in ("--set", entry)]
    begin = ["run", str(plan.directory / CASE), "--output", str(home)]
    begin += [*program.arguments, *overrides]
    with usable(home):
        stored = home / "case.toml"
        if not stored.exists():
            check_new(home, overwrite=False, resumable=program.resumes)
            return begin
        before, found = load_case(stored), contents(home)
        changed = changes(before, case)
        refused = [key for key in changed if key not in FREE]
        if case.time.t_end < before.time.t_end:
            refused.append("time.t_end")
        if refused:
            got, expected = (
                ", ".join(f"{key} = {shown(_flat(one).get(key))}" for key in refused)
                for one in (before, case)
            )
            raise _foreign(home, got, expected)
        if found and any(found.get(name) != fact for name, fact in program.facts.items()):
            got, expected = (
                ", ".join(f"{name} {one.get(name) or 'kinetic'}" for name in program.facts)
                for one in (found, program.facts)
            )
            raise _foreign(home, got, expected)
        if found.get("state") == "finished" and "time.t_end" not in changed:
            return []
        if not program.resumes:
            return [*begin, "--overwrite"]
        if not checkpoint.stored(home / checkpoint.DIRECTORY):
            check_new(home, overwrite=False, resumable=True)
            return begin
    entries = (f"{key}={json.dumps(value)}" for key, value in changed.items() if value is not None)
    return ["resume", str(home), *(part for entry in entries for part in ("--set", entry))]


def _foreign(home: Path, got: str, expected: str) -> CaseError:
    remedy = "use another --output, or move that directory away"
    return CaseError(Fault(str(home), f"a run with {got}", f"one with {expected}", remedy))


def changes(before: Case, after: Case) -> dict[str, Any]:
    """Keys that differ in two cases, with their later values; None for those that are gone."""
    old, new = _flat(before), _flat(after)
    return {key: new.get(key) for key in {**old, **new} if new.get(key) != old.get(key)}


def _flat(case: Case) -> dict[str, Any]:
    """All keys of a case, with their values as plain data."""
    return {
        f"{section}.{key}": value
        for section, table in as_dict(case).items()
        for key, value in (table or {}).items()
    }
