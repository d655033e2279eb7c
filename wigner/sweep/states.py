"""How far the runs of a sweep are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..job.supervise import FAILED, FINISHED, STOPPED, UNRESOLVED
from ..output.run_json import contents
from .plan import Member, Plan

WORDS = ("finished", "unresolved", "stopped", "failed", "waiting")


def report(plan: Plan, member: Member) -> dict[str, Any]:
    """run.json of a run; empty before it has begun."""
    return contents(plan.home(member))


def verdict(found: Mapping[str, Any]) -> str:
    """The verdict in a run.json; empty where there is none."""
    quality = found.get("quality")
    return str(quality.get("verdict", "")) if isinstance(quality, dict) else ""


def word(found: Mapping[str, Any]) -> str:
    """One of ``WORDS`` for a run.json; a run that was killed counts as stopped."""
    state = found.get("state")
    if state == "finished":
        return "unresolved" if verdict(found) == "unresolved" else "finished"
    return "failed" if state == "failed" else "stopped" if state else "waiting"


def told(counts: Mapping[str, int]) -> str:
    """How many runs there are of each word."""
    return ", ".join(f"{counts[name]} {name}" for name in WORDS if counts.get(name))


def status(counts: Mapping[str, int], *, interrupted: bool) -> int:
    """The exit status of a sweep: that of a signal, else that of the worst of its runs."""
    if interrupted:
        return STOPPED
    for name, found in (("failed", FAILED), ("stopped", STOPPED), ("unresolved", UNRESOLVED)):
        if counts.get(name):
            return found
    return FAILED if counts.get("waiting") else FINISHED
