"""What the files of a run hold: every variable with its axes, its meaning and its unit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..case.dimensions import UNITS
from ..case.spec import Case, OutputSpec
from ..case.units import Scaling
from ..phase_space.grid import PhaseGrid
from ..phase_space.reduced import COORDINATES, axes_of, coarse_grid, points
from ..physics import Physics

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
    places
        Single numbers that tell where it is.
    """

    axes: tuple[str, ...]
    meaning: str
    unit: str
    places: tuple[str, ...] = ()


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
    **{f"x{k}_cut": Variable((), f"x{k} of the cuts of W", "length") for k in (1, 2)},
    **{f"p{k}_cut": Variable((), f"p{k} of the cuts of W", "momentum") for k in (1, 2)},
    **{f"x{k}_coarse": Variable((), f"x{k} of the coarse lattice", "length") for k in (1, 2)},
    **{f"p{k}_coarse": Variable((), f"p{k} of the coarse lattice", "momentum") for k in (1, 2)},
}
# What checkpoints have besides: W whole, as it is in memory, see ``pauli``.
STORED: Variables = {
    "W": Variable(
        ("pair", "x1", "x2", "p1", "p2", "part"),
        "Wigner function W = w0 sigma_0 + w.sigma, as w0 + i w3 and w1 + i w2",
        "phase space density",
    ),
    "pair": Variable((), "0 for w0 + i w3, 1 for w1 + i w2", "1"),
    "part": Variable((), "0 for the real part, 1 for the imaginary part", "1"),
    "pauli": Variable(("pair", "part"), "component of W that a number is, 0 to 3", "1"),
    "crc32": Variable(("pair", "x1", "x2"), "checksum of the bytes of W on (p1, p2, part)", "1"),
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


def cuts(wanted: Iterable[str]) -> Variables:
    """What is recorded on planes through a point."""
    found = {}
    for plane in wanted:
        at = tuple(name for name in COORDINATES if name not in axes_of(plane))
        meaning = "components of W = w0 sigma_0 + w.sigma, at one {} and {}".format(*at)
        axes, places = ("pauli", *axes_of(plane)), tuple(f"{name}_cut" for name in at)
        found[f"{name_of(plane)}_cut"] = Variable(axes, meaning, "phase space density", places)
    return found


def on_coarse_lattice() -> Variables:
    """What is recorded on a lattice of fewer points."""
    axes = ("pauli", *(f"{name}_coarse" for name in COORDINATES))
    meaning = "components of W = w0 sigma_0 + w.sigma, at fewer points"
    return {"W_coarse": Variable(axes, meaning, "phase space density")}


def of_phase_space(output: OutputSpec) -> Variables:
    """All that is recorded of W."""
    whole = {} if output.coarse is None else on_coarse_lattice()
    return planes(output.phase_space) | cuts(output.cuts) | whole


def places(grid: PhaseGrid, output: OutputSpec) -> dict[str, NDArray]:
    """The coordinates on which W may be recorded, by name.

    Each is ``(points,)``; those of cuts are single numbers.
    """
    known = points(grid) | {f"{name}_cut": np.array(x) for name, x in output.point.items()}
    if output.coarse is None:
        return known
    fewer = points(coarse_grid(grid, output.coarse))
    return known | {f"{name}_coarse": x for name, x in fewer.items()}


def name_of(plane: str) -> str:
    """The variable of a plane of phase space, integrated over the other coordinates."""
    return "W_" + "_".join(axes_of(plane))


def acting(physics: Physics, n0: NDArray, t: float) -> dict[str, ArrayLike]:
    """What acts on electrons of density ``n0`` at a time, by the names of ``DRIVEN``.

    n0, V and phi are ``(N1, N2)``, b is ``(3, N1, N2)``, E has two numbers.
    """
    now, field = physics.at(t), physics.mean_field
    b = np.broadcast_to(now.b, (3, *n0.shape))
    return {"V": now.V, "b": b, "E": now.E, "phi": 0.0 * n0 if field is None else field(n0)}


# Numbers of the axes that are not places: spin 1 to 3, component 0 (charge) to 3, direction 1, 2.
LABELS = {"spin": range(1, 4), "component": range(4), "direction": range(1, 3)}
# Those of W, which has no eps in its components, where it is recorded.
PAULI = {"pauli": range(4)}


def about(case: Case, model: str) -> Attributes:
    """What a file says of itself: how it is to be read, what was solved, and the case.

    CF is followed as far as it applies to scaled numbers, in a plane without a datum.
    """
    numbers = {key: value for key, value in vars(case.physics).items() if isinstance(value, float)}
    title = f"Spinor Wigner-BGK equation, {model} solution"
    known = {"Conventions": "CF-1.11", "title": title, "source": "wigner-bgk", "model": model}
    return {**known, **numbers, "case": case.text}


def described(variable: Variable, scaling: Scaling | None) -> dict[str, str | float | NDArray]:
    """Meaning and unit of a variable, as netCDF and CF have them.

    Scaled numbers are pure ones, of the unit ``scaled_by``; times ``si_factor`` they are in
    ``si_units``. Along "component" there is a factor for each, ``(4,)``.
    """
    unit = UNITS[variable.unit]
    told: dict[str, str | float | NDArray] = {"long_name": variable.meaning, "units": "1"}
    if unit.text:
        told["scaled_by"] = unit.text
    if variable.places:
        told["coordinates"] = " ".join(variable.places)
    if unit.text and scaling is not None:
        factor, eps = unit.size(scaling), scaling.epsilon
        several = "component" in variable.axes
        told["si_factor"] = np.array([factor, *3 * [eps * factor]]) if several else factor
        told["si_units"] = unit.si
    return told
