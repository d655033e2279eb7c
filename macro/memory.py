"""What a run of a model needs in memory, counted before anything is done."""

from __future__ import annotations

from wigner.case.spec import Case
from wigner.flows import kernels
from wigner.job import memory
from wigner.job.estimate import numbers_of
from wigner.phase_space.grid import PhaseGrid

from .catalogue import MODELS

# Bytes of the fields of a step at a point of the x lattice, measured on 512^2 and 1024^2 points.
# Each rank has the fields whole.
POINTS = {"drift-diffusion": 1260, "local": 2100, "local-published": 2750}
POINT = 1480  # of the other models
ZEEMAN = 240  # more with a Zeeman field: b, its gradient and what it pulls
# Tables of windows that a model makes at a time, in units of those of the moment map: its
# derivative has as many again.
TABLES = {"nonlocal": 2}


def needed(name: str, case: Case, grid: PhaseGrid, ranks: int) -> float:
    """Bytes that a rank needs at the most for a model."""
    zeeman = MODELS[name].spin and any(formula.text != "0" for formula in case.physics.zeeman)
    fields = memory.BASE + (POINTS.get(name, POINT) + ZEEMAN * bool(zeeman)) * grid.nx
    if not MODELS[name].constrained and case.initial.state != "equilibrium":
        return fields
    begin = memory.choice_of_windows(case, grid, ranks)
    tables = memory.window_tables(case, grid, ranks, numbers_of(case))
    windows = max(begin, TABLES.get(name, 1) * tables)
    made, matrices = memory.matrices_to_windows(case, grid, ranks)
    compiled = kernels.MEMORY * memory.compiled_windows(case, grid)
    return fields + compiled + max(made, windows + matrices)


def check(name: str, case: Case, grid: PhaseGrid, hosts: list[tuple[str, int]]) -> None:
    """Whether the machines have the memory that a run of a model needs.

    ``hosts`` is as in :func:`wigner.job.memory.check_memory`.

    Raises
    ------
    CaseError
        If not, with the numbers.
    """
    got = f"n_x = {list(grid.n_x)}"
    memory.check_fits(got, hosts, 0.0, lambda: needed(name, case, grid, len(hosts)))
