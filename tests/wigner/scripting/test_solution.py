"""Solutions in memory are those of the commands, record by record."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

import macro
import wigner
from tests.support import small
from tests.support.small import sets
from tests.wigner.job.test_guards import inject, unsolvable
from wigner.__main__ import main
from wigner.errors import CaseError, ConstraintError
from wigner.output.variables import ARRAYS, SCALARS
from wigner.scripting.solution import Record, Solution

PLANES = 'output.phase_space=["x1 p1"]'


def agree(records: list[Record], output: Path, names: list[str]) -> None:
    """Assert that records are those in a directory, to the last bit."""
    found = small.moments(output)
    np.testing.assert_array_equal([record.t for record in records], found["time"])
    for name in names:
        ours = [record[name] for record in records]
        atol = 1e-12 if name.startswith("tail") else 0.0  # rounded as their buffers lie in memory
        np.testing.assert_allclose(ours, found[name], rtol=0, atol=atol, err_msg=name)


@pytest.mark.parametrize("changes", [[PLANES], [*small.DRIVEN, "time.dt=auto"]])
def test_records_are_those_of_the_command(case: str, output: Path, changes: list[str]) -> None:
    assert main(["run", case, "--output", str(output), *sets(*changes)]) == 0
    solution = wigner.run(wigner.open_case(case, changes))
    assert isinstance(solution, Solution)
    assert len(solution) == len(solution.times) == 3
    records = list(solution)
    names = [*SCALARS, *ARRAYS] + (["W_x1_p1"] if changes == [PLANES] else ["V", "b", "E", "phi"])
    agree(records, output, names)
    last = records[-1]
    assert last.steps == small.report(output)["steps"]
    assert last.quality.as_dict() == small.report(output)["quality"]
    assert (last.n0.shape, last.n.shape, last.a0.shape, last.a.shape) == (
        (6, 4),
        (3, 6, 4),
        (6, 4),
        (3, 6, 4),
    )


@pytest.mark.parametrize("start", [0.2, 0.35])  # at a record, and a step after one
def test_steps_are_shorter_where_those_of_the_command_are(
    case: str,
    output: Path,
    start: float,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    inject(monkeypatch, unsolvable(0.03, start))
    assert main(["run", case, "--output", str(output)]) == 0
    records = list(wigner.run(wigner.open_case(case)))
    assert caplog.text.count("is done again in 4 parts") == 2  # by the command, and here
    agree(records, output, [*SCALARS, *ARRAYS])
    assert records[-1].steps == small.report(output)["steps"]


def test_steps_are_not_shorter_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    inject(monkeypatch, unsolvable(0.0, 0.35))
    solution = wigner.run(wigner.open_case(small.CASE))
    with pytest.raises(ConstraintError, match=r"at t = 0\.3, after 3 steps: .*down to dt/16$"):
        list(solution)


@pytest.mark.parametrize("model", ["local", "nonlocal"])
def test_records_of_a_model_too(tmp_path: Path, case: str, model: str) -> None:
    from macro.__main__ import main as macro_main  # noqa: PLC0415 (it sets variables)
    from macro.run import ARRAYS, SCALARS  # noqa: PLC0415

    output = tmp_path / model
    assert macro_main(["run", case, "--model", model, "--output", str(output)]) == 0
    solution = macro.solve(wigner.open_case(case), model)
    assert len(solution) == 3
    names = {*SCALARS, *ARRAYS} - {"evaluations"}
    agree(list(solution), output, sorted(names))


def test_each_loop_solves_anew() -> None:
    solution = wigner.run(wigner.open_case(small.CASE, ["time.t_end=0.2"]))
    first, second = list(solution), list(solution)
    np.testing.assert_array_equal(first[-1].n, second[-1].n)
    np.testing.assert_array_equal(first[-1]["evaluations"], second[-1]["evaluations"])


def test_what_is_doubtful_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    case = wigner.open_case(small.CASE, ["grid.p_max=4.2", "time.t_end=0.1"])
    solution = wigner.run(case)
    assert any("grid.p_max" in warning for warning in solution.problem.warnings)
    with caplog.at_level(logging.WARNING):
        records = list(solution)
    told = [record.message for record in caplog.records]
    assert {*solution.problem.warnings, *records[-1].quality.warnings} == {*told}
    assert records[-1].quality.verdict != "resolved"


def test_errors_say_when() -> None:
    with pytest.raises(CaseError, match=r"model: got 'locl', expected one of nonlocal, local"):
        macro.solve(wigner.open_case(small.CASE), "locl")
    with pytest.raises(CaseError, match=r"initial\.n0: "):
        wigner.run(wigner.open_case(small.CASE, ["initial.n0=sin(x1)"]))
    hard = [
        "maxwellian.max_evaluations=1",
        "maxwellian.tolerance=1e-12",
        "initial.n0=1+0.9*cos(x1)",
    ]
    with pytest.raises(ConstraintError, match=r"at t = 0, after 0 steps: "):
        list(wigner.run(wigner.open_case(small.CASE, [*hard, 'initial.n=["0","0","0"]'])))


@pytest.mark.mpi(n=[2])
def test_all_ranks_get_the_records(comm: object) -> None:
    case = wigner.open_case(small.CASE, [PLANES, "time.t_end=0.2"])
    together, alone = list(wigner.run(case, comm)), list(wigner.run(case))
    for name in ("n0", "n", "a", "energy", "W_x1_p1"):
        ours, theirs = ([record[name] for record in found] for found in (together, alone))
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11, err_msg=name)
