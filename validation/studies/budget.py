"""The error of a run as it is, by the parameter that causes it, and what would halve it.

The case is solved as given, and again with one parameter at a time made finer. The difference is
the error that this parameter causes, to the accuracy of the finer run: lattices converge faster
than any power, and the error of a step is continued to steps of length zero.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, combinations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wigner.case.problem import lattice
from wigner.case.spec import Case, parse_case

from ..harness import figures
from ..harness.claims import (
    BURIED,
    Claim,
    Drawing,
    Result,
    Table,
    at_least,
    at_most,
    number,
)
from ..harness.study import Setting
from ..harness.tasks import Outcomes, Task
from ..solutions import kinetic
from ..solutions.cases import changed, normalised, scaled
from .off import LEAST

GIVEN, LONGER, ALL = "as given", "longer steps", "all finer"
# Errors below it are roundoff, relative to the largest density.
ROUNDOFF = 1e-13
# By how much lattices and tolerances are refined, and what is taken to be left of their errors.
FINER, WIDER, TIGHTER, LEFT = 1.5, 1.25, 10.0, 0.1
TIGHTEST = 1e-13  # that a case may ask for


@dataclass(frozen=True)
class Change:
    """A parameter made finer.

    Attributes
    ----------
    key, value, finer
        The key of the case, its value there, and the finer one, as text.
    overrides
        What to change in the case.
    work
        How many times the work of a run that makes.
    """

    key: str
    value: str
    finer: str
    overrides: tuple[str, ...]
    work: float


def solved(setting: Setting) -> Case:
    """The user's case in scaled units."""
    assert setting.case is not None
    return normalised(scaled(setting.case))


def changes(case: Case) -> dict[str, Change]:
    """The parameters of a case, made finer one at a time, by what they stand for."""
    grid, time, tolerance = lattice(case), case.time, case.maxwellian.tolerance
    n_x = [_even(FINER * n) if n > 1 else 1 for n in grid.n_x]
    n_p, wider = ([_even(factor * n) for n in grid.n_p] for factor in (FINER, WIDER))
    p_max, box = (
        [P * n / m for P, n, m in zip(grid.p_max, counts, grid.n_p, strict=True)]
        for counts in (wider, grid.n_p)
    )
    found = {
        "dt": Change("time.dt", *_pair(time.dt, time.dt / 2), _entry("time.dt", time.dt / 2), 2)
    }
    if max(grid.n_x) > 1:
        work = math.prod(n_x) / grid.nx
        entries = _entry("grid.n_x", n_x) + _entry("grid.p_max", box)
        found["n_x"] = Change("grid.n_x", *_pair(list(grid.n_x), n_x), entries, work)
    entries = _entry("grid.n_p", n_p) + _entry("grid.p_max", box)
    work = math.prod(n_p) / grid.np
    found["n_p"] = Change("grid.n_p", *_pair(list(grid.n_p), n_p), entries, work)
    entries = _entry("grid.n_p", wider) + _entry("grid.p_max", p_max)
    value, finer = ("[{:.4g}, {:.4g}]".format(*P) for P in (box, p_max))
    work = math.prod(wider) / grid.np
    found["p_max"] = Change("grid.p_max", value, f"{finer}, n_p = {wider}", entries, work)
    key, tighter = "maxwellian.tolerance", max(tolerance / TIGHTER, TIGHTEST)
    if tighter < tolerance:
        found["tolerance"] = Change(key, *_pair(tolerance, tighter), _entry(key, tighter), 1.3)
    return found


def _even(least: float) -> int:
    return 2 * math.ceil(least / 2 - 1e-9)


def _pair(value: object, finer: object) -> tuple[str, str]:
    return str(value), str(finer)


def _entry(key: str, value: object) -> tuple[str, ...]:
    return (f"{key}={json.dumps(value)}",)


def plan(setting: Setting) -> list[Task]:
    """The run as given, each change alone, longer steps, and in full size all changes at once."""
    case = solved(setting)
    found = changes(case)
    runs = {GIVEN: (1.0, ()), **{name: (c.work, c.overrides) for name, c in found.items()}}
    if 2 * case.time.dt <= case.output.every * (1 + 1e-9):
        runs[LONGER] = (0.5, _entry("time.dt", 2 * case.time.dt))
    if setting.size == "full":
        work = math.prod(change.work for change in found.values())
        runs[ALL] = (work, _all(case, found))
    n_x = list(case.grid.n_x)
    return [
        Task(name, densities, (changed(case, *overrides).text, n_x), work)
        for name, (work, overrides) in runs.items()
    ]


