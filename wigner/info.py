"""What a case needs, without running it: lattice, memory, resolution, time."""

from __future__ import annotations

import math
import time

from .case import Case
from .grid import PhaseGrid
from .layout import Layout
from .material import scale
from .moment_map import window_for
from .problem import Problem
from .relaxation import TABLEAUS
from .splitting import SPLITTINGS, STRANG
from .transforms import BACKWARD, FORWARD, Planner
from .twosided import MomentumSide, PositionSide

# Fields of 32 bytes a cell that a step keeps: W, one K per stage, the work array of the
# exponential, and with several ranks the transposed field and what is in transit.
FIELD = 32
# Measured on one core (32^4): a two-sided product costs this many p transforms of its block.
PRODUCT = 6.0


def describe(case: Case, problem: Problem, ranks: int) -> str:
    """A page of text about the case on that many ranks."""
    grid = problem.grid
    window = window_for(grid, problem.epsilon)
    cells = grid.nx * grid.np
    lines = [
        f"x lattice      {grid.n_x[0]} x {grid.n_x[1]}, box {_pair(grid.length)}",
        f"p lattice      {grid.n_p[0]} x {grid.n_p[1]}, P = {_pair(grid.p_max)}"
        f"{' (auto)' if case.grid.p_max is None else ''}, pi/dp = {_pair(grid.eta_max)}",
        f"phase space    {cells} cells, W takes {_bytes(FIELD * cells)}",
        f"parameters     epsilon {problem.epsilon:.6g}, alpha {problem.alpha:.6g}, "
        f"tau {problem.tau:.6g}",
        f"moment map     windows of {window.n[0]} x {window.n[1]} points, "
        f"spacing {_pair(window.spacing)}",
        f"thermal tails  in p {_tails(grid.p_max)}, in eta {_tails(grid.eta_max)}",
        f"memory         about {_bytes(memory_per_rank(case, grid, problem.epsilon, ranks))} "
        f"on each of {ranks} rank(s)",
        f"time           {_steps(case)} steps of scheme {case.time.scheme}, roughly "
        f"{_duration(estimated_seconds(case, grid, ranks))} on {ranks} rank(s) like this one",
    ]
    if case.material is not None:
        units = scale(case.material)
        lines.append(
            f"units          x0 {units.length:.4g} m, p0 {units.momentum:.4g} kg m/s, "
            f"tE {units.time:.4g} s, kB T0 {units.energy:.4g} J"
        )
    lines += [f"warning        {warning}" for warning in problem.warnings]
    return "\n".join(lines)


def memory_per_rank(case: Case, grid: PhaseGrid, epsilon: float, ranks: int) -> int:
    """Bytes a rank needs at the most: fields, tables of the flows, and 100 MB of libraries."""
    tableau = TABLEAUS.get(case.time.scheme)
    stages = 1 if tableau is None else len(tableau.nodes)
    fields = 2 + stages + (2 if ranks > 1 else 0) + 1
    share = math.ceil(grid.nx / ranks) * grid.np
    momentum, position = table_sizes(grid, epsilon, ranks)
    flows = 1 if tableau is None else len(set(tableau.nodes))
    return int(FIELD * share * fields + 64 * flows * momentum + 160 * position + 1e8)


def table_sizes(grid: PhaseGrid, epsilon: float, ranks: int) -> tuple[int, int]:
    """Points of the tables at p + eps xi/2 and at x + eps eta/2 on the first rank."""
    layout = Layout(grid, _First(ranks))
    q = MomentumSide(layout, epsilon).q
    refined = PositionSide(layout, epsilon).refinement
    return len(q[0]) * len(q[1]), len(refined[0]) * len(refined[1])


class _First:
    """Stands for the first of several ranks where nothing is exchanged."""

    rank = 0

    def __init__(self, size: int) -> None:
        self.size = size


def estimated_seconds(case: Case, grid: PhaseGrid, ranks: int) -> float:
    """Time of the run from the time of a small FFT here: an estimate, right within a factor of 2."""
    tableau = TABLEAUS.get(case.time.scheme)
    stages = 1 if tableau is None else len(tableau.nodes)
    splitting = SPLITTINGS.get(
        case.time.splitting, STRANG if tableau is None else tableau.splitting
    )
    flows = stages + (stages == 3)
    transport = flows * (len(splitting.potential) + len(splitting.kinetic))
    levels = case.maxwellian.richardson or 4
    exponential = stages * levels * (levels + 1)
    return _steps(case) * (transport + exponential) * PRODUCT * _transform_seconds(grid) / ranks


def _transform_seconds(grid: PhaseGrid) -> float:
    """Seconds of one p transform of a whole W, measured on some rows of it."""
    rows = min(16, grid.nx)
    layout = Layout(PhaseGrid((rows, 1), grid.length, grid.n_p, grid.p_max))
    block = layout.x_major().reshape(2, rows, *grid.n_p)
    block[:] = 0.0
    fft, times = Planner(), []
    for direction in (FORWARD, BACKWARD) * 4:
        clock = time.perf_counter()
        fft(block, (2, 3), direction)
        times.append(time.perf_counter() - clock)
    return min(times) * grid.nx / rows


def _steps(case: Case) -> int:
    return math.ceil(case.time.t_end / case.time.dt * (1 - 1e-12))


def _tails(reach: tuple[float, float]) -> str:
    return " and ".join(f"{math.exp(-0.5 * r**2):.0e}" for r in reach)


def _pair(values: tuple[float, float]) -> str:
    return "(" + ", ".join(f"{v:.6g}" for v in values) + ")"


def _bytes(n: float) -> str:
    return f"{n / 1e9:.3g} GB" if n >= 1e9 else f"{n / 1e6:.3g} MB"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
