"""How long a case will take, without running it.

Time is counted in the operations that a step is made of, and these are timed here on a part of the
lattice: mostly right within a factor of 1.5. How many evaluations a constraint takes is a guess, so
a steep state may take several times as long.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..case.problem import Problem
from ..case.spec import Case
from ..evolution.evolve import record_times
from ..evolution.relaxation import TABLEAUS
from ..flows import factors, kernels
from ..flows.diffusion import Diffusions
from ..flows.splitting import LIMIT, SPLITTINGS, STRANG, Splitting
from ..flows.two_sided import PhaseSpace
from ..machine import keep_freed
from ..maxwellian import constraint
from ..maxwellian.moment_map import MomentMap
from ..maxwellian.on_lattice import MODES
from ..maxwellian.sample import TRIED
from ..maxwellian.steps import MOST_NUMBERS
from ..maxwellian.windows import ROUNDOFF, Window, window_for
from ..phase_space.grid import PhaseGrid
from ..phase_space.layout import Layout, part
from ..phase_space.resampling import Counts
from ..phase_space.rounds import block_width, blocks_of_columns
from ..phase_space.synthesis import with_few_modes

# Evaluations of the moment map in a solve within a run, where the first is often known already, and
# before its first step.
WARM, COLD = 1.2, 8
# What is timed: rows and columns of W, rows of the moment map; small ones would fit the cache.
ROWS, COLUMNS, MAP_ROWS = 32, 256, 4
# Largest number of steps that is guessed.
MOST_GUESSED = 12
# Products by K in the series that replaces the splitting: from 40 to 60 as a rule.
SERIES = 50
# Seconds that Python, its packages and the first files take, and compiled kernels where there are.
START, LOADED = 1.5, 0.6
# Seconds that timing one operation may take.
PATIENCE = 0.1


@dataclass(frozen=True)
class Work:
    """Operations of a step, and of the state that it starts from.

    Attributes
    ----------
    steps, records
        Numbers of them.
    solves
        Quantum Maxwellians in a step.
    kicks, frees
        Two-sided products by functions of x and of p in the transport of a step.
    numbers
        Numbers of splitting steps combined in the exponential, or its ``LIMIT``.
    n_x
        The lattice of x on which the Maxwellians are made.
    """

    steps: int
    records: int
    solves: int
    kicks: int
    frees: int
    numbers: tuple[int, ...]
    n_x: Counts

    @property
    def priced(self) -> tuple[int, ...]:
        """Numbers of steps that cost as much."""
        return priced(self.numbers)


def work(case: Case, numbers: tuple[int, ...], n_x: Counts | None = None) -> Work:
    """The work of a case, with M(N) by some numbers of splitting steps, on ``n_x`` or all of x."""
    times = np.array([0.0, *record_times(case.time.t_end, case.output.every)])
    steps = int(np.ceil(np.diff(times) / case.time.dt * (1 - 1e-12)).sum())
    if case.time.adaptive:  # if all are like the first: two halves, and a whole for comparison
        steps *= 3
    count = solves(case)
    # stage i carries W and the stages before it, the last one their sum; Strang has two halves
    flows = 2 if case.time.scheme == "strang" else count * (count - 1) // 2 + 1
    splitting = splitting_of(case)
    kicks, frees = flows * len(splitting.potential), flows * len(splitting.kinetic)
    return Work(steps, len(times), count, kicks, frees, numbers, n_x or case.grid.n_x)


def solves(case: Case) -> int:
    """Quantum Maxwellians in a step."""
    tableau = TABLEAUS.get(case.time.scheme)
    return 1 if tableau is None else len(tableau.nodes)


def sweeps(case: Case) -> int:
    """Sums of two fields in phase space in a step, its density and a product by a number alike."""
    count = solves(case)
    if case.time.scheme == "strang":
        return 4
    # a stage: densities of W and of the K before, K from M - Z, its share; the last has one field
    return sum(3 + 2 * i for i in range(count - 1)) + count + 3


def splitting_of(case: Case) -> Splitting:
    """The splitting of the transport."""
    tableau = TABLEAUS.get(case.time.scheme)
    return SPLITTINGS.get(case.time.splitting, STRANG if tableau is None else tableau.splitting)


def numbers_of(case: Case) -> tuple[int, ...]:
    """Numbers of splitting steps that are combined: those given, or a guess.

    The cheapest for fields of moderate steepness, where c_J is about (0.036 J eps^2)^J.

    The error of J numbers m is c_J/prod m^2, see ``steps``.
    """
    if case.maxwellian.richardson is not None:
        return tuple(range(1, case.maxwellian.richardson + 1))
    size, likely = 0.036 * case.physics.epsilon**2, []
    for J in range(2, MOST_NUMBERS + 1):
        bound = (J * size) ** J / case.maxwellian.tolerance
        sets = combinations(range(1, MOST_GUESSED + 1), J)
        likely += [numbers for numbers in sets if math.prod(numbers) ** 2 >= bound]
    return min((m for m in likely if sum(m) < SERIES), key=sum, default=(LIMIT,))


def priced(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Numbers of splitting steps that cost as much as some numbers: those, or for the limit one."""
    return (SERIES,) if LIMIT in numbers else numbers


