"""The solution of a case, record by record, in memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..case.problem import Problem, build
from ..case.spec import Case
from ..errors import SolveError
from ..evolution.evolve import record_times
from ..evolution.quality import Quality, Winding
from ..evolution.solver import Solver
from ..evolution.state import Reached
from ..job.kept import HeldState, RunState
from ..job.observed import look, observe, rhythm
from ..job.retry import Retry
from ..phase_space.communicator import SERIAL, Communicator

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Record:
    """Densities, and what else is recorded, at one time. W is not kept.

    Attributes
    ----------
    t
        Time in units of m x0/p0.
    steps
        Steps that led to it.
    values
        All that ``moments.h5`` would have, by name (docs/records.md): currents, energies, and
        numbers such as "purity". ``record["current"]`` is short for ``record.values["current"]``.
    quality
        The worst so far of what the lattices lost: ``verdict``, and ``warnings``.
    """

    t: float
    steps: int
    values: Mapping[str, ArrayLike]
    quality: Quality

    def __getitem__(self, name: str) -> NDArray:
        return np.asarray(self.values[name])

    @property
    def n0(self) -> NDArray:
        """Charge density, shape ``(N1, N2)``, in units of N0."""
        return self["n0"]

    @property
    def n(self) -> NDArray:
        """Spin density n of <W> = n0 + eps n.sigma, shape ``(3, N1, N2)``, in units of eps N0."""
        return self["n"]

    @property
    def a0(self) -> NDArray:
        """Multiplier of n0 in M(N) (Theorem 2.6), shape ``(N1, N2)``, in units of k_B T0."""
        return self["a0"]

    @property
    def a(self) -> NDArray:
        """Multiplier of n in M(N), shape ``(3, N1, N2)``, in units of eps k_B T0."""
        return self["a"]


@dataclass(frozen=True)
class Solution:
    """Records that are computed as they are asked for, one at each of ``times``.

    It has a length, so that a progress bar knows how far it is. Each loop over it solves anew, from
    t = 0.

    Attributes
    ----------
    case, problem
        What is solved. ``problem.grid`` has the lattices, ``problem.warnings`` what is doubtful.
    times
        0, ``output.every``, ..., ``time.t_end``.
    records
        Begins to solve.
    """

    case: Case
    problem: Problem
    times: tuple[float, ...]
    records: Callable[[], Iterator[Record]]

    def __len__(self) -> int:
        return len(self.times)

    def __iter__(self) -> Iterator[Record]:
        return self.records()


def run(case: Case, comm: Communicator = SERIAL) -> Solution:
    """The kinetic solution of a case, eq. (3), record by record; nothing is written.

    ``wigner run`` solves the same in the same steps, in shorter ones where M(N) is not found, but
    leaves records and checkpoints in a directory, and goes on after an interruption. Where
    ``time.dt`` is given, W of the last record is kept beside W, 32 bytes a cell more than ``wigner
    info`` says: shorter steps begin there.

    Parameters
    ----------
    comm
        An MPI communicator; all its ranks have to take part in the loop, and all get the records.

    Raises
    ------
    CaseError
        If the case cannot be solved as it is, with every fault.
    SolveError
        In the loop, if it cannot go on; with time and remedy.

    Examples
    --------
    >>> for record in wigner.run(wigner.open_case("case.toml")):
    ...     print(record.t, record.n0.max(), record["purity"])
    """
    problem = build(case)
    return Solution(case, problem, times_of(case), partial(_records, case, problem, comm))


def times_of(case: Case) -> tuple[float, ...]:
    """When there are records: at 0 too."""
    return (0.0, *record_times(case.time.t_end, case.output.every))


def _records(case: Case, problem: Problem, comm: Communicator) -> Iterator[Record]:
    """Solve, from the beginning."""
    tell(problem.warnings)
    t, steps = 0.0, 0
    try:
        solver = Solver(case, problem, comm)
        W = solver.initial_state()
        state = HeldState(solver, W)

        def keep() -> None:
            if solver.adaptive is None:  # which tries shorter steps by itself
                state.save(Reached(t, steps, 0, 0, (), Quality()))

        watch, often, counts = Watch(problem), rhythm(solver), solver.collisions.evaluations
        counts.clear()
        yield _record(state, watch, t, steps, counts)
        keep()
        since: list[int] = []
        for interval in Retry(state, keep).go_on(t, steps):
            t, steps = interval.end, steps + 1
            since += counts
            counts.clear()
            if interval.landed:
                yield _record(state, watch, t, steps, since)
                since.clear()
                keep()
            elif steps % often == 0:
                watch.after(t, look(solver, W))
    except SolveError as error:
        raise error.at(time=t, steps=steps) from None


def _record(state: RunState, watch: Watch, t: float, steps: int, counts: list[int]) -> Record:
    """That of a state, with the evaluations of each solve since the one before."""
    found = observe(state.solver, state.W, t)
    values = {**found.values, "evaluations": sum(counts) / max(1, len(counts))}
    return Record(t, steps, values, watch.after(t, found.indicators))


class Watch:
    """The quality of a solution so far; what goes wrong is warned of when it does."""

    def __init__(self, problem: Problem) -> None:
        self._quality, self._winding = Quality(), Winding.on(problem.grid, problem.physics)

    def after(self, t: float, indicators: Mapping[str, float]) -> Quality:
        """What it is with the indicators at ``t``."""
        told = len(self._quality.warnings)
        self._quality = self._quality.after(t, indicators, self._winding)
        tell(self._quality.warnings[told:])
        return self._quality


def tell(warnings: Iterable[str]) -> None:
    """Log warnings, which Python shows where nobody has asked for other."""
    for warning in warnings:
        log.warning(warning)
