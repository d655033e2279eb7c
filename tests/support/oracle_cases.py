"""Test cases with known answers: parameters, and densities stored beside this file.

Each `Relaxation` starts from W = exp(-K + a0 + eps a.sigma) with the multipliers given, so the
initial state is smooth whatever eps is, and runs the collisional dynamics. Recompute the stored
answers (20 minutes) with

    python -m tests.support.oracle_cases
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import lcm
from pathlib import Path

import numpy as np

from validation.oracle import bgk, closed_forms, dense
from validation.oracle.dense import Array, Box
from validation.oracle.schroedinger import SIGMA, Gas

Field = Callable[[Array, Array], Array]

STORED = Path(__file__).with_suffix(".npz")


@dataclass(frozen=True)
class Relaxation:
    """A collisional run from t = 0 to times[-1].

    Parameters
    ----------
    box : lattice and parameters of the dense solution
    potential : V(x1, x2)
    multipliers : a0, a1, a2, a3 at t = 0 as functions of (x1, x2)
    tau : relaxation time
    times : where the densities are wanted
    """

    box: Box
    potential: Field
    multipliers: tuple[Field, Field, Field, Field]
    tau: float
    times: tuple[float, ...] = (0.25, 0.5)

    def initial(self) -> bgk.Maxwellian:
        """exp(-K + a0 + eps a.sigma)."""
        mu = np.stack([dense.field(self.box, a) for a in self.multipliers])
        return bgk.exponential(self.box, mu)

    def symbol(self, n: tuple[int, int], p1: Array, p2: Array) -> Array:
        """W(x, p, 0) in the axes of the box, n lattice points, any momenta: (4, n1, n2, p1, p2)."""
        box = dense.doubled(self.box)
        M = replace(self, box=box).initial()
        W = dense.wigner(box, M.operator(), p1, p2)
        return np.moveaxis(dense.resample(np.moveaxis(W, (1, 2), (3, 4)), n), (3, 4), (1, 2))

    def run(self, rtol: float = 1e-8) -> bgk.Trajectory:
        """Densities and operators at `times`."""
        V = dense.field(self.box, self.potential)
        return bgk.relax(self.box, V, self.initial().operator(), self.tau, self.times, rtol=rtol)


# V = 0.4 cos(X1 + X2) + 0.2 sin(X1 - X2), X = 2 pi x/L: no shift along one axis alone makes it.
# W at t = 0.5 is exact to 1e-11 of its maximum and takes 2 to 3 s. A phase-space lattice of n_x
# points and n_p momenta in [-P, P) per axis holds it to 1e-8 (n_x 14, n_p 28, P 6.5),
# 6e-10 (16, 32, 7), 3e-11 (18, 36, 7.5).
TRANSPORT = Gas(
    epsilon=0.8,
    alpha=0.5,
    modulation={
        (0, 0): SIGMA[0] + 0.3 * SIGMA[3],
        (1, 0): 0.15 * SIGMA[0] + 0.1 * SIGMA[1],
        (0, -1): 0.1j * SIGMA[0] + 0.15 * SIGMA[2],
    },
    potential={(1, 1): 0.2, (-1, -1): 0.2, (1, -1): -0.1j, (-1, 1): 0.1j},
    length=(2 * np.pi, 6.6),
    modes=8,
)

LOG_2PI = np.log(2 * np.pi)

# Fields of x1 alone. W of the initial state to 1e-10.
STRIP = Relaxation(
    dense.strip(55, 2 * np.pi, 0.25, 0.5, p_max=7.0, n_p=17),
    lambda x1, x2: 0.6 * np.cos(x1) + 0.2 * np.sin(2 * x1),
    (
        lambda x1, x2: 0.4 * np.sin(x1) - LOG_2PI,
        lambda x1, x2: 1.0 + 0.8 * np.cos(x1),
        lambda x1, x2: 1.2 * np.sin(x1 + 0.5),
        lambda x1, x2: 1.4 * np.cos(x1 + 1),
    ),
    tau=0.2,
)

# Fields of u = x1 + x2 alone in the square of side 2 pi, V = 0.6 cos(u).
# The box is along y1 = u/sqrt(2); a1, a2 given here are the components along and across it.
DIAGONAL = Relaxation(
    dense.strip(27, np.sqrt(2) * np.pi, 0.4, 0.5, p_max=7.0, n_p=17),
    lambda y1, y2: 0.6 * np.cos(np.sqrt(2) * y1),
    (
        lambda y1, y2: 0.4 * np.sin(np.sqrt(2) * y1) - LOG_2PI,
        lambda y1, y2: 0.5 + 0.6 * np.cos(np.sqrt(2) * y1),
        lambda y1, y2: 0.8 * np.sin(np.sqrt(2) * y1 + 0.5),
        lambda y1, y2: 0.7 * np.cos(np.sqrt(2) * y1 + 1),
    ),
    tau=0.2,
)

# Fields of x1 and x2.
TORUS = Relaxation(
    Box((25, 27), (6.0, 6.4), 0.5, 0.4),
    lambda x1, x2: 0.4 * np.cos(np.pi * (x1 / 3 + x2 / 3.2)) + 0.2 * np.sin(np.pi * x2 / 3.2),
    (
        lambda x1, x2: 0.4 * np.sin(np.pi * x1 / 3) * np.cos(np.pi * x2 / 3.2) - LOG_2PI,
        lambda x1, x2: 0.4 + 0.4 * np.cos(np.pi * x1 / 3),
        lambda x1, x2: 0.6 * np.sin(np.pi * x2 / 3.2 + 0.5),
        lambda x1, x2: 0.7 * np.cos(np.pi * (x1 / 3 + x2 / 3.2) + 1),
    ),
    tau=0.2,
)

# The quantum exponential with fields of x1 and x2: W of the initial state to 1e-9 in 3 s.
EXPONENTIAL = replace(TORUS, box=Box((17, 19), (6.0, 6.4), 0.8, 0.5))

# Stored densities are accurate to 1e-9 (strip, diagonal) and 3e-8 (torus; 2e-9 at t = 0).
CASES = {"strip": STRIP, "diagonal": DIAGONAL, "torus": TORUS}


def densities(name: str, n: tuple[int, int]) -> tuple[Array, Array]:
    """The stored answer of a case on the lattice of n points, x = 0 first.

    Returns
    -------
    times : (T,), starting with 0
    u : (T, 4, n1, n2), densities (n0, n); for "diagonal" on the square, in the axes x1, x2
    """
    with np.load(STORED) as stored:
        times, u = stored[f"{name}_times"], stored[f"{name}_u"]
    if name != "diagonal":
        return times, dense.resample(u, n)
    line = dense.resample(u, (lcm(*n), 1))[..., 0]
    return times, np.stack([closed_forms.diagonal(f, n) for f in line])


def compute(case: Relaxation, rtol: float = 1e-8) -> tuple[Array, Array]:
    """Times and densities of a case with t = 0 first, on the lattice of its box."""
    u = case.run(rtol).u
    return np.array([0.0, *case.times]), np.concatenate([case.initial().u[None], u])


if __name__ == "__main__":
    answers = {}
    for case_name, case in CASES.items():
        rtol = 1e-8 if case is TORUS else 1e-10
        answers[f"{case_name}_times"], answers[f"{case_name}_u"] = compute(case, rtol)
    np.savez_compressed(STORED, **answers)
