"""Docstrings say what a caller needs: the shapes of arrays, and which errors to expect.

``validation.oracle`` writes shapes plainly, (4, N1, N2).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.architecture import Tree

ROOT = Path(__file__).parents[1]
CODE = ("wigner", "macro", "validation")
ARRAYS = ("NDArray", "Array")
# A shape, as in ``(4, N1, N2)``; x-major, which ``phase_space.layout`` defines; or any.
SHAPE = re.compile(r"``\([^`]*,[^`]*\)``|\bx-major\b|\bany shapes?\b")
PLAIN = re.compile(r"\((?:\.\.\.|[\w*+/. -]+),[^()]*\)")
# That another function says it: "as :meth:`solve`", "arguments as of :func:`theta`".
ELSEWHERE = re.compile(r"(?<!aises )\b[Aa]s (?:in |of |that of )?:\w+:`[\w.]*?(\w+)`")
# Methods that a caller meets without their names; what two of them raise stands with the class.
CALLED, MADE = ("__call__",), ("__init__", "__post_init__")


@dataclass(frozen=True)
class Function:
    """A function or method that others may call, with its dotted name and its docstring."""

    name: str
    code: ast.FunctionDef
    text: str

    @property
    def has_arrays(self) -> bool:
        """Whether it takes or returns one."""
        given = self.code.args
        arguments = [*given.args, *given.kwonlyargs, *([given.vararg] if given.vararg else [])]
        types = [annotation for argument in arguments if (annotation := argument.annotation)]
        types += [self.code.returns] if self.code.returns else []
        names = [node for each in types for node in ast.walk(each)]
        return any(isinstance(node, ast.Name) and node.id in ARRAYS for node in names)

    @property
    def says_a_shape(self) -> bool:
        """Whether its docstring does."""
        plain = self.name.startswith("validation.oracle.") and PLAIN.search(self.text)
        return bool(plain or SHAPE.search(self.text))

    @property
    def raised(self) -> set[str]:
        """Classes of errors that it makes itself, apart from functions within it."""
        pending: list[ast.AST] = list(self.code.body)
        found = set()
        while pending:
            node = pending.pop()
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                found.add(ast.unparse(node.exc.func).rpartition(".")[2])
            if not isinstance(node, ast.FunctionDef):
                pending += ast.iter_child_nodes(node)
        return {name for name in found if name[0].isupper()}


def functions(part: ast.AST, name: str) -> Iterator[Function]:
    """Those of a module or class."""
    of_class = (ast.get_docstring(part) or "") if isinstance(part, ast.ClassDef) else ""
    for node in ast.iter_child_nodes(part):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from functions(node, f"{name}.{node.name}")
        elif isinstance(node, ast.FunctionDef):
            text = ast.get_docstring(node) or ""
            if node.name in MADE:
                yield Function(f"{name}.{node.name}", node, f"{text}\n{of_class}")
            elif node.name in CALLED or not node.name.startswith("_"):
                yield Function(f"{name}.{node.name}", node, text)


def of(tree: Tree) -> list[Function]:
    """Those of all packages."""
    modules = [m for m in tree.modules.values() if m.name.partition(".")[0] in CODE]
    return [function for module in modules for function in functions(module.code, module.name)]


def unshaped(tree: Tree) -> list[str]:
    """Functions of arrays that neither say a shape nor name a function that does."""
    silent = [f for f in of(tree) if f.has_arrays and not f.name.endswith(MADE)]
    known: set[str] = set()
    while telling := [
        f for f in silent if f.says_a_shape or not known.isdisjoint(ELSEWHERE.findall(f.text))
    ]:
        silent = [f for f in silent if f not in telling]
        # a function by its name, a method by that of its class too
        known |= {part for f in telling for part in f.name.split(".")[-2:]}
    return [f"{f.name} says no shape" for f in silent]


def unraised(tree: Tree) -> list[str]:
    """Errors that a function raises and does not name; "raises as" another one is enough."""
    return [
        f"{f.name} does not say that it raises {name}"
        for f in of(tree)
        for name in sorted(f.raised)
        if name not in f.text and "raises as" not in f.text
    ]


@pytest.fixture(scope="module")
def ours() -> Tree:
    """This project."""
    return Tree(ROOT)


@pytest.mark.parametrize("check", [unshaped, unraised])
def test_docstrings_of_this_project(ours: Tree, check: Callable[[Tree], list[str]]) -> None:
    assert check(ours) == []


def test_all_functions_of_arrays_are_read(ours: Tree) -> None:
    names = {function.name for function in of(ours) if function.has_arrays}
    assert len(names) > 450
    assert {
        "wigner.flows.two_sided.PhaseSpace.by_momentum",
        "wigner.flows.transport.Flow.__call__",
        "macro.local.Local.balance",
        "validation.formulas.exact.fitted",
    } <= names


CODE_READ = '''
class C:
    """Raises KeyError."""

    def __init__(self) -> None:
        raise KeyError(1)

    def f(self, *a: NDArray) -> None:
        """{f}"""
        def inner() -> None:
            raise OSError("not told")
        if a:
            raise errors.CaseError(inner)

    def __call__(self, a: NDArray | None) -> None:
        """{call}"""

def g(*, a: dict[str, NDArray]) -> list[NDArray]:
    """{g}"""

def _h(a: NDArray) -> NDArray:
    raise ValueError("private")
'''


@pytest.mark.parametrize(
    ("f", "call", "g", "silent"),
    [
        ("Of ``(4, N1, N2)``.", "x-major.", "Of any shape.", []),
        ("As :meth:`g`.", "As of :class:`C`.", "Of ``(n,)``.", []),
        ("Of (4, N1, N2).", "x-major.", "As :meth:`C.f`.", ["C.f", "g"]),
        ("Raises as :meth:`g`; ``f(n)``.", "x-major", "``(n,)``", ["C.f"]),
        ("raises as :meth:`g`.", "As :func:`x`.", "``(n,)``", ["C.f", "C.__call__"]),
    ],
)
def test_functions_without_a_shape_are_told(
    tmp_path: Path, f: str, call: str, g: str, silent: list[str]
) -> None:
    path = tmp_path / "macro" / "a.py"
    path.parent.mkdir()
    path.write_text(CODE_READ.format(f=f, call=call, g=g))
    told = {complaint.partition(" ")[0] for complaint in unshaped(Tree(tmp_path))}
    assert told == {f"macro.a.{name}" for name in silent}


@pytest.mark.parametrize(
    ("f", "told"),
    [("Raises CaseError.", []), ("It raises as :func:`g`.", []), ("OSError", ["CaseError"])],
)
def test_errors_that_nobody_names_are_told(tmp_path: Path, f: str, told: list[str]) -> None:
    path = tmp_path / "macro" / "a.py"
    path.parent.mkdir()
    path.write_text(CODE_READ.format(f=f, call="", g=""))
    expected = [f"macro.a.C.f does not say that it raises {name}" for name in told]
    assert unraised(Tree(tmp_path)) == expected
