"""What the benchmark measures: the phases of a step, each beside its floor.

``measure`` makes one ``Setup`` (a lattice on the ranks of a communicator) and times everything
on it. Lines of the result are ``Line``: seconds of a phase, beside seconds of something else.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pyfftw
from numpy.typing import NDArray

import baselines
from wigner.evolution.relaxation import SDIRK2, Collisions, SdirkStep
from wigner.flows.transport import Flow, Transport
from wigner.flows.two_sided import PhaseSpace
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.phase_space.communicator import NODES, SERIAL, Communicator
from wigner.phase_space.grid import PhaseGrid, automatic_p_max
from wigner.phase_space.layout import Layout
from wigner.phase_space.moments import diagnostics, moments
from wigner.phase_space.pauli import pack, unpack
from wigner.physics import Physics

LENGTH = (2 * np.pi, 2 * np.pi)
EPSILON, ALPHA, TAU, DT = 0.2, 0.5, 0.05, 0.025
# An action is timed so many times, or for so many seconds; and steps.
REPEAT, PATIENCE, STEPS = 5, 20.0, 3
# Passes over memory in the relaxation of a step, of two streams each: N from W, K - W, share K,
# W + c K, N from W, M - W, share K, W + K.
PASSES = 8
OURS = "our transport step"
# Our transpose by messages alone, and what MPI has for that.
MESSAGES, PLAIN = "transpose, each rank a node", "Alltoallv of packed blocks"

Action = Callable[[], object]


@dataclass(frozen=True)
class Line:
    """Seconds that something takes, beside those of something else."""

    name: str
    seconds: float
    other: float | None = None
    what: str = ""


def potential(x1: NDArray, x2: NDArray) -> NDArray:
    """V, not separable."""
    return 0.6 * np.cos(x1) + 0.3 * np.cos(x1 + x2)


def density_matrix(grid: PhaseGrid) -> NDArray:
    """(n0, eps n), amplitudes of 40 %."""
    x1, x2 = np.meshgrid(*grid.x, indexing="ij")
    n = [0.5 + 0.4 * np.cos(x1), 0.6 * np.sin(x1 + 0.5), 0.7 * np.cos(x2 + 1)]
    return np.stack([1 + 0.4 * np.sin(x1) * np.cos(x2), *(EPSILON * np.array(n))])


class Stopwatch:
    """Times of actions, on several ranks those of the slowest."""

    def __init__(self, comm: Communicator, clock: Callable[[], float] = time.perf_counter) -> None:
        self._comm, self._now = comm, clock

    def once(self, action: Action) -> float:
        """Seconds that an action takes."""
        self._comm.Barrier()
        clock = self._now()
        action()
        return max(self._comm.allgather(self._now() - clock))

    def shortest(self, *actions: Action) -> list[float]:
        """The shortest time of each action, all timed in turn."""
        found = np.full(len(actions), np.inf)
        spent = 0.0
        for _ in range(REPEAT):
            times = [self.once(action) for action in actions]
            found, spent = np.minimum(found, times), spent + sum(times)
            if spent > PATIENCE:
                break
        return list(found)

    def best(self, ways: Iterable[tuple[str, Action]]) -> tuple[str, Action]:
        """The fastest of several ways to do the same."""
        return min(((self.shortest(action)[0], name, action) for name, action in ways))[1:]


class Setup:
    """One lattice on the ranks of a communicator."""

    def __init__(self, n_x: tuple[int, int], n_p: tuple[int, int], comm: Communicator) -> None:
        p_max = automatic_p_max(n_x, LENGTH, n_p, EPSILON, ALPHA)
        self.grid = PhaseGrid(n_x, LENGTH, n_p, p_max)
        self.comm, self.layout = comm, Layout(self.grid, comm)
        # alone, the processor's time is less disturbed by what else the machine does
        self.watch = Stopwatch(comm, time.process_time if comm.size == 1 else time.perf_counter)
        self.V, self.N = (
            potential(*np.meshgrid(*self.grid.x, indexing="ij")),
            density_matrix(self.grid),
        )
        self.space = PhaseSpace(self.layout, Physics(EPSILON, ALPHA, TAU, self.V))
        self.transport = Transport(self.space)
        self.W = self.layout.x_major()
        p1, p2 = self.grid.p_flat
        gauss = np.exp(-0.5 * (p1**2 + p2**2)) / (2 * np.pi)
        self.W[:] = pack(self.N.reshape(4, -1)[:, self.layout.x])[:, :, None] * gauss


def memory() -> int:
    """The largest memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def step_phases(setup: Setup, tolerance: float, base: int) -> tuple[dict[str, float], float]:
    """Seconds of an SDIRK2 step and of its phases, and the bytes a cell that the run needed."""
    watch, maxwellian = Stopwatch(setup.comm), Maxwellian(setup.space, tolerance)
    transport = TimedTransport(setup, watch)
    step = SdirkStep(SDIRK2, transport, Collisions(maxwellian), DT)
    step(setup.W)  # the first one finds multipliers from nothing
    maxwellian.seconds.update(dict.fromkeys(maxwellian.seconds, 0.0))
    transport.seconds = 0.0
    total = sum(watch.once(lambda: step(setup.W)) for _ in range(STEPS)) / STEPS
    phases = {"transport": transport.seconds} | maxwellian.seconds
    phases = {f"step: {name}": seconds / STEPS for name, seconds in phases.items()}
    phases["step: relaxation"] = total - sum(phases.values())
    used = sum(setup.comm.allgather(memory() - base)) / (setup.grid.nx * setup.grid.np)
    return {"step: SDIRK2": total} | phases, used


