"""How far runs are from a reference, at the times and on the box that they share."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..case.dimensions import UNITS, Unit
from ..case.spec import Case, as_dict
from ..errors import CaseError, Fault
from . import labels, scales
from .run import Run
from .smooth import on_points
from .view import View

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
# Where they are parts of another, whose scale counts if the reference has none of them.
WHOLE = {"n1": "n", "n2": "n", "n3": "n"}
THERMAL, SCALED = "thermal state", View()
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
        ``mean`` over the largest that the reference itself has at these times, of ``over``.
    over
        The quantity itself; where the reference has nothing of it but rounding noise, the whole
        that it is a part of, or else what is usual in a thermal state.
    noise
        Differences whose ``mean`` is not larger are rounding noise.
    """

    run: int
    quantity: str
    times: NDArray
    largest: NDArray
    mean: NDArray
    relative: NDArray
    over: str
    noise: float

    def shares(self) -> NDArray:
        """The relative differences, 0 where they are rounding noise, ``(times,)``."""
        return np.where(self.mean > self.noise, self.relative, 0.0)


def differences(runs: Sequence[Run]) -> Iterator[Difference]:
    """Those of all runs but the first, from the first, in its unit of density.

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
        n, share = finer(reference, run), density_share(reference, run)
        found: dict[str, list[tuple[float, float, float]]] = {}
        for i, j in pairs:
            ours, theirs = quantities(reference, i, n), quantities(run, j, n)
            for name in ours.keys() & theirs.keys():
                found.setdefault(name, []).append(_norms(ours[name], share * theirs[name]))
        times = reference.times[[i for i, _ in pairs]]
        norms = {name: np.array(found[name]).T for name in QUANTITIES if name in found}
        sizes = {name: float(size.max()) for name, (_, _, size) in norms.items()}
        for name, (largest, mean, _) in norms.items():
            over, size, noise = _scale(reference, name, sizes)
            yield Difference(number, name, times, largest, mean, mean / size, over, noise)


def check_comparable(reference: Run, run: Run) -> None:
    """Raise CaseError unless two runs have one box, and the same units in SI if both have any.

    Their units of density may differ: all that is compared is in proportion to them.
    """
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


def density_share(reference: Run, run: Run) -> float:
    """What the densities and currents of a run are multiplied by, to be in those of a reference.

    It is the ratio of what n0 = 1 stands for in SI, or 1 where one of them has no [material].
    """
    if reference.scaling is None or run.scaling is None:
        return 1.0
    return run.scaling.density / reference.scaling.density


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


def _scale(reference: Run, name: str, sizes: Mapping[str, float]) -> tuple[str, float, float]:
    """What differences of a quantity are relative to, its size, and what is noise beside it."""
    unit, spin = unit_of(reference, name)
    whole = WHOLE.get(name, name)
    scale = scales.scale(reference, unit, sizes[whole], spin=spin)
    if sizes[name] > scale.noise:
        return name, sizes[name], scale.noise
    return whole if sizes[whole] > scale.noise else THERMAL, scale.size, scale.noise


def unit_of(run: Run, name: str) -> tuple[Unit, bool]:
    """The unit of a quantity that is compared, and whether it is that of the charge for a spin."""
    if name in ("J0", "J"):
        return run.variables["current"].unit, name == "J"
    return run.variables["n0" if name == "n0" else "n"].unit, False


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


def as_text(runs: Sequence[Run], found: Sequence[Difference], view: View = SCALED) -> str:
    """A table of the differences at the end, and of the largest over time, in a view's units."""
    factor, unit = _time(runs[0], view)
    lines = [f"reference  {_about(runs[0], view)}"]
    for number, run in enumerate(runs[1:], start=1):
        lines.append(f"run {number:<6} {_about(run, view)}")
        lines += [f"{'':<11}{text}" for text in changed(runs[0].case, run.case)]
        share = density_share(runs[0], run)
        if abs(share - 1) > SAME:
            lines.append(f"{'':<11}n0 = 1 is {share:.6g} N0 of the reference: compared in its unit")
    units = [_unit(runs[0], d, view) for d in found]
    wide = max((len(name) for _, name in units), default=4)
    t = f"t ({unit})" if view.si else "t"
    lines += ["", f"{'':>18}{'at the end':^{39 + wide + 1}}  {'largest':>19}"]
    lines.append(
        f"run  quantity {t:>11} {'max':>10} {'rms':>10} {'unit':<{wide}} {'relative':>9}"
        f"  {'relative':>9} at t"
    )
    for d, (size, name) in zip(found, units, strict=True):
        shares = d.shares()
        worst, over = int(np.argmax(shares)), "" if d.over == d.quantity else f"  *{d.over}"
        when = f"{factor * d.times[worst]:.5g}" if shares.any() else "-"
        lines.append(
            f"{d.run:>3}  {d.quantity:<8} {factor * d.times[-1]:>11.5g} "
            f"{size * d.largest[-1]:>10.3e} {size * d.mean[-1]:>10.3e} {name:<{wide}} "
            f"{_share(d, -1)}  {_share(d, worst)} {when}{over}"
        )
    lines += [
        "",
        "max and rms over x, of all components; relative: rms over the largest of the reference.",
        "n0, n1, n2, n3, n: densities; J0, J: currents of n0 and of n.",
    ]
    if any(d.over != d.quantity for d in found):
        lines.append("* The reference has none but rounding noise: relative to what stands there.")
    return "\n".join([*lines, ""])


def as_csv(runs: Sequence[Run], found: Sequence[Difference], view: View = SCALED) -> str:
    """All differences at all times, a line each, with all digits, in a view's units."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    factor, unit = _time(runs[0], view)
    t = f"t ({unit})" if view.si else "t"
    norms = ("max", "rms", "relative")
    table.writerow(["run", "directory", "model", "quantity", t, *norms, "unit", "relative_to"])
    for d in found:
        run, (size, name) = runs[d.run], _unit(runs[0], d, view)
        columns = (factor * d.times, size * d.largest, size * d.mean, d.relative)
        for row in zip(*columns, strict=True):
            numbers = [repr(float(value)) for value in row]
            told = (d.run, run.directory, run.model, d.quantity)
            table.writerow([*told, *numbers, name, d.over])
    return text.getvalue()


def _time(run: Run, view: View) -> tuple[float, str]:
    """What times are multiplied by, and their unit."""
    return labels.plain(run, UNITS["time"], float(abs(run.times).max()), si=view.si)


def _unit(run: Run, d: Difference, view: View) -> tuple[float, str]:
    """What differences are multiplied by, and their unit."""
    unit, spin = unit_of(run, d.quantity)
    return labels.plain(run, unit, float(d.largest.max()), si=view.si, spin=spin)


def _about(run: Run, view: View) -> str:
    points, count = "{} x {} points".format(*run.n_x), run.times.size
    factor, unit = _time(run, view)
    end = f"{run.times[-1] * factor:g} {unit}" if view.si else f"{run.times[-1]:g}"
    return f"{run.directory}: {run.model}, {points}, {count} records to t = {end}"


def _share(d: Difference, k: int) -> str:
    noise = 0 < d.mean[k] <= d.noise
    return f"{'rounding':>9}" if noise else f"{d.relative[k]:>9.2e}"
