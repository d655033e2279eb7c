"""Formulas of a case file: text to float64 fields on the x lattice, without executing code.

A formula is read by Python's own parser, checked node by node against a whitelist and turned
into a postfix program of float64 numpy operations. Neither ``eval`` nor integer arithmetic takes
part: a formula can be wrong, but it can neither run code nor keep the machine busy.
"""

from __future__ import annotations

import ast
import difflib
import math
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ExpressionError, Fault
from .shapes import gaussian, plateau, step
from .unitless import unitless

LONGEST_TEXT = 1000
DEEPEST_NESTING = 50

CONSTANTS = {"pi": math.pi, "e": math.e}
SPACE = ("x1", "x2")
VARIABLES = (*SPACE, "t")
FUNCTIONS: dict[str, tuple[Callable, int]] = {
    "sin": (np.sin, 1),
    "cos": (np.cos, 1),
    "tan": (np.tan, 1),
    "arctan": (np.arctan, 1),
    "atan": (np.arctan, 1),
    "sinh": (np.sinh, 1),
    "cosh": (np.cosh, 1),
    "tanh": (np.tanh, 1),
    "exp": (np.exp, 1),
    "log": (np.log, 1),
    "sqrt": (np.sqrt, 1),
    "abs": (np.abs, 1),
    "minimum": (np.minimum, 2),
    "maximum": (np.maximum, 2),
    "step": (step, 2),
    "gaussian": (gaussian, 3),
    "plateau": (plateau, 4),
}
OPERATORS: dict[type[ast.AST], tuple[str, Callable, int]] = {
    ast.Add: ("+", np.add, 2),
    ast.Sub: ("-", np.subtract, 2),
    ast.Mult: ("*", np.multiply, 2),
    ast.Div: ("/", np.divide, 2),
    ast.Pow: ("**", np.power, 2),
    ast.UAdd: ("unary +", np.positive, 1),
    ast.USub: ("unary -", np.negative, 1),
}
# What a step of a program stands for: every operation by its name.
OPERATIONS = FUNCTIONS | {name: (apply, arity) for name, apply, arity in OPERATORS.values()}
ALLOWED_NAMES = f"allowed names are {', '.join((*VARIABLES, *CONSTANTS))}"
ALLOWED_FUNCTIONS = f"allowed functions are {', '.join(FUNCTIONS)}"
ALLOWED = f"allowed are + - * / **, parentheses and numbers; {ALLOWED_NAMES}; {ALLOWED_FUNCTIONS}"
EXAMPLE = 'write for instance "1 + 0.4*sin(x1)*cos(x2)"'
REFUSED: dict[type[ast.AST], str] = {
    ast.Attribute: "an attribute",
    ast.Subscript: "a subscript",
    ast.Compare: "a comparison",
    ast.BoolOp: "and/or",
    ast.IfExp: "if/else",
    ast.Lambda: "a lambda",
    ast.NamedExpr: "an assignment",
    ast.JoinedStr: "a string",
    ast.Tuple: "a tuple",
    ast.List: "a list",
    ast.Starred: "unpacking",
    ast.FloorDiv: "operator //",
    ast.Mod: "operator %",
    ast.MatMult: "operator @",
    ast.BitXor: "operator ^ (a power is **)",
    ast.BitAnd: "operator &",
    ast.BitOr: "operator |",
    ast.LShift: "operator <<",
    ast.RShift: "operator >>",
    ast.Invert: "operator ~",
    ast.Not: "not",
}


