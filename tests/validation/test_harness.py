"""The framework of the studies: verdicts, orders, stored tasks, the report, the command."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import validation.__main__ as command
from tests.support import small
from validation.harness import tasks
from validation.harness.claims import (
    Claim,
    Drawing,
    Expected,
    Result,
    Table,
    at_least,
    at_most,
    decided,
    near,
)
from validation.harness.orders import MARGIN, OrderError, fitted_slope, observed_orders, order_claim
from validation.harness.report import shown
from validation.harness.study import Setting, Study, run
from validation.harness.tasks import Task, TaskError
from wigner.phase_space.communicator import SERIAL


def test_verdicts_follow_from_the_numbers() -> None:
    def claim(measured: float, **more: object) -> Claim:
        return Claim("key", "statement", "(1)", measured, near(2, 0.1), **more)

    assert claim(2.05).verdict == "holds"
    assert claim(2.2).verdict == claim(math.nan).verdict == "FAILS"
    assert claim(2.05, printed=near(4, 0.2)).verdict == "print refuted"
    assert claim(4.0, printed=near(4, 0.2)).verdict == "FAILS"
    with pytest.raises(ValueError, match="overlap"):
        claim(2.0, printed=at_least(2.1))
    with pytest.raises(AttributeError):
        claim(2.2).verdict = "holds"


def test_expectations_are_intervals() -> None:
    assert 1e-9 in at_most(1e-8)
    assert 1e-7 not in at_most(1e-8)
    assert math.inf not in near(1, 1)
    assert [str(e) for e in (near(2, 0.1), at_most(1e-8), at_least(3), Expected(0, 0))] == [
        "2 ± 0.1",
        "≤ 10⁻⁸",
        "≥ 3",
        "0",
    ]
    with pytest.raises(ValueError, match="low <= high"):
        Expected(2, 1)


def test_orders_of_a_power_law() -> None:
    h = [0.4, 0.2, 0.1, 0.05]
    errors = [3 * step**2.5 for step in h]
    assert observed_orders(h, errors, floor=0.0)[0] is None
    np.testing.assert_allclose(observed_orders(h, errors, floor=0.0)[1:], 2.5)
    assert fitted_slope(h, errors, floor=0.0) == pytest.approx(2.5)


def test_no_order_at_the_floor() -> None:
    h = 0.5 ** np.arange(8)
    floor = 1e-6
    errors = h**4 + floor
    orders = observed_orders(h, errors, floor=floor)
    seen = errors > MARGIN * floor
    assert [order is not None for order in orders] == [False, *(seen[1:] & seen[:-1])]
    assert fitted_slope(h, errors, floor=floor) == pytest.approx(4, abs=0.1)
    assert abs(fitted_slope(h, errors, floor=0.0) - 4) > 0.5  # what the floor would have done
    with pytest.raises(OrderError, match=r"at least 3 above 2\.0e-05"):
        fitted_slope(h[3:], errors[3:], floor=floor)
    with pytest.raises(OrderError, match="finite"):
        fitted_slope(h, h * np.nan, floor=floor)
    claim = order_claim("k", "s", "", h[4:], errors[4:], near(4, 0.2), floor=floor)
    assert (claim.verdict, claim.holds) == ("not measurable", False)
    assert decided(claim).verdict == "FAILS"  # in a case that is shipped
    assert "floor" in claim.note


CALLS: list[float] = []


def power(base: float, exponent: int) -> dict[str, float]:
    """A task that leaves a trace."""
    CALLS.append(base)
    if base < 0:
        raise ValueError(f"base: got {base}, expected a positive number")
    return {"value": base**exponent, "series": base ** np.arange(3)}


@pytest.fixture
def calls() -> list[float]:
    CALLS.clear()
    return CALLS


def test_a_finished_task_is_not_computed_again(tmp_path: Path, calls: list[float]) -> None:
    plan = [Task("a/1", power, (2.0, 3)), Task("b/2", power, (3.0, 2))]
    first = tasks.compute(plan, tmp_path, SERIAL)
    again = tasks.compute(plan, tmp_path, SERIAL)
    assert calls == [2.0, 3.0]
    assert first["a/1"]["value"] == again["a/1"]["value"] == 8
    np.testing.assert_array_equal(again["b/2"]["series"], [1, 3, 9])


def test_other_arguments_and_other_sources_are_computed(
    tmp_path: Path, calls: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.compute([Task("a", power, (2.0, 3))], tmp_path, SERIAL)
    other = tasks.compute([Task("a", power, (2.0, 4))], tmp_path, SERIAL)
    assert other["a"]["value"] == 16
    monkeypatch.setattr(tasks, "sources", lambda: "changed")
    tasks.compute([Task("a", power, (2.0, 4))], tmp_path, SERIAL)
    assert len(calls) == 3


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 and no more", None])
def test_a_damaged_task_is_computed_again(
    tmp_path: Path, calls: list[float], damage: bytes | None
) -> None:
    plan = [Task("a", power, (2.0, 3))]
    tasks.compute(plan, tmp_path, SERIAL)
    whole = (tmp_path / "a.npz").read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]
    (tmp_path / "a.npz").write_bytes(flipped[:-40] if damage is None else damage)
    assert tasks.compute(plan, tmp_path, SERIAL)["a"]["value"] == 8
    assert calls == [2.0, 2.0]
    assert (tmp_path / "a.npz").read_bytes() == whole


def test_every_task_is_somebodys_and_the_heavy_ones_are_spread() -> None:
    plan = [Task(str(k), power, weight=weight) for k, weight in enumerate((1, 5, 1, 4, 1))]
    shares = tasks.share(plan, 2)
    assert sorted(task.name for share in shares for task in share) == list("01234")
    assert [sum(task.weight for task in share) for share in shares] == [6, 6]
    with pytest.raises(ValueError, match="different names"):
        tasks.compute([Task("a", power), Task("a", power)], Path(), SERIAL)


@pytest.mark.mpi(n=[2, 3])
def test_ranks_share_the_tasks_and_all_know_the_outcomes(comm, shared_path: Path) -> None:
    CALLS.clear()
    plan = [Task(f"{k}", power, (float(k), 2)) for k in range(1, 5)] + [
        Task("bad", power, (-1.0, 2))
    ]
    outcomes = tasks.compute(plan, shared_path, comm)
    assert [outcomes[f"{k}"]["value"] for k in range(1, 5)] == [1, 4, 9, 16]
    assert isinstance(outcomes["bad"], TaskError)
    assert sum(comm.allgather(len(CALLS))) == 5


def conclude(setting: Setting, outcomes: dict) -> Result:
    """One claim, a table and a figure."""
    value = float(outcomes["a"]["value"])

    def draw() -> Figure:
        figure = Figure(figsize=(2, 2))
        figure.subplots().plot(outcomes["a"]["series"])
        return figure

    return Result(
        "Powers & <such>.",
        (Claim("toy.value", "2³ < 9 & > 7", "(1)", value, near(8, setting.pick(0.1, 0.2))),),
        (Table("toy.table", "Powers", ("n", "2ⁿ"), ((1, 2.0), (2, None))),),
        (Drawing("toy-powers", "Powers of two", draw),),
    )


def toy(base: float) -> Study:
    """A study whose only claim holds for base 2."""
    return Study("toy", "Toy study", lambda _: [Task("a", power, (base, 3))], conclude)


@pytest.mark.parametrize(
    ("base", "status", "row"), [(2.0, 0, "holds"), (3.0, 1, "fails"), (-1.0, 1, "fails")]
)
def test_the_exit_status_and_the_red_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: float, status: int, row: str
) -> None:
    monkeypatch.setattr(command, "STUDIES", (toy(base),))
    arguments = ["toy", "--output", str(tmp_path), "--size", "small"]
    assert command.main(arguments) == status
    page = (tmp_path / "report.html").read_text()
    assert f'<tr class="{row}">' in page
    values = json.loads((tmp_path / "report.json").read_text())
    assert values["holds"] == (status == 0)
    assert values["command"] == f"python -m validation toy --output {tmp_path} --size small"
    assert values["versions"]["numpy"] == np.__version__
    claim = values["studies"][0]["claims"][0]
    if base < 0:
        assert claim["key"] == "toy.tasks"
        assert "expected a positive number" in claim["note"]
        return
    assert claim["measured"] == base**3
    assert "2³ &lt; 9 &amp; &gt; 7" in page
    assert page.count("data:image/svg+xml;base64,") == 1
    assert "http" not in page.replace("http://www.w3.org", "")
    for name in values["studies"][0]["figures"][0]["files"]:
        assert values["command"].encode() in (tmp_path / name).read_bytes()


@pytest.mark.parametrize("text", [None, "[grid]\nn_x = 3\n"])
def test_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch, text: str | None
) -> None:
    monkeypatch.setattr(command, "STUDIES", (toy(2.0),))
    case, output = tmp_path / "case.toml", tmp_path / "output"
    if text is not None:
        case.write_text(text)
    assert command.main(["toy", str(case), "--output", str(output)]) == 2
    assert "error: " in capsys.readouterr().err
    assert not output.exists()
    with pytest.raises(SystemExit) as stopped:
        command.main(["nothing", "--output", str(output)])
    assert stopped.value.code == 2


def broken(setting: Setting, outcomes: dict) -> Result:
    """A conclusion that is at fault."""
    raise ZeroDivisionError("no such number")


def assert_a_fault_is_the_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = Study("toy", "Toy study", lambda _: [Task("a", power, (2.0, 3))], broken)
    monkeypatch.setattr(command, "STUDIES", (study,))
    assert command.main(["toy", "--output", str(path)]) == 1
    assert (path / "tasks" / "toy_a.npz").exists()


def test_a_fault_in_a_conclusion_is_the_end(tmp_path: Path, monkeypatch) -> None:
    assert_a_fault_is_the_end(tmp_path, monkeypatch)


@pytest.mark.mpi(n=2)
def test_a_fault_in_a_conclusion_ends_all_ranks(comm, shared_path: Path, monkeypatch) -> None:
    assert_a_fault_is_the_end(shared_path, monkeypatch)


def test_a_failed_task_leaves_the_others(tmp_path: Path, calls: list[float]) -> None:
    bad = Study("bad", "", lambda _: [Task("a", power, (-1.0, 3))], conclude)
    results = run([bad, toy(2.0)], Setting("small"), tmp_path, SERIAL)
    assert [result.holds for result in results] == [False, True]


def test_numbers_as_text() -> None:
    cells = (None, math.nan, 3, "x", 0.0, 2.04, -1.234e-7, 12345678.0)
    assert [shown(c) for c in cells] == [
        "—",
        "—",
        "3",
        "x",
        "0",
        "2.04",
        "-1.23·10⁻⁷",
        "1.23·10⁷",
    ]


def test_a_table_is_rectangular() -> None:
    with pytest.raises(ValueError, match="expected 2 cells"):
        Table("key", "title", ("a", "b"), ((1.0,),))


@pytest.mark.parametrize("package", ["matplotlib", "jinja2"])
def test_a_missing_package_is_told(package: str) -> None:
    code = f"import sys; sys.modules['{package}'] = None; import validation.__main__"
    done = small.call("-c", code)
    assert done.returncode == 2
    assert done.stderr == f"error: {package} is not installed; pip install 'wigner-bgk[report]'\n"
