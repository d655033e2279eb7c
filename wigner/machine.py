"""The machine and the software: memory, versions of packages, revision of the source."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

PACKAGES = ("wigner-bgk", "numpy", "scipy", "pyfftw", "numba", "h5py", "h5netcdf", "mpi4py")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the results depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


def revision() -> str:
    """The git revision of the source, with "+" if it was changed; "unknown" outside a checkout."""
    source = Path(__file__).resolve().parents[1]
    if not (source / ".git").exists():
        return "unknown"
    command = ["git", "-C", str(source), "describe", "--always", "--abbrev=12", "--dirty=+"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()


def machine_memory() -> int:
    """Bytes of memory that this machine has, or this container may use."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with suppress(OSError, ValueError):  # no such file, or "max"
        limits.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="utf-8")))
    return min(limits)


def peak_memory() -> int:
    """Largest memory of this process so far, in bytes."""
    try:  # getrusage counts what the parent process had before it started this one
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    except (OSError, IndexError):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def keep_freed() -> None:
    """From now on the process keeps what arrays up to 24 MB give back.

    Otherwise glibc returns it to the system at once, and temporaries in a loop pay a page fault
    for every 4 kB: 40 % of a step of the local model on 64 x 64 points. Freeing one great array
    raises the thresholds; other C libraries lose nothing by it.
    """
    np.empty(3_000_000)