def _all(case: Case, found: dict[str, Change]) -> tuple[str, ...]:
    """All changes at once: the p lattice both finer and wider."""
    grid, n_p = lattice(case), [_even(FINER * WIDER * n) for n in lattice(case).n_p]
    entries = [entry for name in found if name != "n_p" for entry in found[name].overrides]
    p_max = [P * _even(WIDER * n) / n for P, n in zip(grid.p_max, grid.n_p, strict=True)]
    return (*entries, *_entry("grid.n_p", n_p), *_entry("grid.p_max", p_max))


def densities(text: str, n_x: Sequence[int]) -> dict[str, NDArray]:
    """N at all record times on n_x points, ``(k, 4, *n_x)``, and the seconds that it took."""
    clock = time.perf_counter()
    times, N = kinetic.densities(parse_case(text))
    seconds = time.perf_counter() - clock
    n = n_x[0], n_x[1]
    return {"t": times, "N": kinetic.resampled(N, n), "seconds": np.array(seconds)}


@dataclass(frozen=True)
class Part:
    """The largest error at any record that one parameter causes, of n0 and of n.

    Attributes
    ----------
    change
        The parameter made finer.
    n0, n
        Errors relative to the largest n0, and to the largest |n|.
    left
        The share of it that the change leaves.
    """

    change: Change
    n0: float
    n: float
    left: float

    @property
    def error(self) -> float:
        """The larger of the two."""
        return max(self.n0, self.n)


def distance(N: NDArray, reference: NDArray) -> tuple[float, float]:
    """The largest differences of n0 and of n at any record, relative to the largest of each.

    N and the reference are ``(records, 4, ...)``.
    """
    n0, n = np.abs(reference[:, 0]).max(), np.linalg.norm(reference[:, 1:], axis=1).max()
    charge = np.abs(N[:, 0] - reference[:, 0]).max()
    spin = np.linalg.norm(N[:, 1:] - reference[:, 1:], axis=1).max()
    return float(charge / n0), float(spin / max(n, LEAST * n0))


def order(outcomes: Outcomes) -> float | None:
    """The order in dt that longer, given and halved steps show; None if they show none."""
    if not {LONGER, "dt"} <= outcomes.keys():
        return None
    coarse, fine = (
        max(distance(outcomes[a]["N"], outcomes[b]["N"]))
        for a, b in ((LONGER, GIVEN), (GIVEN, "dt"))
    )
    return math.log2(coarse / fine) if min(coarse, fine) > 20 * ROUNDOFF else None


def parts(case: Case, outcomes: Outcomes) -> dict[str, Part]:
    """The errors by parameter, of those whose run came to its end."""
    given, found = outcomes[GIVEN]["N"], {}
    for name, change in ((name, c) for name, c in changes(case).items() if name in outcomes):
        n0, n = distance(given, outcomes[name]["N"])
        factor, left = 1.0, LEFT
        if name == "dt":
            p = min(max(order(outcomes) or 2.0, 1.0), 3.0)
            factor, left = 1 / (1 - 0.5**p), 0.5**p
        found[name] = Part(change, factor * n0, factor * n, left)
    return found


def cheapest(found: dict[str, Part]) -> tuple[str, ...]:
    """The changes that halve the sum of the errors with the least work; none if nothing does."""
    total = sum(part.error for part in found.values())

    def after(names: Sequence[str]) -> float:
        return sum(p.error * (p.left if name in names else 1.0) for name, p in found.items())

    def work(names: Sequence[str]) -> float:
        return math.prod(found[name].change.work for name in names)

    subsets = chain.from_iterable(combinations(found, k) for k in range(1, len(found) + 1))
    return min((s for s in subsets if after(s) <= total / 2), key=work, default=())


