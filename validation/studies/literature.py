"""The kinetic solver, and models where a row names them, beside closed forms of the field."""

from __future__ import annotations

import math

from ..harness.claims import MOOT, Claim, Expected, Result, Table
from ..harness.study import Setting, Study
from ..harness.tasks import Outcomes, Task
from . import (
    literature_ballistic,
    literature_fields,
    literature_helix,
    literature_plasmon,
    literature_relaxation,
)

ROWS = (
    literature_relaxation,
    literature_helix,
    literature_fields,
    literature_plasmon,
    literature_ballistic,
)


def plan(setting: Setting) -> list[Task]:
    """The tasks of all rows; none for a case of the user's own, as every row has its own."""
    return [] if setting.case is not None else [task for row in ROWS for task in row.plan(setting)]


def conclude(setting: Setting, outcomes: Outcomes) -> Result:
    """All claims, and a table of them with what they are compared with."""
    if setting.case is not None:
        note = "each row has a case of its own: leave CASE.toml out"
        key, statement = "literature.case", "the study suits the case"
        claim = Claim(key, statement, "", math.nan, Expected(0, 0), note=note, undecided=MOOT)
        return Result("Nothing is computed for a case of your own.", (claim,))
    claims = [claim for row in ROWS for claim in row.claims(setting, outcomes)]
    summary = (
        "Closed forms and dispersion relations of the field, each with its source, solved in "
        "validation/oracle without anything of the solver. The last column says what the number "
        "belongs to, and often what a formula without the term in question would give."
    )
    rows = tuple((claim.place, claim.statement, claim.measured, claim.note) for claim in claims)
    table = Table("literature", "By source", ("source", "what", "measured", "remark"), rows)
    return Result(summary, tuple(claims), (table,))


STUDY = Study("literature", "Beside results of the field", plan, conclude)
