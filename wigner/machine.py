"""The machine and the software: memory, versions of packages, where the source is."""

from __future__ import annotations

import json
import os
import platform
import resource
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distributions, version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

PACKAGES = ("wigner-bgk", "numpy", "scipy", "pyfftw", "numba", "h5py", "h5netcdf", "mpi4py")
# Console names, and their modules.
COMMANDS = {"wigner": "wigner", "wigner-macro": "macro", "wigner-validate": "validation"}
# Where a build has written the revision that it was made from, see setup.py.
REVISION = "revision.txt"


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the results depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


def command() -> str:
    """The command of this process as it was typed, or that a program in Python has called."""
    name, arguments = Path(next(iter(sys.argv), "")).name, sys.argv[1:]
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    module = "" if spec is None else str(spec.name).removesuffix(".__main__")
    if module in COMMANDS.values():
        return shlex.join(["python", "-m", module, *arguments])
    if name.removesuffix(".exe") in COMMANDS:
        return shlex.join([name, *arguments])
    return f"called from Python ({name or 'interactive'})"


def revision() -> str:
    """The git revision of the source, with "+" if it was changed.

    Outside of a checkout it is the one that was built; "unknown" if that is not known either.
    """
    source = Path(__file__).resolve().parents[1]
    if not (source / ".git").exists():
        return _built()
    command = ["git", "-C", str(source), "describe", "--always", "--abbrev=12", "--dirty=+"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()


def _built() -> str:
    """The revision that the build has left."""
    try:
        return Path(__file__).with_name(REVISION).read_text(encoding="utf-8").strip()
    except OSError:
        return "unknown"


def shadowed() -> Iterator[str]:
    """What hides a package of this project from Python, or this project the installed one.

    Python looks first in the directory in which ``python -m`` was typed, and in PYTHONPATH.
    """
    root = Path(__file__).resolve().parents[1]
    remedy = "the commands wigner, wigner-macro and wigner-validate do not look where you are"
    homes = list(_homes())
    if homes and root not in homes:
        yield f"wigner: taken from {root}, not from {homes[0]}, where it is installed; {remedy}"
    for name in ("macro", "validation"):
        with suppress(ImportError, ValueError):  # what Python cannot look up hides nothing
            spec = find_spec(name)
            if spec is not None and spec.origin is not None:
                found = Path(spec.origin).resolve()
                if found.parent != root / name:
                    yield f"{name}: {found} hides the package in {root}; rename it: {remedy}"


def _homes() -> Iterator[Path]:
    """Where this project is installed, or was when it was installed as editable."""
    for found in distributions(name=PACKAGES[0]):
        about = json.loads(found.read_text("direct_url.json") or "{}")
        if about.get("dir_info", {}).get("editable"):
            yield Path(url2pathname(urlparse(about["url"]).path)).resolve()
        elif found.read_text("RECORD") is not None:  # else it is what setuptools leaves in a source
            yield Path(str(found.locate_file(""))).resolve()


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
    import numpy as np  # noqa: PLC0415 (a build asks for the revision before numpy is there)

    np.empty(3_000_000)
