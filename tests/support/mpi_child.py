"""The side of a rank: run one group of tests after the other and report each test as it ends.

Started by ``mpi_runner`` on every rank, in the directory MPI_TEST_DIRECTORY. In that of a group a
rank leaves its process id (``{rank}.pid``), one line of JSON per test (``{rank}.jsonl``), where it
was when a test's time was over (``{rank}.stack``), and that it is through (``{rank}.done``).
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import time
from collections.abc import Generator
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from mpi4py import MPI

from tests.support.mpi_job import POLL
from tests.support.mpi_runner import timeout


def serve() -> None:
    """Run groups as they come, until one is empty or the process that started the tests is gone.

    Raises
    ------
    SystemExit
        If tests of a group failed.
    """
    directory, runner = Path(os.environ["MPI_TEST_DIRECTORY"]), int(os.environ["MPI_TEST_RUNNER"])
    for number in count():
        group = directory / str(number)
        while not group.exists():
            os.kill(runner, 0)  # raises ProcessLookupError
            time.sleep(POLL)
        arguments = (group / "arguments").read_text(encoding="utf-8").splitlines()
        if not arguments:
            return
        os.environ["MPI_TEST_DIRECTORY"] = str(group)
        status = pytest.main(arguments)
        if status:
            raise SystemExit(status)
        (group / f"{world().rank}.done").touch()


def world() -> MPI.Comm:
    """The communicator of the test."""
    return MPI.COMM_WORLD


@cache
def between_tests() -> MPI.Comm:
    """A communicator on which no test sends."""
    return world().Dup()


def plugin(config: pytest.Config) -> Reporter:
    """The plugin of this rank; temporary directories are kept apart by rank.

    Raises
    ------
    pytest.UsageError
        If the number of ranks is not the one asked for.
    """
    directory = Path(os.environ["MPI_TEST_DIRECTORY"])
    rank, size, wanted = world().rank, world().size, int(os.environ["MPI_TEST_RANKS"])
    if size != wanted:
        raise pytest.UsageError(
            f"got {size} MPI ranks, expected {wanted}: mpiexec and mpi4py belong to different "
            "installations of MPI; put the mpiexec of mpi4py's MPI first in PATH"
        )
    (directory / f"{rank}.pid").write_text(str(os.getpid()))
    config.option.basetemp = str(directory / f"tmp-{rank}")
    return Reporter(directory / f"{rank}.jsonl", directory / f"{rank}.stack")


class Reporter:
    """Writes the outcome of every test, the worst of its set-up, call and tear-down.

    All ranks begin a test together, so that none of them meets a message of another test. A rank
    that is not through in time writes its stack and exits, which ends them all; this needs
    neither the interpreter nor the process that started the tests.
    """

    def __init__(self, path: Path, stack: Path) -> None:
        self.path = path
        self.stack = stack.open("wb")
        self.record: dict[str, object] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Time a test and record it."""
        between_tests().Barrier()
        self.record = {"id": item.nodeid, "outcome": "passed", "text": "", "reason": None}
        faulthandler.dump_traceback_later(timeout(item), exit=True, file=self.stack)
        try:
            return (yield)
        finally:
            faulthandler.cancel_dump_traceback_later()
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(self.record) + "\n")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a phase to the record."""
        if report.outcome != "passed" and self.record["outcome"] != "failed":
            self.record["outcome"] = report.outcome
            self.record["reason"] = getattr(report, "wasxfail", None)
        if report.failed:
            output = "".join(f"\n{title}\n{text}" for title, text in report.sections)
            text = f"in {report.when}:\n{report.longreprtext}{output}\n"
            self.record["text"] += re.sub("0x[0-9a-f]{6,}", "0x...", text)  # alike on all ranks
            crash = getattr(report.longrepr, "reprcrash", None)
            self.record["crash"] = "failed" if crash is None else crash.message.split("\n")[0]
        elif report.skipped and isinstance(report.longrepr, tuple):
            self.record["text"] = report.longrepr[2]

    def pytest_unconfigure(self) -> None:
        """Close what was opened."""
        self.stack.close()
