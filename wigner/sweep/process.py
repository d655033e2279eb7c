"""A run in a process of its own, which signals reach."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import CaseError, Fault
from ..job.agenda import LENGTHS, Requests

# Ends a run with a checkpoint; every mpiexec passes it on and waits.
END = signal.SIGUSR1


def launcher(ranks: int) -> list[str]:
    """What starts so many ranks: nothing for one, else the mpiexec beside this Python, or in PATH.

    Raises
    ------
    CaseError
        If there is none.
    """
    if ranks == 1:
        return []
    beside = Path(sys.executable).with_name("mpiexec")
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("mpiexec")
    if found is None:
        remedy = "install the extra mpi, or load the MPI of this machine"
        got = "no mpiexec beside this python, and none in PATH"
        raise CaseError(Fault("--ranks", got, "one that starts ranks", remedy))
    return [found, "-n", str(ranks)]


def call(
    arguments: Sequence[str],
    started: Sequence[str],
    requests: Requests,
    began: float,
    module: str = "wigner",
) -> int:
    """Run a module with arguments; its exit status, negative if a signal killed it.

    The process is apart from the terminal, so that Ctrl-C reaches this one alone, which asks the
    run to end; it is asked too if this process is killed. It finds the modules that this one finds.

    Parameters
    ----------
    started
        What starts it, see :func:`launcher`.
    requests
        Signals received so far that ask for an end; those that come meanwhile are passed on.
    began
        Seconds since 1970 when the batch job is taken to have begun.
    module
        It is called as ``python -m``.
    """
    command = [*started, sys.executable, "-P", "-m", module, *arguments]
    variables = _environment(dict(os.environ), time.time() - began)
    with (
        _watch() as watch,
        subprocess.Popen(
            command, env=variables, stdin=subprocess.DEVNULL, start_new_session=True
        ) as process,
    ):
        watch(process.pid)
        requests.heard = lambda name: process.send_signal(END)
        if requests:  # it came before there was anybody to tell
            process.send_signal(END)
        status = process.wait()
        requests.heard = None
    return status


@contextmanager
def _watch() -> Iterator[Callable[[int], None]]:
    """A function that is told a process, which is asked to end if this one is killed within.

    Another one waits for lines through a pipe whose other end is here: when this process is gone,
    whatever ended it, there comes the end of the pipe in place of a last line.
    """
    waits = f'read -r pid && {{ read -r over || kill -s {END.name[3:]} "$pid"; }}'
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        ["/bin/sh", "-c", waits],
        stdin=subprocess.PIPE,
        stdout=quiet,
        stderr=quiet,
        start_new_session=True,
        text=True,
        bufsize=1,
    ) as watcher:
        assert watcher.stdin is not None
        pipe = watcher.stdin
        try:
            yield lambda pid: print(pid, file=pipe)
        finally:
            watcher.communicate("over\n")


def _environment(variables: dict[str, str], spent: float) -> dict[str, str]:
    """Variables of a process: where to look for modules, and what is left of the batch job.

    A run takes the length of its job to count from its own start.
    """
    for name in LENGTHS:
        length = variables.get(name, "")
        if length.isdecimal():
            variables[name] = str(max(1, int(length) - int(spent)))
    path = os.pathsep.join(place for place in sys.path if place)
    return variables | {"PYTHONPATH": path}