class TimedTransport(Transport):
    """Transport that knows how long it took."""

    def __init__(self, setup: Setup, watch: Stopwatch) -> None:
        super().__init__(setup.space)
        self._watch, self.seconds = watch, 0.0

    def flow(self, length: float) -> Flow:
        """As that of Transport."""
        flow = super().flow(length)

        def timed(*fields: NDArray, t: float = 0.0, weights: Sequence[float] = (1.0,)) -> None:
            self.seconds += self._watch.once(lambda: flow(*fields, t=t, weights=weights))

        return timed


@dataclass(frozen=True)
class Floors:
    """The least that transforms and copies of this lattice take here, in s.

    ``x`` and ``p`` are a transform there and back of all of W, ``copy`` is a copy of it.
    """

    x: float
    p: float
    copy: float
    x_way: str
    p_way: str


def transport_phases(setup: Setup) -> tuple[list[Line], Floors]:
    """The transport and its parts."""
    W, grid, layout, flows = setup.W, setup.grid, setup.layout, setup.transport
    kick, free, flow = flows.kick(0.5 * DT), flows.free(DT), flows.flow(DT)
    p_major = pyfftw.empty_aligned((2, *grid.n_x, layout.n_p_local), dtype=complex)
    x_major = pyfftw.empty_aligned((2, layout.n_x_local, *grid.n_p), dtype=complex)
    p_major[:], x_major[:] = 0.0, 0.0
    x_way, x_pair = setup.watch.best(baselines.x_pairs(p_major, grid.n_x))
    p_way, p_pair = setup.watch.best(baselines.p_pairs(x_major))

    def transpose() -> None:
        for _ in layout.columns(W):
            pass

    def transforms() -> None:
        p_pair()
        x_pair()
        p_pair()

    x, p, copy, bare, kicked, freed, flown, turned = setup.watch.shortest(
        x_pair,
        p_pair,
        lambda: np.copyto(x_major.reshape(W.shape), W),
        transforms,
        lambda: kick(W),
        lambda: free(W),
        lambda: flow(W),
        transpose,
    )
    lines = [
        Line("p transforms + phase", kicked, p, p_way),
        Line("x transforms + spin product", freed, x, x_way),
        Line("transport step", flown, bare, "their transforms"),
        Line("transpose, there and back", turned, 2 * copy, "two copies"),
    ]
    return lines, Floors(x, p, copy, x_way, p_way)


