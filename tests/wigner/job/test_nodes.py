"""Runs on several nodes, or ranks that believe so: results are the same, and told is how many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support import small
from tests.support.small import report, sets
from wigner.__main__ import main
from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.job.run import execute
from wigner.job.supervise import FINISHED


@pytest.mark.mpi(n=3)
def test_a_run_goes_on_with_other_nodes_to_the_last_bit(
    comm: object,
    shared_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    half = parse_case(small.CASE, [*small.DRIVEN, "time.t_end=0.2"])
    longer = parse_case(small.CASE, small.DRIVEN)
    ways = {"one": ("1", "1"), "several": ("3", "0,1,1")}
    if comm.rank == 0:
        for name in ways:
            (shared_path / name).mkdir()
    comm.Barrier()
    for name, (first, then) in ways.items():
        monkeypatch.setenv("WIGNER_NODES", first)
        assert execute(half, build(half), shared_path / name, comm) == FINISHED
        monkeypatch.setenv("WIGNER_NODES", then)
        assert execute(longer, build(longer), shared_path / name, comm, resume=True) == FINISHED
    if comm.rank == 0:
        for name, ranks in (("one", [3]), ("several", [1, 2])):
            output = shared_path / name
            assert report(output)["ranks_by_node"] == ranks
            small.same_records(output, shared_path / "one")
            np.testing.assert_array_equal(small.state(output), small.state(shared_path / "one"))
        told = [text.split(", ")[-2:] for text in caplog.messages if "rank(s)" in text]
        assert told[2:] == [["3 nodes", "3 rank(s)"], ["2 nodes", "3 rank(s)"]]
        assert "node" not in "".join(told[0] + told[1])


@pytest.mark.parametrize("command", ["run", "resume"])
def test_nodes_that_are_none_are_bad_input(
    case: str,
    output: Path,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    run = ["run", case, "--output", str(output), *sets("time.t_end=0.1", "output.every=0.1")]
    if command == "resume":
        assert main(run) == 0
    monkeypatch.setenv("WIGNER_NODES", "2")
    capsys.readouterr()
    assert main(run if command == "run" else ["resume", str(output), "--t-end", "0.2"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    expected = "error: WIGNER_NODES: got '2', expected a number of nodes from 1 to 1; "
    assert line == f"{expected}change or unset this variable"
    assert output.exists() == (command == "resume")