@dataclass(frozen=True)
class Expression:
    """A formula f(x1, x2, t) as a postfix program; made by :func:`parse`.

    Attributes
    ----------
    text
        The formula as written.
    program
        Steps in the order of evaluation: a number is pushed, ``"x1"``, ``"x2"`` or ``"t"`` pushes
        the variable, any other name takes its arguments from the stack and pushes its result.
    """

    text: str
    program: tuple[float | str, ...]

    @property
    def vanishes(self) -> bool:
        """Whether it is written as zero."""
        return self.program == (0.0,)

    @property
    def varies(self) -> bool:
        """Whether f depends on time."""
        return "t" in self.program

    def at(self, t: float | str) -> Expression:
        """f of one time, or of as many as the variable ``"x1"`` stands for then: not of t."""
        return Expression(self.text, tuple(t if part == "t" else part for part in self.program))

    def combined(self, operator: str, number: float) -> Expression:
        """f operator number, such as f*2; it is neither too long nor nested too deeply."""
        return Expression(f"({self.text}){operator}{number!r}", (*self.program, number, operator))

    def __call__(self, x1: ArrayLike, x2: ArrayLike, t: float = 0.0) -> NDArray[np.float64]:
        """f at the points (x1, x2) and at a time, in scaled units.

        Infinite intermediate values are legal, so that ``exp(-1/x1**2)`` is 0 at x1 = 0.

        Parameters
        ----------
        x1, x2
            Coordinates, of any shapes that broadcast together.

        Returns
        -------
        NDArray
            A new float64 array of the broadcast shape.

        Raises
        ------
        ExpressionError
            If f is not finite at one of the points; the first such point is named.
        """
        places = np.broadcast_arrays(np.asarray(x1, np.float64), np.asarray(x2, np.float64))
        with np.errstate(all="ignore"):
            found = self._run(places[0], places[1], t)
            values = np.broadcast_to(found, places[0].shape).astype(np.float64)
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise ExpressionError(
                Fault(
                    _quoted(self.text),
                    str(values.flat[bad[0]]),
                    "finite values",
                    "change the formula there",
                    (float(places[0].flat[bad[0]]), float(places[1].flat[bad[0]])),
                    (bad.size, values.size),
                )
            )
        return values

    def _run(self, x1: NDArray, x2: NDArray, t: float) -> NDArray | np.float64:
        coordinates: dict[str, NDArray | np.float64] = {"x1": x1, "x2": x2, "t": np.float64(t)}
        stack: list[NDArray | np.float64] = []
        for part in self.program:
            if isinstance(part, float):
                stack.append(np.float64(part))
            elif part in coordinates:
                stack.append(coordinates[part])
            else:
                function, arity = OPERATIONS[part]
                arguments = stack[-arity:]
                del stack[-arity:]
                stack.append(function(*arguments))
        return stack.pop()


def parse(text: str | float, variables: tuple[str, ...] = VARIABLES) -> Expression:
    """The formula written in ``text``; a TOML number stands for a constant field.

    Parameters
    ----------
    text
        A formula in x1, x2, t, e.g. ``"1 + 0.4*sin(x1)*cos(x2)"``, or a finite number.
    variables
        Those of which it may be a function.

    Raises
    ------
    ExpressionError
        If the text is not a formula of the grammar; the offending part is named.
    """
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise _refuse(text, "expected a formula in quotes or a number", EXAMPLE)
    if isinstance(text, str):
        _check_text(text)
        line = re.sub(r"\s", " ", text).strip()
        program = _program(_tree(line), line)
        for name in VARIABLES:
            if name in program and name not in variables:
                raise _refuse(text, f"{name} is not allowed here", _in_place_of(name))
        return Expression(text, program)
    return Expression(repr(text), (_number(text, repr(text)),))


def _in_place_of(name: str) -> str:
    """What to do about a variable that has no place in a formula."""
    if name == "t":
        return "potential, zeeman and field may depend on time"
    return "a field that varies in x is the gradient of physics.potential"


def _quoted(text: object) -> str:
    shown = repr(text)
    return shown if len(shown) <= 80 else shown[:60] + " ... " + shown[-12:]


def _refuse(text: object, problem: str, remedy: str = ALLOWED) -> ExpressionError:
    return ExpressionError(Fault(_quoted(text), problem, remedy=remedy))


def _check_text(text: str) -> None:
    """Refuse what must not reach the parser: too long, too deep, or not plain printable ASCII."""
    if not text.strip():
        raise _refuse(text, "the formula is empty", 'write "0" for a field that vanishes')
    if len(text) > LONGEST_TEXT:
        raise _refuse(text, f"{len(text)} characters", f"at most {LONGEST_TEXT} are allowed")
    for column, character in enumerate(text, start=1):
        if not (character.isascii() and (character.isprintable() or character in "\t\r\n")):
            told = f"character U+{ord(character):04X} at column {column}"
            raise _refuse(text, told, "only printable ASCII characters are allowed")
    if "#" in text:
        raise _refuse(text, "'#'", "put comments outside the quotes")
    if _nesting(text) > DEEPEST_NESTING:
        remedy = f"at most {DEEPEST_NESTING} levels are allowed; simplify it"
        raise _refuse(text, "nested too deeply", remedy)


