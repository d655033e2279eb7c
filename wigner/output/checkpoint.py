"""Checkpoints: one file with W whole, written by all ranks, read by any number of them.

Every rank writes its rows at their place and computes their checksums; the file counts once it is
sealed, synchronised and renamed (``sealed``). The one before is kept.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..case.spec import Case
from ..errors import CaseError, CheckpointError, Fault
from ..evolution.state import State
from ..phase_space.communicator import Communicator, nodes_of
from ..phase_space.grid import Pair, PhaseGrid
from ..phase_space.layout import Layout
from . import files, sealed

log = logging.getLogger(__name__)

Result = TypeVar("Result")

# Where checkpoints are in the directory of a run, and how many.
DIRECTORY, KEPT = "checkpoint", 2


class Beginning(NamedTuple):
    """Where the parts of a new file are, and whether ranks of all nodes may write it at once."""

    places: sealed.Places
    at_once: bool


def save(directory: Path, layout: Layout, W: NDArray, state: State, case: Case) -> Path:
    """Write x-major ``W`` and the state; the path of the new checkpoint.

    Raises
    ------
    OSError
        On all ranks, if any rank cannot write; the checkpoint before stays.
    """
    comm, grid, final = layout.comm, layout.grid, directory / name(state.steps)
    part = final.with_suffix(".part")
    try:
        places, at_once = on_first(comm, lambda: _create(part, grid, state, case))
        checksums: list[NDArray] = []
        for turn in _turns(comm, at_once=at_once):
            done = together(
                comm,
                lambda: sealed.write_rows(part, places.W, layout.x, grid.nx, W),
                turn,
            )
            checksums += done[turn.start : turn.stop]
        on_first(comm, lambda: _complete(part, final, checksums, places))
    except OSError:
        if comm.rank == 0:
            part.unlink(missing_ok=True)
        raise
    return final


def load(directory: Path, layout: Layout, W: NDArray, physics: dict[str, str]) -> State:
    """Read the newest checkpoint whose checksums are right into x-major ``W``; the state.

    A rank reads its rows; what all need is read by one.

    Parameters
    ----------
    physics
        What the case solves, by key.

    Raises
    ------
    CheckpointError
        If there is none; the error lists what was refused and why. W has lost its values.
    CaseError
        If it is of another case; the differences are listed.
    """
    refused = []
    for path in found(directory, layout.comm)[::-1]:
        outcome = _read(path, layout, W, physics)
        if isinstance(outcome, State):
            return outcome
        if isinstance(outcome, CaseError):
            raise outcome
        reason = outcome.fault.got if isinstance(outcome, CheckpointError) else str(outcome)
        refused.append(f"{path.name} ({reason})")
        if layout.comm.rank == 0:
            log.warning("checkpoint %s cannot be used: %s", path.name, reason)
    remedy = "put back an undamaged copy, or " if refused else ""
    raise CheckpointError(
        Fault(
            "checkpoint",
            ", ".join(refused) or "none",
            f"a complete one in {directory}",
            f"moments.h5 is not touched; {remedy}run its case.toml anew in another directory",
        )
    )


def name(steps: int) -> str:
    """The file of the checkpoint after so many steps."""
    return f"ck-{steps:09d}.h5"


def found(directory: Path, comm: Communicator) -> list[Path]:
    """:func:`stored`, on all ranks."""
    return comm.bcast(stored(directory))


def stored(directory: Path) -> list[Path]:
    """Files in the place of checkpoints, the newest last."""
    return sorted(directory.glob("ck-*.h5"))


def together(
    comm: Communicator, action: Callable[[], Result], ranks: range | None = None
) -> list[Result]:
    """Results of ``action`` on every rank; if it fails on one, OSError with its message on all.

    Where ``ranks`` are given the others wait for them, and their results are None. HDF5 tells of a
    full disk by OSError or by RuntimeError.
    """
    return _gathered(comm, action if ranks is None or comm.rank in ranks else lambda: None)


def on_first(comm: Communicator, action: Callable[[], Result]) -> Result:
    """Result of ``action`` on rank 0, on all ranks; if it fails, OSError on all."""
    return _gathered(comm, action if comm.rank == 0 else lambda: None)[0]


def _gathered(comm: Communicator, action: Callable[[], object]) -> list[Any]:
    result, complaint = None, None
    try:
        result = action()
    except (OSError, RuntimeError) as error:
        complaint = str(error) if comm.size == 1 else f"rank {comm.rank}: {error}"
    outcomes = comm.allgather((result, complaint))
    complaints = [complaint for _, complaint in outcomes if complaint]
    if complaints:
        raise OSError(complaints[0])
    return [result for result, _ in outcomes]


def _create(part: Path, grid: PhaseGrid, state: State, case: Case) -> Beginning:
    """The file with W to be written."""
    part.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in part.parent.glob("ck-*.part"):
        abandoned.unlink()
    return Beginning(sealed.create(part, grid, state, case), files.is_shared(part))


def _turns(comm: Communicator, *, at_once: bool) -> list[range]:
    """Ranks that write at the same time: all, or those of one node after those of the other.

    Ranks of a node write through the same system, which knows what each of them wrote. Those of
    several nodes may not: some file systems keep pages of a file on each node, and what one node
    writes back undoes what another wrote into the same page.
    """
    return [range(comm.size)] if at_once else list(nodes_of(comm).ranks)


def _complete(part: Path, final: Path, checksums: list[NDArray], places: sealed.Places) -> None:
    """Seal the file, make it durable, give it its name, drop the ones no longer needed."""
    sealed.seal(part, np.concatenate(checksums, axis=1), places)
    files.publish(part, final)
    for old in stored(final.parent)[:-KEPT]:
        old.unlink()


def _read(path: Path, layout: Layout, W: NDArray, physics: dict[str, str]) -> State | Exception:
    """Read this rank's rows; the state, or why they cannot be used, the same on all ranks."""
    comm, known = layout.comm, None
    if comm.rank == 0:
        known = _tried(lambda: _contents(path, layout.grid, physics))
    known = comm.bcast(known)
    if isinstance(known, sealed.Contents):
        contents = known
        found = _tried(lambda: sealed.read_rows(path, contents, [layout.x], W))
        complaints = [complaint for complaint in comm.allgather(found) if complaint is not None]
        return complaints[0] if complaints else contents.state
    return known


