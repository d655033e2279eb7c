"""Formulas: their values against numpy, and everything that is not a formula refused."""

from __future__ import annotations

import pickle
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wigner.case.formulas import FUNCTIONS, Expression, parse
from wigner.errors import ExpressionError

X1 = np.linspace(-2.0, 3.0, 7)[:, None]
X2 = np.linspace(0.5, 4.0, 5)[None, :]


@dataclass(frozen=True)
class Value:
    """A number that Python's own operators combine by numpy's float64 functions."""

    array: np.ndarray | np.float64

    def __add__(self, other: Value) -> Value:
        return Value(np.add(self.array, other.array))

    def __sub__(self, other: Value) -> Value:
        return Value(np.subtract(self.array, other.array))

    def __mul__(self, other: Value) -> Value:
        return Value(np.multiply(self.array, other.array))

    def __truediv__(self, other: Value) -> Value:
        return Value(np.divide(self.array, other.array))

    def __pow__(self, other: Value) -> Value:
        return Value(np.power(self.array, other.array))

    def __neg__(self) -> Value:
        return Value(np.negative(self.array))

    def __pos__(self) -> Value:
        return self


def lifted(name: str) -> Callable[..., Value]:
    """A numpy function of Values."""
    function = getattr(np, {"atan": "arctan"}.get(name, name))
    return lambda *values: Value(function(*(value.array for value in values)))


SHAPES = ("step", "gaussian", "plateau")  # see test_shapes
KNOWN = {name: arity for name, (_, arity) in FUNCTIONS.items() if name not in SHAPES}
NAMES = {name: lifted(name) for name in KNOWN}
NAMES |= {"x1": Value(X1), "x2": Value(X2), "pi": Value(np.float64(np.pi))}
NAMES |= {"e": Value(np.float64(np.e)), "number": lambda number: Value(np.float64(number))}


def python_value(text: str) -> np.ndarray:
    """The value by Python's own grammar."""
    literals = re.sub(r"(?<![\w.])(\d[\d.]*(?:e[-+]?\d+)?)", r"number(\1)", text)
    with np.errstate(all="ignore"):
        value = eval(literals, {"__builtins__": {}} | NAMES)
    return np.broadcast_to(value.array, (7, 5))


