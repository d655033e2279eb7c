"""Integrals over x of what a run records there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .run import Run

# Densities of energy, and words for their integrals.
PARTS = {"kinetic_energy": "kinetic", "rashba_energy": "spin-orbit"}
# The share of the energy below which a rest is roundoff.
ROUNDOFF = 1e-10


def integral(run: Run, fields: NDArray) -> NDArray:
    """Integrals over the box of fields ``(..., N1, N2)``."""
    cell = np.prod(run.length) / np.prod(run.n_x)
    return np.asarray(fields.sum(axis=(-2, -1)) * cell)


def energy_parts(run: Run) -> dict[str, NDArray]:
    """The parts of the energy over time: kinetic, spin-orbit, in V, and a rest where there is one.

    Each is ``(records,)``. The rest is that in b and φ. A run without kinetic energies has none.
    """
    if not PARTS.keys() <= run.variables.keys() or "energy" not in run.variables:
        return {}
    found = {word: integral(run, run.series(name)) for name, word in PARTS.items()}
    V = run.series("V") if "V" in run.variables else run.field("potential", 0)
    found["potential V"] = integral(run, V * run.series("n0"))
    whole = run.series("energy")
    rest = whole - sum(found.values())
    if np.abs(rest).max() > ROUNDOFF * max(float(np.abs(part).max()) for part in found.values()):
        found["in b and φ"] = rest
    return found
