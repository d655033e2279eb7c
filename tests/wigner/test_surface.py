"""What ``import wigner`` and ``import macro`` offer, and that it costs nothing until it is used."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

import macro
import wigner
from macro.imex import solution
from tests.support import small
from wigner.case.spec import load_case
from wigner.evolution.solver import Solver


@pytest.mark.parametrize("package", [wigner, macro])
def test_all_names_resolve(package) -> None:
    assert package._HOMES.keys() == set(package.__all__)
    for name in package.__all__:
        home = importlib.import_module(f"{package.__name__}.{package._HOMES[name]}")
        assert getattr(package, name) is getattr(home, name)


@pytest.mark.parametrize("package", [wigner, macro])
def test_the_names_are_those_that_are_explained(package) -> None:
    """At the beginning of help() and on the page, in one order, and by dir()."""
    assert sorted(name for name in dir(package) if name[:1] != "_") == sorted(package.__all__)
    told = re.findall(r"^ {4}(\w+) {2,}\S", package.__doc__, re.MULTILINE)
    assert sorted(told) == sorted(package.__all__)
    page = (Path(__file__).parents[2] / "docs" / "api" / "index.rst").read_text(encoding="utf-8")
    rows = re.findall(rf"`{package.__name__}\.(\w+) <{package.__name__}\.([\w.]+)>`", page)
    assert [name for name, _ in rows] == told
    assert {name: goal.removesuffix(f".{name}") for name, goal in rows} == package._HOMES


def test_names_are_those_of_the_modules() -> None:
    assert wigner.load_case is load_case
    assert wigner.Solver is Solver
    assert macro.solution is solution


@pytest.mark.parametrize("package", [wigner, macro])
def test_an_unknown_name_is_an_attribute_error(package) -> None:
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'no'"):
        _ = package.no
    assert not hasattr(package, "__wrapped__")


@pytest.mark.parametrize("package", [wigner, macro])
def test_type_checkers_see_the_same_names(package) -> None:
    code = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in code.body if isinstance(node, ast.If)]
    seen = {alias.name: node.module for node in block.body for alias in node.names}
    assert seen == package._HOMES


@pytest.mark.parametrize("name", ["wigner", "macro"])
def test_an_import_alone_loads_no_libraries(name: str) -> None:
    code = f"import sys, {name}; print({{'numpy', 'scipy', 'mpi4py'}} & sys.modules.keys())"
    done = small.call("-c", code)
    assert done.stdout == "set()\n", done.stderr
