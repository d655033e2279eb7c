"""How the packages are built: the table of who may import whom, and a check of each rule.

``Tree(root)`` reads the Python files below a directory. Each check takes a tree and returns its
complaints, none if the rule is kept: ``forbidden``, ``cycles``, ``mpi``, ``borrowed``, ``maps``
and ``long_files``.
"""

from __future__ import annotations

import ast
import graphlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# What is for all: it may be imported from everywhere but the oracle, and imports no room.
COMMON = ("wigner.errors", "wigner.machine", "wigner.physics", "wigner.timing")
# Rooms of the solver that others may use; a job is started by commands only.
SOLVER = (
    "wigner",
    "wigner.phase_space",
    "wigner.flows",
    "wigner.maxwellian",
    "wigner.case",
    "wigner.evolution",
    "wigner.output",
    "wigner.results",
)
STUDIED = (*SOLVER, "macro", "validation.oracle", "validation.harness")
EVERYTHING = (
    *STUDIED,
    "wigner.scripting",
    "wigner.job",
    "wigner.sweep",
    "wigner.__main__",
    "validation",
    "validation.formulas",
    "validation.solutions",
    "validation.studies",
    "validation.__main__",
    "scripts",
)
# A module sees its own room, what is for all, and the rooms beside it. Its room is the longest of
# these names that its own begins with; ``wigner`` and ``validation`` are their ``__init__`` alone.
ROOMS = {
    **dict.fromkeys(COMMON, ()),
    "wigner.phase_space": (),
    "wigner.flows": ("wigner.phase_space",),
    "wigner.maxwellian": ("wigner.phase_space", "wigner.flows"),
    "wigner.case": ("wigner.phase_space",),
    "wigner.evolution": SOLVER[1:5],
    "wigner.output": ("wigner.phase_space", "wigner.case", "wigner.evolution"),
    "wigner.results": ("wigner.phase_space", "wigner.case", "wigner.output"),
    "wigner.job": SOLVER[1:],
    "wigner.sweep": ("wigner.case", "wigner.output", "wigner.job"),
    "wigner.scripting": (*SOLVER[1:], "wigner.job"),
    "wigner": ("wigner.case", "wigner.evolution", "wigner.scripting"),
    "wigner.__main__": ("wigner", "wigner.job", "wigner.sweep"),
    "macro": (*SOLVER, "wigner.job", "wigner.sweep", "wigner.scripting"),
    "validation.oracle": (),
    "validation.harness": ("wigner.phase_space", "wigner.case", "wigner.output"),
    "validation.formulas": STUDIED,
    "validation.solutions": STUDIED,
    "validation.studies": (*STUDIED, "validation.formulas", "validation.solutions"),
    "validation": (),
    "validation.__main__": EVERYTHING[:-2],
    "scripts": EVERYTHING[:-1],
    "tests.support": EVERYTHING,
    "tests": (*EVERYTHING, "tests.support"),
}
HOUSES = ("wigner", "validation")  # names that hold rooms, and no modules besides COMMON
TOPS = ("wigner", "macro", "validation", "scripts", "tests")
# Packages whose ``__init__`` says what each of its modules holds.
MAPPED = ("wigner", "macro", "validation", "tests.support")
# Packages that the oracle is made of.
INDEPENDENT = {"numpy", "scipy"}
# The functions that import mpi4py: the one that starts with it, and one that needs a constant.
MPI = ("wigner.job.launch.world", "wigner.phase_space.communicator.hosts")
MOST_LINES = 350
SHORT = {".py", ".sh", ".html", ""}  # files that people read; without a suffix: shell scripts


class Module:
    """A Python file by its dotted name, and what it imports: modules, or names taken from them."""

    def __init__(self, path: Path, root: Path) -> None:
        parts = path.relative_to(root).with_suffix("").parts
        self.is_package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.is_package else parts)
        self.code = ast.parse(path.read_text("utf-8"))
        self.imports = list(self.imported_in(self.code))

    def imported_in(self, part: ast.AST) -> Iterator[str]:
        """Dotted names that a part of the file imports."""
        package = (self.name + ".x" if self.is_package else self.name).split(".")
        for node in ast.walk(part):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = package[: -node.level] if node.level else []
                start = ".".join([*base, *([node.module] if node.module else [])])
                yield from (f"{start}.{alias.name}" for alias in node.names)


