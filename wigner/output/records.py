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
from typing import NamedTuple

import h5netcdf
import h5py
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..case.dimensions import UNITS
from ..case.problem import Problem
from ..case.spec import Case
from ..case.units import Scaling
from ..errors import Fault, RecordsError
from ..phase_space.reduced import COORDINATES, axes_of, points
from ..physics import Physics
from . import files

Attributes = dict[str, str | int | float]


class Variable(NamedTuple):
    """Something that a file holds.

    Attributes
    ----------
    axes
        Axes besides time and x.
    meaning
        In a line.
    unit
        A name of ``UNITS``. Along "component" it is that of the charge; of the spin it is eps times
        as large.
    """

    axes: tuple[str, ...]
    meaning: str
    unit: str


Variables = dict[str, Variable]

SCALARS: Variables = {
    "mass": Variable((), "int n0 dx", "number"),
    "spin_total": Variable(("spin",), "int n dx", "spin number"),
    "energy": Variable(
        (),
        "int int (|p|^2/2) w0 + eps (Lambda p).w + int (V + phi/2) n0 + eps^2 b.n",
        "total energy",
    ),
    "work": Variable((), "what V(t), b(t) and E added to the energy", "total energy"),
    "heat": Variable((), "what collisions added to the energy", "total energy"),
    "torque": Variable(("spin",), "what Lambda and b added to int n dx", "spin number"),
    "free_energy": Variable(
        (), "that of M(N), int n0 (a0 + V + phi/2) + eps^2 n.(a + b)", "total energy"
    ),
    "l2_norm": Variable((), "(int int w0^2 + |w|^2)^(1/2)", "action"),
    "purity": Variable((), "Tr rho^2 / (Tr rho)^2", "1"),
    "edge_mass": Variable((), "share of |w0| in the outermost layers of the p box", "1"),
    "tail_eta": Variable((), "relative Fourier amplitude of W beyond 2/3 of the reach in eta", "1"),
    "tail_xi": Variable((), "relative Fourier amplitude of W beyond 2/3 of the reach in xi", "1"),
    "repair": Variable((), "share of max n0 that M(N) was given as a Gaussian", "1"),
    "lattice_defect": Variable(
        (), "share of max n0 by which M(N) on the lattice misses its moments", "1"
    ),
    "evaluations": Variable(
        (), "moment-map evaluations per constraint solve since the last record", "1"
    ),
}
ARRAYS: Variables = {
    "n0": Variable((), "charge density <w0>", "density"),
    "n": Variable(("spin",), "spin density <w>/eps", "spin density"),
    "current": Variable(
        ("component", "direction"),
        "currents of n0 and n with the velocity p + eps Lambda^T sigma",
        "current",
    ),
    "momentum": Variable(("component", "direction"), "<p w0> and <p w>/eps", "momentum density"),
    "kinetic_energy": Variable((), "<|p|^2 w0/2>", "energy density"),
    "rashba_energy": Variable((), "eps <(Lambda p).w>", "energy density"),
    "a0": Variable((), "multiplier a0 of the quantum Maxwellian", "energy"),
    "a": Variable(("spin",), "multiplier a of the quantum Maxwellian", "spin energy"),
}
# Of what varies in time, where it does, see :func:`driven`.
DRIVEN: Variables = {
    "E": Variable(("direction",), "uniform force E", "force"),
    "V": Variable((), "potential V", "energy"),
    "b": Variable(("spin",), "Zeeman field b", "spin energy"),
    "phi": Variable((), "potential phi that the electrons make", "energy"),
}
# Scalars that older files do not have.
LATER = ("work", "heat", "torque", "free_energy")
# What does not change in time: axes, and the potential (at t = 0 where it does).
FIXED: Variables = {
    "time": Variable((), "time", "time"),
    "x1": Variable((), "first coordinate of the place", "length"),
    "x2": Variable((), "second coordinate of the place", "length"),
    "spin": Variable((), "component of the spin", "1"),
    "component": Variable((), "0 for the charge, 1 to 3 for the components of the spin", "1"),
    "direction": Variable((), "direction in which something flows", "1"),
    "potential": Variable((), "potential V, at t = 0", "energy"),
    "pauli": Variable((), "component of W = w0 sigma_0 + w.sigma", "1"),
    "p1": Variable((), "first component of the momentum", "momentum"),
    "p2": Variable((), "second component of the momentum", "momentum"),
}


def driven(case: Case) -> tuple[Variables, Variables]:
    """Scalars and fields of ``DRIVEN`` that vary in time in a case."""
    physics = case.physics
    there = {
        "E": any(formula.varies for formula in physics.field),
        "V": physics.potential.varies,
        "b": any(formula.varies for formula in physics.zeeman),
        "phi": case.field is not None,
    }
    found = {name: DRIVEN[name] for name, varies in there.items() if varies}
    scalars = {name: found.pop(name) for name in ("E",) if name in found}
    return scalars, found