def _nesting(text: str) -> int:
    """Depth of what makes a parser recurse: open brackets, and signs in a row."""
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    signs = (len(re.sub(r"\s", "", run)) for run in re.findall(r"[-+~\s]+", text))
    return max(deepest, *signs, 0)


def _tree(text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        where = f" at column {error.offset}" if error.offset else ""
        remedy = unitless(text) or EXAMPLE
        raise _refuse(text, f"{error.msg}{where}", remedy) from None
    except (RecursionError, MemoryError, ValueError, OverflowError) as error:
        raise _refuse(text, f"it cannot be read ({error})", EXAMPLE) from None


def _program(tree: ast.expr, text: str) -> tuple[float | str, ...]:
    """Postfix program of a syntax tree: its preorder, rightmost operand first, reversed."""
    steps: list[float | str] = []
    pending = [tree]
    while pending:
        step, operands = _step(pending.pop(), text)
        steps.append(step)
        pending.extend(operands)
    return tuple(reversed(steps))


def _step(node: ast.expr, text: str) -> tuple[float | str, list[ast.expr]]:
    """The step a node stands for, and its operands from left to right."""
    match node:
        case ast.Constant(value=value):
            return _number(value, text), []
        case ast.Name(id=name):
            return _name(name, text), []
        case ast.BinOp(left=left, op=operator, right=right):
            return _operator(operator, text), [left, right]
        case ast.UnaryOp(op=operator, operand=operand):
            return _operator(operator, text), [operand]
        case ast.Call():
            return _call(node, text), node.args
    problem = REFUSED.get(type(node), f"Python's {type(node).__name__}")
    raise _refuse(text, f"{problem} is not allowed: {_quoted(_source(node, text))}")


def _source(node: ast.expr, text: str) -> str:
    return text[node.col_offset : node.end_col_offset]


def _number(value: object, text: str) -> float:
    if isinstance(value, str | bytes):
        raise _refuse(text, f"a string is not allowed: {_quoted(value)}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(text, f"{_quoted(value)} is not a real number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _refuse(text, "a number is not finite", "use numbers between -1.7e308 and 1.7e308")
    return number


def _name(name: str, text: str) -> float | str:
    if name in CONSTANTS:
        return CONSTANTS[name]
    if name in VARIABLES:
        return name
    if name in FUNCTIONS:
        raise _refuse(text, f"function {name!r} without an argument", f"write {name}(...)")
    raise _refuse(text, f"unknown name {name!r}", _guess(name, ALLOWED_NAMES, VARIABLES))


def _operator(operator: ast.operator | ast.unaryop, text: str) -> str:
    if type(operator) in OPERATORS:
        return OPERATORS[type(operator)][0]
    raise _refuse(text, f"{REFUSED[type(operator)]} is not allowed")


def _call(node: ast.Call, text: str) -> str:
    called = _source(node.func, text)
    if not isinstance(node.func, ast.Name):
        remedy = ALLOWED if isinstance(node.func, ast.Attribute) else "write * for a product"
        raise _refuse(text, f"{_quoted(called)} is not a function", remedy)
    if called in VARIABLES or called in CONSTANTS:
        raise _refuse(text, f"{called!r} is not a function", f"write {called}*(...) for a product")
    if called not in FUNCTIONS:
        raise _refuse(
            text,
            f"unknown function {called!r}",
            _guess(called, ALLOWED_FUNCTIONS, tuple(FUNCTIONS)),
        )
    arity, given = FUNCTIONS[called][1], len(node.args) + len(node.keywords)
    if node.keywords or given != arity:
        raise _refuse(text, f"{called} got {given} arguments", f"it takes {arity}, by position")
    return called


def _guess(name: str, allowed: str, known: tuple[str, ...]) -> str:
    beginnings = sorted((word for word in known if name.startswith(word)), key=len)
    close = beginnings[-1:] or difflib.get_close_matches(
        name.lower(), (*known, *CONSTANTS), n=1, cutoff=0.5
    )
    return f"did you mean {close[0]}? {allowed}" if close else allowed
