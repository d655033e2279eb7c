"""One ``mpiexec`` whose ranks run groups of tests, and all that may go wrong with it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

GRACE = 1.0  # s that ranks may take to come back after another one failed, or to end when told so
START = 30.0  # s that mpiexec and the imports may take
EXIT = 20.0  # s that the ranks may take to be through with a group after its last test, or to exit
POLL = 0.02  # s
# For pytest on the ranks: stop at a failure, take slow tests too, print little. Plugins that they
# do without take a second to load.
OPTIONS = (
    *("-x", "-m", "", "-q", "--color=no", "--no-header", "--no-summary"),
    *("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist"),
)
RANK = "from tests.support.mpi_child import serve; serve()"
PYTEST_FRAME = r'\n *File ".*[/\\\\]_?pytest[/\\\\]'  # where a stack leaves the test
SHOWN_LOG = 4000  # last characters of the ranks' common output to show after a crash


def find_mpiexec() -> str | None:
    """The mpiexec beside this Python (installed with it), or else the one in PATH."""
    beside = Path(sys.executable).with_name("mpiexec")
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("mpiexec")


class Job:
    """One mpiexec at work on groups of tests, each in its order.

    A group has a directory of its own, whose name is its number: the ranks wait for it.
    """

    def __init__(self, n: int, config: pytest.Config) -> None:
        self.n, self.config = n, config
        self.directory = Path(tempfile.mkdtemp(prefix="wigner-mpi-"))
        self.log = self.directory / "log"
        self.number = -1
        self.group: list[str] | None = None
        command = [find_mpiexec(), "-n", str(n), sys.executable, "-c", RANK]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
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
            "MPI_TEST_RUNNER": str(os.getpid()),
            "OMP_NUM_THREADS": "1",
        }

    @property
    def place(self) -> Path:
        """The directory of the group at work."""
        return self.directory / str(self.number)

    def begin(self, group: list[str], first: str) -> None:
        """Have the ranks run a group from one of its tests on."""
        inifile = [] if self.config.inipath is None else ["-c", str(self.config.inipath)]
        root = f"--rootdir={self.config.rootpath}"
        self._tell([*OPTIONS, *inifile, root, *group[group.index(first) :]])
        self.group = group

    def _tell(self, arguments: Sequence[str]) -> None:
        """The arguments of the next pytest; none are the end. The group before leaves nothing."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.number += 1
        part = self.directory / "part"
        part.mkdir()
        (part / "arguments").write_text("\n".join(arguments), encoding="utf-8")
        part.rename(self.place)

    def outcomes(self, nodeid: str) -> dict[int, dict]:
        """What each rank has reported about a test so far."""
        found = {}
        for rank in range(self.n):
            with suppress(FileNotFoundError):
                text = (self.place / f"{rank}.jsonl").read_text(encoding="utf-8")
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
            for path in sorted(self.place.glob("*.stack"))
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

    def through(self) -> str | None:
        """Wait until the ranks are through with a group; what is wrong if they are not."""
        end = time.monotonic() + EXIT
        while len(list(self.place.glob("*.done"))) < self.n:
            if self.process.poll() is not None:
                return f"mpiexec exited with status {self.process.returncode}{self.tail()}"
            if time.monotonic() > end:
                return f"the ranks did not end after the last test{self.tail()}"
            time.sleep(POLL)
        return None

    def finish(self) -> str | None:
        """Let the ranks exit; says so if they do not."""
        self._tell(())
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
            for path in self.directory.glob("*/*.pid"):
                with suppress(ProcessLookupError, ValueError):
                    os.kill(int(path.read_text()), signal.SIGKILL)
        shutil.rmtree(self.directory, ignore_errors=True)
