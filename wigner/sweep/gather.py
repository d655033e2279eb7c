"""sweep.nc: the records of all runs on common axes, as HDF5 and netCDF-4.

Each varied key is a dimension with its values as coordinate; of a zipped sweep, "run" is the only
one. Times and places are those of any run. Where a run has no number, there is NaN.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5netcdf
import h5py
import numpy as np
from numpy.typing import NDArray

from ..output import files
from .plan import CASE, Member, Plan
from .states import report, verdict, word

Attributes = dict[str, Any]
# Axes on which runs may have different points, and those with the same labels in all.
JOINED = ("time", "x1", "x2", "p1", "p2")
LABELLED = ("spin", "component", "direction", "pauli")
# Axes of what may be too large for all times at once.
LARGE = {"x1", "x2", "p1", "p2"}
# Numbers of the scaled equations, which a material gives by other keys.
SCALED = ("epsilon", "alpha", "beta", "tau")
# Points closer than this share of the largest are one.
SAME = 1e-9

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Held:
    """What the file of a run holds.

    Attributes
    ----------
    path
        Where it is.
    axes
        Points along each axis.
    variables
        The axes of each variable that is not one itself.
    attributes
        Those of each variable, and by "" those of the file.
    """

    path: Path
    axes: dict[str, NDArray]
    variables: dict[str, tuple[str, ...]]
    attributes: dict[str, Attributes]


def gather(plan: Plan, path: Path) -> bool:
    """Write the file; False without one if no run has a record yet.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    held = {member: found for member in plan.members if (found := _look(plan, member)) is not None}
    if not held:
        return False
    several = {
        name: [found.axes[name] for found in held.values() if name in found.axes] for name in JOINED
    }
    axes = {name: joined(points) for name, points in several.items() if points}
    axes |= {
        name: found.axes[name] for found in held.values() for name in LABELLED if name in found.axes
    }
    part = files.beside(path)
    try:
        with h5netcdf.File(part, "w", locking=False) as file:
            _define(file, plan, axes, held)
        with files.hdf5(part, "r+") as file:
            for member, found in held.items():
                _copy(file, axes, found, member.place)
            _describe(file, plan, held)
        files.publish(part, path)
    finally:
        part.unlink(missing_ok=True)
    return True


def joined(several: Sequence[NDArray]) -> NDArray:
    """All points of several axes, ``(points,)``, in order; what differs by roundoff is one."""
    points = np.sort(np.concatenate(several))
    gaps = np.diff(points, prepend=-np.inf)
    return np.asarray(points[gaps > SAME * max(1.0, float(np.abs(points).max()))])


def _look(plan: Plan, member: Member) -> Held | None:
    """What there is of a run; None if it has no record, or its file is damaged."""
    path = plan.home(member) / "moments.h5"
    if not path.exists():
        return None
    try:
        with files.hdf5(path, "r") as file:
            if not len(file["time"]):
                return None
            axes = {name: file[name][:] for name in (*JOINED, *LABELLED) if name in file}
            dims = {
                name: tuple(next(iter(axis.keys()), "") for axis in data.dims)
                for name, data in file.items()
                if name not in axes
            }
            told = {name: _plain(data.attrs) for name, data in file.items()}
            return Held(path, axes, dims, told | {"": _plain(file.attrs)})
    except (OSError, RuntimeError, KeyError, ValueError) as error:  # damage shows in many ways
        log.warning("%s is left out of the file of all runs: %s", path, error)
        return None


def _plain(attributes: Mapping[str, Any]) -> Attributes:
    """Attributes without those that HDF5 and netCDF keep for themselves."""
    inner = ("CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST")
    kept = (name for name in attributes if name not in inner and not name.startswith("_"))
    return {name: attributes[name] for name in kept}


