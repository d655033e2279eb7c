"""Examples in docstrings of what scripts use work as they stand there."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest

import macro
import wigner
from tests.support import small
from tests.support.made_runs import make_checkpoint, make_run

SHOWN = (
    wigner.open_case,
    wigner.run,
    wigner.quantum_maxwellian,
    wigner.open_results,
    wigner.open_state,
    macro.solve,
)


@pytest.mark.parametrize("shown", SHOWN, ids=[shown.__name__ for shown in SHOWN])
def test_examples_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: object) -> None:
    monkeypatch.chdir(tmp_path)
    small.write_case(tmp_path)
    make_run(tmp_path / "results", material=True)
    make_checkpoint(tmp_path / "results", (8, 6), 0.3, 3)
    names = {"wigner": wigner, "macro": macro, "np": np}
    examples = doctest.DocTestParser().get_examples(shown.__doc__)
    assert examples
    for example in examples:
        exec(example.source, names)
