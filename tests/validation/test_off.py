"""How far models are from a kinetic solution, in words."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from validation.__main__ import _tell
from validation.harness import report
from validation.harness.claims import BURIED, Claim, Result, at_least, at_most
from validation.studies import convergence
from validation.studies.off import off

TAUS = [0.2, 0.1, 0.05]


def field(n0: float, n: float) -> np.ndarray:
    return np.stack([np.full((4, 1), value) for value in (n0, 0.0, n, 0.0)])


def test_errors_their_order_and_the_remedy() -> None:
    """Of order two, errors are halved at tau over the root of 2."""
    u = field(2.0, 0.5)
    apart = {
        "nonlocal": [field(0.2 * tau**2, 0.5 * tau**2) for tau in TAUS],
        "local": [field(0.1, 0.1) for _ in TAUS],
    }
    told = off(TAUS, apart, u, 1e-9)
    assert (
        "at τ = 0.2 models are off by, of the largest n₀ and |n|, nonlocal 0.004 and 0.04" in told
    )
    assert "local 0.05 and 0.2." in told
    assert "is of its expansion in ε" in told
    assert told.endswith("falls like τ to the power 2: τ = 0.14 halves it.")


def test_what_is_no_more_than_the_error_of_the_steps() -> None:
    apart = {"nonlocal": [field(1e-6, 0.0)] * 3}
    assert off(TAUS, apart, field(1.0, 0.0), 1e-6).endswith("the error of the steps in time.")
    grows = off(TAUS, {"nonlocal": [field(0.1, 0.0)] * 3}, field(1.0, 0.0), 1e-6)
    assert grows.endswith("to the power 0.")


def test_the_answer_comes_first(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """On the terminal and on the page, whatever could be decided besides."""
    claim = Claim("own.order", "an order", "", math.nan, at_least(1), undecided=BURIED)
    result = Result("It is off by little. The rest.", (claim,), answer="It is off by little.")
    chapter = report.Chapter(convergence.STUDY, result, "command")
    page = report.write([chapter], [], report.origin("command", "small", "own", 1, 1.0), tmp_path)
    _tell([result], page, own=True)
    first, last = capsys.readouterr().out.splitlines()
    assert first == "It is off by little."
    assert last == f"its checks: undecided, 1 not measurable; {page}"
    told = page.read_text(encoding="utf-8")
    assert 0 < told.index("It is off by little.") < told.index('class="banner')
    assert "0 of 1" not in told


def test_numbers_are_the_answer_where_there_is_no_other(capsys: pytest.CaptureFixture) -> None:
    """Of a case of one's own; the shipped ones have too many."""
    holds = Claim("a", "mass is kept", "", 1e-15, at_most(1e-9))
    fails = Claim("b", "spin is kept", "", 1.0, at_most(1e-9))
    result = Result("", (holds, fails))
    _tell([result], Path("page"), own=True)
    assert capsys.readouterr().out.splitlines() == [
        "mass is kept: 10⁻¹⁵, expected ≤ 10⁻⁹",
        "FAILS b: spin is kept: measured 1, expected ≤ 10⁻⁹",
        "1 of 2 claims hold; page",
    ]
    _tell([result], Path("page"), own=False)
    assert "mass" not in capsys.readouterr().out
