"""A run in a process of its own, which signals reach."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
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


def call(arguments: Sequence[str], started: Sequence[str], requests: Requests, began: float) -> int:
    """Run ``wigner`` with arguments; its exit status, negative if a signal killed it.

    The process is apart from the terminal, so that Ctrl-C reaches this one alone, which asks the
    run to end. It finds the modules that this process finds.

    Parameters
    ----------
    started
        What starts it, see :func:`launcher`.
    requests
        Signals received so far that ask for an end; those that come meanwhile are passed on.
    began
        Seconds since 1970 when the batch job is taken to have begun.
    """
    command = [*started, sys.executable, "-P", "-m", "wigner", *arguments]
    variables = _environment(dict(os.environ), time.time() - began)
    with subprocess.Popen(
        command, env=variables, stdin=subprocess.DEVNULL, start_new_session=True
    ) as process:
        requests.heard = lambda name: process.send_signal(END)
        if requests:  # it came before there was anybody to tell
            process.send_signal(END)
        status = process.wait()
        requests.heard = None
    return status


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