numbers = st.integers(0, 99).map(str) | st.floats(0, 1e3, allow_subnormal=False).map(repr)
leaves = numbers | st.sampled_from(["x1", "x2", "pi", "e"])


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Formulas made of smaller ones, with and without parentheses."""
    one = st.sampled_from([name for name, arity in KNOWN.items() if arity == 1])
    two = st.sampled_from([name for name, arity in KNOWN.items() if arity == 2])
    operators = st.sampled_from(["+", "-", "*", "/", "**", " + ", " ** ", " / "])
    return (
        st.builds("{}{}{}".format, inner, operators, inner)
        | st.builds("({}{}{})".format, inner, operators, inner)
        | st.builds("{}{}".format, st.sampled_from("+-"), inner)
        | st.builds("{}({})".format, one, inner)
        | st.builds("{}({}, {})".format, two, inner, inner)
    )


@settings(deadline=None, max_examples=300)
@given(st.recursive(leaves, compound, max_leaves=12))
def test_random_formulas_have_the_values_of_numpy(text: str) -> None:
    expected = python_value(text)
    expression = parse(text)
    if np.all(np.isfinite(expected)):
        value = expression(X1, X2)
        np.testing.assert_array_equal(value, expected)
        assert value.dtype == np.float64
    else:
        with pytest.raises(ExpressionError, match="expected finite values"):
            expression(X1, X2)


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=60) | st.text("x12 pie+-*/().,sincolambd:=[]'\"_\n", max_size=60))
def test_any_text_is_a_formula_or_an_expression_error(text: str) -> None:
    try:
        expression = parse(text)
    except ExpressionError:
        return
    assert isinstance(expression, Expression)


def test_values_of_a_case() -> None:
    value = parse("1 + 0.4*sin(x1)*cos(x2)")(X1, X2)
    np.testing.assert_array_equal(value, 1 + 0.4 * np.sin(X1) * np.cos(X2))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2**2", -4.0),
        ("2**-1", 0.5),
        ("2**3**2", 512.0),
        ("8/4/2", 1.0),
        ("1 - 2 - 3", -4.0),
        ("7/2", 3.5),
        ("--3", 3.0),
        ("+x1", 2.0),
        ("atan(1) - arctan(1)", 0.0),
        ("minimum(x1, 1) + maximum(x1, 5)", 6.0),
        ("log(e) + abs(-pi)", 1 + np.pi),
        (" x1\n * x2 ", 6.0),
        ("exp(-1/(x1 - 2)**2)", 0.0),
        (3, 3.0),
        (-0.25, -0.25),
        ("+".join(["x1"] * 300), 600.0),
        ("(" * 50 + "x1" + ")" * 50, 2.0),
    ],
)
def test_values(text: str | float, value: float) -> None:
    assert parse(text)(2.0, 3.0) == value


def test_a_constant_fills_the_lattice() -> None:
    value = parse(2)(X1, X2)
    assert value.shape == (7, 5)
    value[0, 0] = 1.0  # a field of its own, not a view of one number
    assert value.sum() == 69.0


def test_an_expression_survives_pickling_and_compares_by_value() -> None:
    expression = parse("cos(x1)")
    assert pickle.loads(pickle.dumps(expression)) == expression == parse("cos(x1)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the formula is empty"),
        (" \n ", "the formula is empty"),
        ("cos(x3)", "unknown name 'x3'; did you mean x2?"),
        ("cosine(x1)", "unknown function 'cosine'; did you mean cos?"),
        ("PI", "unknown name 'PI'; did you mean pi?"),
        ("y", "unknown name 'y'; allowed names are x1, x2, t, pi, e"),
        ("f(x1)", "unknown function 'f'; allowed functions are sin, cos"),
        ("__import__('os')", "unknown function '__import__'"),
        ("x1.real", "an attribute is not allowed: 'x1.real'"),
        ("x1.sum()", "'x1.sum' is not a function"),
        ("().__class__.__bases__", "an attribute is not allowed"),
        ("(" + "+".join(["x1"] * 300) + ").real", "an attribute is not allowed"),
        ("x1[0]", "a subscript is not allowed"),
        ("'x1'", "a string is not allowed"),
        ("b'x1'", "a string is not allowed"),
        ("f'{x1}'", "a string is not allowed"),
        ("x1 < 2", "a comparison is not allowed"),
        ("x1 == 2", "a comparison is not allowed"),
        ("x1 and x2", "and/or is not allowed"),
        ("not x1", "not is not allowed"),
        ("lambda: 1", "a lambda is not allowed"),
        ("(lambda: 1)()", "is not a function"),
        ("(x1 := 2)", "an assignment is not allowed"),
        ("x1 if x2 else 1", "if/else is not allowed"),
        ("[x1]", "a list is not allowed"),
        ("x1, x2", "a tuple is not allowed"),
        ("{}", "Python's Dict is not allowed"),
        ("[x1 for x1 in x2]", "Python's ListComp is not allowed"),
        ("sin(*x1)", "unpacking is not allowed"),
        ("sin(x=x1)", "sin got 1 arguments; it takes 1, by position"),
        ("sin(x1, x2)", "sin got 2 arguments; it takes 1"),
        ("minimum(x1)", "minimum got 1 arguments; it takes 2"),
        ("sin", "function 'sin' without an argument; write sin(...)"),
        ("x1^2", "operator ^ (a power is **) is not allowed"),
        ("x1 % 2", "operator % is not allowed"),
        ("x1 // 2", "operator // is not allowed"),
        ("x1 @ x2", "operator @ is not allowed"),
        ("~x1", "operator ~ is not allowed"),
        ("2(x1)", "'2' is not a function; write * for a product"),
        ("x1(2)", "'x1' is not a function; write x1*(...) for a product"),
        ("1j", "1j is not a real number"),
        ("True", "True is not a real number"),
        ("...", "Ellipsis is not a real number"),
        ("1e999", "a number is not finite"),
        ("9" * 400, "a number is not finite"),
        ("nan", "unknown name 'nan'"),
        ("inf", "unknown name 'inf'"),
        ("\u017fin(x1)", "character U+017F at column 1; only printable ASCII"),
        ("\U0001d42cin(x1)", "character U+1D42C at column 1"),
        ("2\u00b7x1", "character U+00B7 at column 2"),
        ("x1\0", "character U+0000 at column 3"),
        ("1 # one", "put comments outside the quotes"),
        ("cos(x1", "'(' was never closed at column 4"),
        ("x1 x2", "invalid syntax"),
        ("x1 +", "invalid syntax"),
        ("2e10 cm-2", 'formulas have no units; material.density, such as "1e11 cm-2", says what'),
        ("5 meV", "formulas have no units; material.potential_unit says what 1 is"),
        ("1 kV/cm", "formulas have no units; material.electric_field takes such a field"),
        ("2 mT", "formulas have no units; material.magnetic_field takes such a field"),
        ("2 ps", "formulas have no units; they are of scaled numbers"),
        ("2 x1", 'invalid syntax at column 3; write for instance "1 +'),
        ("2and 3", "invalid decimal literal"),
        ("import os", "invalid syntax"),
        ("1" * 1001, "1001 characters; at most 1000"),
        ("(" * 51 + "1" + ")" * 51, "nested too deeply; at most 50"),
        ("-" * 51 + "1", "nested too deeply"),
        ("- " * 51 + "1", "nested too deeply"),
        (True, "expected a formula in quotes or a number"),
        (None, "expected a formula in quotes or a number"),
        (float("nan"), "a number is not finite"),
        (10**400, "a number is not finite"),
    ],
)
def test_refusals_name_the_part_and_the_remedy(text: object, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("text", ["9**9**9**9", "(-1)**0.5", "1/(x1 - x1)", "log(x1 - 9)"])
def test_values_that_are_not_finite_are_refused(text: str) -> None:
    start = time.process_time()
    with pytest.raises(ExpressionError, match="expected finite values"):
        parse(text)(X1, X2)
    assert time.process_time() - start < 1.0


def test_the_first_bad_place_is_named() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("1/(x1 - 1)")(np.array([0.0, 1.0, 2.0])[:, None], np.array([5.0, 6.0]))
    assert str(caught.value) == (
        "'1/(x1 - 1)': got inf at x1 = 1, x2 = 5 (2 of 6 points), expected finite values; "
        "change the formula there"
    )
