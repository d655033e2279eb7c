"""What every state of a run must satisfy; one that does not is neither recorded nor kept."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import Fault, StateError, apart
from ..phase_space.grid import PhaseGrid, place_of
from ..phase_space.layout import Layout
from ..phase_space.moments import EDGE, Diagnostics, Moments

# Relative change of the mass since t = 0; roundoff stays below 1e-11.
MASS_DRIFT = 1e-9
# Purity of a state, at most 1; and what rounding and the lattice may add to it.
PUREST = 1.01
# Share of |w0| at the edge of the p box; a box that just holds a thermal state has 1e-2 there.
EDGE_MASS = 5e-2


def check_moments(N: NDArray, initial: NDArray, grid: PhaseGrid) -> None:
    """Whether moments (n0, eps n), shape ``(4, N1, N2)``, are finite and have the initial mass.

    Raises
    ------
    StateError
        If not.
    """
    finite = np.isfinite(N).all(axis=0)
    if not finite.all():
        j1, j2 = np.argwhere(~finite)[0]
        raise StateError(
            Fault(
                "state",
                f"n0 = {N[0, j1, j2]:g} and eps n = {N[1:, j1, j2]}",
                "finite moments",
                "resume, with a smaller time.dt if it comes again",
                place_of((j1, j2), grid.n_x, grid.length),
                (int(np.sum(~finite)), grid.nx),
            )
        )
    drift = float(N[0].sum() / initial[0].sum() - 1)
    if abs(drift) > MASS_DRIFT:
        change = apart(drift, math.copysign(MASS_DRIFT, drift), "1e")
        raise StateError(
            Fault(
                "mass",
                f"a relative change of {change} since t = 0",
                f"at most {MASS_DRIFT:.0e}, as transport and collisions conserve it to roundoff",
                "the arithmetic failed: resume, on another machine if it comes again",
            )
        )


def check_finite(values: Mapping[str, ArrayLike]) -> None:
    """Whether all that is to be recorded is finite.

    Raises
    ------
    StateError
        If not, with its name.
    """
    for name, value in values.items():
        if not np.isfinite(value).all():
            remedy = "use numbers and fields of a size that double precision holds"
            raise StateError(Fault(name, "a value that is not finite", "a finite one", remedy))


def check_sound(found: Moments, scalars: Diagnostics, grid: PhaseGrid, epsilon: float) -> None:
    """Whether moments and diagnostics can be those of a state.

    They must be finite, the kinetic energy positive, and the purity at most 1. In a box that is
    shorter than thermal wave lengths, as one along an axis of one point may be, more is legal: W
    is that of a state which goes on beyond the box.

    Raises
    ------
    StateError
        If not.
    """
    check_finite(vars(found) | vars(scalars))
    kinetic, n0 = float(found.kinetic_energy.sum()), float(found.n0.sum())
    remedy = "start from another initial.state, or use a finer lattice in p"
    if kinetic < 0:
        got = f"{kinetic / n0:.3g} k_B T0 for each particle"
        raise StateError(Fault("kinetic energy", got, "a positive one, as of every state", remedy))
    short = [max(1.0, 2 * math.sqrt(math.pi) * epsilon / L) for L in grid.length]
    most = PUREST * math.prod(short)
    if scalars.purity > most:
        got = apart(scalars.purity, most, "4g")
        raise StateError(Fault("purity", got, f"at most {most:.4g}, as of every state", remedy))


def check_edge(edge_mass: float, layout: Layout, W: NDArray) -> None:
    """Whether the p box holds x-major ``W``, whose share at the edge is ``edge_mass``.

    Raises
    ------
    StateError
        If not; the message has the axis that is too short.
    """
    if edge_mass <= EDGE_MASS:
        return
    size = layout.total(np.abs(W[0].real).sum(axis=0)).reshape(layout.grid.n_p)
    shares = [np.r_[s[:EDGE], s[-EDGE:]].sum() for s in (size.sum(axis=1), size.sum(axis=0))]
    axis = int(np.argmax(shares))
    raise StateError(
        Fault(
            "edge_mass",
            f"{apart(edge_mass, EDGE_MASS, '1e')}, most of it along p{axis + 1}",
            f"at most {EDGE_MASS:g} of |w0| at the edge of the p box",
            "start a new run with a grid.p_max of more than "
            f"{layout.grid.p_max[axis]:.3g} on that axis, and more points grid.n_p",
        )
    )
