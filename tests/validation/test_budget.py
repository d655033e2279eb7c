"""The error of a user's run, by parameter: right values, and advice that works."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from validation.harness.study import Setting, run
from validation.harness.tasks import Outcomes
from validation.solutions import kinetic
from validation.solutions.cases import STRIP, changed
from validation.studies import budget, convergence
from wigner.case.spec import Case, parse_case
from wigner.errors import Fault, SolveError
from wigner.phase_space.communicator import SERIAL

# Of the parameters the step has the largest error.
SMALL = (
    "grid.n_x=[12, 1]",
    "grid.n_p=[20, 20]",
    "time.t_end=0.2",
    "time.dt=0.1",
    "time.scheme=sdirk2",
    "output.every=0.2",
    "maxwellian.tolerance=1e-6",
    "initial.state=maxwellian",
)


@pytest.fixture(scope="module")
def case() -> Case:
    return parse_case(STRIP, SMALL)


@pytest.fixture(scope="module")
def outcomes(case: Case) -> Outcomes:
    """What the tasks give."""
    plan = budget.plan(Setting("full", case))
    return {
        task.name: {key: np.asarray(value) for key, value in task.compute(*task.arguments).items()}
        for task in plan
    }


@pytest.fixture(scope="module")
def exact(case: Case) -> NDArray:
    """N of a run that is far finer."""
    fine = ("time.dt=0.025", "grid.n_x=[18,1]", "grid.n_p=[28,28]", "maxwellian.tolerance=1e-8")
    fine_case = changed(case, *fine, "time.scheme=sdirk3")
    return kinetic.resampled(kinetic.densities(fine_case)[1], (12, 1))


def error(case: Case, exact: NDArray, *overrides: str) -> float:
    """Of a run, against the exact one."""
    _, N = kinetic.densities(changed(case, *overrides))
    return max(budget.distance(kinetic.resampled(N, (12, 1)), exact))


def test_the_table_is_the_error_of_the_run_and_its_advice_halves_it(
    case: Case, outcomes: Outcomes, exact: NDArray
) -> None:
    found = budget.parts(case, outcomes)
    total = sum(part.error for part in found.values())
    true = error(case, exact)
    assert true / 2 < total < 2 * true
    advised = budget.cheapest(found)
    assert "dt" in advised
    overrides = [entry for name in advised for entry in found[name].change.overrides]
    assert error(case, exact, *overrides) < 0.6 * true


def test_what_is_said(case: Case, outcomes: Outcomes) -> None:
    result = budget.conclude(Setting("full", case), outcomes)
    assert [claim.verdict for claim in result.claims] == ["holds", "holds"]
    assert "most of it from time.dt" in result.answer
    assert "time.dt = 0.05" in result.answer
    [table] = result.tables
    assert [row[0] for row in table.rows] == [
        *("time.dt", "grid.n_x", "grid.n_p", "grid.p_max", "maxwellian.tolerance")
    ]
    assert [row[1] for row in table.rows][:3] == ["0.1", "[12, 1]", "[20, 20]"]
    for drawing in result.drawings:
        drawing.draw()


def test_a_finer_run_that_fails_leaves_the_others(
    case: Case, outcomes: Outcomes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is that of the others, and the claim that fails says why in a line."""

    def compute(text: str, n_x: list[int]) -> dict[str, NDArray]:
        known = {task.arguments[0]: name for name, task in plan.items()}
        if known[text] in ("tolerance", "all finer"):
            raise SolveError(Fault("constraint", "no solution"), Fault("lattice", "too coarse"))
        return outcomes[known[text]]

    plan = {task.name: task for task in budget.plan(Setting("full", case))}
    monkeypatch.setattr(budget, "densities", compute)
    [result] = run([convergence.STUDY], Setting("full", case), tmp_path, SERIAL)
    assert not result.holds
    assert "most of it from time.dt" in result.answer
    assert result.answer.endswith(
        "What comes from maxwellian.tolerance is not in it: that run failed."
    )
    assert result.summary.startswith(result.answer)
    assert [row[0] for row in result.tables[0].rows][-1] == "grid.p_max"
    [failing] = [claim for claim in result.claims if claim.fails]
    assert "tolerance: constraint: no solution; lattice: too coarse" in failing.note
    assert "\n" not in failing.note


def part(error: float, work: float, left: float = 0.1) -> budget.Part:
    change = budget.Change("key", "1", "2", ("key=2",), work)
    return budget.Part(change, error, error / 2, left)


def test_the_cheapest_change() -> None:
    found = {"a": part(1.0, 4.0), "b": part(0.2, 1.5), "c": part(0.01, 1.1)}
    assert budget.cheapest(found) == ("a",)
    assert budget.cheapest(found | {"b": part(1.0, 1.5), "a": part(1.0, 4.0)}) == ("a", "b")
    assert budget.cheapest({"a": part(1.0, 2.0, 0.7)}) == ()


def test_every_number_of_the_case_counts(case: Case) -> None:
    """Each change is of the case as given; p boxes that belong together stay together."""
    changes = budget.changes(changed(case, "grid.p_max=7.0"))
    finer = {name: changed(case, "grid.p_max=7.0", *c.overrides) for name, c in changes.items()}
    assert finer["dt"].time.dt == case.time.dt / 2
    assert finer["n_x"].grid.n_x == (18, 1)
    assert finer["n_x"].grid.p_max == finer["n_p"].grid.p_max == (7.0, 7.0)
    assert finer["n_p"].grid.n_p == (30, 30)
    assert finer["p_max"].grid.n_p == (26, 26)
    assert finer["p_max"].grid.p_max == pytest.approx((9.1, 9.1))
    assert finer["tolerance"].maxwellian.tolerance == pytest.approx(1e-7)
    assert "tolerance" not in budget.changes(changed(case, "maxwellian.tolerance=1e-13"))
    tight = budget.changes(changed(case, "maxwellian.tolerance=5e-13"))["tolerance"]
    assert tight.overrides == ("maxwellian.tolerance=1e-13",)
    assert "n_x" not in budget.changes(changed(case, "grid.n_x=[1,1]", *POINT))


POINT = (
    "physics.potential=0",
    'initial.n0="1"',
    'initial.n=["0.3","0","0"]',
)


def test_a_uniform_state_at_rest(tmp_path: Path) -> None:
    rest = ('initial.n=["0","0","0"]', "grid.n_x=[1,1]", "grid.p_max=7.0", "grid.n_p=[24,24]")
    case = parse_case(STRIP, [*SMALL, *POINT, *rest])
    [result] = run([convergence.STUDY], Setting("small", case), tmp_path, SERIAL)
    assert result.holds
    assert all(isinstance(row[3], float) and np.isfinite(row[3]) for row in result.tables[0].rows)
