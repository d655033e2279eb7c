"""Imports run one way, every room has a map, files stay short; and trees that do otherwise fail.

The rules are in ``tests.support.architecture``.
"""

from __future__ import annotations

import graphlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.architecture import (
    CHECKS,
    MOST_LINES,
    ROOMS,
    Tree,
    borrowed,
    cycles,
    forbidden,
    long_files,
    maps,
    mpi,
    room,
)

Check = Callable[[Tree], list[str]]
MAP = '"""{}.\n\n``a``: first\n``b``: second\n"""\n'
# A small tree that keeps all rules.
GOOD = {
    "wigner/__init__.py": '"""W.\n\n``timing``: time\n``flows``: flows\n``job``: jobs\n"""\n',
    "wigner/timing.py": "import time",
    "wigner/flows/__init__.py": MAP.format("Flows"),
    "wigner/flows/a.py": "import numpy\nfrom .. import timing",
    "wigner/flows/b.py": "from .a import f",
    "wigner/job/__init__.py": '"""Jobs.\n\n``launch``: processes\n"""\n',
    "wigner/job/launch.py": "from ..flows import b\ndef world():\n    from mpi4py import MPI",
    "macro/__init__.py": MAP.format("Models"),
    "macro/a.py": "from wigner.flows.a import f",
    "macro/b.py": "from . import a\nfrom wigner.job.launch import world",
    "validation/__init__.py": '"""V.\n\n``oracle``: dense\n``studies``: studies\n"""\n',
    "validation/__main__.py": "import wigner.job.launch\nfrom .studies import a",
    "validation/oracle/__init__.py": MAP.format("Oracle"),
    "validation/oracle/a.py": "import math\nimport numpy as np\nfrom scipy import linalg",
    "validation/oracle/b.py": "from validation.oracle.a import g",
    "validation/studies/__init__.py": MAP.format("Studies"),
    "validation/studies/a.py": "from macro import a\nfrom ..oracle.b import g",
    "validation/studies/b.py": "",
    "scripts/one.py": "import two\nfrom mpi4py import MPI",
    "scripts/two.py": "from validation.studies.a import h",
    "scripts/test": "#!/bin/sh\n",
    "tests/__init__.py": "",
    "tests/test_all.py": "import one\nfrom tests.support import small",
    "tests/support/__init__.py": '"""S.\n\n``small``: cases\n"""\n',
    "tests/support/small.py": "from macro.b import k",
}


