"""One thread a rank unless asked for more, and a warning where there are more than cores."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import small
from wigner.__main__ import main
from wigner.job.supervise import THREADS, _threads

# How many threads a process has after work for BLAS and for FFTW.
COUNT = """
import os
import {module}.__main__
import numpy as np
import pyfftw
A = np.ones((700, 700)) @ np.ones((700, 700))
from wigner.phase_space.fft import FORWARD, Planner
block = pyfftw.zeros_aligned((2, 64, 64, 64), dtype=complex)
Planner()(block, (1, 2), FORWARD)
print(os.environ["OMP_NUM_THREADS"], len(os.listdir("/proc/self/task")))
"""
linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc")


@linux
@pytest.mark.parametrize("module", ["wigner", "macro"])
@pytest.mark.parametrize("asked", [None, 2])
def test_one_thread_a_rank_unless_asked(module: str, asked: int | None) -> None:
    bare = {key: value for key, value in os.environ.items() if key not in THREADS}
    variables = {} if asked is None else {"OMP_NUM_THREADS": str(asked)}
    code = COUNT.format(module=module)
    done = subprocess.run(
        [sys.executable, "-c", code], env=bare | variables, capture_output=True, check=True
    )
    said, threads = map(int, done.stdout.split())
    assert said == (asked or 1)
    if asked is None:
        assert threads == 1
    elif len(os.sched_getaffinity(0)) > 1:
        assert threads > 1


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, []),
        ({"OMP_NUM_THREADS": "2"}, ["2 rank(s) x 2 thread(s) on 2 core(s) of b"]),
        ({"OPENBLAS_NUM_THREADS": "2"}, ["2 rank(s) x 2 thread(s) on 2 core(s) of b"]),
        (
            {"OMP_NUM_THREADS": "3,1"},
            ["1 rank(s) x 3 thread(s) on 2 core(s) of a", "2 rank(s) x 3 thread(s) on 2 core(s)"],
        ),
        ({"OMP_NUM_THREADS": "many"}, []),
    ],
)
def test_every_machine_is_looked_at(
    variables: dict[str, str], told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    bound = [("a", frozenset({0, 1})), ("b", frozenset({0})), ("b", frozenset({1}))]
    warnings = list(_threads(bound))
    assert len(warnings) == len(told)
    assert all(warning.startswith(text) for warning, text in zip(warnings, told, strict=True))
    remedies = [f"set {name}=1" for name in variables] or ["give them more cores"]
    assert all(remedies[0] in warning for warning in warnings)


def test_ranks_that_share_a_core_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (warning,) = _threads([("a", frozenset({3}))] * 2)
    assert warning.startswith("2 rank(s) x 1 thread(s) on 1 core(s) of a: start fewer, or")
    assert "OMP_NUM_THREADS" not in warning  # it is set


def test_a_run_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    monkeypatch.setenv("OMP_NUM_THREADS", "1000")
    case = small.write_case(tmp_path)
    assert main(["run", str(case), "--output", str(tmp_path / "output")]) == 0
    assert "warning: 1 rank(s) x 1000 thread(s) on " in capsys.readouterr().err
