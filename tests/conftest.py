"""Strictness for all tests, and tests on several MPI ranks.

Floating-point errors other than underflow, and warnings, are failures. A test marked
``mpi(n=2, timeout=60)`` runs on n ranks: see ``mpi_runner``, and ``mpi_child`` for what happens
on the ranks.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest

from wigner.flows import kernels

if "MPI_TEST_DIRECTORY" in os.environ:
    from tests.support import mpi_child as mpi
else:
    from tests.support import mpi_runner as mpi


def pytest_configure(config: pytest.Config) -> None:
    """Set the strictness; entries of ``filterwarnings`` in pyproject.toml go before it.

    Ranks that wait let others have the core: there are more of them than cores.
    """
    os.environ.setdefault("MPIR_CVAR_ENABLE_HEAVY_YIELD", "1")
    np.seterr(all="raise", under="ignore")
    config.getini("filterwarnings").insert(0, "error")
    config.pluginmanager.register(mpi.plugin(config), "mpi-tests")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per rank count for ``mpi(n=[1, 2, 3])``."""
    marker = metafunc.definition.get_closest_marker("mpi")
    n = None if marker is None else marker.kwargs.get("n", 2)
    if isinstance(n, list | tuple):
        if "ranks" not in metafunc.fixturenames:
            metafunc.fixturenames.append("ranks")
        metafunc.parametrize("ranks", n, ids=[f"{count}-ranks" for count in n])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Reports in UTF-8: what a test with other names has written cannot leave a worker."""
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report


@pytest.fixture
def comm() -> object:
    """MPI.COMM_WORLD of a test marked ``mpi``."""
    return mpi.world()


@pytest.fixture(scope="module")
def compiled() -> Generator[None]:
    """Compiled kernels on every lattice: what takes many steps repays the time to load them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "WORTHWHILE", 0)
        yield


@pytest.fixture
def shared_path(comm: object, tmp_path: Path) -> Path:
    """One temporary directory for all ranks of a test."""
    return comm.bcast(tmp_path)
