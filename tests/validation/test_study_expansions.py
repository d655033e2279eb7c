"""The small size of the study of section 4, and how it takes a user's case."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from validation.formulas import semiclassical
from validation.formulas.exact import on_line
from validation.formulas.section4 import FACTORS, ROWS
from validation.harness.study import Setting, run
from validation.oracle.dense import lattice
from validation.solutions.cases import SQUARE
from validation.studies.catalogue import expansions
from wigner.case.spec import parse_case
from wigner.phase_space.communicator import SERIAL


def test_all_claims_of_section_4_hold(tmp_path: Path) -> None:
    [result] = run([expansions.STUDY], Setting("small"), tmp_path, SERIAL)
    verdicts = {claim.key: claim.verdict for claim in result.claims}
    printed = {row.key for row in ROWS if row.printed}
    wrong = {factor.key for factor in FACTORS if factor.printed != factor.correct}
    for key, verdict in verdicts.items():
        name = key.removeprefix("expansions.")
        refuted = name in printed or name.removeprefix("factor.") in wrong
        assert verdict == ("print refuted" if refuted else "holds"), key
    plane = sum(row.kind == "plane" for row in ROWS)
    assert len(verdicts) == len(ROWS) - plane + len(FACTORS)


def test_rows_and_factors_have_names_of_their_own() -> None:
    for entries in (ROWS, FACTORS):
        assert len({entry.key for entry in entries}) == len(entries)


def test_a_case_in_the_plane_is_taken_along_its_first_axis() -> None:
    e = on_line(parse_case(SQUARE), 0.3, 0.5)
    x1 = lattice(e.box)[0]
    assert e.u.shape == (4, e.box.n[0], 1)
    np.testing.assert_allclose(e.u[0], 1 + 0.3 * np.sin(x1))
    np.testing.assert_allclose(e.u[1], 0.5 * np.cos(x1))
    np.testing.assert_allclose(e.V, 0.7 * np.cos(x1))


@pytest.mark.slow
def test_expansions_in_the_plane_against_dense_operators() -> None:
    text = expansions.PLANE.in_size(Setting("full")).text
    errors = [semiclassical.in_plane(text, epsilon, 0.5) for epsilon in (0.7, 0.5)]
    for name in errors[0]:
        order = np.log(errors[0][name] / errors[1][name]) / np.log(0.7 / 0.5)
        assert order == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize(("wrong", "counts"), [(2e-6, False), (2e-5, True)])
def test_a_print_whose_error_is_hidden_by_others_is_not_judged(wrong: float, counts: bool) -> None:
    setting = Setting("small")
    [row] = [row for row in ROWS if row.key == "symbol.published"]
    found = {"spin 3 corrected": 1e-6, "spin 3 published": wrong}
    outcomes = {f"symbol/{eps:g}": found for eps in expansions.epsilons(setting, "symbol")}
    assert expansions.decides(setting, outcomes, row) is counts
    assert expansions.decides(setting, {}, ROWS[0])


def test_the_ladder_starts_where_the_polarisation_is_small() -> None:
    case = parse_case(SQUARE, ["physics.epsilon=0.3", 'initial.n=["0", "0", "2"]'])
    top = expansions.epsilons(Setting("small", case), "rashba")[0]
    assert top == pytest.approx(expansions.POLARISED * 0.7 / 2)