def seconds(case: Case, problem: Problem, todo: Work) -> float:
    """Time that the whole run takes a core like this one."""
    grid = problem.grid
    position, momentum = time_position(problem), time_momentum(problem)
    error, physics, coarse = windows_error(case), problem.physics, coarsened(problem, todo.n_x)
    moment_map, table = time_moment_map(coarse, todo.priced, error)
    window = window_for(coarse.grid, physics.epsilon, physics.spin_orbit, error)
    moment_map += len(todo.priced) * refined_points(window, coarse.grid, todo.n_x[0]) * table
    modes = MODES * case.maxwellian.tolerance
    few = replace(coarse, grid=with_few_modes(coarse.grid, modes))
    products = sum(todo.priced) * (time_position(few) + time_diffusion(few))
    if todo.n_x != grid.n_x:  # a transform to all of x
        products += 0.5 * time_diffusion(replace(problem, grid=with_few_modes(grid, modes)))
    solve = WARM * moment_map + products
    step = todo.kicks * position + todo.frees * momentum + todo.solves * solve
    step += sweeps(case) * time_sweep(problem)
    record = moment_map + 2 * (position + momentum)
    begin = (COLD * moment_map + products) * (5 if case.initial.state == "prepared" else 1)
    return todo.steps * step + todo.records * record + begin


