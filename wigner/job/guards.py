"""What every state of a run must satisfy; one that does not is neither recorded nor kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, StateError
from ..phase_space.grid import PhaseGrid, place_of
from ..phase_space.layout import Layout
from ..phase_space.moments import EDGE

# Relative change of the mass since t = 0; roundoff stays below 1e-11.
MASS_DRIFT = 1e-9
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
        raise StateError(
            Fault(
                "mass",
                f"a relative change of {drift:.1e} since t = 0",
                f"at most {MASS_DRIFT:.0e}, as transport and collisions conserve it to roundoff",
                "the arithmetic failed: resume, on another machine if it comes again",
            )
        )


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
            f"{edge_mass:.1e}, most of it along p{axis + 1}",
            f"at most {EDGE_MASS:g} of |w0| at the edge of the p box",
            "start a new run with a grid.p_max of more than "
            f"{layout.grid.p_max[axis]:.3g} on that axis, and more points grid.n_p",
        )
    )
