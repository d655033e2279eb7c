"""The arrays of a checkpoint beside W: what is written is read, and another format is refused."""

from __future__ import annotations

import numpy as np
import pytest

from wigner.errors import CheckpointError
from wigner.evolution.state import State
from wigner.maxwellian.anderson import Secants
from wigner.maxwellian.memory import Memory
from wigner.maxwellian.steps import Steps

FIELD = np.random.default_rng(1).normal(size=(4, 3, 2))
EMPTY = Memory(None, None)
FULL = Memory(
    Steps((1, 3), 1e-7, 2e-4, 3e-8),
    FIELD,
    1e-9 * FIELD,
    0.03,
    1e-8,
    2e-8,
    Secants([FIELD, 2 * FIELD], [FIELD] * 2),
    (3, 2),
    FIELD**2,
    1e-6,
)


@pytest.mark.parametrize("memory", [EMPTY, FULL], ids=["empty", "full"])
def test_what_is_written_is_read(memory: Memory) -> None:
    state = State(0.3, 7, 2, 123, (2, 3), memory, {"physics.tau": "0.1"})
    again = State.from_arrays(state.arrays())
    assert (again.t, again.steps, again.records, again.digest) == (0.3, 7, 2, 123)
    assert (again.physics, again.since_record) == (state.physics, (2, 3))
    assert (again.memory.steps, again.memory.n_x) == (memory.steps, memory.n_x)
    for name in ("gain", "defect", "worst_defect", "asked"):
        assert getattr(again.memory, name) == getattr(memory, name)
    for name in ("A", "offset", "foreseen"):
        np.testing.assert_array_equal(getattr(again.memory, name), getattr(memory, name))
    for name in ("steps", "changes"):
        one, other = (getattr(m.secants, name) for m in (again.memory, memory))
        assert len(one) == len(other)
        np.testing.assert_array_equal(np.array(one), np.array(other))


def test_steps_that_were_given_are_the_case_s_not_the_memory_s() -> None:
    memory = Memory(Steps((1,), given=True), FIELD)
    assert State.from_arrays(State(0.0, 0, 0, 0, (), memory, {}).arrays()).memory.steps is None


def test_without_a_lattice_of_its_own_the_memory_has_that_of_its_fields() -> None:
    """Before M(N) was made on fewer points of x there was no other."""
    arrays = State(0.0, 0, 0, 0, (), FULL, {}).arrays()
    del arrays["n_x"]
    assert State.from_arrays(arrays).memory.n_x == (3, 2)
    del arrays["latest"]  # at t = 0
    assert State.from_arrays(arrays).memory.n_x is None


def test_another_format_is_refused() -> None:
    arrays = State(0.0, 0, 0, 0, (), FULL, {}).arrays()
    del arrays["format"]  # as the first version wrote them
    with pytest.raises(CheckpointError, match=r"got format 1, .*expected format 2; run its case"):
        State.from_arrays(arrays)