def _contents(path: Path, grid: PhaseGrid, physics: dict[str, str]) -> sealed.Contents:
    """What a file holds beside W, if it is of this case."""
    found = sealed.contents(path)
    _check_physics(found.state.physics, physics)
    if (found.checksums.shape[1], found.row) != (grid.nx, 16 * grid.np):
        raise sealed.unusable(path, "W is on another lattice")
    return found


def _tried(action: Callable[[], Result]) -> Result | Exception:
    """The result, or why a checkpoint cannot be used."""
    try:
        return action()
    except (OSError, KeyError, ValueError, RuntimeError, CheckpointError, CaseError) as error:
        return error


def read_rows(path: Path, rows: NDArray) -> tuple[State, NDArray]:
    """The state of a checkpoint, and W on some rows of the x lattice, ``(2, rows, np)``, checked.

    For who looks at a run from outside: no layout is needed, and nothing else is read.

    Raises
    ------
    CheckpointError
        If it is damaged, or of another format.
    OSError
        If it cannot be read.
    """
    found = sealed.contents(path)
    W = np.empty((2, len(rows), found.row // 16), dtype=complex)
    sealed.read_rows(path, found, [slice(row, row + 1) for row in rows], W)
    return found.state, W


def extent(directory: Path) -> Pair | None:
    """p_max of the newest checkpoint that can be read; None where there is none."""
    for path in reversed(stored(directory)):
        try:
            first, second = json.loads(sealed.contents(path).state.physics["grid.p_max"])
        except (CheckpointError, OSError, KeyError, ValueError):
            continue
        return float(first), float(second)
    return None


def _check_physics(then: dict[str, str], now: dict[str, str]) -> None:
    """Raise CaseError unless a case solves what was solved then."""
    changed = sorted(key for key in then.keys() | now.keys() if then.get(key) != now.get(key))
    if changed:
        remedy = "undo the change, or start a new run in another directory"
        raise CaseError(
            *(
                Fault(
                    key,
                    now.get(key, "nothing"),
                    f"{then.get(key, 'nothing')}, with which this run began",
                    remedy,
                )
                for key in changed
            )
        )
