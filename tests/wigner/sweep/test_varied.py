"""Keys and values of a sweep as they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wigner.errors import CaseError
from wigner.sweep.varied import TAKEN, Varied, read_varied, split


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("0.01,0.03, 0.1", ["0.01", "0.03", "0.1"]),
        ("[8, 8],[16,16]", ["[8, 8]", "[16,16]"]),
        ('"a, b",\'c,"d\'', ['"a, b"', "'c,\"d'"]),
        ("gaussian(x1, 1, 2*pi),0", ["gaussian(x1, 1, 2*pi)", "0"]),
        ('["f(1, 2)", "0"],["0", "0"]', ['["f(1, 2)", "0"]', '["0", "0"]']),
        ("1", ["1"]),
        ("1,,2", ["1", "", "2"]),
        ("[1,2", None),
        ("1,2]", None),
        ('"1,2', None),
    ],
)
def test_commas_in_brackets_and_quotes_do_not_separate(text: str, parts: list | None) -> None:
    assert split(text) == parts


@given(st.lists(st.text("ab12.()[]*+- ", max_size=6), min_size=1, max_size=4))
def test_parts_are_what_was_joined(parts: list[str]) -> None:
    parts = [
        part.replace("(", "").replace(")", "").replace("[", "").replace("]", "").strip()
        for part in parts
    ]
    assert split(",".join(parts)) == parts
    quoted = [f"[{part}, ({part})]" for part in parts]
    assert split(",".join(quoted)) == quoted


def test_values_are_those_of_set() -> None:
    (tau, n_p, scheme) = read_varied(
        ["physics.tau=.5,1e-3", "grid.n_p=[8, 9],12", 'time.scheme=strang,"sdirk2"'], []
    )
    assert tau.values == [0.5, 0.001]
    assert tau.numeric
    assert n_p.values == [[8, 9], 12]
    assert not n_p.numeric
    assert scheme.values == ["strang", "sdirk2"]
    assert scheme.overrides() == ["time.scheme=strang", 'time.scheme="sdirk2"']
    assert [each.name for each in (tau, n_p, scheme)] == ["tau", "n_p", "scheme"]


def test_names_that_are_taken_have_their_section() -> None:
    keys = ["initial.n0=1,2", "time.tolerance=1e-3,1e-4", "maxwellian.tolerance=1e-6,1e-7"]
    names = [each.name for each in read_varied(keys, [])]
    assert names == ["initial_n0", "time_tolerance", "maxwellian_tolerance"]
    assert {"n0", "V", "x1", "time", "run", "state", "mass"} <= TAKEN


def test_labels_differ_and_are_good_for_directories() -> None:
    def labels(*written: str) -> list[str]:
        return Varied("a.b", "b", written).labels

    assert labels("0.10", "-1e-3", "2") == ["0.1", "-0.001", "2"]
    assert labels("[24, 24]", "[32, 32]") == ["24_24", "32_32"]
    assert labels("1 + 0.2*sin(x1)", "../a") == ["1+0.2_sin_x1", ".._a"]
    assert labels("sin(x1)", "sin[x1]", "SIN(X1)", "x" * 99, "*") == [
        f"value{k}" for k in range(1, 6)
    ]


@pytest.mark.parametrize(
    ("typed", "overrides", "told"),
    [
        (["physics.tau"], [], '--vary: got "physics.tau", expected section.key=value,value,...'),
        (["physics.tau="], [], '"physics.tau=", expected section.key'),
        (["physics.tau=1,,2"], [], '"physics.tau=1,,2", expected section.key'),
        (["tau=1,2"], [], '"tau=1,2", expected section.key'),
        (["physics.tau=[1,2"], [], '"physics.tau=[1,2", expected section.key'),
        (["a.b=0.1,.1"], [], "a.b = 0.1 twice, expected different values"),
        (["a.b=1", "a.b=2"], [], "a.b, expected a key that is given once; --vary has it too"),
        (["a.b=1"], ["a.b = 3"], "a.b, expected a key that is given once; --set has it too"),
    ],
)
def test_what_cannot_be_read_is_told(typed: list[str], overrides: list[str], told: str) -> None:
    with pytest.raises(CaseError) as caught:
        read_varied(typed, overrides)
    assert len(caught.value.faults) == 1
    assert told in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(CaseError) as caught:
        read_varied(["x", "a.b=1,1", "c.d=1"], ["c.d=2"])
    assert len(caught.value.faults) == 3
