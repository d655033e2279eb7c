"""Progress of a run: lines in a log, one line that is rewritten on a terminal."""

from __future__ import annotations

import io
import logging
import os
import pty
import re
import subprocess
from contextlib import redirect_stderr
from functools import partial
from pathlib import Path

import pytest

from macro.__main__ import main as solve_model
from tests.support import small
from tests.support.case_texts import MATERIAL
from wigner.__main__ import main
from wigner.case.dimensions import moment
from wigner.case.spec import parse_case
from wigner.case.units import scale
from wigner.errors import Fault, SolveError
from wigner.output.logs import logging_to


def test_lines_of_progress_in_a_log(case: str, output: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("wigner.output.logs.QUIET", 0.0)
    assert main(["run", case, "--output", str(output)]) == 0
    said = capsys.readouterr().err
    assert "\r" not in said
    assert "\x1b" not in said
    lines = [line for line in said.splitlines() if line.startswith("t = ")]
    assert len(lines) == 4
    assert lines[1].startswith("t = 0.2 of 0.4, step 2 of 4, ")
    assert lines[-1].endswith(" 0 s left")
    assert (output / "run.log").read_text().count("step 2 of 4") == 1


def test_times_are_in_si_too(tmp_path: Path, monkeypatch, capsys) -> None:
    """tE = 0.2927 ps, in lines of progress and in all others."""
    monkeypatch.setattr("wigner.output.logs.QUIET", 0.0)
    case, output = tmp_path / "case.toml", str(tmp_path / "output")
    case.write_text(small.CASE.replace("epsilon = 0.4\nalpha = 0.5\ntau = 0.1\n", "") + MATERIAL)
    weak = ("material.relaxation_time=5 ps", "time.t_end=4", "time.dt=0.5")
    rare = ("output.every=2", "output.checkpoint=2")
    assert main(["run", str(case), "--output", output, *small.sets(*weak, *rare)]) == 4
    assert main(["resume", output, "--t-end", "4.5"]) == 4
    said = capsys.readouterr().err
    lines = [line for line in said.splitlines() if line.startswith("t = ")]
    assert lines[1].startswith("t = 1 of 4 (0.2927 of 1.171 ps), step 2 of 8, ")
    for told in (
        "ck-000000004.h5 at t = 2 (585.4 fs)\n",
        "finished at t = 4 (1.171 ps): 8 steps",
        "resumed at t = 4 (1.171 ps) after 8 steps",
        "ck-000000000.h5 at t = 0\n",
    ):
        assert told in said
    warned = [line for line in said.splitlines() if re.match(r"warning: t = [\d.]+", line)]
    assert warned
    assert all(re.match(r"warning: t = [\d.]+ \([\d.]+ [fp]s\): ", line) for line in warned)
    verdict = next(line for line in said.splitlines() if "unresolved: since t = " in line)
    assert re.search(r"since t = [\d.]+ \([\d.]+ [fp]s\), ", verdict)
    error = SolveError(Fault("mass", "0.3")).at(time=0.2, steps=2)
    units = scale(parse_case(case.read_text()).material)
    assert error.told(partial(moment, units)) == "at t = 0.2 (58.54 fs), after 2 steps: mass: 0.3"


def test_few_lines_of_progress_in_a_long_log(case: str, output: Path, capsys) -> None:
    assert main(["run", case, "--output", str(output)]) == 0
    assert capsys.readouterr().err.count(" s left") == 1


def test_one_line_of_progress_on_a_terminal(tmp_path: Path) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "output"
    ours, theirs = pty.openpty()
    arguments = small.command("-m", "wigner", "run", case, "--output", output)
    with subprocess.Popen(arguments, stderr=theirs, env=small.environment()) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:  # the other side is closed
                break
            said += chunk
            if not chunk:
                break
    os.close(ours)
    assert process.returncode == 0
    lines = said.decode().split("\r\n")
    rewritten = [line for line in lines if "step 1 of 4" in line]
    assert len(rewritten) == 1
    assert lines[-1] == "\r\x1b[K"
    text = said.decode()
    assert text.count(" s left") == 4
    assert all(len(part) <= 79 + len("\r\x1b[K") for part in text.split("\r") if "left" in part)


@pytest.mark.parametrize("solve", [[main, "run"], [solve_model, "run", "--model", "local"]])
def test_a_quiet_run_says_warnings_only(
    case: str, output: Path, capsys: pytest.CaptureFixture, solve: list
) -> None:
    command, *arguments = solve
    assert command([*arguments, case, "--output", str(output), "--quiet"]) == 0
    said = capsys.readouterr().err.splitlines()
    assert all(line.startswith("warning: ") for line in said), said
    assert "finished at t = 0.4" in (output / "run.log").read_text()


def test_a_quiet_run_still_warns(tmp_path: Path) -> None:
    with redirect_stderr(io.StringIO()) as said, logging_to(tmp_path, "sweep.log", quiet=True):
        logging.getLogger("wigner").info("fine")
        logging.getLogger("wigner").warning("doubtful")
    assert said.getvalue() == "warning: doubtful\n"
    assert " INFO fine\n" in (tmp_path / "sweep.log").read_text()
