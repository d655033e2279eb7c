"""What a case needs in memory, counted before anything is done.

Counted with constants fitted to runs: right within 15 % for lattices from 8^2 x 24^2 to 32^4,
elongated and incommensurate ones and boxes of many epsilon among them, on one and two ranks.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..case.spec import Case
from ..errors import CaseError, Fault
from ..flows import kernels
from ..flows.splitting import LIMIT
from ..maxwellian.lattices import lattices
from ..maxwellian.windows import ROUNDOFF, window_for
from ..phase_space.grid import PhaseGrid, sums
from ..phase_space.rounds import buffers
from .estimate import priced, solves, splitting_of, windows_error

# Bytes a cell of a field in phase space: two complex numbers.
FIELD = 32
# Bytes that a rank takes for python and libraries whatever the case.
BASE = 1.0e8
# Bytes that a point of a strip of the refined lattice takes while the factors of windows are made
# for a number of steps, and that one of the two factors takes while those of the next are made.
WINDOW, WINDOW_KEPT = 224, 64
# Bytes that an entry of a matrix of interpolation takes while it is made, those of the square
# matrix that this needs, and of an entry once it is made.
MATRIX, SQUARE, MATRIX_KEPT = 32, 16, 8
# Bytes of a point of the table of a kick by a field b: entries of a matrix, and once more by point.
KICK = 128


def memory_per_rank(
    case: Case,
    grid: PhaseGrid,
    ranks: int,
    numbers: tuple[int, ...],
    nodes: int = 1,
) -> float:
    """Bytes that a rank on one of some nodes needs at the most.

    These are libraries, fields, blocks of the transpose, and tables of flows and windows.

    Parameters
    ----------
    numbers
        Of splitting steps by which M(N) is made, or the ``LIMIT``.
    """
    share = math.ceil(grid.nx / ranks) * grid.np
    # W, a K for each stage but one, the exponential's work array, a temporary
    increments = max(1, solves(case) - 1)
    if case.time.adaptive:  # steps of three lengths, W before a step and after a whole one
        increments = 3 * increments + 2
    fields = 3 + increments + 4 * (case.initial.state == "prepared")
    fields += 3 * (LIMIT in numbers)  # of the recurrence of its series
    lengths = 1 if case.time.scheme == "strang" else 2
    splitting = splitting_of(case)
    frees, kicks = (lengths * len(set(c)) for c in (splitting.kinetic, splitting.potential))
    (q1, q2), (y1, y2) = _table_sizes(case, grid, ranks)
    if case.physics.varies or case.field is not None:  # each is made when its time has come
        kicks = 1
    kick = KICK if case.physics.turns else 16
    tables = q1 * q2 * 48 * frees + y1 * y2 * (kick * kicks + 110)
    if kernels.wanted(grid.nx * grid.np):  # which have the factors once more, point by point
        tables += q1 * q2 * 64 * frees + y1 * y2 * 64
    interpolation, shifted = _matrices(grid, (y1, y2))
    compiled = kernels.wanted(grid.nx * grid.np) or compiled_windows(case, grid)
    begin, kept = choice_of_windows(case, grid, ranks), window_tables(case, grid, ranks, numbers)
    made, matrices = matrices_to_windows(case, grid, ranks)
    most = max(
        begin + shifted + matrices,
        FIELD * fields * share + tables + kept + shifted + matrices,
        FIELD * share + max(interpolation, shifted + made),
    )
    # M(N) may have lattices of fewer modes, of x too, and each has blocks of its own
    layouts = 2 if len(lattices(grid.n_x, ranks)) == 1 else 3
    return BASE + kernels.MEMORY * compiled + most + layouts * buffers(grid, ranks, nodes)


def window_tables(case: Case, grid: PhaseGrid, ranks: int, numbers: tuple[int, ...]) -> float:
    """Bytes of the factors that a strip of windows of a rank reads, in a solve of a run."""
    return _strip(case, grid, ranks, priced(numbers), windows_error(case))


def choice_of_windows(case: Case, grid: PhaseGrid, ranks: int) -> float:
    """As :func:`window_tables`, at the beginning, where the windows are for double precision."""
    return _strip(case, grid, ranks, (2,), ROUNDOFF)


def matrices_to_windows(case: Case, grid: PhaseGrid, ranks: int) -> tuple[float, float]:
    """Bytes of the matrices that interpolate to the windows of a rank: made, and kept.

    There are those for double precision and, about as large, those for the tolerance.
    """
    window = window_for(grid, case.physics.epsilon, case.physics.spin_orbit, ROUNDOFF)
    lines, n2 = _lines(grid.n_x, ranks), grid.n_x[1]
    made, kept = _matrices(grid, (window.covered(0, lines), window.covered(1, n2)))
    return made, 2 * kept


def _matrices(grid: PhaseGrid, points: tuple[int, int]) -> tuple[float, float]:
    """Bytes of matrices from the x lattice to so many points per axis: one when made, all kept."""
    sizes = list(zip(points, grid.n_x, strict=True))
    made = max(n * (MATRIX * m + SQUARE * n) for m, n in sizes)
    return made, MATRIX_KEPT * sum(m * n for m, n in sizes)


def _strip(
    case: Case, grid: PhaseGrid, ranks: int, numbers: tuple[int, ...], error: float
) -> float:
    """Bytes of the factors of a strip while those of the last of some numbers of steps are made.

    What the strip before has, of these steps or of those before, is still there.
    """
    lines, points = strip_of(case, grid, ranks, error)
    before = numbers if lines < _lines(grid.n_x, ranks) else numbers[:-1]
    kept = max((WINDOW_KEPT * (1 + (m > 1)) for m in before), default=0)
    made = WINDOW if numbers[-1] > 1 else WINDOW - WINDOW_KEPT
    return (made + kept) * points


def strip_of(case: Case, grid: PhaseGrid, ranks: int, error: float) -> tuple[int, int]:
    """Lines of the x lattice in a strip of a rank, and points of the refined one."""
    window = window_for(grid, case.physics.epsilon, case.physics.spin_orbit, error)
    lines = window.lines_of_strip(grid.n_x[1], _lines(grid.n_x, ranks))
    return lines, window.covered(0, lines) * window.covered(1, grid.n_x[1])


def _lines(n: tuple[int, int], ranks: int) -> int:
    """Lines of a lattice that a rank has points of, at the most."""
    share, n2 = math.ceil(math.prod(n) / ranks), n[1]
    return min(n[0], share // n2 if share % n2 == 0 else share // n2 + 2)


def compiled_windows(case: Case, grid: PhaseGrid) -> bool:
    """Whether the windows have compiled kernels."""
    window = window_for(grid, case.physics.epsilon, case.physics.spin_orbit)
    return kernels.wanted(grid.nx * math.prod(window.n))


def _table_sizes(case: Case, grid: PhaseGrid, ranks: int) -> tuple[list[int], list[int]]:
    """Points per axis of the tables at p + eps xi/2 and at x + eps eta/2 on a rank."""
    half = 0.5 * case.physics.epsilon
    p, x = (
        (first[: _lines(n, ranks)], second[: math.ceil(math.prod(n) / ranks)])
        for n, (first, second) in ((grid.n_p, grid.p), (grid.n_x, grid.x))
    )
    q = [len(sums(base, half * xi).values) for base, xi in zip(p, grid.xi, strict=True)]
    y = [
        len(sums(base, half * eta, L).values) if n > 1 else 1
        for base, eta, L, n in zip(x, grid.eta, grid.length, grid.n_x, strict=True)
    ]
    return q, y


def check_memory(
    case: Case, grid: PhaseGrid, hosts: list[tuple[str, int]], numbers: tuple[int, ...]
) -> None:
    """Whether the machines have the memory that the case needs.

    Parameters
    ----------
    hosts
        Name and memory in bytes of the machine of each rank.
    numbers
        As for :func:`memory_per_rank`.

    Raises
    ------
    CaseError
        If not, with the numbers.
    """
    ranks, nodes = len(hosts), len(dict(hosts))
    got = f"n_x = {list(grid.n_x)}, n_p = {list(grid.n_p)}"
    least = FIELD * grid.nx * grid.np / ranks  # if that is too much, counting more may be, too
    check_fits(got, hosts, least, lambda: memory_per_rank(case, grid, ranks, numbers, nodes))


def check_fits(
    got: str, hosts: list[tuple[str, int]], least: float, need: Callable[[], float]
) -> None:
    """Whether machines have the memory that each of their ranks needs.

    Parameters
    ----------
    got
        The lattice, in words.
    hosts
        As for :func:`check_memory`.
    least
        Bytes that a rank needs surely; only where it has them is more counted by ``need``.

    Raises
    ------
    CaseError
        If not, with the numbers.
    """
    names = [name for name, _ in hosts]
    for name, memory in dict(hosts).items():
        there = names.count(name)
        each = least if least * there > memory else need()
        if each * there > memory:
            expected = (
                f"a lattice for the {size(memory)} of {name}, but its {there} rank(s) need about "
                f"{size(each * there)}"
            )
            raise CaseError(Fault("grid", got, expected, "use fewer points or more machines"))


def size(n: float) -> str:
    """Bytes for a human being."""
    exponent = min(max(int(math.log10(max(n, 1)) // 3), 2), 5)
    return f"{n / 1000**exponent:.3g} {('MB', 'GB', 'TB', 'PB')[exponent - 2]}"
