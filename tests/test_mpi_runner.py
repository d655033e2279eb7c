"""The MPI test runner: whatever ranks do, every test gets its outcome and nothing hangs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import small
from tests.support.mpi_job import RANK
from tests.support.mpi_runner import Runner, find_mpiexec, missing

pytestmark = pytest.mark.mpiexec

SUITE = """
import os, signal, warnings
from pathlib import Path
import numpy as np
import pytest

@pytest.mark.mpi(n=2)
def test_first(comm, tmp_path, shared_path):
    (tmp_path / "file").write_text("mine alone")
    assert (shared_path == tmp_path) is (comm.rank == 0)
    assert comm.allreduce(1) == 2

@pytest.mark.mpi(n=2)
def test_strict_floats(comm):
    with pytest.raises(FloatingPointError):
        np.float64(1) / np.float64(0)
    with pytest.raises(UserWarning):
        warnings.warn("now")

def test_serial():
    pass

@pytest.mark.mpi(n=[1, 2, 3])
def test_counts(comm, ranks):
    assert comm.size == ranks

@pytest.mark.mpi(n=2)
def test_one_rank_fails(comm):
    assert comm.rank == 0, "only rank 1"
    comm.barrier()

@pytest.mark.mpi(n=2)
def test_all_ranks_fail(comm):
    raise ValueError("all the same")

@pytest.mark.mpi(n=2, timeout=1)
def test_hang(comm):
    Path(f"hanging-{comm.rank}").write_text(str(os.getpid()))
    if comm.rank == 0:
        comm.recv(source=1)

@pytest.mark.mpi(n=2)
def test_crash(comm):
    if comm.rank == 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    comm.barrier()

@pytest.mark.mpi(n=2)
def test_skip(comm):
    pytest.skip("not here")

@pytest.mark.mpi(n=2)
@pytest.mark.xfail(reason="known", strict=True)
def test_known(comm):
    assert False

@pytest.mark.mpi(n=2)
def test_skip_on_one(comm):
    if comm.rank == 1:
        pytest.skip("odd")

def test_comm_without_marker(comm):
    pass

@pytest.mark.slow
@pytest.mark.mpi(n=2)
def test_slow(comm):
    pass

@pytest.fixture
def broken():
    yield
    raise RuntimeError("in tear-down")

@pytest.mark.mpi(n=2)
def test_teardown(comm, broken):
    pass
"""
# Two more files, whose ranks are the same processes.
ONE = """
import os
from pathlib import Path
import pytest

@pytest.mark.mpi(n=2)
def test_who(comm):
    Path(f"who-{comm.rank}").write_text(str(os.getpid()))
"""
NEXT = """
import os
from pathlib import Path
import pytest

@pytest.mark.mpi(n=2)
def test_again(comm):
    assert Path(f"who-{comm.rank}").read_text() == str(os.getpid())

def test_next_file():
    pass
"""
CONFIGURATION = """
[pytest]
addopts = --strict-markers -m "not slow"
markers =
    slow: slow
    mpi: ranks
    mpiexec: starts ranks
"""


def run(directory: Path, *arguments: str, timeout: float = 60) -> str:
    """Output of pytest on the tests in a directory."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "-v", *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite of its own with this suite's runner."""
    directory = tmp_path_factory.mktemp("suite")
    ours, tests = Path(__file__).parent, directory / "tests"
    (tests / "support").mkdir(parents=True)
    for name in ("__init__.py", "conftest.py"):
        shutil.copy(ours / name, tests)
    for name in ("__init__.py", "mpi_runner.py", "mpi_job.py", "mpi_child.py"):
        shutil.copy(ours / "support" / name, tests / "support")
    (tests / "test_ranks.py").write_text(SUITE)
    (tests / "test_zy_file.py").write_text(ONE)
    (tests / "test_zz_next_file.py").write_text(NEXT)
    (directory / "pytest.ini").write_text(CONFIGURATION)
    return directory


@pytest.fixture(scope="module")
def output(directory: Path) -> str:
    """What one run of that suite prints."""
    return run(directory)