def maxwellian_phases(setup: Setup, transport: float, floors: Floors) -> list[Line]:
    """Exponential, moment map and constraint."""
    watch, N, W, lines = setup.watch, setup.N, setup.W, []
    for tolerance in (1e-6, 1e-9):
        chooses = Maxwellian(setup.space, tolerance)
        solver = chooses.whole
        A = solver.solve(N).A
        seconds = watch.shortest(partial(solver.exponential, A, solver.steps, W))[0]
        products = sum(solver.steps) * (floors.x + floors.p)
        name = f"M(N) at {tolerance:.0e} {_shown(solver.steps)}"
        lines.append(Line(f"{name}, all of x", seconds, products, "its transforms"))
        lines.append(Line(f"{name}, all of x", seconds, transport, "a transport step"))
        chooses.follow_symbol(N, W)
        seconds = watch.shortest(partial(chooses.follow_symbol, N, W))[0]
        lattice = "x".join(str(n) for n in chooses.memory.n_x or setup.grid.n_x)
        lines.append(Line(f"{name} on {lattice}", seconds, transport, "a transport step"))
    moment_map = solver.guide
    n = moment_map.columns.window.n
    count = setup.layout.n_x_local * sum(m - 1 for m in solver.steps)
    way, pairs = watch.best(baselines.window_pairs(n, count))
    seconds, floor = watch.shortest(partial(moment_map, A, solver.steps), pairs)
    lines.append(Line(f"moment map {_shown(solver.steps)}", seconds, floor, way))
    lines.append(Line(f"moment map {_shown(solver.steps)}", seconds, transport, "a transport step"))
    seconds = watch.once(lambda: Maxwellian(setup.space, 1e-10).solve_aside(N))
    return [*lines, Line("constraint, cold, 1e-10", seconds, 2 * transport, "two transport steps")]


def _shown(steps: tuple[int, ...]) -> str:
    return f"(steps {'+'.join(str(m) for m in steps)})"


def other_phases(setup: Setup, floors: Floors) -> list[Line]:
    """Records."""

    def record() -> None:
        fields = moments(setup.layout, setup.W, setup.space.physics)
        diagnostics(setup.layout, setup.W, fields, setup.space.physics)

    floor = (floors.x + floors.p) / 2
    return [Line("records", setup.watch.shortest(record)[0], floor, "one transform in x, one in p")]


def transpose_rivals(setup: Setup) -> dict[str, float]:
    """Seconds of other ways to transpose there and back, and of ours by messages."""
    ways = {MESSAGES: by_messages(setup)} | dict(baselines.transposes(setup.layout, setup.W))
    return dict(zip(ways, setup.watch.shortest(*ways.values()), strict=True))


def by_messages(setup: Setup) -> Action:
    """The transpose there and back if each rank is a node of its own."""
    before, os.environ[NODES] = os.environ.get(NODES, ""), str(setup.comm.size)
    layout = Layout(setup.grid, setup.comm)

    def transpose() -> None:
        for _ in layout.columns(setup.W):
            pass

    transpose()  # the nodes are found now
    os.environ[NODES] = before
    return transpose


