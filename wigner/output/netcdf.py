"""netCDF-4 written by h5py: axes are dimension scales, with the numbers that netCDF knows them by.

h5netcdf writes the same, but looks through all variables for each one that is new: a third of the
time of a short run.
"""

from __future__ import annotations

from collections.abc import Sequence

import h5py
import numpy as np
from numpy.typing import NDArray

NUMBER, NUMBERS = "_Netcdf4Dimid", "_Netcdf4Coordinates"


def begin(file: h5py.File) -> None:
    """Say in a new file what it is."""
    versions = f"version=2,h5py={h5py.__version__},hdf5={h5py.version.hdf5_version}"
    file.attrs["_NCProperties"] = np.bytes_(versions)


def add_axis(file: h5py.File, name: str, values: NDArray, *, chunk: int = 0) -> None:
    """A coordinate ``(points,)`` with its axis, after those that are there.

    With a ``chunk`` it may grow.
    """
    number = sum(dataset.is_scale for dataset in file.values())
    _add(file, name, values, (chunk,) if chunk else None).make_scale(name)
    file[name].attrs[NUMBER] = np.int32(number)
    file[name].attrs[NUMBERS] = np.array([number], dtype="i4")


def add(
    file: h5py.File,
    name: str,
    axes: Sequence[str],
    values: NDArray,
    chunks: tuple[int, ...] | None = None,
) -> None:
    """A variable of any shape on axes that are there; with ``chunks`` the first may grow."""
    lay(file, _add(file, name, values, chunks), axes)


def lay(file: h5py.File, variable: h5py.Dataset, axes: Sequence[str]) -> None:
    """Say along which axes a variable is."""
    for dimension, axis in zip(variable.dims, axes, strict=True):
        dimension.attach_scale(file[axis])
    numbers = [file[axis].attrs[NUMBER] for axis in axes]
    variable.attrs[NUMBERS] = np.array(numbers, dtype="i4")


def _add(
    file: h5py.File, name: str, values: NDArray, chunks: tuple[int, ...] | None
) -> h5py.Dataset:
    most = None if chunks is None else (None, *values.shape[1:])
    return file.create_dataset(name, data=values, chunks=chunks, maxshape=most, track_order=True)