def conclude(setting: Setting, outcomes: Outcomes) -> Result:
    """The table of errors, the change that halves them, and whether the table is to be believed."""
    case = solved(setting)
    found = parts(case, outcomes)
    missing = [change.key for name, change in changes(case).items() if name not in found]
    if not found:
        told = "The error of the run is not known, as no finer run came to its end."
        return Result(told, (), answer=told)
    n0, n = (sum(getattr(part, name) for part in found.values()) for name in ("n0", "n"))
    answer = (
        f"The error of the run is about {number(n0)} of the largest n₀{_most(found, 'n0', n0)} and "
        f"{number(n)} of the largest |n|{_most(found, 'n', n)}. "
    )
    advised = [found[name].change for name in cheapest(found)]
    if max(n0, n) < 20 * ROUNDOFF:
        answer += "That is roundoff."
    elif advised:
        values = " and ".join(f"{change.key} = {change.finer}" for change in advised)
        work = math.prod(change.work for change in advised)
        answer += f"The cheapest change that halves it: {values}, for {work:.2g} times the work."
    if missing:
        those = "that run" if len(missing) == 1 else "those runs"
        answer += f" What comes from {' and '.join(missing)} is not in it: {those} failed."
    summary = (
        "The error of the run exactly as the case has it, by the parameter that causes it: the "
        "largest difference at any record from a run in which that parameter alone is finer."
    )
    return Result(
        f"{answer} {summary}",
        (*_order_claim(case, outcomes), *(() if missing else _sum_claim(found, outcomes))),
        (_table(found, outcomes),),
        (Drawing("convergence-budget", "Errors by parameter.", partial(_figure, found)),),
        answer,
    )


def _most(found: dict[str, Part], field: str, total: float) -> str:
    """Which parameter has most of the error of "n0" or "n"; nothing where that is roundoff."""
    worst = max(found.values(), key=lambda part: float(getattr(part, field)))
    share = float(getattr(worst, field)) / total if total > 20 * ROUNDOFF else 0.0
    much = "most" if share >= 0.5 else f"{share:.0%}"
    return f" ({much} of it from {worst.change.key})" if share else ""


def _order_claim(case: Case, outcomes: Outcomes) -> list[Claim]:
    if LONGER not in outcomes:
        return []
    seen = order(outcomes)
    return [
        Claim(
            "convergence.own.order",
            f"{case.time.scheme} converges at the steps of the case: order between 2 dt and dt, dt "
            "and dt/2",
            "",
            math.nan if seen is None else seen,
            at_least(0.8),
            note="" if seen is not None else "errors of the step are roundoff",
            undecided=BURIED if seen is None else "",
        )
    ]


def _sum_claim(found: dict[str, Part], outcomes: Outcomes) -> list[Claim]:
    if ALL not in outcomes:
        return []
    whole = max(distance(outcomes[GIVEN]["N"], outcomes[ALL]["N"]))
    total = sum(part.error for part in found.values())
    return [
        Claim(
            "convergence.own.sum",
            "the table has all of the error: the difference from a run that is finer in "
            "everything, over the sum of the parts",
            "",
            whole / max(total, 20 * ROUNDOFF),
            at_most(1.5),
        )
    ]


def _table(found: dict[str, Part], outcomes: Outcomes) -> Table:
    seconds = float(outcomes[GIVEN]["seconds"])
    return Table(
        "convergence-budget",
        "Errors of the case as given, by parameter",
        ("parameter", "value", "compared with", "error of n₀", "error of n", "work", "time"),
        tuple(
            (
                part.change.key,
                part.change.value,
                part.change.finer,
                part.n0,
                part.n,
                part.change.work,
                float(outcomes[name]["seconds"]) / seconds,
            )
            for name, part in found.items()
        ),
        "Errors are relative to the largest n₀ and the largest |n|; work and measured time of the "
        "finer run relative to the run as given.",
    )


def _figure(found: dict[str, Part]) -> Figure:
    figure, axes = figures.panels(1, size=(6.0, 3.2))
    names = [part.change.key for part in found.values()]
    sizes = {
        "n₀": [part.n0 for part in found.values()],
        "n": [part.n for part in found.values()],
    }
    figures.bars(axes[0, 0], names, sizes, {})
    axes[0, 0].set_xlabel("error, relative to the largest")
    figures.legend(axes[0, 0], loc="best")
    return figure
