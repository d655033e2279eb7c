"""Warnings of a number that should stay small."""

from __future__ import annotations

from wigner.output.alarm import Alarm


def test_a_warning_is_repeated_when_ten_times_worse() -> None:
    alarm = Alarm(1e-4)
    values = (5e-5, 2e-4, 1e-3, 3e-3, 1e-3)
    assert [alarm.rings(float(t), value) for t, value in enumerate(values)] == [
        *(False, True, False, True, False)
    ]
    assert alarm.as_dict() == {"value": 3e-3, "time": 3}
