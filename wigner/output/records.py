"""moments.h5: the moments of a run, record by record, as HDF5 and netCDF-4; rank 0 only.

A record is added to a copy of the file, which then takes its place: whoever opens the file finds
it whole, at any moment and whatever became of the run. Copying costs little beside the steps
between two records, as the file holds fields on x only.
"""

from __future__ import annotations

import io
import shutil
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import h5py
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..case.problem import Problem
from ..case.units import Scaling
from ..errors import Fault, RecordsError
from . import files, netcdf
from .variables import (
    ARRAYS,
    FIXED,
    LABELS,
    LATER,
    PAULI,
    SCALARS,
    Attributes,
    Variable,
    Variables,
    described,
)

# Records of a scalar that are stored together.
CHUNK = 256
# Bytes by which a variable may grow beside its values: an index, and a chunk of a scalar.
STRUCTURE = 2**14


class Records:
    """moments.h5 of a run.

    It has ``scalars`` over time, ``arrays`` over time and x, and ``others`` over time and all
    axes that they name.
    """

    def __init__(
        self,
        path: Path,
        scalars: Variables = SCALARS,
        arrays: Variables = ARRAYS,
        others: Mapping[str, Variable] = MappingProxyType({}),
    ) -> None:
        self.path, self._scalars, self._arrays, self._others = path, scalars, arrays, others
        self.names = ("time", *scalars, *arrays, *others)
        self.digest = 0

    def create(
        self,
        problem: Problem,
        attributes: Attributes,
        scaling: Scaling | None = None,
        axes: Mapping[str, NDArray] = MappingProxyType({}),
    ) -> None:
        """Write the file with its axes, empty along time.

        ``scaling`` gives every variable the SI value of its unit, ``axes`` has those that are
        used besides x1 and x2, and more, as :func:`.variables.places` makes them.
        """
        grid = problem.grid
        labels = LABELS | (PAULI if self._others else {})
        used = {name for each in self._others.values() for name in (*each.axes, *each.places)}
        known = dict(zip(("x1", "x2"), grid.x, strict=True))
        known |= {name: values for name, values in axes.items() if name in used}
        places = {name: values for name, values in known.items() if values.ndim}
        sizes = {name: len(axis) for name, axis in (places | labels).items()}
        image = io.BytesIO()
        with h5py.File(image, "w", track_order=True) as file:
            netcdf.begin(file)
            netcdf.add_axis(file, "time", np.empty(0), chunk=CHUNK)
            for name, axis in places.items():
                netcdf.add_axis(file, name, axis)
            for name, numbers in labels.items():
                netcdf.add_axis(file, name, np.array(numbers, dtype="i4"))
            for name in known.keys() - places.keys():
                file[name] = known[name]
            netcdf.add(file, "potential", ("x1", "x2"), problem.physics.V)
            for table, tail, records in (
                (self._scalars, (), CHUNK),
                (self._arrays, ("x1", "x2"), 1),
                (self._others, (), 1),
            ):
                for name, variable in table.items():
                    lattice = (*variable.axes, *tail)
                    each = tuple(sizes[axis] for axis in lattice)
                    empty = np.empty((0, *each))
                    netcdf.add(file, name, ("time", *lattice), empty, (records, *each))
            file.attrs.update(attributes)
            told = {**FIXED, **self._scalars, **self._arrays, **self._others}
            for name in file:
                file[name].attrs.update(described(told[name], scaling))
        part = files.beside(self.path)
        part.write_bytes(image.getvalue())
        files.replace(part, self.path)
        self.digest = 0

    def append(self, t: float, values: Mapping[str, ArrayLike]) -> None:
        """Add the record of time ``t``, with a value for every variable."""
        stored = {name: np.asarray(values[name], dtype="f8") for name in self.names[1:]}
        stored = {"time": np.asarray(t, dtype="f8"), **stored}
        with self._copy(sum(value.nbytes for value in stored.values())) as file:
            k = len(file["time"])
            for name, value in stored.items():
                file[name].resize(k + 1, axis=0)
                file[name][k] = value
        self.digest = _digest(stored.values(), self.digest)

    def truncate(self, records: int, attributes: Attributes) -> None:
        """Keep the first ``records`` records, and set attributes anew."""
        with self._copy(sum(len(str(value)) for value in attributes.values())) as file:
            for name in self.names:
                file[name].resize(records, axis=0)
            file.attrs.update(attributes)

    def resume(self, records: int) -> int:
        """Go on after so many records; their checksum.

        Raises
        ------
        RecordsError
            If there are fewer, or the file is damaged.
        """
        self.digest = 0
        try:
            with files.hdf5(self.path, "r") as file:
                self.names = tuple(n for n in self.names if n in file or n not in LATER)
                variables = [file[name] for name in self.names]
                for k in range(records):
                    self.digest = _digest((each[k] for each in variables), self.digest)
        except Exception as error:  # HDF5 finds damage in many ways
            got = f"a file without them ({error})"
            raise RecordsError(Fault("moments.h5", got, f"{records} records")) from None
        return self.digest

    def times(self) -> np.ndarray:
        """Times of the records.

        Raises
        ------
        OSError
            If the file is missing or not one of moments.
        """
        return self._read("time")

    def is_blank(self) -> bool:
        """Whether there is no file, or one with the initial record alone."""
        if not self.path.exists():
            return True
        try:
            return all(len(self._read(name)) <= 1 for name in ("time", *self._scalars))
        except (OSError, RuntimeError):  # something else, or damaged: not to be replaced
            return False

    def totals(self, k: int) -> tuple[float, np.ndarray]:
        """Mass and total spin of record ``k``; raises as :meth:`times`."""
        return float(self._read("mass")[k]), self._read("spin_total")[k]

    def synchronise(self) -> None:
        """Wait until all records are on the disk."""
        files.synchronise(self.path)

    def _read(self, name: str) -> np.ndarray:
        with files.hdf5(self.path, "r") as file:
            if name not in file:
                raise OSError(f"{self.path} has no {name}: it is not the moments of a run")
            return file[name][:]

    @contextmanager
    def _copy(self, growth: int) -> Iterator[h5py.File]:
        """A copy of the file to change; it replaces the file when the change is complete."""
        part = files.beside(self.path)
        try:
            shutil.copyfile(self.path, part)
            more = 2 * growth + len(self.names) * STRUCTURE
            files.reserve(part, 0, part.stat().st_size + more)
            with files.hdf5(part, "r+") as file:
                yield file
            files.replace(part, self.path)
        finally:
            part.unlink(missing_ok=True)


def _digest(values: Iterable[NDArray], start: int) -> int:
    """Checksum of values, going on from that of others."""
    for value in values:
        start = zlib.crc32(np.ascontiguousarray(value).tobytes(), start)
    return start
