"""Claims that the numbers of a case cannot decide, and reports that survive what goes wrong."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import validation.__main__ as command
from validation.formulas.exact import fitted
from validation.formulas.statements import Sides
from validation.harness import figures, tasks
from validation.harness.claims import (
    BURIED,
    EARLY,
    MOOT,
    Claim,
    Drawing,
    Expected,
    Result,
    at_most,
    near,
    relative_claim,
)
from validation.harness.orders import order_claim
from validation.harness.study import Setting, Study, run
from validation.harness.tasks import Outcomes, Task
from validation.solutions.cases import STRIP, normalised, slowed
from validation.solutions.macroscopic import relative
from validation.studies import tau
from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.errors import CaseError, ConstraintError, Fault
from wigner.phase_space.communicator import SERIAL

H = [0.4, 0.2, 0.1, 0.05]


def power(exponent: float, h: list[float] = H) -> list[float]:
    return [step**exponent for step in h]


def of_orders(*orders: float) -> list[float]:
    """Errors with these orders between one step of H and the next."""
    return [1.0, *np.cumprod(0.5 ** np.array(orders))]


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        (of_orders(1.9, 2.0, 2.0), "holds"),
        (of_orders(1.2, 1.95, 2.0), "holds"),  # the finest three show it
        (of_orders(1.2, 1.63, 1.84), EARLY),
        (of_orders(1.3, 1.63, 1.84), EARLY),
        (of_orders(1.0, 1.5, 2.6), EARLY),  # on both sides of it
        (of_orders(1.0, 1.0, 1.0), "FAILS"),
        (of_orders(2.0, 1.5, 1.0), "FAILS"),
        (of_orders(2.0, 3.0, 3.1), "FAILS"),
        ([0.0, 0.0, 0.0, 0.0], MOOT),
        ([1e-12, 2e-13, 1e-14, 0.0], MOOT),
        ([1e-8, 2e-9, 1e-10, 1e-10], BURIED),
        ([1.0, math.nan, 0.1, 0.01], "FAILS"),
    ],
)
def test_only_a_contradiction_fails(errors: list[float], verdict: str) -> None:
    claim = order_claim("k", "s", "", H, errors, near(2, 0.1), floor=1e-10)
    assert claim.verdict == verdict
    assert claim.holds == (verdict == "holds")
    assert claim.fails == (verdict == "FAILS")


@pytest.mark.parametrize(("printed", "verdict"), [(near(4, 0.2), MOOT), (None, "FAILS")])
def test_a_misprint_that_the_case_does_not_have(printed: Expected | None, verdict: str) -> None:
    """Its order is that of the corrected formula; of which alone the same is a contradiction."""
    errors = power(4)
    claim = order_claim(
        "k", "s", "", H, errors, near(2, 0.2), floor=0.0, printed=printed, right=errors
    )
    assert claim.verdict == verdict


@pytest.mark.parametrize(
    ("difference", "size", "verdict"),
    [
        (1e-10, 1.0, "holds"),
        (1e-7, 1.0, "FAILS"),
        (1e-10, 1e-3, MOOT),  # the difference is small against the terms, which nearly cancel
        (1e-7, 1e-3, "FAILS"),
        (1e-17, 1e-16, MOOT),
        (0.0, 0.0, MOOT),
    ],
)
def test_equations_whose_sides_vanish(difference: float, size: float, verdict: str) -> None:
    claim = relative_claim("k", "s", "", difference, size, at_most(1e-9), natural=1.0)
    assert claim.verdict == verdict
    assert math.isfinite(claim.measured)


def test_zero_equals_zero() -> None:
    zero = np.zeros(3)
    assert Sides(zero, zero).sizes() == (0, 0, 0, 0)
    u = np.concatenate([np.ones((1, 4, 1)), np.zeros((3, 4, 1))])
    assert relative(u, u) == 0
    assert relative(u + 0.01, u) == pytest.approx(10)  # of a thousandth of n0


def test_factors_of_terms_that_are_not_there() -> None:
    x = np.linspace(0, 1, 9)
    np.testing.assert_allclose(fitted(3 * x - x**2, [x, x**2]), [3, -1])
    np.testing.assert_allclose(fitted(3 * x, [x, 0 * x]), [3, np.nan])
    assert np.all(np.isnan(fitted(3 * x, [x, 2 * x])))
    assert np.all(np.isnan(fitted(x, [0 * x])))
    noise = 1e-15 * np.random.default_rng(1).normal(size=x.shape)
    assert np.all(np.isnan(fitted(x, [noise])))


def test_figures_of_nothing_but_zeros() -> None:
    """No warning, which would be an error here, and no panel without a word."""
    figure, axes = figures.panels(4)
    figures.line(axes[0, 0], H, np.zeros(4), "label", 0)
    figures.slope(axes[0, 0], H, 0.0, 2)
    figures.logarithmic(axes[0, 0], "h", "error")
    figures.legend(axes[0, 0])
    figures.bars(axes[0, 1], ["a", "b"], {"one": [0.0, 0.0]}, {"mark": 0.0})
    x = np.arange(4.0)
    figures.map_of_errors(axes[0, 2], x, x, np.zeros((4, 4)), 0.01)
    flat = np.zeros((4, 4)), np.zeros((2, 4, 4))
    figures.texture(axes[0, 3], (x, x), *flat, colours="viridis", limits=(0.0, 0.0), longest=0.0)
    figure.draw_without_rendering()
    for ax in axes[0, :2]:
        assert [text.get_text() for text in ax.texts] == ["zero in this case"]


def test_bars_of_any_unit() -> None:
    _, axes = figures.panels(1)
    figures.bars(axes[0, 0], ["a", "b"], {"one": [1e-20, 3e-19]}, {})
    assert axes[0, 0].get_xlim() == pytest.approx((3e-21, 9e-19))


def test_densities_of_any_unit() -> None:
    tiny = parse_case(
        STRIP, ['initial.n0="1e-15*(1 + 0.3*sin(x1))"', 'initial.n=["0","0","1e-16"]']
    )
    N, reference = build(normalised(tiny)).N, build(tiny).N
    assert N[0].max() == pytest.approx(1)
    np.testing.assert_allclose(N / N[0].max(), reference / reference[0].max(), atol=1e-14)
    case = parse_case(STRIP)
    assert normalised(case) is case


def test_the_models_are_not_followed_where_they_are_stiff() -> None:
    assert slowed(parse_case(STRIP)).physics.tau == 0.05
    slow = slowed(parse_case(STRIP, ["physics.tau=1000"])).physics.tau
    assert slow == pytest.approx(100 / (8**2 * 0.4))


def test_the_ladder_of_tau_begins_where_the_models_are_for() -> None:
    def ladder(value: float) -> list[float]:
        return tau.taus(Setting("small", parse_case(STRIP, [f"physics.tau={value}"])))

    assert ladder(0.1) == [0.1, 0.05, 0.025]
    assert ladder(1e10) == [0.2, 0.1, 0.05]


def number(value: float) -> dict[str, float]:
    """A task."""
    return {"value": value}


def refused(value: float) -> dict[str, float]:
    """A task that the solver refuses; in each the numbers differ."""
    raise ConstraintError(Fault("moment constraint", f"a residual of {value:g}", "less"))


def interrupted() -> dict[str, float]:
    """A task during which the user loses patience."""
    signal.raise_signal(signal.SIGTERM)
    return {}


def failing() -> Figure:
    raise ValueError("min() arg is an empty sequence")


Plan = Callable[[Setting], Sequence[Task]]


def study(
    name: str, plan: Plan, conclude: Callable[[Setting, Outcomes], Result] | None = None
) -> Study:
    """A study with one claim and one figure that cannot be drawn."""
    claim = Claim(f"{name}.value", "s", "", 1.0, at_most(2.0))
    drawing = Drawing(f"{name}-figure", "A figure", failing)
    result = Result("summary", (claim,), drawings=(drawing,))
    return Study(name, name, plan, conclude or (lambda *_: result))


def main(
    monkeypatch: pytest.MonkeyPatch, output: Path, *arguments: str, studies: tuple[Study, ...]
) -> int:
    monkeypatch.setattr(command, "STUDIES", studies)
    return command.main([*arguments, "--output", str(output), "--size", "small"])


def test_a_figure_that_cannot_be_drawn_leaves_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = study("toy", lambda _: [Task("a", number, (1.0,))])
    assert main(monkeypatch, tmp_path, "toy", studies=(toy,)) == 0
    values = json.loads((tmp_path / "report.json").read_text())
    [figure] = values["studies"][0]["figures"]
    assert figure["fault"] == "ValueError: min() arg is an empty sequence"
    page = (tmp_path / "report.html").read_text()
    assert "could not be drawn: ValueError: min() arg" in page
    assert "#corrections" not in page


def broken(*_: object) -> Result:
    raise ZeroDivisionError("no such number")


def unsuitable(_: Setting) -> list[Task]:
    raise CaseError(Fault("grid.n_x", "[1, 1]", "more"))


def test_studies_that_cannot_be_done_leave_the_others(tmp_path: Path) -> None:
    def plan(_: Setting) -> list[Task]:
        return [Task("a", number, (1.0,))]

    studies = [study("bad", plan, broken), study("good", plan), study("unfit", unsuitable)]
    own = Setting("small", parse_case(STRIP))
    bad, good, unfit = run(studies, own, tmp_path, SERIAL)
    assert [bad.holds, good.holds, unfit.holds] == [False, True, True]
    assert bad.claims[0].note == "ZeroDivisionError: no such number"
    assert (unfit.claims[0].verdict, unfit.claims[0].note) == (
        MOOT,
        "grid.n_x: got [1, 1], expected more",
    )
    with pytest.raises(CaseError):
        run([study("unfit", unsuitable)], own, tmp_path, SERIAL)


def test_a_shipped_case_has_to_decide(tmp_path: Path) -> None:
    claim = Claim("k", "s", "", math.nan, at_most(1.0), undecided=MOOT)
    toy = study("toy", lambda _: [], lambda *_: Result("", (claim,)))
    for case, holds in ((None, False), (parse_case(STRIP), True)):
        [result] = run([toy], Setting("small", case), tmp_path, SERIAL)
        assert result.holds is holds


def test_a_refusal_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = study("toy", lambda _: [Task(f"{k}", refused, (float(k),)) for k in range(9)])
    assert main(monkeypatch, tmp_path, "toy", studies=(toy,)) == 1
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert err.count("moment constraint") == 1
    assert err.count("failed likewise (") == 8
    assert out.count("moment constraint") == 1
    assert "(and 8 other tasks likewise)" in out


def test_each_line_of_progress_says_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = study("toy", lambda _: [Task(f"{k}", number, (1.0,)) for k in range(3)])
    main(monkeypatch, tmp_path, "toy", studies=(toy,))
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("toy/")]
    for k, line in enumerate(lines, start=1):
        assert f"({k} of 3, about " in line
        assert line.endswith(" left)")
    assert len(lines) == 3


def test_an_interrupted_study_keeps_its_tasks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = study("toy", lambda _: [Task("a", number, (1.0,), 2.0), Task("b", interrupted)])
    handler = signal.getsignal(signal.SIGTERM)
    assert main(monkeypatch, tmp_path, "toy", studies=(toy,)) == 3
    assert f"interrupted: what was computed is kept in {tmp_path}" in capsys.readouterr().err
    assert (tmp_path / "tasks" / "toy_a.npz").exists()
    assert signal.getsignal(signal.SIGTERM) is handler
    [task] = [Task("toy/a", number, (1.0,), 2.0)]
    assert tasks.load(tmp_path / "tasks" / "toy_a.npz", task.fingerprint()) is not None


def test_a_study_takes_changes_of_the_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, taus = tmp_path / "case.toml", []
    path.write_text(STRIP)

    def plan(setting: Setting) -> list[Task]:
        assert setting.case is not None
        taus.append(setting.case.physics.tau)
        return []

    toy = study("toy", plan)
    change = ("--set", "physics.tau=0.02")
    assert main(monkeypatch, tmp_path / "a", "toy", str(path), *change, studies=(toy,)) == 0
    assert set(taus) == {0.02}
    values = json.loads((tmp_path / "a" / "report.json").read_text())
    assert values["command"].endswith("--size small --set physics.tau=0.02")
    assert main(monkeypatch, tmp_path / "b", "toy", *change, studies=(toy,)) == 2
    assert "give CASE.toml, or leave --set out" in capsys.readouterr().err
    assert main(monkeypatch, tmp_path / "b", "toy", str(path), "--set", "x=1", studies=(toy,)) == 2
    assert not (tmp_path / "b").exists()