def outcome(output: str, test: str) -> str:
    """The outcome of a test in the short summary, in which every test has its line."""
    return " ".join(re.findall(rf"^([A-Z]+) .*{re.escape(test)}(?: - .*)?$", output, re.MULTILINE))


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("test_first", "PASSED"),
        ("test_serial", "PASSED"),
        ("test_counts[1-ranks]", "PASSED"),
        ("test_counts[2-ranks]", "PASSED"),
        ("test_counts[3-ranks]", "PASSED"),
        ("test_one_rank_fails", "FAILED"),
        ("test_all_ranks_fail", "FAILED"),
        ("test_hang", "FAILED"),
        ("test_crash", "FAILED"),
        ("test_known", "XFAIL"),
        ("test_skip_on_one", "FAILED"),
        ("test_teardown", "FAILED"),
        ("test_strict_floats", "PASSED"),
        ("test_comm_without_marker", "ERROR"),
        ("test_slow", ""),
        ("test_who", "PASSED"),
        ("test_again", "PASSED"),
        ("test_next_file", "PASSED"),
    ],
)
def test_every_test_has_its_outcome(output: str, test: str, expected: str) -> None:
    assert outcome(output, test) == expected


@pytest.mark.parametrize(
    "told",
    [
        "ranks [1]: AssertionError: only rank 1",
        "the other ranks did not come back; back from it: [1] of 2 ranks",
        "ranks [0, 1]: ValueError: all the same",
        "no end within 1 s; back from it: [1] of 2 ranks\non rank 0: Timeout",
        "in test_hang",
        "mpiexec ended with status",
        "skipped on some ranks only",
        "ranks [0, 1]: RuntimeError: in tear-down",
        "the fixture comm needs the marker mpi",
        "not here",
        "6 failed, 9 passed, 1 skipped, 1 deselected, 1 xfailed, 1 error",
    ],
)
def test_reports_say_what_happened(output: str, told: str) -> None:
    assert told in output


def test_nothing_is_left_running(directory: Path, output: str) -> None:
    assert "test_hang" in output
    pids = [int(path.read_text()) for path in directory.glob("hanging-*")]
    time.sleep(0.2)
    assert len(pids) == 2
    assert not any(running(pid) for pid in pids)


def running(pid: int) -> bool:
    """Whether a process exists and is not merely waiting to be collected."""
    status = Path(f"/proc/{pid}/stat")
    if Path("/proc/self").exists():
        return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_ranks_do_not_outlive_who_started_them(tmp_path: Path) -> None:
    """Killed, it cannot tell them that there is no more."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    told = {"MPI_TEST_DIRECTORY": str(tmp_path), "MPI_TEST_RUNNER": str(gone.pid)}
    assert "ProcessLookupError" in small.call("-c", RANK, **told).stderr


def test_marker_selects_slow_tests(directory: Path) -> None:
    text = run(directory, "-m", "slow")
    assert outcome(text, "test_slow") == "PASSED"


def test_missing_mpi_is_a_reason_to_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.mpi_runner.find_mpiexec", lambda: None)
    assert missing() == "no mpiexec, neither beside python nor in PATH"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert missing() == "mpi4py is not installed"


def test_tests_that_start_ranks_are_skipped_without_mpi(
    pytestconfig: pytest.Config, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.mpi_runner.missing", lambda: "no ranks here")
    item = pytest.Function.from_parent(request.node.parent, name=request.node.name)
    Runner(pytestconfig).pytest_collection_modifyitems([item])
    assert [marker.kwargs["reason"] for marker in item.iter_markers("skip")] == ["no ranks here"]


def test_ranks_start_with_the_mpi_of_this_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever MPI is first in PATH; with the mpiexec of another, each rank would be alone."""
    beside = Path(sys.executable).with_name("mpiexec")
    if not beside.exists():
        pytest.skip("no mpiexec beside this python")
    (tmp_path / "mpiexec").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "mpiexec").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert find_mpiexec() == str(beside)
    done = small.call("-c", "from mpi4py import MPI; print(MPI.COMM_WORLD.size)", ranks=2)
    assert sorted(done.stdout.replace("\n", "")) == ["2", "2"], done.stderr