def planes(wanted: Iterable[str]) -> Variables:
    """What is recorded on planes of phase space, such as "x1 p1", with all axes but "time"."""
    found = {}
    for plane in wanted:
        first, second = axes_of(plane)
        lost = [name for name in COORDINATES if name not in (first, second)]
        meaning = "components of W = w0 sigma_0 + w.sigma, integrated over {} and {}"
        unit = "momentum distribution" if first == "p1" else "phase density"
        axes = ("pauli", first, second)
        found[name_of(plane)] = Variable(axes, meaning.format(*lost), unit)
    return found


def name_of(plane: str) -> str:
    """The variable of a plane of phase space."""
    return "W_" + "_".join(axes_of(plane))


def acting(physics: Physics, n0: NDArray, t: float) -> dict[str, ArrayLike]:
    """What acts on electrons of density ``n0`` at a time, by the names of ``DRIVEN``."""
    now, field = physics.at(t), physics.mean_field
    b = np.broadcast_to(now.b, (3, *n0.shape))
    return {"V": now.V, "b": b, "E": now.E, "phi": 0.0 * n0 if field is None else field(n0)}


# Numbers of the axes that are not places: spin 1 to 3, component 0 (charge) to 3, direction 1, 2.
LABELS = {"spin": range(1, 4), "component": range(4), "direction": range(1, 3)}
# Those of W, which has no eps in its components, where it is recorded.
PAULI = {"pauli": range(4)}
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
        self, problem: Problem, attributes: Attributes, scaling: Scaling | None = None
    ) -> None:
        """Write the file with its axes, empty along time.

        ``scaling`` gives every variable the SI value of its unit.
        """
        grid = problem.grid
        labels = LABELS | (PAULI if self._others else {})
        used = {axis for variable in self._others.values() for axis in variable.axes}
        places = {k: v for k, v in points(grid).items() if k in ("x1", "x2") or k in used}
        sizes = {name: len(axis) for name, axis in (places | labels).items()}
        image = io.BytesIO()
        with h5netcdf.File(image, "w") as file:
            file.dimensions = {"time": None} | sizes
            file.create_variable("time", ("time",), "f8", chunks=(CHUNK,))
            for name, axis in places.items():
                file.create_variable(name, (name,), "f8", data=axis)
            for name, numbers in labels.items():
                file.create_variable(name, (name,), "i4", data=np.array(numbers, dtype="i4"))
            file.create_variable("potential", ("x1", "x2"), "f8", data=problem.physics.V)
            for table, tail, records in (
                (self._scalars, (), CHUNK),
                (self._arrays, ("x1", "x2"), 1),
                (self._others, (), 1),
            ):
                for name, (axes, _, _) in table.items():
                    chunks = (records, *(sizes[axis] for axis in (*axes, *tail)))
                    file.create_variable(name, ("time", *axes, *tail), "f8", chunks=chunks)
        with h5py.File(image, "r+") as file:  # h5netcdf would make arrays of numbers
            file.attrs.update(attributes)
            known = {**FIXED, **self._scalars, **self._arrays, **self._others}
            for name in file:
                file[name].attrs.update(_attributes(known[name], scaling))
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


def about(case: Case, model: str) -> Attributes:
    """What a file says of itself: how it is to be read, what was solved, and the case.

    CF is followed as far as it applies to scaled numbers, in a plane without a datum.
    """
    numbers = {key: value for key, value in vars(case.physics).items() if isinstance(value, float)}
    title = f"Spinor Wigner-BGK equation, {model} solution"
    known = {"Conventions": "CF-1.11", "title": title, "source": "wigner-bgk", "model": model}
    return {**known, **numbers, "case": case.text}


def _attributes(variable: Variable, scaling: Scaling | None) -> dict[str, str | float | NDArray]:
    """Meaning and unit of a variable, as netCDF and CF have them.

    Scaled numbers are pure ones, of the unit ``scaled_by``; times ``si_factor`` they are in
    ``si_units``. Along "component" there is a factor for each.
    """
    unit = UNITS[variable.unit]
    told: dict[str, str | float | NDArray] = {"long_name": variable.meaning, "units": "1"}
    if unit.text:
        told["scaled_by"] = unit.text
    if unit.text and scaling is not None:
        factor, eps = unit.size(scaling), scaling.epsilon
        several = "component" in variable.axes
        told["si_factor"] = np.array([factor, *3 * [eps * factor]]) if several else factor
        told["si_units"] = unit.si
    return told


def _digest(values: Iterable[NDArray], start: int) -> int:
    """Checksum of values, going on from that of others."""
    for value in values:
        start = zlib.crc32(np.ascontiguousarray(value).tobytes(), start)
    return start
