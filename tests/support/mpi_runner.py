"""Tests on several MPI ranks within one ordinary run of pytest.

All tests of one file that want the same number of ranks share one ``mpiexec``, whose ranks run
pytest on just those tests (``mpi_child``). Each rank writes its outcomes to a file of its own,
and they become ordinary reports here. When a rank fails, dies, or does not come back in time,
that test has failed, the whole ``mpiexec`` is ended, and the tests after it get a new one.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

GRACE = 1.0  # s that ranks may take to come back after another one failed, or to end when told so
START = 30.0  # s that mpiexec and the imports may take
EXIT = 20.0  # s that the ranks may take to exit after the last test
POLL = 0.01  # s
# For pytest on the ranks: stop at a failure, take slow tests too, print little. Hypothesis works
# without its plugin, which takes a second to load.
OPTIONS = (
    *("-x", "-m", "", "-q", "--color=no", "--no-header", "--no-summary"),
    *("-p", "no:cacheprovider", "-p", "no:hypothesispytest"),
)
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
PYTEST_FRAME = r'\n *File ".*[/\\\\]_?pytest[/\\\\]'  # where a stack leaves the test
SHOWN_LOG = 4000  # last characters of the ranks' common output to show after a crash


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


def find_mpiexec() -> str | None:
    """The mpiexec beside this Python (installed with it), or else the one in PATH."""
    beside = Path(sys.executable).with_name("mpiexec")
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("mpiexec")


def is_open_mpi() -> bool:
    """Whether the mpiexec is Open MPI's."""
    told = subprocess.run([str(find_mpiexec()), "--version"], capture_output=True, text=True)
    return "Open MPI" in told.stdout or "OpenRTE" in told.stdout


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


class Job:
    """One mpiexec at work on the tests of a list, in their order."""

    def __init__(self, n: int, nodeids: Sequence[str], config: pytest.Config) -> None:
        self.n = n
        self.directory = Path(tempfile.mkdtemp(prefix="wigner-mpi-"))
        self.log = self.directory / "log"
        arguments = self.directory / "arguments"
        arguments.write_text("\n".join(nodeids), encoding="utf-8")
        inifile = [] if config.inipath is None else ["-c", str(config.inipath)]
        command = [find_mpiexec(), "-n", str(n), sys.executable, "-m", "pytest"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *OPTIONS, *inifile, f"--rootdir={config.rootpath}", f"@{arguments}"],
                cwd=config.rootpath,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        """What the ranks need to know."""
        inherited = {key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"}
        return inherited | {
            "MPI_TEST_DIRECTORY": str(self.directory),
            "MPI_TEST_RANKS": str(self.n),
            "OMP_NUM_THREADS": "1",
        }

    def outcomes(self, nodeid: str) -> dict[int, dict]:
        """What each rank has reported about a test so far."""
        found = {}
        for rank in range(self.n):
            with suppress(FileNotFoundError):
                text = (self.directory / f"{rank}.jsonl").read_text(encoding="utf-8")
                for line in text.split("\n")[:-1]:  # the last line may be unfinished
                    record = json.loads(line)
                    if record["id"] == nodeid:
                        found[rank] = record
        return found

    def wait(self, nodeid: str, seconds: float) -> tuple[dict[int, dict], str | None]:
        """Outcomes of a test, and what went wrong if not all ranks have one."""
        end = time.monotonic() + START + seconds
        while True:
            ended = self.process.poll() is not None  # before reading what it left behind
            found = self.outcomes(nodeid)
            if len(found) == self.n:
                return found, None
            if any(record["outcome"] == "failed" for record in found.values()):
                end = min(end, time.monotonic() + GRACE)
            if ended or time.monotonic() > end:
                return found, self.diagnosis(found, seconds)
            time.sleep(POLL)

    def diagnosis(self, found: dict[int, dict], seconds: float) -> str:
        """Why only some ranks have come back, with all that is known."""
        stacks = {
            path.stem: path.read_text(encoding="utf-8", errors="replace")
            for path in sorted(self.directory.glob("*.stack"))
        }
        if any(stacks.values()):
            cause = f"no end within {seconds:g} s"
        elif self.process.poll() is not None:
            cause = f"mpiexec ended with status {self.process.returncode} in this test"
        else:
            cause = "the other ranks did not come back"
        where = "".join(
            f"\non rank {rank}: {re.split(PYTEST_FRAME, stack)[0]}"
            for rank, stack in stacks.items()
            if stack
        )
        return f"{cause}; back from it: {sorted(found)} of {self.n} ranks{where}{self.tail()}"

    def tail(self) -> str:
        """The end of what the ranks have printed."""
        return "\n" + self.log.read_text(encoding="utf-8", errors="replace")[-SHOWN_LOG:]

    def finish(self) -> str | None:
        """Let the ranks exit after their last test; says so if they do not."""
        try:
            code = self.process.wait(EXIT)
        except subprocess.TimeoutExpired:
            problem = f"the ranks did not exit after the last test{self.tail()}"
        else:
            problem = None if code == 0 else f"mpiexec exited with status {code}{self.tail()}"
        self.end()
        return problem

    def end(self) -> None:
        """End mpiexec and all ranks, whatever they do, and remove what they left."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.returncode != 0:
            for path in self.directory.glob("*.pid"):
                with suppress(ProcessLookupError, ValueError):
                    os.kill(int(path.read_text()), signal.SIGKILL)
        shutil.rmtree(self.directory, ignore_errors=True)


class Runner:
    """Runs the tests marked ``mpi`` in jobs; all others are left to pytest."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.groups: dict[str, tuple[int, list[str]]] = {}
        self.job: Job | None = None
        self.group: list[str] | None = None

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
        """Outcomes of an item, from the running job or a new one; a failure ends the job."""
        n, nodeids = self.groups[item.nodeid]
        if self.job is None or self.group is not nodeids:
            self._end()
            todo = nodeids[nodeids.index(item.nodeid) :]
            self.job, self.group = Job(n, todo, self.config), nodeids
        found, problem = self.job.wait(item.nodeid, timeout(item))
        if problem or any(record["outcome"] == "failed" for record in found.values()):
            self._end()
        elif item.nodeid == nodeids[-1]:
            problem = self.job.finish()
            self.job = None
        return found, problem

    def _end(self) -> None:
        if self.job is not None:
            self.job.end()
            self.job = None

    def pytest_sessionfinish(self) -> None:
        """Leave nothing running, after an interruption too."""
        self._end()


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