def plant(root: Path, files: dict[str, str]) -> Tree:
    """The tree of some files."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Tree(root)


@pytest.fixture(scope="module")
def ours() -> Tree:
    """This project."""
    return Tree(Path(__file__).parents[1])


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_this_project_keeps_the_rule(ours: Tree, check: Check) -> None:
    assert check(ours) == []


def test_this_project_is_read(ours: Tree) -> None:
    assert "wigner.flows.two_sided" in ours.graph["wigner.flows.transport"]
    assert "scripts.baselines" in ours.graph["scripts.benchmark_phases"]
    assert len(ours.modules) > 150


def test_the_table_has_no_circle() -> None:
    graphlib.TopologicalSorter(ROOMS).prepare()
    assert {name for allowed in ROOMS.values() for name in allowed} <= ROOMS.keys()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wigner.flows.kernels", "wigner.flows"),
        ("wigner.flows", "wigner.flows"),
        ("wigner", "wigner"),
        ("wigner.timing", "wigner.timing"),
        ("wigner.stray", ""),
        ("macro.local", "macro"),
        ("tests.wigner.flows.test_kernels", "tests"),
        ("tests.support.small", "tests.support"),
        ("numpy.fft", ""),
    ],
)
def test_rooms_of_modules(name: str, expected: str) -> None:
    assert room(name) == expected


def test_the_reader_of_imports(tmp_path: Path) -> None:
    files = {
        "macro/__init__.py": "from .c import f",
        "macro/c.py": "import numpy.fft as n\nfrom . import d\nfrom .b import e",
        "macro/d.py": "def f():\n    from macro.c import g",
        "macro/b/__init__.py": "",
        "macro/b/e.py": "from .. import d\nfrom ..c import h\nimport s",
        "scripts/s.py": "if TYPE_CHECKING:\n    import macro.b.e",
    }
    assert plant(tmp_path, files).graph == {
        "macro": {"macro.c"},
        "macro.c": {"macro.d", "macro.b.e"},
        "macro.d": {"macro.c"},
        "macro.b": set(),
        "macro.b.e": {"macro.d", "macro.c", "scripts.s"},
        "scripts.s": {"macro.b.e"},
    }


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_good_tree_is_good(tmp_path: Path, check: Check) -> None:
    assert check(plant(tmp_path, GOOD)) == []


LONG = "\n" * (MOST_LINES + 1)
BAD = [
    # backward between packages
    (forbidden, "wigner/flows/b.py", "import macro.a", "wigner.flows.b imports macro.a"),
    (forbidden, "wigner/flows/b.py", "import tests", "wigner.flows.b imports tests"),
    (forbidden, "wigner/timing.py", "import one", "wigner.timing imports scripts.one"),
    (forbidden, "macro/a.py", "import validation", "macro.a imports validation"),
    # a room that may not be seen
    (
        forbidden,
        "wigner/flows/a.py",
        "def f():\n    from ..job import launch",
        "wigner.flows.a imports wigner.job.launch",
    ),
    (
        forbidden,
        "wigner/output/a.py",
        "from ..flows.a import f",
        "wigner.output.a imports wigner.flows.a",
    ),
    (forbidden, "wigner/timing.py", "from .flows import a", "wigner.timing imports wigner.flows.a"),
    (
        forbidden,
        "validation/studies/b.py",
        "from wigner.job import launch",
        "validation.studies.b imports wigner.job.launch",
    ),
    (
        forbidden,
        "tests/support/small.py",
        "from tests.test_all import x",
        "tests.support.small imports tests.test_all",
    ),
    (
        forbidden,
        "validation/oracle/a.py",
        "from wigner.timing import t",
        "validation.oracle.a imports wigner.timing",
    ),
    (forbidden, "wigner/stray.py", "", "wigner.stray is in no room"),
    # circles
    (cycles, "macro/a.py", "from .b import f", "macro.a <- macro.b <- macro.a"),
    (cycles, "scripts/two.py", "import one", "scripts.one <- scripts.two <- scripts.one"),
    # MPI
    (
        mpi,
        "wigner/flows/a.py",
        "import mpi4py",
        "wigner.flows.a imports mpi4py outside of wigner.job.launch.world and "
        "wigner.phase_space.communicator.hosts",
    ),
    (
        mpi,
        "macro/a.py",
        "def world():\n    from mpi4py import MPI",
        "macro.a imports mpi4py outside of wigner.job.launch.world and "
        "wigner.phase_space.communicator.hosts",
    ),
    (
        mpi,
        "wigner/job/launch.py",
        "from mpi4py import MPI\n" + GOOD["wigner/job/launch.py"],
        "wigner.job.launch imports mpi4py outside of wigner.job.launch.world and "
        "wigner.phase_space.communicator.hosts",
    ),
    # the oracle
    (
        borrowed,
        "validation/oracle/b.py",
        "from ..studies.a import h",
        "validation.oracle.b imports validation.studies.a.h",
    ),
    (
        borrowed,
        "validation/oracle/b.py",
        "import pyfftw",
        "validation.oracle.b imports pyfftw",
    ),
    # maps
    (maps, "macro/c.py", "", "macro has no line on c"),
    (maps, "wigner/output/__init__.py", "", "wigner has no line on output"),
    (maps, "macro/__init__.py", '"""M: ``a``, ``b``."""', "macro has no line on a"),
    (maps, "tests/support/big.py", "", "tests.support has no line on big"),
    (
        maps,
        "macro/__init__.py",
        '"""M.\n\n``a``: first\n``b``: second\n``c``: third\n"""\n',
        "macro names c, which is not in it",
    ),
    (
        maps,
        "macro/__init__.py",
        '"""M, see ``wigner.flows``.\n\n``a``: first\n``b``: second\n"""\n',
        "macro names wigner.flows, which is not in it",
    ),
    (
        maps,
        "macro/__init__.py",
        '"""M.\n\n``b``: second\n``a``: first\n"""\n',
        "macro lists a after b, which imports it",
    ),
    (
        maps,
        "macro/__init__.py",
        MAP.format("M")[:-4] + '``a``: again\n"""\n',
        "macro lists a twice",
    ),
    (
        maps,
        "wigner/__init__.py",
        '"""W.\n\n``job``: jobs\n``timing``: time\n``flows``: flows\n"""\n',
        "wigner lists flows after job, which imports it",
    ),
    # lengths
    (long_files, "macro/a.py", LONG, "macro/a.py has 351 lines, at most 350 are allowed"),
    (long_files, "tests/test_all.py", LONG, "tests/test_all.py has 351 lines, at most 350"),
    (long_files, "scripts/test", LONG, "scripts/test has 351 lines"),
    (long_files, "validation/page.html", LONG, "validation/page.html has 351 lines"),
]


@pytest.mark.parametrize(("check", "name", "text", "told"), BAD)
def test_a_bad_tree_is_told(tmp_path: Path, check: Check, name: str, text: str, told: str) -> None:
    complaints = check(plant(tmp_path, GOOD | {name: text}))
    assert any(complaint.startswith(told) for complaint in complaints), complaints


def test_a_file_of_the_greatest_length_is_read(tmp_path: Path) -> None:
    assert not long_files(plant(tmp_path, GOOD | {"macro/a.py": "\n" * MOST_LINES}))
