"""How long a step takes on many ranks: a model whose constants are a machine's.

A step is made of products by functions of x, which a rank does with its rows alone; of products by
functions of p, for which W goes to blocks of columns and back, in rounds; of moment maps and sums,
which are alone as well; and of what every rank does on whole fields of x. Each of the first kinds
takes as long as a core does, or as the node's memory takes for the bytes that it moves, whichever
is more. Between nodes, blocks travel while others are transformed: what takes longer counts, and
in each pass the first round that comes and the last that returns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

from ..case.problem import lattice
from ..case.spec import Case
from ..errors import CaseError, Fault
from ..maxwellian.lattices import at_least
from ..maxwellian.on_lattice import MODES
from ..maxwellian.windows import window_for
from ..phase_space.grid import PhaseGrid
from ..phase_space.resampling import Counts
from ..phase_space.rounds import WIDTH, Rounds
from ..phase_space.synthesis import with_few_modes
from .constants import Constants, Network
from .estimate import WARM, refined_points, sweeps, windows_error, work
from .memory import FIELD, memory_per_rank

# Bytes a cell that pass between memory and cache: in a product, on the way to blocks of columns or
# from them, and in a sum of two fields.
PRODUCT, WAY, SWEEP = 2 * FIELD, 2 * FIELD, 3 * FIELD
# By how much a product by a function of p takes longer, at each halving of the least usual width of
# blocks: measured for one.
NARROW = 0.2
# Fields on x that all ranks get at a time: moments.
GATHERED = 4


@dataclass(frozen=True)
class Step:
    """Seconds of a step, by what they go into.

    Attributes
    ----------
    work
        Products, moment maps and sums of a rank's share of phase space.
    copies
        To blocks of columns and back.
    travel
        Between nodes, as far as it is not hidden behind copies and work.
    alone
        What every rank does for all of x, and what it takes to tell all ranks of fields on x.
    latency
        Barriers, and the beginning and end of messages.
    """

    work: float = 0.0
    copies: float = 0.0
    travel: float = 0.0
    alone: float = 0.0
    latency: float = 0.0

    def __add__(self, other: Step) -> Step:
        return Step(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __rmul__(self, times: float) -> Step:
        return Step(*(times * part for part in astuple(self)))

    @property
    def seconds(self) -> float:
        """In all."""
        return math.fsum(astuple(self))


@dataclass(frozen=True)
class Share:
    """What one rank of several has of a lattice, on a machine.

    Attributes
    ----------
    machine
        Its constants.
    grid
        The lattice.
    ranks
        How many there are.
    """

    machine: Constants
    grid: PhaseGrid
    ranks: int

    @property
    def nodes(self) -> int:
        """Nodes that it takes, filled one after the other."""
        return -(-self.ranks // self.machine.ranks)

    @property
    def team(self) -> int:
        """Ranks of a node."""
        return -(-self.ranks // self.nodes)

    @property
    def rows(self) -> int:
        """Cells of the rank that has most points of x."""
        return -(-self.grid.nx // self.ranks) * self.grid.np

    @property
    def lines(self) -> int:
        """Lines of the x lattice of which it has points."""
        points, n2 = self.rows // self.grid.np, self.grid.n_x[1]
        return min(self.grid.n_x[0], points // n2 if points % n2 == 0 else points // n2 + 2)

    @property
    def columns(self) -> int:
        """Cells of the rank that has most points of p."""
        return -(-self.grid.np // self.ranks) * self.grid.nx

    @property
    def network(self) -> Network | None:
        """Between the nodes; None on a single one.

        Raises
        ------
        CaseError
            If there are several nodes, and the constants of the network are not known.
        """
        if self.nodes == 1:
            return None
        if self.machine.network is None:
            got = f"nothing, but {self.ranks} ranks are {self.nodes} nodes of {self.machine.ranks}"
            expected = "latency, bandwidth and message"
            remedy = "write them into the file, or measure on two nodes"
            raise CaseError(Fault("[network]", got, expected, remedy))
        return self.machine.network

    @property
    def rounds(self) -> Rounds:
        """Those of the transpose."""
        return Rounds.of(self.grid, self.ranks, self.nodes)

    @property
    def message(self) -> float:
        """Bytes of a message between nodes; 0 on a single one."""
        if self.nodes == 1:
            return 0.0
        return 16.0 * self.rounds.width * self.grid.nx / self.nodes

    def in_memory(self, size: float) -> float:
        """Seconds that all ranks of a node take for so many bytes each."""
        return size * self.team / self.machine.memory

    def product(self, kind: str) -> Step:
        """A product by a function of x, "position", or of p, without its way to the columns."""
        points, cells = self.grid.nx, self.columns
        if kind == "position":
            points, cells = self.grid.np, self.rows
        core = self.machine.seconds(kind, points)
        if kind != "position":
            core *= 1 + NARROW * math.log2(max(1.0, WIDTH / self.rounds.width))
        return Step(work=cells * max(core, self.in_memory(PRODUCT)))

    def moved(self, work: Step, ways: int = 2) -> Step:
        """With the way to blocks of columns and back, or one of the two, around some work there."""
        machine, rounds, network = self.machine, self.rounds, self.network
        copy = max(0.5 * machine.seconds("exchange", self.grid.nx), self.in_memory(WAY))
        copies = Step(copies=ways * self.columns * copy)
        barriers = machine.barrier * ways * rounds.count if self.ranks > 1 else 0.0
        if network is None:
            return work + copies + Step(latency=barriers)
        sent = FIELD * self.columns * (1 - 1 / self.nodes)
        round_trip = ways * sent * self.team / network.bandwidth / rounds.count
        busy = (work + copies).seconds / rounds.count
        travel = round_trip + (rounds.count - 1) * max(0.0, round_trip - busy)
        messages = 2 * ways * rounds.blocks * (self.nodes - 1) * rounds.count
        latency = barriers + messages * network.message + ways * network.latency
        return work + copies + Step(travel=travel, latency=latency)

    def gathered(self, fields: int) -> Step:
        """So many real fields on x, of which each rank has its rows, are told to all."""
        network, told = self.network, 8.0 * fields * self.grid.nx
        if self.ranks == 1:
            return Step()
        alone, latency = self.in_memory(2 * told), self.machine.barrier
        if network is not None:
            alone += told * (1 - 1 / self.nodes) / network.bandwidth
            latency += math.ceil(math.log2(self.nodes)) * network.latency
        return Step(alone=alone, latency=latency)


def step(
    case: Case,
    grid: PhaseGrid,
    ranks: int,
    machine: Constants,
    numbers: tuple[int, ...],
    n_x: Counts | None = None,
) -> Step:
    """A step of a case, on a lattice that need not be its own.

    M(N) is made on ``n_x`` points of x at least, or on all of them.

    Raises
    ------
    CaseError
        If the ranks are more than a node has, and nothing is known of the network.
    """
    todo, share = work(case, numbers), Share(machine, grid, ranks)
    n1, n2 = (min(pair) for pair in zip(n_x or grid.n_x, grid.n_x, strict=True))
    coarse = replace(grid, n_x=at_least((n1, n2), grid.n_x, ranks)[0])
    modes = MODES * case.maxwellian.tolerance
    made, few = (replace(share, grid=g) for g in (coarse, with_few_modes(coarse, modes, ranks)))
    count = sum(todo.priced)
    window = window_for(coarse, case.physics.epsilon, case.physics.spin_orbit, windows_error(case))
    points = math.prod(window.n)
    maps = made.rows / grid.np * points * count * machine.seconds("moment_map", points)
    maps += len(todo.priced) * refined_points(window, coarse, made.lines) * machine.table
    evaluation = Step(work=maps, alone=coarse.nx * machine.seconds("alone", coarse.nx))
    inner = few.product("diffusion")
    exponential = count * few.product("position")
    exponential += len(todo.priced) * few.moved(inner, ways=1)  # the first begins with a field
    exponential += (count - len(todo.priced)) * few.moved(inner)
    if coarse != grid:  # a transform on either lattice of x
        fine = replace(share, grid=with_few_modes(grid, modes, ranks))
        for each in (few, fine):
            exponential += each.moved(0.5 * each.product("diffusion"), ways=1)
    exponential += 0.5 * share.product("position")  # from modes to the points of p
    solve = WARM * (evaluation + made.gathered(GATHERED * len(todo.priced))) + exponential
    solve += 2 * share.gathered(GATHERED)
    sums = sweeps(case) * max(machine.sweep, share.in_memory(SWEEP))
    transport = todo.kicks * share.product("position")
    transport += todo.frees * share.moved(share.product("momentum"))
    return transport + todo.solves * solve + Step(work=share.rows * sums)


@dataclass(frozen=True)
class Prediction:
    """A row of a table: a lattice on some ranks.

    Attributes
    ----------
    share
        The lattice, its ranks and the machine.
    step
        Seconds of a step.
    memory
        Bytes a rank.
    """

    share: Share
    step: Step
    memory: float

    @classmethod
    def of(
        cls,
        case: Case,
        grid: PhaseGrid,
        ranks: int,
        machine: Constants,
        numbers: tuple[int, ...],
        n_x: Counts | None = None,
    ) -> Prediction:
        """As for :func:`step`."""
        share = Share(machine, grid, ranks)
        memory = memory_per_rank(case, grid, ranks, numbers, share.nodes)
        return cls(share, step(case, grid, ranks, machine, numbers, n_x), memory)


def strong(
    case: Case,
    grid: PhaseGrid,
    ranks: Sequence[int],
    machine: Constants,
    numbers: tuple[int, ...],
    n_x: Counts | None = None,
) -> list[Prediction]:
    """The lattice on some numbers of ranks; arguments as those of :func:`step`."""
    return [Prediction.of(case, grid, count, machine, numbers, n_x) for count in ranks]


def weak(
    case: Case,
    ranks: Sequence[int],
    machine: Constants,
    numbers: tuple[int, ...],
    n_x: Counts | None = None,
) -> list[Prediction]:
    """On each number of ranks a lattice with as many cells a rank as the case has on the first.

    Boxes are the same, where the case does not leave them open, and points are closer, by one
    factor on every axis that has several. The densities are the same, and the points that M(N)
    needs.
    """
    axes = sum(n > 1 for n in (*case.grid.n_x, *case.grid.n_p))
    cases = [_finer(case, (count / ranks[0]) ** (1 / axes)) for count in ranks]
    return [
        Prediction.of(finer, lattice(finer), count, machine, numbers, n_x)
        for finer, count in zip(cases, ranks, strict=True)
    ]


def _finer(case: Case, factor: float) -> Case:
    """More points on every axis that has several, an even number of them."""

    def more(n: int) -> int:
        return n if n == 1 or factor == 1 else 2 * round(n * factor / 2)

    (x1, x2), (p1, p2) = case.grid.n_x, case.grid.n_p
    points = {"n_x": (more(x1), more(x2)), "n_p": (more(p1), more(p2))}
    return replace(case, grid=replace(case.grid, **points))
