"""What a run writes: moments.h5 (HDF5 and netCDF-4), run.json and run.log; rank 0 only.

moments.h5 is opened, appended to and closed for each record, so that anybody can read it at any
moment.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np

from .moments import Diagnostics, Moments
from .problem import Problem

SCALARS: dict[str, tuple[tuple[str, ...], str]] = {
    "mass": ((), "int n0 dx"),
    "spin_total": (("spin",), "int n dx"),
    "energy": ((), "int int (|p|^2/2 + V) w0 + eps alpha p_perp.w"),
    "l2_norm": ((), "(int int w0^2 + |w|^2)^(1/2)"),
    "purity": ((), "Tr rho^2 / (Tr rho)^2"),
    "edge_mass": ((), "share of |w0| in the outermost layers of the p box"),
    "tail_eta": ((), "relative Fourier amplitude of W beyond 2/3 of the reach in eta"),
    "tail_xi": ((), "relative Fourier amplitude of W beyond 2/3 of the reach in xi"),
    "evaluations": ((), "moment-map evaluations per constraint solve since the last record"),
}
ARRAYS: dict[str, tuple[tuple[str, ...], str]] = {
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


class Records:
    """moments.h5, record by record."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self, problem: Problem, attributes: dict[str, str]) -> None:
        """Write the file with its axes, empty along time."""
        grid = problem.grid
        with h5netcdf.File(self.path, "w") as file:
            sizes = {"time": None, "x1": grid.n_x[0], "x2": grid.n_x[1]}
            file.dimensions = sizes | {"spin": 3, "component": 4, "direction": 2}
            file.create_variable("time", ("time",), "f8").attrs["units"] = "m x0/p0"
            for name, axis in zip(("x1", "x2"), grid.x, strict=True):
                file.create_variable(name, (name,), "f8", data=axis).attrs["units"] = "x0"
            file.create_variable("spin", ("spin",), "i4", data=np.arange(1, 4, dtype="i4"))
            file.create_variable("component", ("component",), "i4", data=np.arange(4, dtype="i4"))
            file.create_variable(
                "direction", ("direction",), "i4", data=np.arange(1, 3, dtype="i4")
            )
            V = file.create_variable("potential", ("x1", "x2"), "f8", data=problem.V)
            V.attrs["long_name"] = "potential V"
            for name, (axes, meaning) in SCALARS.items():
                variable = file.create_variable(name, ("time", *axes), "f8")
                variable.attrs["long_name"] = meaning
            for name, (axes, meaning) in ARRAYS.items():
                variable = file.create_variable(name, ("time", *axes, "x1", "x2"), "f8")
                variable.attrs["long_name"] = meaning
            for name, text in attributes.items():
                file.attrs[name] = text

    def append(
        self,
        t: float,
        fields: Moments,
        scalars: Diagnostics,
        A: np.ndarray,
        epsilon: float,
        evaluations: float,
    ) -> None:
        """Add the record of time ``t``; ``A`` holds (a0, eps a)."""
        values = asdict(fields) | asdict(scalars)
        values["spin_total"] = values.pop("spin")
        values |= {"a0": A[0], "a": A[1:] / epsilon, "evaluations": evaluations}
        with h5netcdf.File(self.path, "a") as file:
            k = file.dimensions["time"].size
            file.resize_dimension("time", k + 1)
            for name in (*SCALARS, *ARRAYS):
                file[name][k] = values[name]
            file["time"][k] = t

    def truncate(self, records: int) -> None:
        """Keep the first ``records`` records."""
        with h5netcdf.File(self.path, "a") as file:
            file.resize_dimension("time", records)


class Report:
    """run.json: what state the run is in and what it cost; replaced as a whole at each write."""

    def __init__(self, path: Path, values: dict[str, Any]) -> None:
        self._path, self._values = path, values

    @classmethod
    def read(cls, path: Path) -> Report:
        """The report that a run left."""
        return cls(path, json.loads(path.read_text()))

    def update(self, values: dict[str, Any]) -> None:
        """Set entries and write the file."""
        self._values |= values
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(self._values, indent=2) + "\n")
        os.replace(part, self._path)


def provenance(ranks: int) -> dict[str, str]:
    """Versions, revision and machine, as text."""
    packages = ("wigner-bgk", "numpy", "scipy", "pyfftw", "h5py", "h5netcdf", "mpi4py")
    versions = {"python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "none"
    return {
        "versions": ", ".join(f"{name} {number}" for name, number in versions.items()),
        "revision": revision(),
        "ranks": str(ranks),
        "host": platform.node(),
    }


def revision() -> str:
    """The git revision of the source, with "+" if it was changed; "unknown" outside a checkout."""
    source = Path(__file__).resolve().parent.parent
    if not (source / ".git").exists():
        return "unknown"
    command = ["git", "-C", str(source), "describe", "--always", "--abbrev=12", "--dirty=+"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()
