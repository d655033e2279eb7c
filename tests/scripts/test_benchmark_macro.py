"""scripts/benchmark_macro.py at a tiny size."""

from __future__ import annotations

import pytest

import benchmark_macro


def test_every_local_model_has_a_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark_macro, "REPEAT", 2)
    assert benchmark_macro.main(["--points", "12"]) == 0
    _, _, *rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == list(benchmark_macro.LOCAL)
    for row in rows:
        ms, floor, ratio, fields, steps, error = map(float, row.split()[1:])
        assert ms > floor > 0
        assert ratio > 1
        assert fields >= 90
        assert steps >= 3
        assert 0 < error < 1e-5


def test_models_with_a_constraint_are_left_out() -> None:
    with pytest.raises(ValueError, match="model: got entropic, expected one of local"):
        benchmark_macro.problem("entropic", 8)
