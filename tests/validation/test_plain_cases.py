"""Studies of cases in which much vanishes: nothing fails, everything is drawn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import validation.__main__ as command
from validation.harness.claims import BURIED, EARLY, MOOT, Result
from validation.harness.study import Setting
from validation.harness.tasks import Outcomes
from validation.solutions import truncation
from validation.solutions.cases import STRIP
from validation.studies import alpha, epsilon, tau
from validation.studies.catalogue import STUDIES
from wigner.case.spec import parse_case

SPINLESS = ('initial.n=["0","0","0"]', "physics.alpha=-0.5")
CASES = {
    "no spin": ('initial.n=["0","0","0"]',),
    "no potential": ("physics.potential=0",),
    "rest": ('initial.n=["0","0","0"]', "physics.potential=0", 'initial.n0="1"'),
    "one point": (
        *("grid.n_x=[1,1]", "physics.potential=0", 'initial.n0="1"'),
        'initial.n=["0.3","0","0.1"]',
    ),
    "equilibrium": ('initial.n=["0","0","0"]', 'initial.n0="exp(-0.5*cos(x1)-0.2*sin(2*x1))"'),
    "tiny": ('initial.n0="1e-15*(1+0.2*sin(x1))"', 'initial.n=["0","0","0.5e-15*cos(x1)"]'),
    "negative alpha": ("physics.alpha=-0.5",),
    "no alpha": ("physics.alpha=0",),
    "weak collisions": ("physics.tau=1000", "initial.state=maxwellian"),
}


def of_zeros(study: str, setting: Setting) -> Outcomes:
    """What the tasks of a study give if all solutions agree, at rest and without spin."""
    u = np.zeros((4, 16, 1))
    u[0] = 1.0
    zeros = dict.fromkeys([*truncation.variants(), "precession"], np.array(0.0))
    found: Outcomes = {}
    for task in {"alpha": alpha, "epsilon": epsilon, "tau": tau}[study].plan(setting):
        kind = task.name.split("/")[0]
        if study == "tau":
            found[task.name] = {"u": u, "error": np.zeros(4)} | dict.fromkeys(tau.MODELS, u)
            states = dict.fromkeys(("initial", "kinetic", "nonlocal"), u)
            box = {"length": np.array([6.0, 1.0]), "t": np.array(1.0), "tau": np.array(0.1)}
            found[task.name] |= states | box
        elif study == "alpha" and kind == "rates":
            found[task.name] = dict.fromkeys(zeros, 0 * u)
        elif study == "alpha" and kind == "budget":
            found[task.name] = {
                f"{part}": np.zeros(2)
                for part in ("corrected/drift", "published/drift", "error/local")
            } | {"error/local-published": np.zeros(2)}
        else:
            found[task.name] = dict(zeros)
    return found


@pytest.mark.parametrize("study", ["alpha", "epsilon", "tau"])
@pytest.mark.parametrize("size", ["small", "full"])
def test_solutions_that_all_agree_refute_nothing(study: str, size: str) -> None:
    setting = Setting(size, parse_case(STRIP, SPINLESS))
    module = {"alpha": alpha, "epsilon": epsilon, "tau": tau}[study]
    result: Result = module.conclude(setting, of_zeros(study, setting))
    assert {claim.verdict for claim in result.claims} <= {MOOT, BURIED, EARLY, "holds"}
    assert result.claims[0].verdict == MOOT
    for drawing in result.drawings:
        drawing.draw().draw_without_rendering()


def test_a_report_of_a_users_case_shows_that_case_alone() -> None:
    """No task of it is of a case that is shipped, or needs none."""
    for study in STUDIES:
        switched = ["physics.potential=cos(x1)*step(t-0.2,0.05)"] if study.name == "gate" else []
        own = Setting("full", parse_case(STRIP, ["physics.epsilon=0.123", *switched]))
        for task in study.plan(own):
            text = str(task.arguments[0])
            assert "n_x = [16, 1]" in text or "n_x=[" in text or study.name == "convergence"
            assert "x2" not in text, (study.name, task.name)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("study", [study.name for study in STUDIES if study.name != "gate"])
def test_nothing_fails_where_much_vanishes(study: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text(parse_case(STRIP, [*CASES[name], "maxwellian.tolerance=1e-6"]).text)
    arguments = [study, str(path), "--output", str(tmp_path / "report"), "--size", "small"]
    assert command.main(arguments) == 0
    [chapter] = json.loads((tmp_path / "report" / "report.json").read_text())["studies"]
    assert "FAILS" not in {claim["verdict"] for claim in chapter["claims"]}
    assert not any("fault" in figure for figure in chapter["figures"])
