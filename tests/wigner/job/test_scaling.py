"""Predicted scaling against the same sums done by hand, and limits that need no sum."""

from __future__ import annotations

import math
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from tests.support import small
from tests.support.machines import COSTS, MACHINE
from wigner.__main__ import main
from wigner.case.problem import lattice
from wigner.case.spec import parse_case
from wigner.errors import CaseError
from wigner.job import commands, estimate
from wigner.job.scaling import Share, Step, step, strong, weak
from wigner.job.scaling_tables import tables
from wigner.maxwellian.windows import ROUNDOFF, Window, window_for
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.synthesis import with_few_modes

CASE = parse_case(small.CASE)
GRID = lattice(CASE)  # 24 points of x, 288 of p
NUMBERS = (1,)  # those of the case
LARGE = PhaseGrid((64, 64), (6.0, 6.0), (64, 64), (7.0, 7.0))


def cells(grid: PhaseGrid) -> int:
    return grid.nx * grid.np


def test_one_rank_does_what_the_case_asks_for() -> None:
    """Two stages: two transport steps, two Maxwellians of one splitting step, eight sums."""
    few = with_few_modes(GRID, 0.5e-6)
    window = window_for(GRID, 0.4, 0.5, ROUNDOFF)
    points, refined = math.prod(window.n), estimate.refined_points(window, GRID, 6)
    product = COSTS["position"] + COSTS["diffusion"]
    work = cells(GRID) * (4 * COSTS["position"] + 2 * COSTS["momentum"] + 8 * 2.0)
    work += 2 * 0.5 * cells(GRID) * COSTS["position"]  # from modes to points
    work += 2 * cells(few) * product + 2 * estimate.WARM * (GRID.nx * points * 5.0 + refined * 40.0)
    copies = cells(GRID) * 2 * COSTS["exchange"] + 2 * cells(few) * 0.5 * COSTS["exchange"]
    alone = 2 * estimate.WARM * GRID.nx * COSTS["alone"]
    expected = Step(work=1e-9 * work, copies=1e-9 * copies, alone=1e-9 * alone)
    assert astuple(step(CASE, GRID, 1, MACHINE, NUMBERS)) == pytest.approx(astuple(expected))


def test_maxwellians_on_fewer_points_of_x() -> None:
    """What they take is that of their lattice, and a transform on either besides."""
    case = parse_case(small.CASE, ["grid.n_x=[24, 24]"])
    grid = lattice(case)
    coarse = replace(grid, n_x=(12, 16))
    few, fine = (with_few_modes(g, 0.5e-6) for g in (coarse, grid))
    window = window_for(coarse, 0.4, 0.5, ROUNDOFF)
    points, refined = math.prod(window.n), estimate.refined_points(window, coarse, 12)
    work = cells(grid) * (4 * COSTS["position"] + 2 * COSTS["momentum"] + 8 * 2.0)
    work += 2 * 0.5 * cells(grid) * COSTS["position"]
    work += 2 * cells(few) * (COSTS["position"] + COSTS["diffusion"])
    work += 2 * 0.5 * COSTS["diffusion"] * (cells(few) + cells(fine))
    work += 2 * estimate.WARM * (coarse.nx * points * 5.0 + refined * 40.0)
    ways = 2 * cells(grid) + 2 * 2 * 0.5 * cells(few) + 2 * 0.5 * cells(fine)
    alone = 2 * estimate.WARM * coarse.nx * COSTS["alone"]
    expected = Step(work=1e-9 * work, copies=1e-9 * ways * COSTS["exchange"], alone=1e-9 * alone)
    found = step(case, grid, 1, MACHINE, NUMBERS, (12, 15))  # the next that is tried
    assert astuple(found) == pytest.approx(astuple(expected))


