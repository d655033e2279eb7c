"""Errors: their parts, the text made of them, and what a run adds."""

from __future__ import annotations

import copy
import pickle

import pytest

from wigner import errors
from wigner.errors import (
    BusyError,
    CaseError,
    CheckpointError,
    ConstraintError,
    DensityError,
    ExpressionError,
    Fault,
    RecordsError,
    ResolutionError,
    SolveError,
    StateError,
    WignerError,
    apart,
)

MASS = Fault("mass", "2", "1", "resume")
ALL = [found for found in vars(errors).values() if isinstance(found, type)]
ALL = [found for found in ALL if issubclass(found, WignerError)]


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (
            Fault("time.dt", "0", "a positive number", "use 0.1"),
            "got 0, expected a positive number; use 0.1",
        ),
        (Fault("time.dt", "nothing", "a number"), "got nothing, expected a number"),
        (Fault("time.dt", "it is odd", remedy="use 0.1"), "it is odd; use 0.1"),
        (
            Fault("time.dt", "0", "1", "2", (0.5, 1e-9)),
            "got 0 at x1 = 0.5, x2 = 1e-09, expected 1; 2",
        ),
        (
            Fault("time.dt", "0", "1", "2", (1, 2), (3, 4)),
            "got 0 at x1 = 1, x2 = 2 (3 of 4 points), expected 1; 2",
        ),
    ],
)
def test_the_text_has_all_parts(fault: Fault, text: str) -> None:
    assert str(fault) == f"time.dt: {text}"
    assert str(CaseError(fault)) == str(fault)


def test_a_run_adds_when_it_happened_and_what_is_kept() -> None:
    error = StateError(MASS).at(time=0.25, steps=3, kept="a checkpoint is there")
    assert type(error) is StateError
    assert error.fault == MASS
    assert (error.time, error.steps, error.kept) == (0.25, 3, "a checkpoint is there")
    told = "at t = 0.25, after 3 steps: mass: got 2, expected 1; resume; a checkpoint is there"
    assert str(error) == told
    tried = error.at(tried="shorter steps failed too")
    assert str(tried) == told.replace("; a ", "; shorter steps failed too; a ")
    assert str(StateError(MASS).at(time=0.25)) == "at t = 0.25: mass: got 2, expected 1; resume"


def test_what_an_error_says_already_stays() -> None:
    error = StateError(MASS).at(time=0.25, steps=3, tried="a", kept="b")
    assert str(error.at(time=1.0, steps=4, tried="c", kept="d")) == str(error)
    assert error.at(time=1.0).time == 0.25
    first = StateError(MASS).at(time=0.0, steps=0)
    assert (first.at(time=1.0, steps=1).time, first.at(time=1.0, steps=1).steps) == (0.0, 0)


def test_the_error_before_stays_as_it_is() -> None:
    error = StateError(MASS)
    error.at(time=0.25, kept="b")
    assert (error.time, error.kept) == (None, "")


def test_a_copy_holds_no_traceback() -> None:
    with pytest.raises(StateError) as caught:
        raise StateError(MASS)
    assert caught.value.__traceback__ is not None
    assert caught.value.at().__traceback__ is None


@pytest.mark.parametrize("kind", ALL)
def test_errors_survive_pickling_and_copying(kind: type[WignerError]) -> None:
    error = kind(MASS, Fault("x", "0", place=(1.0, 2.0)))
    error = error.at(time=0.25, steps=3, tried="a", kept="b")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is kind
        assert again.faults == error.faults
        assert vars(again) == vars(error)
        assert str(again) == str(error)


def test_several_faults_are_told_one_a_line() -> None:
    error = CaseError(Fault("time.dt", "0", "more"), Fault("time", "1", "less", "wait"))
    assert str(error) == "time.dt: got 0, expected more\ntime: got 1, expected less; wait"


def test_the_place_is_that_of_the_first_fault() -> None:
    assert DensityError(Fault("n0", "0", place=(1.0, 2.0))).place == (1.0, 2.0)
    assert DensityError(MASS).place is None


@pytest.mark.parametrize(
    ("kind", "caught_by"),
    [
        (CaseError, (WignerError, ValueError)),
        (ExpressionError, (WignerError, ValueError)),
        (SolveError, (WignerError,)),
        (ConstraintError, (SolveError,)),
        (ResolutionError, (ConstraintError, SolveError)),
        (StateError, (SolveError,)),
        (DensityError, (SolveError,)),
        (CheckpointError, (WignerError,)),
        (RecordsError, (WignerError,)),
        (BusyError, (WignerError, OSError)),
    ],
)
def test_who_catches_what(kind: type[WignerError], caught_by: tuple[type[Exception], ...]) -> None:
    for base in caught_by:
        with pytest.raises(base):
            raise kind(MASS)
    others = {SolveError, CaseError, CheckpointError, RecordsError, BusyError} - {kind}
    assert not [other for other in others if issubclass(kind, other) and other not in caught_by]


@pytest.mark.parametrize(
    ("got", "limit", "spec", "text"),
    [
        (0.95000001, 0.95, "4g", "0.95000001"),
        (0.9499999, 0.95, "4g", "0.9499999"),
        (0.96, 0.95, "4g", "0.96"),
        (1.04e-9, 1e-9, "1e", "1.04e-09"),
        (2e-9, 1e-9, "1e", "2.0e-09"),
        (0.3, 0.3, "6g", "0.3"),
        (float("inf"), 2.0, "3g", "inf"),
        (float("nan"), 2.0, "3g", "nan"),
    ],
)
def test_a_number_beyond_a_limit_reads_other_than_it(
    got: float, limit: float, spec: str, text: str
) -> None:
    assert apart(got, limit, spec) == text


def test_every_class_is_tested_here() -> None:
    assert len(ALL) == 11
    assert all(kind.__doc__ for kind in ALL)
