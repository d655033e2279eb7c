"""Random case files: each is a case, checked and resolved, or an error in the documented form."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.case_texts import SMALLEST
from wigner.case.formulas import parse
from wigner.case.keys import SECTIONS
from wigner.case.problem import Problem, build, lattice
from wigner.case.spec import Case, as_dict, parse_case
from wigner.case.values import toml
from wigner.errors import CaseError, ExpressionError

LONGEST = 1500

formulas = st.sampled_from(
    ["0", "1", "1 + 0.3*cos(x1)", "0.2*sin(x1)", "x1", "1/x1", "cos(7*x1)", "nan", "9**9**9", "'"]
)
numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(1e-3, 3.0),
    st.integers(-3, 40),
    st.sampled_from([0, -0.0, 10**400, 5e-324, 1e308]),
)
scalars = st.one_of(numbers, st.booleans(), formulas, st.text(max_size=12))
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4), max_leaves=5)
pairs = st.lists(st.integers(1, 24), min_size=2, max_size=2)
keys = st.sampled_from([f"{name}.{key}" for name, table in SECTIONS.items() for key in table])
names = keys | st.text("abcx._-1 é\n\"'", min_size=1, max_size=8).map(lambda key: f"grid.{key}")


def document() -> dict[str, dict]:
    """The smallest case, as plain data."""
    plain = as_dict(parse_case(SMALLEST))
    return {
        name: {key: value for key, value in table.items() if value is not None}
        for name, table in plain.items()
        if table is not None
    }


def quoted(sections: dict[str, dict]) -> str:
    """The text of a document whose keys may be anything."""
    lines = []
    for name, table in sections.items():
        lines.append(f"[{name}]")
        lines += [
            f"{_string(key)} = {_value(value)}" for key, value in table.items() if value is not None
        ]
    return "\n".join(lines)


def _string(text: str) -> str:
    """A TOML string of any text."""
    escaped = "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in text)
    return f'"{escaped}"'


def _value(value: object) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else f"{'-' if value < 0 else ''}inf"
    return repr(value)


def outcome(text: str, overrides: Sequence[str] = ()) -> Case | None:
    """The case, if it is one; its error must be in the documented form."""
    try:
        return parse_case(text, overrides)
    except CaseError as caught:
        error = caught
    lines = str(error).split("\n")
    assert len(lines) == len(error.faults) > 0
    for line, fault in zip(lines, error.faults, strict=True):
        assert line.startswith(f"{fault.what}: got {fault.got}, expected {fault.expected}")
        assert fault.expected
        assert len(line) < LONGEST
    return None


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(names, values | pairs), max_size=4))
def test_any_values_of_any_keys(changes: list[tuple[str, object]]) -> None:
    sections = document()
    for name, value in changes:
        section, _, key = name.partition(".")
        sections.setdefault(section, {})[key] = value
    case = outcome(quoted(sections))
    if case is None:
        return
    assert parse_case(case.text) == case
    assert parse_case(toml(_without_nothing(as_dict(case)), ())).physics == case.physics


def _without_nothing(plain: dict[str, dict]) -> dict[str, dict]:
    """Plain data that TOML can hold, without what [material] and defaults stand for."""
    return {
        name: {key: value for key, value in table.items() if value is not None}
        for name, table in plain.items()
        if table is not None and name != "material"
    }


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=80) | st.text("[]={}\"'.,# \nabgridphysics0123456789", max_size=80))
def test_any_text(text: str) -> None:
    outcome(text)
    outcome(f"{SMALLEST}\n{text}")


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=40), st.text(max_size=20))
def test_any_override(name: str, value: str) -> None:
    for override in (name, f"{name}={value}", f"grid.{name}={value}", f"initial.n0={value}"):
        case = outcome(SMALLEST, [override])
        assert case is None or parse_case(case.text) == case


small_numbers = st.floats(0.02, 1.2).map(lambda value: float(f"{value:.3g}"))


@settings(deadline=None, max_examples=60)
@given(
    n_x=pairs,
    n_p=st.lists(st.integers(4, 30), min_size=2, max_size=2),
    epsilon=small_numbers,
    p_max=st.just("auto") | st.floats(0.5, 12.0),
    n0=formulas,
    V=formulas,
    n=formulas,
)
def test_a_case_becomes_a_problem_or_an_error(
    n_x: list[int], n_p: list[int], epsilon: float, p_max: object, n0: str, V: str, n: str
) -> None:
    sections = document()
    sections["grid"] |= {"n_x": n_x, "n_p": n_p, "p_max": p_max}
    sections["physics"] |= {"epsilon": epsilon, "potential": V}
    sections["initial"] |= {"n0": n0, "n": [n, "0", "0.1"]}
    case = outcome(quoted(sections))
    if case is None:
        return
    refused: set[str] = set()
    try:
        problem = build(case)
    except CaseError as caught:
        refused = {fault.what.split(".")[0] for fault in caught.faults}
    if refused:
        assert refused <= set(SECTIONS)
        return
    assert isinstance(problem, Problem)
    assert problem.grid == lattice(case)
    assert np.isfinite(problem.N).all()
    assert np.all(problem.N[0] > np.sqrt((problem.N[1:] ** 2).sum(axis=0)))


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5000 + "]" * 5000,
        "a" + ".a" * 5000 + " = 1",
        "[" + "a." * 3000 + "a]\nb = 1",
        f"[grid]\nn_x = {'9' * 5000}",
        SMALLEST + "[grid]\n",
        "\0",
        "\ufeff" + SMALLEST,
        "[physics]\npotential = '''" + "(" * 10**5 + "'''",
    ],
    ids=["lists", "dots", "tables", "digits", "twice", "nul", "mark", "brackets"],
)
def test_hostile_texts_are_refused_at_once(text: str) -> None:
    clock = time.process_time()
    assert outcome(text) is None
    assert time.process_time() - clock < 2.0


def test_a_key_that_names_a_path_or_an_attribute_is_unknown() -> None:
    for key in ("__class__", "../grid", "grid/n_x", "text"):
        sections = document()
        sections["grid"][key] = 1
        with pytest.raises(CaseError, match=r"expected a key of \[grid\]"):
            parse_case(quoted(sections))


attacks = st.sampled_from(
    [
        "__import__('os')",
        "x1.__class__",
        "().__class__",
        "open('/etc/passwd')",
        "/etc/passwd",
        "../x1",
        "x1[0]",
        "lambda: 0",
        "[x1 for x1 in (1,)]",
        "f'{x1}'",
        "x1 if x1 else x2",
        "(x1 := 2)",
        "nan",
        "inf",
        "1e999",
        "-" * 60 + "1",
        "(" * 60 + "1" + ")" * 60,
        "\u2212x1",
        "x\u00b2",
        "\u03c0",
        "cos(x1)\u200b",
        "`x1`",
        "x1;x2",
        "eval(x1)",
    ]
)
around = st.sampled_from(["{}", "1 + {}", "cos({})", "({})*x1", "maximum(1, {})", "2**({})"])


@settings(deadline=None, max_examples=150)
@given(attacks, st.lists(around, max_size=3))
def test_no_formula_reaches_beyond_its_grammar(attack: str, wraps: list[str]) -> None:
    text = attack
    for wrap in wraps:
        text = wrap.format(text)
    with pytest.raises(ExpressionError):
        parse(text)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(["9", "99", "1e300", "x1", "x2", "pi"]), min_size=2, max_size=40))
def test_huge_powers_cost_nothing(parts: list[str]) -> None:
    formula = parse("**".join(parts))
    clock = time.process_time()
    with suppress(ExpressionError):  # where it is not finite
        formula(np.linspace(0, 6, 64)[:, None], np.linspace(0, 6, 64)[None, :])
    assert time.process_time() - clock < 1.0