def _define(
    file: h5netcdf.File, plan: Plan, axes: Mapping[str, NDArray], held: Mapping[Member, Held]
) -> None:
    """Make dimensions and variables; there are numbers on the axes only."""
    runs = dict(zip(_dimensions(plan), plan.shape, strict=True))
    file.dimensions = {**runs, **{name: len(points) for name, points in axes.items()}}
    if plan.zipped:
        file.create_variable("run", ("run",), "i4", data=np.arange(1, plan.shape[0] + 1))
    for each in plan.varied:
        values, unit = each.measured
        data = np.array(values, dtype="f8" if each.numeric or unit else object)
        _store(file, each.name, ("run",) if plan.zipped else (each.name,), data)
        if unit:
            file.variables[each.name].attrs["units"] = unit
    for name, points in axes.items():
        file.create_variable(name, (name,), points.dtype, data=points)
    for name, dims in _variables(held).items():
        counts = tuple(len(axes[axis]) for axis in dims)
        chunks = (*(1 for _ in runs), *((1, *counts[1:]) if LARGE & {*dims} else counts))
        file.create_variable(name, (*runs, *dims), "f8", fillvalue=np.nan, chunks=chunks)
    reports = [report(plan, member) for member in plan.members]
    for name, words in (
        ("directory", [member.name for member in plan.members]),
        ("state", [word(found) for found in reports]),
        ("verdict", [verdict(found) for found in reports]),
    ):
        _store(file, name, tuple(runs), np.array(words, dtype=object).reshape(plan.shape))
    for name in _derived(plan, held):
        numbers = [held[m].attributes[""][name] if m in held else np.nan for m in plan.members]
        _store(file, name, tuple(runs), np.array(numbers, dtype="f8").reshape(plan.shape))


def _store(file: h5netcdf.File, name: str, dims: tuple[str, ...], data: NDArray) -> None:
    """A variable of numbers or of words."""
    dtype = h5py.string_dtype() if data.dtype == object else data.dtype
    file.create_variable(name, dims, dtype, data=data)


def _dimensions(plan: Plan) -> tuple[str, ...]:
    return ("run",) if plan.zipped else tuple(each.name for each in plan.varied)


def _variables(held: Mapping[Member, Held]) -> dict[str, tuple[str, ...]]:
    """All variables of any run."""
    return {name: dims for found in held.values() for name, dims in found.variables.items()}


def _derived(plan: Plan, held: Mapping[Member, Held]) -> Iterator[str]:
    """Scaled numbers that differ from run to run without being varied themselves."""
    for name in SCALED:
        values = [found.attributes[""].get(name) for found in held.values()]
        varied = name in {each.name for each in plan.varied}
        if not varied and None not in values and len(set(values)) > 1:
            yield name


def _copy(
    file: h5py.File, axes: Mapping[str, NDArray], found: Held, place: tuple[int, ...]
) -> None:
    """Put the records of a run where they belong, one by one."""
    where = {name: _places(axes[name], ours) for name, ours in found.axes.items()}
    with files.hdf5(found.path, "r") as source:
        for name, dims in found.variables.items():
            data, target = source[name], file[name]
            if "time" in dims and LARGE & {*dims}:  # there may be no room for all times at once
                for k, at in enumerate(where["time"]):
                    target[(*place, at)] = _spread(data[k], dims[1:], axes, where)
            elif "time" in dims:
                target[place] = _spread(data[: len(where["time"])], dims, axes, where)
            else:
                target[place] = _spread(data[()], dims, axes, where)


def _spread(
    data: NDArray,
    dims: Sequence[str],
    axes: Mapping[str, NDArray],
    where: Mapping[str, NDArray],
) -> NDArray:
    """Numbers of one run on the common axes, NaN elsewhere."""
    whole = np.full([len(axes[axis]) for axis in dims], np.nan)
    whole[np.ix_(*(where[axis] for axis in dims))] = data
    return whole


def _places(points: NDArray, ours: NDArray) -> NDArray:
    """Indices of the points of one axis in the joined one."""
    return np.abs(points[None, :] - np.asarray(ours)[:, None]).argmin(axis=1)


def _describe(file: h5py.File, plan: Plan, held: Mapping[Member, Held]) -> None:
    """Attributes: what all runs have in common, and what the keys are."""
    several = list(held.values())
    for name in ("", *JOINED, *LABELLED, *_variables(held)):
        those = [found.attributes[name] for found in several if name in found.attributes]
        if not those:
            continue
        common = {k: v for k, v in those[0].items() if all(_same(v, one.get(k)) for one in those)}
        (file[name] if name else file).attrs.update(common)
    file.attrs["title"] = "Spinor Wigner-BGK equation, a sweep"
    file.attrs["case"] = (plan.directory / CASE).read_text("utf-8", errors="backslashreplace")
    if plan.overrides:
        file.attrs["overrides"] = "; ".join(plan.overrides)
    for each in plan.varied:
        file[each.name].attrs["long_name"] = each.key
    if plan.zipped:
        names = " ".join(each.name for each in plan.varied)
        for name in (*_variables(held), "directory", "state", "verdict", *_derived(plan, held)):
            file[name].attrs["coordinates"] = names
    for name in _derived(plan, held):
        file[name].attrs["long_name"] = f"physics.{name} in scaled units"


def _same(first: object, second: object) -> bool:
    return second is not None and bool(np.array_equal(np.asarray(first), np.asarray(second)))
