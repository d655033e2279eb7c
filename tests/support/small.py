"""A case that runs in a fraction of a second, and how tests run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from tests.support.mpi_runner import find_mpiexec

CASE = """\
[grid]
n_x = [6, 4]
length = [6.283185307179586, 5.0]
n_p = [16, 18]

[physics]
epsilon = 0.4
alpha = 0.5
tau = 0.1
potential = "0.2*cos(x1)"

[initial]
n0 = "1 + 0.2*sin(x1)"
n = ["0.3", "0.2*cos(x1)", "0.1"]

[time]
t_end = 0.4
dt = 0.1

[maxwellian]
tolerance = 1e-6
richardson = 1

[output]
every = 0.2
"""
# On 24^4 points.
MEDIUM = CASE.replace("[6, 4]", "[24, 24]").replace("[16, 18]", "[24, 24]")

# All that a case can switch on besides.
DRIVEN = [
    "physics.beta=0.2",
    "physics.potential=0.2*cos(x1 - t)",
    'physics.zeeman=["0.1", "0.2*sin(x2*2*pi/5 + t)", "0.3"]',
    'physics.field=["0.3*cos(t)", "-0.2"]',
    "field.kind=2deg",
    "field.coupling=0.5",
]


def write_case(directory: Path) -> Path:
    """The case as a file."""
    path = directory / "case.toml"
    path.write_text(CASE)
    return path


def sets(*overrides: str) -> list[str]:
    """Arguments that change entries of the case."""
    return [argument for override in overrides for argument in ("--set", override)]


def report(output: Path) -> dict:
    """run.json."""
    return json.loads((output / "run.json").read_text())


def checkpoints(output: Path) -> list[Path]:
    """All checkpoints, the oldest first."""
    return sorted((output / "checkpoint").glob("*.h5"))


def state(output: Path) -> NDArray:
    """W in the newest checkpoint."""
    with h5py.File(checkpoints(output)[-1]) as file:
        return file["W"][:]


def moments(output: Path) -> dict[str, NDArray]:
    """All variables of moments.h5."""
    with h5py.File(output / "moments.h5") as file:
        return {name: dataset[()] for name, dataset in file.items() if dataset.shape}


def same_records(first: Path, second: Path, tolerance: float = 0.0) -> None:
    """Assert that two runs have the same records."""
    a, b = moments(first), moments(second)
    assert a.keys() == b.keys()
    np.testing.assert_array_equal(a["time"], b["time"])
    for name in a:
        # spectra are rounded as their buffers lie in memory
        least = 1e-12 if name.startswith("tail") else 0.0
        atol = max(tolerance, least)
        np.testing.assert_allclose(a[name], b[name], rtol=0, atol=atol, err_msg=name)


def snapshot(directory: Path) -> dict[str, bytes]:
    """Names and contents of all files."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else b""
        for path in sorted(directory.rglob("*"))
    }


def bytes_read() -> int:
    """Bytes that this process has read, from wherever."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["rchar"])


def command(*arguments: object, ranks: int | None = None) -> list[str]:
    """The command line of a run, under mpiexec where ranks are given."""
    launcher = [] if ranks is None else [find_mpiexec(), "-n", str(ranks)]
    return [*launcher, sys.executable, *(str(argument) for argument in arguments)]


def call(
    *arguments: object, ranks: int | None = None, **variables: str
) -> subprocess.CompletedProcess:
    """Python in a process of its own, or in several."""
    return subprocess.run(
        command(*arguments, ranks=ranks),
        env=environment() | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def environment() -> dict[str, str]:
    """Variables of a process on one core."""
    return dict(os.environ) | {"OMP_NUM_THREADS": "1"}


@contextmanager
def running(output: Path, *arguments: object, ranks: int | None = None) -> Iterator:
    """A long run in the background that has made its first steps; killed if still there."""
    with subprocess.Popen(
        command("-m", "wigner", "run", *arguments, "--output", output, ranks=ranks),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            wait_for(
                lambda: (output / "run.json").exists() and report(output).get("records", 0) > 2
            )
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                time.sleep(1)
                process.kill()


def wait_for(condition, seconds: float = 30.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
