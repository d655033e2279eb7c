"""A run as it lies in its directory: what it holds, and its fields record by record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from ..case.dimensions import UNITS, Unit
from ..case.spec import Case, parse_case
from ..case.units import Scaling
from ..errors import CaseError, Fault
from ..output import files, variables
from ..output.run_json import contents
from ..phase_space.grid import Pair
from ..phase_space.reduced import COORDINATES

KNOWN = {**variables.FIXED, **variables.SCALARS, **variables.ARRAYS, **variables.DRIVEN}
ON_LATTICES = (*COORDINATES, *(f"{name}_coarse" for name in COORDINATES))
BY_TEXT = {unit.text: unit for unit in UNITS.values()}
FIELD = ("x1", "x2")  # the last axes of what lies on the x lattice
NEEDED = ("time", *FIELD, "n0", "n")


@dataclass(frozen=True)
class Held:
    """A variable of moments.h5.

    Attributes
    ----------
    axes
        All of them, "time" included where it varies.
    meaning
        In a line; empty where the file does not say.
    unit
        What it is measured in; along "component" that of the charge.
    places
        Single numbers that tell where it is, by coordinate.
    """

    axes: tuple[str, ...]
    meaning: str
    unit: Unit
    places: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_series(self) -> bool:
        """Whether it is a number over time, or a few."""
        return self.axes[:1] == ("time",) and not {*ON_LATTICES} & {*self.axes}

    @property
    def is_field(self) -> bool:
        """Whether it lies on the x lattice."""
        return self.axes[-2:] == FIELD


@dataclass(frozen=True)
class Run:
    """A run in a directory; fields are read when they are asked for.

    Attributes
    ----------
    directory
        As it was named.
    model
        "kinetic", or that of a macroscopic run.
    case, scaling
        What was solved, and its units in SI where it has a material.
    times
        Those of the records, at least one.
    x
        The two axes of the x lattice.
    variables
        What moments.h5 has besides, by name.
    verdict
        "resolved", "doubtful" or "unresolved"; empty where run.json does not say.
    """

    directory: Path
    model: str
    case: Case
    scaling: Scaling | None
    times: NDArray
    x: tuple[NDArray, NDArray]
    variables: Mapping[str, Held]
    verdict: str

    @property
    def moments(self) -> Path:
        """moments.h5."""
        return self.directory / "moments.h5"

    @property
    def length(self) -> Pair:
        """Sides of the box."""
        return self.case.grid.length

    @property
    def n_x(self) -> tuple[int, int]:
        """Points of the x lattice."""
        return self.x[0].size, self.x[1].size

    @property
    def is_uniform(self) -> bool:
        """Whether its fields are the same everywhere: they vary along no axis of x."""
        return self.n_x == (1, 1)

    @property
    def epsilon(self) -> float:
        """The scaled Planck constant."""
        return self.case.physics.epsilon

    @cached_property
    def density(self) -> float:
        """The mean of n0 at the first record; raises as :meth:`field`."""
        return float(self.field("n0", 0).mean())

    @property
    def last(self) -> int:
        """Number of the last record."""
        return self.times.size - 1

    def field(self, name: str, record: int) -> NDArray:
        """A field at a record, shape ``(..., N1, N2)``; one that does not vary in time as it is.

        Raises
        ------
        CaseError
            If it cannot be read.
        """
        varies = self.variables[name].axes[0] == "time"
        with readable(self.moments) as file:
            return np.asarray(file[name][record] if varies else file[name][()], dtype=float)

    def series(self, name: str) -> NDArray:
        """A variable at all records, shape ``(records, ...)``; raises as :meth:`field`."""
        with readable(self.moments) as file:
            return np.asarray(file[name][: self.times.size], dtype=float)

    def densities(self, record: int) -> NDArray:
        """(n0, n) at a record, shape ``(4, N1, N2)``; raises as :meth:`field`."""
        return np.concatenate([self.field("n0", record)[None], self.field("n", record)])


def open_run(directory: Path) -> Run:
    """The run in a directory that ``wigner run`` or ``macro run`` has written, finished or not.

    Raises
    ------
    CaseError
        If there is none, its file is damaged, or it has no record yet.
    """
    moments = directory / "moments.h5"
    if not moments.exists():
        got = "no such directory" if not directory.exists() else "no moments.h5 in it"
        got = "a file" if directory.is_file() else got
        remedy = (
            _runs_within(directory.parent if directory.is_file() else directory)
            or "give the one that --output named when it ran"
        )
        raise CaseError(Fault(str(directory), got, "the directory of a run", remedy))
    with readable(moments) as file:
        missing = [name for name in NEEDED if name not in file]
        if missing or "case" not in file.attrs:
            got = f"a file without {', '.join(missing) or 'the text of a case'}"
            raise CaseError(Fault(str(moments), got, "the moments of a run"))
        times = file["time"][:]
        if not times.size:
            remedy = "wait for the first, or look into run.log"
            raise CaseError(Fault(str(moments), "no record", "at least one", remedy))
        case = parse_case(str(file.attrs["case"]))
        found = {name: _held(name, data) for name, data in file.items() if data.ndim}
        model, x = file.attrs.get("model"), (file["x1"][:], file["x2"][:])
    report = contents(directory)
    quality = report.get("quality")
    return Run(
        directory,
        str(model or report.get("model", "kinetic")),
        case,
        case.units,
        times,
        x,
        found,
        str(quality.get("verdict", "")) if isinstance(quality, dict) else "",
    )


def _runs_within(directory: Path) -> str:
    """Which run a directory is or has in it, as that of a sweep, as a remedy; empty without any."""
    if (directory / "moments.h5").exists():
        return f"give its directory, {directory}"
    found = sorted(path.parent.name for path in directory.glob("*/moments.h5"))
    if not found:
        return ""
    remedy = f"give one of the {len(found)} runs in it, such as {directory / found[0]}"
    gathered = directory / "sweep.nc"
    if not gathered.exists():
        return remedy
    return f"{remedy}; wigner compare draws several; {gathered} has the records of all, for xarray"


@contextmanager
def readable(path: Path) -> Iterator[h5py.File]:
    """An open file of results; what HDF5 finds wrong with it is bad input.

    Raises
    ------
    CaseError
        With the words of HDF5.
    """
    try:
        with files.hdf5(path, "r") as file:
            yield file
    except CaseError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError) as error:  # damage shows in many ways
        remedy = "copy it anew, or run the case again"
        got = f"a file that is damaged ({error})"
        raise CaseError(Fault(str(path), got, "a whole one", remedy)) from None


def _held(name: str, data: h5py.Dataset) -> Held:
    """What a variable says of itself; earlier revisions left to the reader what they measure in."""
    if data.is_scale:
        axes: tuple[str, ...] = (name,)
    else:
        axes = tuple(next(iter(axis.keys()), "") for axis in data.dims)
    told, known = data.attrs, KNOWN.get(name)
    unit = BY_TEXT.get(str(told.get("scaled_by", "")), UNITS["1"])
    if "units" not in told and known is not None:
        unit = UNITS[known.unit]
    meaning = str(told.get("long_name", known.meaning if known else name))
    beside = str(told.get("coordinates", "")).split()
    return Held(axes, meaning, unit, {each[:2]: float(data.parent[each][()]) for each in beside})
