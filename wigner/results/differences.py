"""How far runs are from a reference, at the times and on the box that they share."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..case.spec import Case, as_dict
from ..errors import CaseError, Fault
from .run import Run
from .smooth import on_points

# Times, and sides of a box, that differ by such a share are one.
SAME = 1e-9
# What is compared, with the words for it, where both runs have it.
QUANTITIES = {
    "n0": "charge density",
    "n1": "spin density",
    "n2": "spin density",
    "n3": "spin density",
    "n": "spin density, all components",
    "J0": "current of the charge",
    "J": "currents of the spin, all components",
}
SECTIONS = ("physics", "material", "initial", "grid", "time", "maxwellian")


@dataclass(frozen=True)
class Difference:
    """A quantity of a run less that of the reference, over time; scaled numbers, ``(times,)``.

    Attributes
    ----------
    run
        Number of the run: 1 is the first after the reference.
    quantity
        A name of ``QUANTITIES``.
    times
        Those that both runs have.
    largest
        The largest |difference| over x, of all components.
    mean
        Its root mean square over x: the L2 norm over the square root of the area.
    relative
        ``mean`` over the largest that the reference itself has at these times; nan if that is zero.
    """

    run: int
    quantity: str
    times: NDArray
    largest: NDArray
    mean: NDArray
    relative: NDArray


def differences(runs: Sequence[Run]) -> Iterator[Difference]:
    """Those of all runs but the first, from the first.

    Fields of different lattices are compared on the finer one, by their Fourier series.

    Raises
    ------
    CaseError
        If a run has another box or other units, or no time in common with the reference.
    """
    reference = runs[0]
    for number, run in enumerate(runs[1:], start=1):
        check_comparable(reference, run)
        pairs = common(reference, run)
        n = finer(reference, run)
        found: dict[str, list[tuple[float, float, float]]] = {}
        for i, j in pairs:
            ours, theirs = quantities(reference, i, n), quantities(run, j, n)
            for name in ours.keys() & theirs.keys():
                found.setdefault(name, []).append(_norms(ours[name], theirs[name]))
        for name in (name for name in QUANTITIES if name in found):
            largest, mean, size = np.array(found[name]).T
            times = reference.times[[i for i, _ in pairs]]
            relative = mean / size.max() if size.max() > 0 else np.full_like(mean, np.nan)
            yield Difference(number, name, times, largest, mean, relative)


def check_comparable(reference: Run, run: Run) -> None:
    """Raise CaseError unless two runs have one box, and the same units in SI if both have any."""
    box, other = np.array(reference.length), np.array(run.length)
    if np.any(np.abs(box - other) > SAME * box):
        expected = "that of {}, {:g} x {:g}".format(reference.directory, *box)
        raise CaseError(Fault(str(run.directory), "a box of {:g} x {:g}".format(*other), expected))
    ours, theirs = reference.scaling, run.scaling
    if ours is None or theirs is None:
        return
    for name in ("length", "momentum", "time", "energy"):
        unit, found = getattr(ours, name), getattr(theirs, name)
        if abs(unit - found) > SAME * unit:
            expected = f"{unit:.4g} as in {reference.directory}, as scaled numbers are compared"
            got = f"a unit of {name} of {found:.4g} in SI"
            raise CaseError(Fault(str(run.directory), got, expected))


def common(reference: Run, run: Run) -> list[tuple[int, int]]:
    """Numbers of the records of the reference and of a run at the times that both have.

    Raises
    ------
    CaseError
        If there are none.
    """
    slack = SAME * max(reference.times[-1], run.times[-1], 1e-300)
    nearest = [int(np.argmin(np.abs(run.times - t))) for t in reference.times]
    pairs = [
        (i, j) for i, j in enumerate(nearest) if abs(run.times[j] - reference.times[i]) <= slack
    ]
    if not pairs:
        got = f"records from t = {run.times[0]:g} to {run.times[-1]:g}"
        expected = f"some at times of {reference.directory}"
        remedy = "run both with the same output.every"
        raise CaseError(Fault(str(run.directory), got, expected, remedy))
    return pairs


def finer(reference: Run, run: Run) -> tuple[int, int]:
    """On each axis the points of the finer of two lattices."""
    first, second = (max(n) for n in zip(reference.n_x, run.n_x, strict=True))
    return first, second


def quantities(run: Run, record: int, n: tuple[int, int]) -> dict[str, NDArray]:
    """What is compared of a record, on n points, each of shape ``(components, n1, n2)``."""
    u = on_points(run.densities(record), n)
    found = {f"n{k}": u[k : k + 1] for k in range(4)} | {"n": u[1:]}
    if "current" in run.variables:
        J = on_points(run.field("current", record), n)
        found |= {"J0": J[0], "J": J[1:].reshape(-1, *n)}
    return found


def _norms(ours: NDArray, theirs: NDArray) -> tuple[float, float, float]:
    """Largest difference, its root mean square, and the root mean square of ours."""

    def mean(fields: NDArray) -> float:
        return float(np.sqrt(np.square(fields).sum(axis=0).mean()))

    d = theirs - ours
    return float(np.sqrt(np.square(d).sum(axis=0)).max()), mean(d), mean(ours)


def changed(reference: Case, case: Case) -> list[str]:
    """Keys of the case in which two runs differ, as "section.key ours -> theirs"."""
    ours, theirs = as_dict(reference), as_dict(case)
    told = []
    for section in SECTIONS:
        old, new = ours.get(section) or {}, theirs.get(section) or {}
        for key in dict.fromkeys([*old, *new]):
            if old.get(key) != new.get(key):
                told.append(f"{section}.{key} {_short(old.get(key))} -> {_short(new.get(key))}")
    return told


def _short(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def as_text(runs: Sequence[Run], found: Sequence[Difference]) -> str:
    """A table of the differences at the end, and of the largest over time."""
    lines = [f"reference  {_about(runs[0])}"]
    for number, run in enumerate(runs[1:], start=1):
        lines.append(f"run {number:<6} {_about(run)}")
        for text in changed(runs[0].case, run.case):
            lines.append(f"{'':<11}{text}")
    lines += ["", f"{'':>18}{'at the end':^39}  {'largest':>19}"]
    lines += [
        f"run  quantity {'t':>11} {'max':>10} {'rms':>10} {'relative':>9}  {'relative':>9} at t"
    ]
    for d in found:
        worst = 0 if np.isnan(d.relative).all() else int(np.nanargmax(d.relative))
        lines.append(
            f"{d.run:>3}  {d.quantity:<8} {d.times[-1]:>11.5g} {d.largest[-1]:>10.3e} "
            f"{d.mean[-1]:>10.3e} {_share(d.relative[-1])}  {_share(d.relative[worst])} "
            f"{d.times[worst]:.5g}"
        )
    lines += [
        "",
        "max and rms over x, of all components, scaled; relative: rms over the largest of the",
    ]
    lines += ["reference. n0, n1, n2, n3, n: densities; J0, J: currents of n0 and of n."]
    return "\n".join([*lines, ""])


def as_csv(runs: Sequence[Run], found: Sequence[Difference]) -> str:
    """All differences at all times, a line each, with all digits."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["run", "directory", "model", "quantity", "t", "max", "rms", "relative"])
    for d in found:
        run = runs[d.run]
        for t, *norms in zip(d.times, d.largest, d.mean, d.relative, strict=True):
            numbers = [repr(float(value)) for value in (t, *norms)]
            table.writerow([d.run, run.directory, run.model, d.quantity, *numbers])
    return text.getvalue()


def _about(run: Run) -> str:
    points, count = "{} x {} points".format(*run.n_x), run.times.size
    return f"{run.directory}: {run.model}, {points}, {count} records to t = {run.times[-1]:g}"


def _share(value: float) -> str:
    return f"{'-':>9}" if np.isnan(value) else f"{value:>9.2e}"
