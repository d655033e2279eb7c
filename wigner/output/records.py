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

import h5netcdf
import h5py
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..case.problem import Problem
from ..errors import Fault, RecordsError
from . import files

Attributes = dict[str, str | int]
# Axes besides time and x, and the meaning, of what a file holds.
Variables = dict[str, tuple[tuple[str, ...], str]]

SCALARS: Variables = {
    "mass": ((), "int n0 dx"),
    "spin_total": (("spin",), "int n dx"),
    "energy": ((), "int int (|p|^2/2 + V) w0 + eps alpha p_perp.w"),
    "l2_norm": ((), "(int int w0^2 + |w|^2)^(1/2)"),
    "purity": ((), "Tr rho^2 / (Tr rho)^2"),
    "edge_mass": ((), "share of |w0| in the outermost layers of the p box"),
    "tail_eta": ((), "relative Fourier amplitude of W beyond 2/3 of the reach in eta"),
    "tail_xi": ((), "relative Fourier amplitude of W beyond 2/3 of the reach in xi"),
    "repair": ((), "share of max n0 that M(N) was given as a Gaussian"),
    "lattice_defect": (
        (),
        "share of max n0 by which M(N) on the lattice misses its moments",
    ),
    "evaluations": ((), "moment-map evaluations per constraint solve since the last record"),
}
ARRAYS: Variables = {
    "n0": ((), "charge density <w0>"),
    "n": (("spin",), "spin density <w>/eps"),
    "current": (
        ("component", "direction"),
        "currents of n0 and n with the velocity p + eps alpha (-sigma2, sigma1)",
    ),
    "momentum": (("component", "direction"), "<p w0> and <p w>/eps"),
    "kinetic_energy": ((), "<|p|^2 w0/2>"),
    "rashba_energy": ((), "eps alpha <p_perp.w>"),
    "a0": ((), "multiplier a0 of the quantum Maxwellian"),
    "a": (("spin",), "multiplier a of the quantum Maxwellian"),
}
# Numbers of the axes that are not places: spin 1 to 3, component 0 (charge) to 3, direction 1, 2.
LABELS = {"spin": range(1, 4), "component": range(4), "direction": range(1, 3)}
# Records of a scalar that are stored together.
CHUNK = 256
# Bytes by which a variable may grow beside its values: an index, and a chunk of a scalar.
STRUCTURE = 2**14


class Records:
    """moments.h5 of a run: ``scalars`` over time, ``arrays`` over time and x."""

    def __init__(
        self, path: Path, scalars: Variables = SCALARS, arrays: Variables = ARRAYS
    ) -> None:
        self.path, self._scalars, self._arrays = path, scalars, arrays
        self.names = ("time", *scalars, *arrays)
        self.digest = 0

    def create(self, problem: Problem, attributes: Attributes) -> None:
        """Write the file with its axes, empty along time."""
        grid = problem.grid
        sizes = {"x1": grid.n_x[0], "x2": grid.n_x[1]} | {k: len(v) for k, v in LABELS.items()}
        image = io.BytesIO()
        with h5netcdf.File(image, "w") as file:
            file.dimensions = {"time": None} | sizes
            time = file.create_variable("time", ("time",), "f8", chunks=(CHUNK,))
            time.attrs["units"] = "m x0/p0"
            for name, axis in zip(("x1", "x2"), grid.x, strict=True):
                file.create_variable(name, (name,), "f8", data=axis).attrs["units"] = "x0"
            for name, numbers in LABELS.items():
                file.create_variable(name, (name,), "i4", data=np.array(numbers, dtype="i4"))
            V = file.create_variable("potential", ("x1", "x2"), "f8", data=problem.physics.V)
            V.attrs["long_name"] = "potential V"
            for table, tail, records in (
                (self._scalars, (), CHUNK),
                (self._arrays, ("x1", "x2"), 1),
            ):
                for name, (axes, meaning) in table.items():
                    chunks = (records, *(sizes[axis] for axis in (*axes, *tail)))
                    variable = file.create_variable(
                        name, ("time", *axes, *tail), "f8", chunks=chunks
                    )
                    variable.attrs["long_name"] = meaning
        with h5py.File(image, "r+") as file:  # h5netcdf would make arrays of numbers
            file.attrs.update(attributes)
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
                for k in range(records):
                    values = (file[name][k] for name in self.names)
                    self.digest = _digest(values, self.digest)
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
            files.reserve(part, 2 * growth + len(self.names) * STRUCTURE)
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
