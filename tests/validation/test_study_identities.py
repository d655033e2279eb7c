"""The small size of the study of identities, and that its rows can fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from validation.formulas import statements
from validation.harness.claims import Result
from validation.harness.study import Setting, run
from validation.oracle import bgk
from validation.studies.catalogue import identities
from wigner.case.spec import parse_case
from wigner.phase_space.communicator import SERIAL


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The study in its small size."""
    directory = tmp_path_factory.mktemp("identities")
    return run([identities.STUDY], Setting("small"), directory, SERIAL)[0]


def test_all_identities_hold_but_the_printed_definition_of_theta(small: Result) -> None:
    for claim in small.claims:
        wrong = claim.key.endswith(".theta")
        assert claim.verdict == ("print refuted" if wrong else "holds"), claim.key
    rows = [len(identities.identities(where)) + 1 for where in identities.DEFINITION]
    assert len(small.claims) == sum(rows) + identities.LAST + 1 + 3


def test_both_sides_are_of_a_size_that_says_something(small: Result) -> None:
    for table in small.tables:
        for place, statement, left, right, *_ in table.rows:
            assert left > 1e-3 or "= 0" in statement, (place, statement)
            assert right > 1e-3 or "= 0" in statement, (place, statement)


def test_a_wrong_side_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """(31) with the multipliers of another state, and (34) without its momentum terms."""
    s = identities.along_line(parse_case(identities.STRIP, ["physics.epsilon=0.5"]))
    other = replace(s, M=bgk.exponential(s.box, s.mu[[0, 2, 1, 3]]))
    mixed = statements.Sides(statements.eq_31(other).left, statements.eq_31(s).right)
    assert mixed.sizes()[2] > 0.1
    assert statements.eq_34(s).sizes()[2] < 1e-8
    monkeypatch.setitem(s.__dict__, "momentum", np.zeros((2, 4, *s.box.n)))
    assert statements.eq_34(s).sizes()[2] > 1e-3