class Tree:
    """The Python files of all packages and scripts below a directory.

    ``graph`` has for each module the others of the tree that it imports.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        found = [path for top in TOPS for path in sorted((root / top).rglob("*"))]
        self.files = [path for path in found if path.is_file() and path.suffix in SHORT]
        modules = [Module(path, root) for path in self.files if path.suffix == ".py"]
        self.modules = {module.name: module for module in modules}
        self.graph = {
            module.name: {self._whose(name) for name in module.imports} - {"", module.name}
            for module in modules
        }

    def _whose(self, name: str) -> str:
        """The module that a name is or is taken from; "" if it is none of the tree."""
        if f"scripts.{name.split('.')[0]}" in self.modules:  # scripts are imported as plain modules
            name = f"scripts.{name}"
        while name and name not in self.modules:
            name = name.rpartition(".")[0]
        return name


def room(name: str) -> str:
    """The room of a module; "" if it is in none."""
    found = name
    while found and found not in ROOMS:
        found = found.rpartition(".")[0]
    return "" if found in HOUSES and found != name else found


def forbidden(tree: Tree) -> list[str]:
    """Modules outside of all rooms, and imports that the table does not allow."""
    found = [f"{name} is in no room" for name in tree.graph if not room(name)]
    for name, targets in tree.graph.items():
        ours = room(name)
        common = () if ours == "validation.oracle" else COMMON
        allowed = {ours, *common, *ROOMS.get(ours, ())}
        found += [f"{name} imports {target}" for target in targets if room(target) not in allowed]
    return sorted(found)


def cycles(tree: Tree) -> list[str]:
    """A circle of imports, if there is one."""
    try:
        graphlib.TopologicalSorter(tree.graph).prepare()
    except graphlib.CycleError as error:
        circle = error.args[1][:-1]
        first = circle.index(min(circle))
        circle = [*circle[first:], *circle[:first], circle[first]]
        return [" <- ".join(circle)]
    return []


def mpi(tree: Tree) -> list[str]:
    """Modules of the packages that import mpi4py outside of the one function that may."""
    found = []
    for module in tree.modules.values():
        functions = [node for node in ast.walk(module.code) if isinstance(node, ast.FunctionDef)]
        allowed = [node for node in functions if f"{module.name}.{node.name}" in MPI]
        inside = [name for node in allowed for name in module.imported_in(node)]
        if _of_mpi(module.imports) > _of_mpi(inside) and module.name.split(".")[0] in TOPS[:3]:
            found.append(f"{module.name} imports mpi4py outside of {' and '.join(MPI)}")
    return found


def _of_mpi(names: list[str]) -> int:
    """How many names are of mpi4py."""
    return sum(name.split(".")[0] == "mpi4py" for name in names)


def borrowed(tree: Tree) -> list[str]:
    """What the oracle imports besides numpy, scipy and Python's own library."""
    return [
        f"{module.name} imports {name}"
        for module in tree.modules.values()
        for name in module.imports
        if room(module.name) == "validation.oracle"
        and room(name) != "validation.oracle"
        and name.split(".")[0] not in INDEPENDENT | sys.stdlib_module_names
    ]


def maps(tree: Tree) -> list[str]:
    """Where the ``__init__`` of a package is no map of it.

    It has one line for each module, which begins with the name in double backquotes and a colon;
    such quotes are for modules of the package only. The order is the reading order: what a module
    imports stands before it.
    """
    mapped = [
        module
        for module in tree.modules.values()
        if module.is_package and any(f"{module.name}.".startswith(f"{top}.") for top in MAPPED)
    ]
    return [complaint for module in mapped for complaint in _not_on_the_map(tree, module)]


def _not_on_the_map(tree: Tree, package: Module) -> Iterator[str]:
    """Complaints about the docstring of one package."""
    start = f"{package.name}."
    held: dict[str, set[str]] = {}  # for each module or room of the package, what it imports of it
    for name, targets in tree.graph.items():
        if name.startswith(start) and not name.endswith("__"):
            known = held.setdefault(_first(name, start), set())
            known |= {_first(target, start) for target in targets if target.startswith(start)}
    text = ast.get_docstring(package.code) or ""
    listed = re.findall(r"^``(\w+)``: \S", text, re.MULTILINE)
    for name in sorted(held.keys() - set(listed)):
        yield f"{package.name} has no line on {name}"
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        yield f"{package.name} lists {name} twice"
    for name in sorted(set(re.findall(r"``([^`]*)``", text)) - held.keys()):
        yield f"{package.name} names {name}, which is not in it"
    for place, name in enumerate(listed):
        for later in sorted(held.get(name, set()) & set(listed[place + 1 :])):
            yield f"{package.name} lists {later} after {name}, which imports it"


def _first(name: str, start: str) -> str:
    """The part of a dotted name that follows its start."""
    return name.removeprefix(start).split(".")[0]


def long_files(tree: Tree) -> list[str]:
    """Files beyond what is read in one sitting."""
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in tree.files}
    return [
        f"{path.relative_to(tree.root)} has {count} lines, at most {MOST_LINES} are allowed"
        for path, count in lines.items()
        if count > MOST_LINES
    ]


CHECKS = (forbidden, cycles, mpi, borrowed, maps, long_files)
