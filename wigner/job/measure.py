"""The command machine: the constants of a machine, measured on the ranks that it is started on."""

from __future__ import annotations

import math
import platform
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..case.problem import Problem
from ..errors import CaseError, Fault
from ..machine import keep_freed, revision
from ..maxwellian import constraint
from ..maxwellian.anderson import DEPTH, Secants
from ..maxwellian.columns import Columns
from ..maxwellian.preconditioner import OneStep
from ..maxwellian.windows import ROUNDOFF, window_for
from ..phase_space.communicator import Communicator, First, nodes_of
from ..phase_space.grid import PhaseGrid
from ..phase_space.layout import Layout
from ..physics import Physics
from . import estimate
from .constants import Constants, Network
from .supervise import BAD_INPUT, FINISHED, complain, say

# Points per axis of the lattices, and cells that each has at least: kernels for small ones differ.
SIZES, CELLS = (16, 32, 64, 128), 2**20
# Errors that make windows of several sizes, on a lattice of so many points per axis.
ERRORS, WINDOWS = (1e-2, 1e-6, ROUNDOFF), 32
# Numbers of steps in a moment map.
STEPS = (1, 2)
# How many ranks there would be, for what each of them does on all of x.
MANY = 64
# Cells of a rank that go to blocks and back; bytes of arrays that are copied, of a message that
# fills the network, and of a short one; short ones at a time.
EXCHANGED, COPIED, LARGE, SHORT, MESSAGES = 2**20, 2**25, 2**22, 64, 32
# Times that what all ranks do together is done.
REPEAT = 5