def test_ranks_of_a_node_share_the_work_but_not_what_each_does() -> None:
    one, four = (step(CASE, GRID, ranks, MACHINE, NUMBERS) for ranks in (1, 4))
    few = with_few_modes(GRID, 0.5e-6)
    assert few.np % 4 == 0
    window = window_for(GRID, 0.4, 0.5, ROUNDOFF)
    lines = [estimate.refined_points(window, GRID, count) for count in (6, 3)]  # 6 points: 3 of 4
    tables = 2 * estimate.WARM * 40e-9 * (lines[1] - lines[0] / 4)
    assert four.work == pytest.approx(one.work / 4 + tables)
    assert four.copies == pytest.approx(one.copies / 4)
    assert four.alone == pytest.approx(one.alone)
    assert one.latency == 0 < four.latency
    assert four.travel == 0


def test_the_slowest_rank_counts() -> None:
    """Of 24 points of x and 288 of p, one of 7 ranks has 4 and 42."""
    share = Share(MACHINE, GRID, 7)
    assert (share.nodes, share.team) == (2, 4)
    assert (share.rows, share.columns) == (4 * 288, 42 * 24)


def test_points_of_tables() -> None:
    """Windows of 6 x 8 points, two to a step and one: 3 lines and all four points of a line."""
    window = Window((6, 8), (math.pi / 6, 5 / 4), ratio=(2, 1), stride=(1, 1))
    assert estimate.refined_points(window, GRID, 3) == (2 * 2 + 6) * (3 + 8)
    sparse = replace(window, ratio=(3, 1), stride=(2, 1))  # every second of three to a step
    assert estimate.refined_points(sparse, GRID, 3) == (2 * 3 + 11) * (3 + 8)


def test_memory_that_all_ranks_of_a_node_share() -> None:
    slow = replace(MACHINE, memory=1e6)
    one, four = (Share(slow, LARGE, ranks) for ranks in (1, 4))
    moved = 64 * cells(LARGE) / 1e6
    assert one.product("position").work == pytest.approx(moved)
    assert four.product("momentum").work == pytest.approx(moved)  # no faster than one
    assert four.moved(Step()).copies == pytest.approx(2 * moved)


def test_between_nodes_what_takes_longer_counts() -> None:
    share = Share(MACHINE, LARGE, 8)
    rounds = share.rounds
    assert share.nodes == 2
    assert rounds.count > 1
    # half of what the four ranks of a node have goes to the other, and as much comes back
    sent = 2 * 32 * cells(LARGE) / 8 / 2 * 4 / 1e9
    busy = share.moved(Step()).copies
    idle, hidden = share.moved(Step()), share.moved(Step(work=sent))
    assert busy < sent
    least = sent / rounds.count
    assert idle.travel == pytest.approx(least + (rounds.count - 1) * (sent - busy) / rounds.count)
    assert hidden.travel == pytest.approx(least)
    messages = 2 * 2 * rounds.blocks * rounds.count  # one each way and block to the other node
    latency = messages * 1e-6 + 2 * rounds.count * 1e-5 + 2 * 2e-6
    assert idle.latency == pytest.approx(latency)
    assert share.message == 16 * rounds.width * 64 * 64 / 2


def test_messages_do_not_shrink_with_more_ranks_a_node() -> None:
    few, many = (Share(replace(MACHINE, ranks=r), LARGE, 4 * r) for r in (8, 64))
    assert many.message == few.message * many.rounds.width / few.rounds.width > 30e3


def test_narrow_blocks_cost_more() -> None:
    """On 512 ranks each has 8 columns; on 1024 four, 1.2 times as long."""
    one, half, none = (Share(replace(MACHINE, ranks=2000), LARGE, n) for n in (512, 1024, 16))
    assert [share.rounds.width for share in (one, half, none)] == [8, 4, 8]
    ratio = half.product("momentum").work / one.product("momentum").work
    assert ratio == pytest.approx(0.5 * 1.2)
    assert none.product("momentum").work == pytest.approx(32 * one.product("momentum").work)


