"""The kinetic solver, and models where a row names them, beside closed forms of the field."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..harness import figures
from ..harness.claims import MOOT, Claim, Drawing, Expected, Result
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
TITLES = (
    "density wave, εq = 0.4",
    "uniform spin",
    "spin in a uniform field",
    "plasmon, ε = 1.2",
    "cloud at a barrier",
    "helix along [1−10], α = β",
)


def plan(setting: Setting) -> list[Task]:
    """The tasks of all rows; none for a case of the user's own, as every row has its own."""
    return [] if setting.case is not None else [task for row in ROWS for task in row.plan(setting)]


def conclude(setting: Setting, outcomes: Outcomes) -> Result:
    """All claims, and a figure of some solutions on what is expected of them."""
    if setting.case is not None:
        note = "each row has a case of its own: leave CASE.toml out"
        key, statement = "literature.case", "the study suits the case"
        claim = Claim(key, statement, "", math.nan, Expected(0, 0), note=note, undecided=MOOT)
        return Result("Nothing is computed for a case of your own.", (claim,))
    claims = [claim for row in ROWS for claim in row.claims(setting, outcomes)]
    summary = (
        "Closed forms and dispersion relations of the field, each with its source, solved in "
        "validation/oracle without anything of the solver. The notes say what a number is, and "
        "often what a formula without the term in question would give."
    )
    caption = (
        "Kinetic solutions (marks) on what the field expects of them (lines): a density wave by "
        "Mermin’s response, a uniform spin by Dawson’s integral, the spin in a uniform field by "
        "linear response, dashed Edelstein’s, a plasmon by its Volterra equation, dotted the "
        "damping of the dispersion relation, ⟨W⟩ of a cloud at a barrier by Schrödinger’s "
        "equation, and a helix across the one that stays, by its Volterra equation."
    )
    drawing = Drawing("literature", caption, partial(_figure, outcomes))
    return Result(summary, tuple(claims), drawings=(drawing,))


def _figure(outcomes: Outcomes) -> Figure:
    figure, axes = figures.panels(3, 2, size=(4.4, 3.3))
    wave, spin, field, plasmon, cloud, helix = axes.ravel()
    for k, tau in enumerate(literature_relaxation.WAVES):
        run = outcomes[f"wave/{tau:g}"]
        _compared(wave, run["t"], run["expected"], run["found"], f"τ = {tau:g}", k)
    for k, alpha in enumerate(literature_relaxation.SPINS):
        run = outcomes[f"spin/{alpha:g}"]
        for part, name in enumerate(("in plane", "across")):
            label = f"ατ = {alpha:g}, {name}"
            expected, found = run["expected"][:, part], run["found"][:, part]
            _compared(spin, run["t"], expected, found, label, 2 * k + part)
    run = outcomes["field/both"]
    for k in (0, 1):
        _compared(field, run["t"], run["expected"][:, k], run["found"][:, k], f"n{'₁₂'[k]}", k)
        field.axhline(run["closed"][k], color=figures.COLOURS[k], ls="--", lw=1.0)
    run = outcomes["plasmon/quantum"]
    _compared(plasmon, run["t"], run["expected"], run["found"], "", 0)
    envelope = np.exp(complex(run["exact"]).imag * run["t"])
    for sign in (1, -1):
        plasmon.plot(run["t"], sign * envelope, ":", color=figures.GREY, lw=1.2)
    run = outcomes["ballistic/barrier"]
    cloud.plot(run["x"], run["start"][0], color=figures.GREY, lw=1.0, label="n₀ before")
    for k, name in enumerate(("n₀", "εn₁", "εn₂", "εn₃")):
        _compared(cloud, run["x"], run["expected"][k], run["found"][k], name, k)
    run = outcomes["helix/crossed"]
    for k, name in enumerate(("n₁", "n₂", "n₃"), start=1):
        expected, found = np.abs(run["expected"][:, k]), np.abs(run["found"][:, k])
        _compared(helix, run["t"], expected, found, name, k - 1)
    for ax, title in zip(axes.ravel(), TITLES, strict=True):
        ax.set_title(title, fontsize=11)
        ax.set_xlabel("x₁" if ax is cloud else "t")
        figures.legend(ax)
    return figure


def _compared(ax: Axes, x: NDArray, expected: NDArray, found: NDArray, label: str, k: int) -> None:
    """A line of what is expected, with marks of what was found."""
    ax.plot(x, expected, color=figures.COLOURS[k], lw=1.2)
    marker = figures.MARKERS[k]
    ax.plot(x, found, marker, color=figures.COLOURS[k], ms=4, mfc="none", label=label)


STUDY = Study("literature", "Beside results of the field", plan, conclude)
