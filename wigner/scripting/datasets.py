"""What a run has left, as arrays of xarray, which is the extra "python"."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from ..case.problem import lattice
from ..errors import CaseError, CheckpointError, Fault
from ..output import checkpoint
from ..output.files import locks
from ..phase_space import pauli
from ..results.run import open_run

if TYPE_CHECKING:
    import xarray

# Attributes that say how numbers are scaled.
SCALING = ("scaled_by", "si_factor", "si_units")


def open_results(directory: str | Path, *, si: bool = False) -> xarray.Dataset:
    """The records of a run, read when they are used; ``load`` or ``compute`` reads all of them.

    They are those of the moment: what a run in progress adds later, is in later results.

    Parameters
    ----------
    directory
        That of ``wigner run`` or ``wigner-macro run``, finished or not.
    si
        Whether numbers and axes are in SI units, of a case with [material]; ``attrs["units"]`` of
        each variable says which. Otherwise they are scaled (section 2.1), by ``scaled_by``. In SI
        units currents and momenta, whose components have a unit each, are read at once.

    Returns
    -------
    xarray.Dataset
        Fields on (time, ..., x1, x2), numbers on (time, ...); docs/records.md has all of them.

    Raises
    ------
    CaseError
        If there is no run, or it has no record yet; if its units are not known in SI; or if xarray
        is missing.

    Examples
    --------
    >>> data = wigner.open_results("results", si=True)
    >>> print(data.n0.sel(time=1e-12, method="nearest").max())
    """
    xr = _xarray()
    run = open_run(Path(directory))
    if si and run.scaling is None:
        expected = "a case with a section [material], which gives the units"
        raise CaseError(Fault("si", f"{directory} without one", expected, "leave it out"))
    # without locks where it can be, as these fail on some file systems
    data: xarray.Dataset = xr.open_dataset(
        run.moments, engine="h5netcdf", driver_kwds={"locking": locks(run.moments)}, decode_cf=False
    )
    # times are numbers, whatever their unit
    numbers: xarray.Dataset = xr.decode_cf(
        _in_si(xr, data) if si else data, decode_times=False, decode_timedelta=False
    )
    return numbers


def open_state(directory: str | Path) -> xarray.DataArray:
    """W of the newest checkpoint of a kinetic run, whole in memory.

    Returns
    -------
    xarray.DataArray
        w0, w1, w2, w3 of W = w0 sigma_0 + w.sigma on (pauli, x1, x2, p1, p2), in scaled units, with
        ``attrs["time"]``.

    Raises
    ------
    CaseError
        If there is no run or no checkpoint, or if xarray is missing.
    CheckpointError
        If the checkpoint is damaged.

    Examples
    --------
    >>> W = wigner.open_state("results")
    >>> print(W.sel(pauli=0).sum(["x2", "p2"]))
    """
    xr = _xarray()
    run = open_run(Path(directory))
    found = checkpoint.stored(run.directory / checkpoint.DIRECTORY)
    if not found:
        got = "no checkpoint" if run.model == "kinetic" else f"the model {run.model}, without W"
        raise CaseError(Fault(str(directory), got, "a kinetic run with a checkpoint"))
    try:
        state, W = checkpoint.read_rows(found[-1], np.arange(run.n_x[0] * run.n_x[1]))
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise CheckpointError(Fault(str(found[-1]), f"damaged ({error})", "a whole one")) from None
    p_max = json.loads(state.physics["grid.p_max"])
    grid = replace(lattice(run.case), p_max=(float(p_max[0]), float(p_max[1])))
    axes = {"pauli": np.arange(4), "x1": grid.x[0], "x2": grid.x[1], "p1": grid.p[0]}
    axes |= {"p2": grid.p[1]}
    told = {"long_name": "Wigner function", "time": state.t, "steps": state.steps}
    components = pauli.unpack(W).reshape(4, *grid.n_x, *grid.n_p)
    return xr.DataArray(components, axes, tuple(axes), "W", told)


def _in_si(xr: ModuleType, data: xarray.Dataset) -> xarray.Dataset:
    """The same in SI units, axes too, when it is decoded."""
    found = {name: _variable(each) for name, each in data.variables.items()}
    return xr.Dataset(found, attrs=data.attrs)


def _variable(data: xarray.Variable) -> xarray.Variable:
    """A variable whose numbers will be in SI: xarray multiplies what it reads."""
    told = {str(key): value for key, value in data.attrs.items() if key not in SCALING}
    if "si_factor" in data.attrs:
        told["units"], factor = data.attrs["si_units"], np.asarray(data.attrs["si_factor"])
        if factor.ndim:  # one for each component: xarray knows one for all, so that all is read
            factor = factor.reshape([-1 if name == "component" else 1 for name in data.dims])
            data = data * factor
        else:
            told["scale_factor"] = float(factor)
    data = data.copy(deep=False)
    data.attrs = told
    return data


def _xarray() -> ModuleType:
    """The package; raises CaseError where it is missing."""
    try:
        import xarray  # noqa: PLC0415 (it is optional)
    except ModuleNotFoundError as missing:
        if missing.name != "xarray":
            raise
        remedy = "pip install 'wigner-bgk[python]'"
        expected = 'the extra "python", whose arrays have axes by name'
        raise CaseError(Fault("xarray", "no such package", expected, remedy)) from None
    return xarray
