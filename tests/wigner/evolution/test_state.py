"""The arrays of a checkpoint beside W: names and meaning stay, so that old files can be read."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from wigner.evolution.state import State
from wigner.maxwellian.anderson import Secants
from wigner.maxwellian.memory import Memory

NUMBERS = {"t": 0.3, "steps": 7, "records": 2, "digest": 123}


def file(levels: int, latest: NDArray | None, pairs: int) -> dict[str, NDArray]:
    """The arrays as every version has written them."""
    rng = np.random.default_rng(1)
    return {
        **{name: np.array(value) for name, value in NUMBERS.items()},
        "levels": np.array(levels),
        "physics": np.frombuffer(json.dumps({"physics.tau": "0.1"}).encode(), dtype=np.uint8),
        **({} if latest is None else {"latest": latest}),
        "secant_steps": rng.normal(size=(pairs, 4, 3, 2)) if pairs else np.array([]),
        "secant_changes": rng.normal(size=(pairs, 4, 3, 2)) if pairs else np.array([]),
    }


@pytest.mark.parametrize(
    ("levels", "latest", "pairs"), [(0, None, 0), (3, None, 2), (2, np.ones((4, 3, 2)), 3)]
)
def test_a_file_is_read_and_written_again_as_it_was(
    levels: int, latest: NDArray | None, pairs: int
) -> None:
    written = file(levels, latest, pairs)
    state = State.from_arrays(written)
    assert (state.t, state.steps, state.records, state.digest) == tuple(NUMBERS.values())
    assert state.memory.levels == (levels or None)
    assert len(state.memory.secants.steps) == pairs
    again = state.arrays()
    assert again.keys() == written.keys()
    for name, array in written.items():
        assert again[name].dtype == array.dtype
        np.testing.assert_array_equal(again[name], array)


def test_a_run_before_its_first_solve_has_nothing_to_remember() -> None:
    arrays = State(0.0, 0, 0, 0, Memory(None, None, Secants()), {}).arrays()
    assert arrays["levels"] == 0
    assert "latest" not in arrays