def test_fields_on_x_reach_every_rank() -> None:
    slow = replace(MACHINE, memory=1e6)
    told = 8 * 4 * LARGE.nx
    assert astuple(Share(slow, LARGE, 1).gathered(4)) == (0.0,) * 5
    assert Share(slow, LARGE, 4).gathered(4).alone == pytest.approx(2 * told * 4 / 1e6)
    assert Share(MACHINE, LARGE, 8).gathered(4).alone == pytest.approx(told / 2 / 1e9)


def test_a_network_that_is_not_known() -> None:
    lonely = replace(MACHINE, network=None)
    step(CASE, GRID, 4, lonely, NUMBERS)
    with pytest.raises(CaseError, match=r"8 ranks are 2 nodes of 4, expected latency, bandwidth"):
        step(CASE, GRID, 8, lonely, NUMBERS)


def test_strong_and_weak() -> None:
    fixed, grown = (
        strong(CASE, GRID, (2, 4, 8), MACHINE, NUMBERS),
        weak(CASE, (2, 4, 8), MACHINE, NUMBERS),
    )
    assert {row.share.grid for row in fixed} == {GRID}
    assert [row.share.ranks for row in fixed] == [row.share.ranks for row in grown] == [2, 4, 8]
    assert grown[0].share.grid == GRID
    assert grown[2].share.grid.n_x == (8, 6)
    assert grown[2].share.grid.n_p == (22, 26)
    assert grown[2].share.grid.length == GRID.length
    strip = parse_case(small.CASE, ["grid.n_x=[8, 1]", "initial.n0=1"])
    assert weak(strip, (1, 8), MACHINE, NUMBERS)[1].share.grid.n_x == (16, 1)


def test_tables_are_of_the_numbers_that_are_likely(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, case = tmp_path / "machine.toml", small.write_case(tmp_path)
    machine.write_text(MACHINE.text())
    monkeypatch.setattr(commands, "likely_numbers", lambda *_: (2, 3))
    assert main(["info", str(case), "--ranks", "2,4", "--machine", str(machine)]) == 0
    told = capsys.readouterr().out
    expected, others = (tables(CASE, GRID, (2, 4), MACHINE, m) for m in ((2, 3), NUMBERS))
    assert expected != others
    assert told.endswith(expected)
    fixed, grown = expected.split("\nweak ")
    for page, rows in (
        (fixed, strong(CASE, GRID, (2, 4), MACHINE, (2, 3))),
        (grown, weak(CASE, (2, 4), MACHINE, (2, 3))),
    ):
        lines = [line.split() for line in page.strip().splitlines()[-2:]]
        seconds = [f"{1e3 * row.step.seconds:.3g}" for row in rows]
        assert [line[7] for line in lines] == seconds


def test_the_page(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    machine = tmp_path / "machine.toml"
    machine.write_text(MACHINE.text())
    case = small.write_case(tmp_path)
    assert main(["info", str(case), "--ranks", "2,4,8", "--machine", str(machine)]) == 0
    told = capsys.readouterr().out
    fixed, grown = told.split("strong scaling on a machine; 4 ranks a node")[1].split("\nweak ")
    rows = [line.split() for line in fixed.splitlines()[2:] if line]
    seconds = [step(CASE, GRID, ranks, MACHINE, NUMBERS).seconds for ranks in (2, 4, 8)]
    assert [row[:2] for row in rows] == [["2", "1"], ["4", "1"], ["8", "2"]]
    assert [float(row[7]) for row in rows] == pytest.approx([1e3 * s for s in seconds], rel=5e-3)
    efficiency = [seconds[0] * 2 / (s * ranks) for s, ranks in zip(seconds, (2, 4, 8), strict=True)]
    assert [float(row[8]) for row in rows] == pytest.approx(efficiency, abs=5e-3)
    assert grown.splitlines()[2].split()[1] == "6x4x16x18"
    assert main(["info", str(case), "--machine", str(tmp_path / "none")]) == 2
    assert "expected constants of a machine" in capsys.readouterr().err
