"""Tests on several MPI ranks within one ordinary run of pytest.

All tests of one file that want the same number of ranks are a group. An ``mpiexec`` runs pytest
on one group after the other (``mpi_child``): to start its ranks takes longer than most tests. Each
rank writes its outcomes to a file of its own, and they become ordinary reports here. When a rank
fails, dies, or does not come back in time, that test has failed, the whole ``mpiexec`` is ended,
and the tests after it get a new one.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.mpi_job import Job, find_mpiexec

# Under any MPI, root may start ranks, more than there are cores; all of them may use all cores, and
# those that wait let others work. Open MPI 4 reads the names with OMPI, Open MPI 5 those with PRTE.
LAUNCHERS = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "PRTE_MCA_hwloc_default_binding_policy": "none",
}
KEPT = (2, 3)  # numbers of ranks that so many files want that their mpiexec waits for the next one


def world() -> NoReturn:
    """Refuse the fixture ``comm`` outside of tests on MPI ranks."""
    pytest.fail("the fixture comm needs the marker mpi on the test", pytrace=False)


def plugin(config: pytest.Config) -> Runner:
    """The plugin of the process that the user started.

    What launchers need to be told is in its environment: tests start them, too.
    """
    for name, value in LAUNCHERS.items():
        os.environ.setdefault(name, value)
    return Runner(config)


def is_open_mpi() -> bool:
    """Whether the mpiexec is Open MPI's."""
    told = _version()
    return "Open MPI" in told or "OpenRTE" in told


def statuses_of_a_signal() -> set[int]:
    """What mpiexec may return where it got a signal and its ranks stopped with status 3."""
    if is_open_mpi():
        return {1}
    return {0, 3} if re.search(r"Version:\s+4\.0", _version()) else {3}  # MPICH 4.0 forgets it


def _version() -> str:
    """What the mpiexec says of itself."""
    told = subprocess.run([str(find_mpiexec()), "--version"], capture_output=True, text=True)
    return told.stdout


def missing() -> str | None:
    """Why tests cannot run on MPI ranks here, or None if they can."""
    if importlib.util.find_spec("mpi4py") is None:
        return "mpi4py is not installed"
    if find_mpiexec() is None:
        return "no mpiexec, neither beside python nor in PATH"
    return None


def ranks(item: pytest.Item) -> int | None:
    """Number of ranks a test wants, None for an ordinary test."""
    marker = item.get_closest_marker("mpi")
    if marker is None:
        return None
    n = marker.kwargs.get("n", 2)
    if isinstance(n, list | tuple):
        n = item.callspec.params["ranks"]
    if marker.args or not marker.kwargs.keys() <= {"n", "timeout"} or not isinstance(n, int):
        raise pytest.UsageError(f"{item.nodeid}: expected mpi(n=2) or mpi(n=[1, 2], timeout=60)")
    return n


def timeout(item: pytest.Item) -> float:
    """Seconds a test may take on its ranks."""
    return item.get_closest_marker("mpi").kwargs.get("timeout", 60.0)


class Runner:
    """Runs the tests marked ``mpi`` in jobs; all others are left to pytest."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.groups: dict[str, tuple[int, list[str]]] = {}
        self.jobs: dict[int, Job] = {}  # by the number of ranks

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the tests of a file with equal rank counts side by side, and note them."""
        files = {item.path: None for item in items}
        order = {path: index for index, path in enumerate(files)}
        items.sort(key=lambda item: (order[item.path], ranks(item) or 0))
        reason = missing()
        shared: dict[tuple[Path, int], list[str]] = {}
        for item in items:
            n = ranks(item)
            if reason and (n is not None or item.get_closest_marker("mpiexec")):
                item.add_marker(pytest.mark.skip(reason=reason))
            elif n is not None:
                nodeids = shared.setdefault((item.path, n), [])
                nodeids.append(item.nodeid)
                self.groups[item.nodeid] = n, nodeids

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Run an MPI test and report it; None leaves the item to pytest."""
        if item.nodeid not in self.groups:
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        start = time.time()
        found, problem = self._run(item)
        report = _report(item, found, problem, start)
        item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        # a serial test before this one left fixtures of the file up; the next file is not theirs
        item.session._setupstate.teardown_exact(nextitem)
        return True

    def _run(self, item: pytest.Item) -> tuple[dict[int, dict], str | None]:
        """Outcomes of an item, from a running job or a new one; a failure ends the job."""
        n, group = self.groups[item.nodeid]
        if n not in self.jobs:
            self.jobs[n] = Job(n, self.config)
        job = self.jobs[n]
        if job.group is not group:
            job.begin(group, item.nodeid)
        found, problem = job.wait(item.nodeid, timeout(item))
        failed = problem or any(record["outcome"] == "failed" for record in found.values())
        if not failed and item.nodeid == group[-1]:
            failed = problem = job.through()
            if not problem and n not in KEPT:
                problem = self.jobs.pop(n).finish()
        if failed:
            self.jobs.pop(n).end()
        return found, problem

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Leave nothing running, after an interruption too.

        Raises
        ------
        RuntimeError
            If ranks that wait for more tests do not exit as they should.
        """
        problems = []
        while self.jobs:
            _, job = self.jobs.popitem()
            if exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR):
                job.end()
            else:
                problems.append(job.finish())
        if any(problems):
            raise RuntimeError("\n".join(filter(None, problems)))


def _report(
    item: pytest.Item, found: dict[int, dict], problem: str | None, start: float
) -> pytest.TestReport:
    """One ordinary report from the outcomes on all ranks."""
    outcomes = {record["outcome"] for record in found.values()}
    if not problem and outcomes == {"passed", "skipped"}:
        problem = "skipped on some ranks only"
    longrepr: object = None
    if problem or "failed" in outcomes:
        outcome, longrepr = "failed", "\n".join([*_texts(found), *([problem] if problem else [])])
    elif outcomes == {"skipped"}:
        outcome, longrepr = "skipped", (str(item.path), item.location[1] or 0, found[0]["text"])
    else:
        outcome = "passed"
    stop = time.time()
    report = pytest.TestReport(
        nodeid=item.nodeid,
        location=item.location,
        keywords=dict.fromkeys(item.keywords, 1),
        outcome=outcome,
        longrepr=longrepr,
        when="call",
        duration=stop - start,
        start=start,
        stop=stop,
    )
    if outcome != "failed" and found[0]["reason"] is not None:
        report.wasxfail = found[0]["reason"]
    return report


def _texts(found: dict[int, dict]) -> Iterable[str]:
    """The failures of a test, told once for all ranks that failed in the same way."""
    texts: dict[str, list[int]] = {}
    for rank, record in sorted(found.items()):
        if record["outcome"] == "failed":
            text = f"{record['crash']}\n{record['text']}"
            texts.setdefault(text, []).append(rank)
    return (f"ranks {members}: {text}" for text, members in texts.items())