def machine(comm: Communicator, output: Path) -> int:
    """``wigner machine``; the exit status."""
    try:
        _check_new(output, comm)
        constants = measured(comm)
    except CaseError as error:
        return complain(error) if comm.rank == 0 else BAD_INPUT
    if comm.rank == 0:
        nodes = -(-comm.size // constants.ranks)
        made = f"Measured on {comm.size} rank(s), {nodes} node(s), by revision {revision()}."
        with output.open("x", encoding="utf-8") as file:
            file.write(constants.text((made,)))
        lacking = "" if constants.network else "; for the network, start this on two nodes"
        say(f"{output}: {constants.name}{lacking}\n")
    return FINISHED


def _check_new(output: Path, comm: Communicator) -> None:
    """Whether the first rank can write the file; CaseError on all ranks if not."""
    fault = None
    if comm.rank == 0:
        if output.exists():
            fault = Fault("--output", str(output), "a new file", "name another")
        elif not output.absolute().parent.is_dir():
            fault = Fault("--output", str(output), "a file in a directory that is there")
    fault = comm.bcast(fault)
    if fault is not None:
        raise CaseError(fault)


def measured(comm: Communicator) -> Constants:
    """The constants of the machine of these ranks, the same on all of them.

    Raises
    ------
    CaseError
        If the variable that divides ranks into nodes is not what it should be.
    """
    keep_freed()  # as in a run
    nodes, watch = nodes_of(comm), Watch(comm)
    team = max(len(ranks) for ranks in nodes.ranks)
    one, other = np.ones(COPIED // 8), np.zeros(COPIED // 8)
    copy = watch.together(lambda: np.copyto(other, one))
    barrier = watch.together(lambda: _repeat(nodes.own.Barrier, 100)) / 100
    return Constants(
        comm.bcast(_processor()),
        team,
        _rounded(2 * COPIED * team / copy),
        _rounded(barrier),
        _network(comm, nodes.ranks[:2], watch),
        _core(nodes.own, watch),
    )


class Watch:
    """Times on all ranks of a communicator, those of the slowest."""

    def __init__(self, comm: Communicator) -> None:
        self._comm = comm

    def slowest(self, action: Callable[[], float]) -> float:
        """Of the seconds that an action measures on each rank, all at the same time."""
        return self.slowest_of(lambda: (action(),))[0]

    def slowest_of(self, action: Callable[[], tuple[float, ...]]) -> list[float]:
        """As :meth:`slowest`, for several times at once."""
        self._comm.Barrier()
        return [max(times) for times in zip(*self._comm.allgather(action()), strict=True)]

    def together(self, action: Callable[[], object]) -> float:
        """The shortest of several times of an action that all ranks begin together."""

        def once() -> float:
            clock = time.perf_counter()
            action()
            return time.perf_counter() - clock

        return min(self.slowest(once) for _ in range(REPEAT))


def _core(node: Communicator, watch: Watch) -> dict[str, Any]:
    """Nanoseconds of a rank, as :class:`Constants` has them."""
    core: dict[str, Any] = {"points": [n * n for n in SIZES]}
    for kind, unit in UNITS.items():
        core[kind] = [_rounded(1e9 * watch.slowest(partial(unit, n))) for n in SIZES]
    core["exchange"] = [_rounded(1e9 * _exchange(n, node, watch)) for n in SIZES]
    problem = _problem(WINDOWS, WINDOWS)
    core["windows"] = [_points(problem, error) for error in ERRORS]
    core["moment_map"], tables = [], []
    for error, points in zip(ERRORS, core["windows"], strict=True):
        products, table = watch.slowest_of(partial(estimate.time_moment_map, problem, STEPS, error))
        unit = products / (problem.grid.nx * points * sum(STEPS))
        core["moment_map"].append(_rounded(1e9 * unit))
        tables.append(table)
    core["tables"] = _rounded(1e9 * max(tables))
    fields = np.ones((2, 2, EXCHANGED // 4096, 4096), dtype=complex)
    sweep = watch.slowest(partial(estimate.shortest, partial(_add, *fields)))
    return core | {"relaxation": _rounded(1e9 * sweep / EXCHANGED)}


def _position(n: int) -> float:
    """Seconds a cell of a product by a function of x, with n points of p per axis."""
    return estimate.time_position(_problem(_enough(n), n)) / _cells(n)


def _momentum(n: int) -> float:
    """Seconds a cell of a product by a function of p, with n points of x per axis."""
    return estimate.time_momentum(_problem(n, _enough(n))) / _cells(n)


def _diffusion(n: int) -> float:
    """Seconds a cell of exp(-delta K) on both sides, with n points of x per axis."""
    return estimate.time_diffusion(_problem(n, _enough(n))) / _cells(n)


def _enough(n: int) -> int:
    """Points per axis of the other lattice, where one has n."""
    return max(SIZES[0], math.ceil(math.sqrt(CELLS) / n))


def _cells(n: int) -> int:
    return (n * _enough(n)) ** 2


def _problem(n_x: int, n_p: int) -> Problem:
    """A problem with so many points per axis."""
    grid = PhaseGrid((n_x, n_x), (2 * math.pi,) * 2, (n_p, n_p), (7.0, 7.0))
    x1, x2 = np.meshgrid(*grid.x, indexing="ij")
    N = np.stack([1 + 0.4 * np.sin(x1) * np.cos(x2), 0.1 + 0.08 * np.cos(x1), 0 * x1, 0 * x1])
    return Problem(grid, Physics(0.2, 0.5, 0.05, 0.6 * np.cos(x1 + x2)), N, (), {})


def _points(problem: Problem, error: float) -> int:
    """Points of a window for some error."""
    physics = problem.physics
    return math.prod(window_for(problem.grid, physics.epsilon, physics.spin_orbit, error).n)


def _alone(n: int) -> float:
    """Seconds a point of x of what every rank does in an evaluation of the moment map.

    That is a solve of the constraint with an evaluation too few and one that is right, which cost
    nothing here, and one correction by a solver that remembers all it can.
    """
    problem = _problem(n, _enough(n))
    grid, N, ranks = problem.grid, problem.N, min(MANY, problem.grid.nx, problem.grid.np)
    one_step = OneStep(Columns(Layout(grid, First(ranks)), problem.physics, ROUNDOFF))
    nearby, start, still = one_step.near(STEPS), one_step.start(N), np.ones_like(one_step.z)
    known, random = Secants(), np.random.default_rng(0)
    for _ in range(DEPTH):
        known.add(*random.standard_normal((2, *N.shape)))
    missed = N * (1 + 1e-3 * np.cos(grid.x[0])[:, None])

    def solve() -> None:
        moments = iter((missed, N))
        constraint.solve(lambda A: next(moments), N, grid, still, 1e-6, start, 2, known, nearby)

    return estimate.shortest(solve) / grid.nx


UNITS = {
    "position": _position,
    "momentum": _momentum,
    "diffusion": _diffusion,
    "alone": _alone,
}


def _exchange(n: int, node: Communicator, watch: Watch) -> float:
    """Seconds a cell to blocks of columns and back within a node."""
    count = max(n, EXCHANGED // n**2)
    grid = PhaseGrid((n, n), (2 * math.pi,) * 2, (2 * node.size, count // 2), (7.0, 7.0))
    layout = Layout(grid, node)
    W = layout.x_major()
    W[:] = 0.0
    return watch.together(lambda: deque(layout.columns(W), 0)) / (n**2 * count)


def _add(W: NDArray, K: NDArray) -> None:
    """A sum of two fields as the steps of a run make it."""
    for row in range(W.shape[1]):
        W[:, row] += 0.5 * K[:, row]


def _network(comm: Any, pair: Sequence[range], watch: Watch) -> Network | None:
    """What the first two nodes have between them; None if there is one."""
    if len(pair) < 2:
        return None
    size = min(map(len, pair))
    ours, theirs = (ranks[:size] for ranks in pair)
    partner = {**dict(zip(ours, theirs, strict=True)), **dict(zip(theirs, ours, strict=True))}
    other, first = partner.get(comm.rank), comm.rank == ours[0]
    at_first = other if comm.rank in (ours[0], theirs[0]) else None

    def swap(sent: NDArray, received: NDArray, other: int | None) -> None:
        if other is not None:
            comm.Sendrecv(sent, other, recvbuf=received, source=other)

    def there_and_back(short: NDArray) -> None:
        if at_first is not None and first:
            comm.Send(short, at_first)
            comm.Recv(short, at_first)
        elif at_first is not None:
            comm.Recv(short, at_first)
            comm.Send(short, at_first)

    short, large, arrived = np.zeros(SHORT), np.zeros(LARGE // 8), np.zeros(LARGE // 8)
    requests = [] if other is None else _several(comm, other)

    def several() -> None:
        if requests:
            requests[0].Startall(requests)
            requests[0].Waitall(requests)

    latency = watch.together(lambda: _repeat(lambda: there_and_back(short), 50)) / 100
    seconds = watch.together(lambda: _repeat(lambda: swap(large, arrived, other), 4)) / 4
    message = watch.together(lambda: _repeat(several, 10)) / (10 * MESSAGES)
    for request in requests:
        request.Free()
    return Network(_rounded(latency), _rounded(LARGE * size / seconds), _rounded(message))


def _several(comm: Any, other: int) -> list[Any]:
    """Short messages to another rank and as many from it, to be started again and again."""
    buffers = np.zeros((2, MESSAGES, SHORT))
    sent = [comm.Send_init(buffer, other, tag) for tag, buffer in enumerate(buffers[0])]
    return sent + [comm.Recv_init(buffer, other, tag) for tag, buffer in enumerate(buffers[1])]


def _repeat(action: Callable[[], object], times: int) -> None:
    for _ in range(times):
        action()


def _rounded(number: float) -> float:
    """Three digits: what is measured has no more."""
    return float(f"{number:.3g}")


def _processor() -> str:
    """The processor's name, if the system tells it."""
    with suppress(OSError, IndexError):  # no such file, or nothing of the kind in it
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        return text.split("model name")[1].split(":", 1)[1].split("\n")[0].strip()
    return platform.machine()