def rivals(setup: Setup, transport: float) -> list[Line]:
    """Other methods beside ours, on one rank: scipy.fft, numpy alone, dense matrices."""
    grid, watch, lines = setup.grid, setup.watch, []
    scipy = baselines.scipy_pairs(setup.W, grid.n_x, grid.n_p)
    x, p = watch.shortest(scipy["x"], scipy["p"])
    lines.append(Line("scipy.fft, transforms of a step", x + 2 * p, transport, OURS))
    step = baselines.numpy_step(grid, EPSILON, ALPHA, potential, DT)
    w = unpack(setup.W).reshape(4, *grid.n_x, *grid.n_p)
    matrix = np.array([[w[0] + w[3], w[1] - 1j * w[2]], [w[1] + 1j * w[2], w[0] - w[3]]])
    seconds = watch.once(lambda: step(matrix))
    lines.append(Line("numpy alone, transport step", seconds, transport, OURS))
    n = grid.n_x[0]
    cold = watch.once(lambda: Maxwellian(setup.space, 1e-10).solve_aside(setup.N))
    dense = watch.once(baselines.dense_exponential(n))
    what = f"our constraint, {cold:.3g} s"
    return [*lines, Line(f"ten dense eigendecompositions, {n}x{n}", 10 * dense, cold, what)]


def measure(
    n_x: tuple[int, int],
    n_p: tuple[int, int],
    comm: Communicator,
    tolerance: float,
    *,
    other: bool,
) -> dict:
    """All of one lattice on the ranks of a communicator; the same on every rank."""
    base = memory()
    setup = Setup(n_x, n_p, comm)
    step, used = step_phases(setup, tolerance, base)
    lines, floors = transport_phases(setup)
    transport = lines[2].seconds
    lines += maxwellian_phases(setup, transport, floors) + other_phases(setup, floors)
    products = 2 * (floors.x + 2 * floors.p)
    lines.append(Line("step: transport", step.pop("step: transport"), products, "transforms"))
    relaxation = step.pop("step: relaxation")
    lines.append(Line("step: relaxation", relaxation, PASSES * floors.copy, f"{PASSES} copies"))
    beside = "a transport step"
    lines += [Line(name, seconds, transport, beside) for name, seconds in step.items()]
    found = {"lattice": [*n_x, *n_p], "ranks": comm.size, "bytes a cell": used, "libraries": base}
    if comm.size > 1:
        ways = transpose_rivals(setup)
        messages = ways.pop(MESSAGES)
        lines.append(Line(MESSAGES, messages, 2 * floors.copy, "two copies"))
        lines.append(Line(MESSAGES, messages, ways[PLAIN], PLAIN))
        best = min(ways, key=lambda name: ways[name])
        turned = lines[3].seconds
        lines.append(Line("transpose, there and back", turned, ways[best], best))
        lines += [Line(f"transpose by {name}", seconds) for name, seconds in ways.items()]
        found["speed-up"] = speedups(setup, lines, floors.copy, tolerance)
    elif other:
        lines += rivals(setup, transport)
    return found | {"phases": [asdict(line) for line in lines]}


def speedups(setup: Setup, lines: list[Line], copy: float, tolerance: float) -> dict[str, float]:
    """How many times faster than the first rank alone, the others waiting.

    A copy of W, which took all ranks ``copy`` seconds, says how much memory allows.
    """
    found = {}
    if setup.comm.rank == 0:
        alone = Setup(setup.grid.n_x, setup.grid.n_p, SERIAL)
        flow, solver = alone.transport.flow(DT), Maxwellian(alone.space, 1e-9).whole
        step = SdirkStep(
            SDIRK2, alone.transport, Collisions(Maxwellian(alone.space, tolerance)), DT
        )
        other = np.empty_like(alone.W)
        A, ours = solver.solve(alone.N).A, {line.name: line.seconds for line in lines}
        ours["a copy"] = copy
        actions = {
            "a copy": lambda: np.copyto(other, alone.W),
            "transport step": lambda: flow(alone.W),
            f"moment map {_shown(solver.steps)}": lambda: solver.guide(A, solver.steps),
            "step: SDIRK2": lambda: step(alone.W),
        }
        times = Stopwatch(SERIAL).shortest(*actions.values())
        found = {name: t / ours[name] for name, t in zip(actions, times, strict=True)}
    return setup.comm.bcast(found)
