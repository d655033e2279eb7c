"""Cases from files and texts, with changes as values or as they are typed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.support import small
from wigner.case.spec import parse_case
from wigner.errors import CaseError
from wigner.scripting.cases import open_case

VALUES = {
    "physics.tau": np.float64(0.05),
    "grid.n_x": np.array([4, 1]),
    "initial.n0": '1 + 0.1*cos(x1) # "not" a comment',
    "initial.n": ("0.1", "0", "0"),
    "time.t_end": 1,
}


def test_a_path_a_text_and_a_case_are_the_same(tmp_path: Path) -> None:
    path = small.write_case(tmp_path)
    expected = parse_case(small.CASE)
    assert open_case(path) == open_case(str(path)) == open_case(small.CASE) == expected
    assert open_case(expected) is expected
    assert open_case(expected, ["physics.tau=0.3"]).physics.tau == 0.3


def test_values_are_those_that_are_read() -> None:
    values = {**VALUES, "initial.n0": "1 + 0.1*cos(x1)"}
    typed = ["physics.tau=0.05", "grid.n_x=[4, 1]", "initial.n0=1 + 0.1*cos(x1)"]
    typed += ['initial.n=["0.1", "0", "0"]', "time.t_end=1"]
    found, expected = open_case(small.CASE, values), open_case(small.CASE, typed)
    assert (found.grid, found.physics, found.initial) == (
        expected.grid,
        expected.physics,
        expected.initial,
    )
    assert found.time == expected.time
    assert found.grid.n_x == (4, 1)
    assert open_case(found.text) == found  # which is how a run keeps it


def test_what_is_wrong_is_told_with_its_key() -> None:
    with pytest.raises(CaseError, match=r"initial.n0: got .*not.* a comment"):
        open_case(small.CASE, VALUES)
    with pytest.raises(CaseError, match=r"time.dt: got a value of type complex, expected a number"):
        open_case(small.CASE, {"time.dt": 1j, "physics.tau": 0.1})
    with pytest.raises(CaseError, match=re.escape("physics.gamma: got 1, expected a key of")):
        open_case(small.CASE, {"physics.gamma": 1})
    with pytest.raises(CaseError, match=re.escape("nowhere.toml: got no such file")):
        open_case("nowhere.toml")