def coarsened(problem: Problem, n_x: Counts) -> Problem:
    """A problem like this one on another lattice of x: its densities are those of near points."""
    near = [np.arange(m) * n // m for m, n in zip(n_x, problem.grid.n_x, strict=True)]
    N = problem.N[:, near[0]][:, :, near[1]]
    return replace(problem, grid=replace(problem.grid, n_x=n_x), N=N)


def shared(seconds: float, grid: PhaseGrid, ranks: int) -> float:
    """Wall time of a run that takes a core so many seconds, on as many ranks with cores alike."""
    exchange = 1.2 if ranks > 1 else 1.0
    start = START + LOADED * kernels.wanted(grid.nx * grid.np)
    return start + exchange * seconds / min(ranks, grid.nx, grid.np)


def time_position(problem: Problem) -> float:
    """Seconds of a product by a 2x2 function of x on all of W."""
    grid = problem.grid
    layout, parts = part(grid, grid.nx, ROWS)
    space = PhaseSpace(layout, problem.physics)
    factor = factors.multiplier(space.position.refined(_spin(problem.N / problem.N[0].max())), 0.1)
    W = layout.x_major()
    W[:] = 0.0
    return parts * shortest(lambda: space.position.apply(W, factor))


def time_momentum(problem: Problem) -> float:
    """Seconds of a product by a 2x2 function of p on all of W."""
    layout, parts = part(problem.grid, problem.grid.np, COLUMNS)
    space, physics = PhaseSpace(layout, problem.physics), problem.physics
    K = factors.parabola(space.momentum.q)
    coupled = physics if physics.spin_orbit else replace(physics, alpha=1.0)
    factor = factors.kinetic(K, coupled, 0.1)
    return parts * _by_columns(
        layout, lambda block, columns: space.momentum.apply(block, columns, factor)
    )


def time_diffusion(problem: Problem) -> float:
    """Seconds of exp(-delta K) on both sides on all of W."""
    layout, parts = part(problem.grid, problem.grid.np, COLUMNS)
    space = PhaseSpace(layout, problem.physics)
    diffusion = Diffusions(problem.grid, problem.physics, layout.p)(0.25)
    return parts * _by_columns(
        layout, lambda block, columns: space.momentum.diffuse(block, columns, diffusion)
    )


def time_sweep(problem: Problem) -> float:
    """Seconds of a sum of two fields on all of W."""
    layout, parts = part(problem.grid, problem.grid.nx, ROWS)
    W, Z = layout.x_major(), layout.x_major()
    W[:], Z[:] = 0.0, 0.0

    def add() -> None:
        np.add(W, Z, out=W)

    return parts * shortest(add)


def _by_columns(layout: Layout, action: Callable[[NDArray, slice], None]) -> float:
    """Seconds of an action on all columns of a rank, in blocks as they are in a run."""
    grid = layout.grid
    width = min(block_width(grid), layout.n_p_local)
    block, starts = blocks_of_columns(1, grid.n_x, width)[0], range(0, layout.n_p_local, width)

    def whole() -> None:
        for start in starts:
            columns = slice(start, min(start + width, layout.n_p_local))
            action(block[..., : columns.stop - start], columns)

    return shortest(whole)


def windows_error(case: Case) -> float:
    """Error that the windows of the moment map are likely to be made for in a run."""
    if case.maxwellian.richardson is not None:
        return ROUNDOFF
    return sorted(TRIED)[1] * case.maxwellian.tolerance


def time_moment_map(
    problem: Problem, numbers: tuple[int, ...], error: float
) -> tuple[float, float]:
    """Seconds of a moment map: of its products on all of x, and of a point of its tables.

    Tables are on the refined lattice, for each number of steps, see :func:`refined_points`.
    """
    grid, physics = problem.grid, problem.physics
    layout, parts = part(grid, grid.nx, MAP_ROWS * grid.n_x[1])
    moments = MomentMap(layout, physics, error)
    A, columns = constraint.classical(_spin(problem.N)), moments.columns

    def tables() -> None:
        for m in numbers:
            deque(columns.local(A, m), 0)

    whole, made = shortest(lambda: moments(A, numbers)), shortest(tables)
    points = refined_points(columns.window, grid, -(-layout.n_x_local // grid.n_x[1]))
    return parts * max(whole - made, 0.1 * whole), made / (len(numbers) * points)


def refined_points(window: Window, grid: PhaseGrid, lines: int) -> float:
    """About how many points of the refined lattice windows around some lines of x points cover."""
    return window.covered(0, lines) * window.covered(1, grid.n_x[1])


def _spin(N: NDArray) -> NDArray:
    """Moments with a spin, so that nothing is skipped."""
    return N + np.array([0, 0, 0, 1e-3])[:, None, None] * N[0]


def shortest(action: Callable[[], object]) -> float:
    """Seconds of an action, the shortest of two or more."""
    keep_freed()  # as in a run
    found: list[float] = []
    while len(found) < 2 or sum(found) < PATIENCE:
        clock = time.perf_counter()
        action()
        found.append(time.perf_counter() - clock)
    return min(found)
