"""How much of the transpose's travel hides behind work: run on two ranks between which it is slow.

    mpiexec -n 2 python -m tests.support.mpi_overlap

Rank 0 prints seconds as JSON: of a pass without work, of the work alone, of a pass with work, the
shortest of some; and how many nodes MPI itself sees. Work is sleep, so that it takes the same on
any machine.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from mpi4py import MPI

from wigner.phase_space.communicator import nodes_of
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout

GRID = PhaseGrid((32, 32), (1.0, 1.0), (32, 32), (1.0, 1.0))
# Seconds of work for each block, and how often everything is timed.
WORK, REPEAT = 0.006, 8


def seconds(layout: Layout, W: np.ndarray, work: float) -> tuple[float, int]:
    """Of a pass with some work for each block on the slower rank; and the blocks."""
    comm, count = layout.comm, 0
    comm.Barrier()
    clock = time.perf_counter()
    for _ in layout.columns(W):
        time.sleep(work)
        count += 1
    return max(comm.allgather(time.perf_counter() - clock)), count


def main() -> None:
    """Measure and print."""
    comm = MPI.COMM_WORLD
    layout = Layout(GRID, comm)
    W = layout.x_major()
    W[:] = np.arange(GRID.np)
    seconds(layout, W, 0.0)  # memory is claimed, connections are made
    times = []
    for _ in range(REPEAT):
        travel, count = seconds(layout, W, 0.0)
        clock = time.perf_counter()
        for _ in range(count):
            time.sleep(WORK)
        work = max(comm.allgather(time.perf_counter() - clock))
        times.append((travel, work, seconds(layout, W, WORK)[0]))
    assert np.array_equal(W, np.broadcast_to(np.arange(GRID.np), W.shape))
    if comm.rank == 0:
        travel, work, both = np.min(times, axis=0)
        found = {"travel": travel, "work": work, "both": both, "nodes": len(nodes_of(comm).ranks)}
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
