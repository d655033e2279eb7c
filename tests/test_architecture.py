"""Imports run one way, without cycles; MPI stays in one function; files stay short."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# A room sees itself and those before it.
ROOMS = ("wigner", "macro", "validation")
MOST_LINES = 350


def sources(*rooms: str) -> list[Path]:
    """Python files of some rooms, as far as they are built."""
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]


def module(path: Path) -> str:
    """Dotted name of a file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, tree: ast.AST | None = None) -> Iterator[str]:
    """Dotted names that a file imports: of modules, or of what is taken from them."""
    package = (module(path) + (".x" if path.name == "__init__.py" else "")).split(".")
    for node in ast.walk(tree or ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: -node.level] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{start}.{alias.name}" for alias in node.names)


def graph(paths: list[Path]) -> dict[str, set[str]]:
    """For each module, the others of the same paths that it imports."""
    names = {module(path) for path in paths}
    found = {}
    for path in paths:
        targets = set()
        for name in imports(path):
            while name and name not in names:
                name = name.rpartition(".")[0]
            targets.add(name)
        found[module(path)] = targets & names - {module(path)}
    return found


def test_the_reader_of_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("test_architecture.ROOT", tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name, text in {
        "a/__init__.py": "from .c import f",
        "a/c.py": "import numpy.fft as n\nfrom . import d\nfrom .b import e",
        "a/d.py": "def f():\n    from a.c import g",
        "a/b/__init__.py": "",
        "a/b/e.py": "from .. import d\nfrom ..c import h",
    }.items():
        (tmp_path / name).write_text(text)
    found = graph(sorted(tmp_path.rglob("*.py")))
    assert found == {
        "a": {"a.c"},
        "a.c": {"a.d", "a.b.e"},
        "a.d": {"a.c"},
        "a.b": set(),
        "a.b.e": {"a.d", "a.c"},
    }
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(found).prepare()


@pytest.mark.parametrize("room", ROOMS)
def test_no_import_cycles(room: str) -> None:
    graphlib.TopologicalSorter(graph(sources(room))).prepare()


@pytest.mark.parametrize("room", ROOMS)
def test_no_backward_imports(room: str) -> None:
    later = {*ROOMS[ROOMS.index(room) + 1 :], "tests", "scripts", "conftest"}
    backward = [
        f"{module(path)} imports {name}"
        for path in sources(room)
        for name in imports(path)
        if name.split(".")[0] in later
    ]
    assert not backward


def test_mpi_is_imported_in_one_function_only() -> None:
    found = []
    for path in sources("wigner"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        inside = [
            f"{module(path)}.{function.name}"
            for function in functions
            for name in imports(path, function)
            if name.startswith("mpi4py")
        ]
        everywhere = [name for name in imports(path, tree) if name.startswith("mpi4py")]
        assert len(inside) == len(everywhere), f"{path} imports mpi4py outside of functions"
        found += inside
    assert found == ["wigner.job.launch.world"]


@pytest.mark.parametrize("path", sources("validation/oracle"), ids=module)
def test_the_oracle_shares_nothing_with_the_solver(path: Path) -> None:
    rooms = [name for name in imports(path) if name.split(".")[0] in ROOMS]
    assert not [name for name in rooms if not name.startswith("validation.oracle")]


@pytest.mark.parametrize("path", sources(*ROOMS), ids=module)
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
