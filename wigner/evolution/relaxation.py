"""Time steps for d_t W + T W = (M(N) - W)/tau: BGK along characteristics, asymptotic preserving.

With Phi_s = exp(-s T), stage i of a diagonally implicit scheme is

    Z_i = Phi_{c_i dt} W + dt sum_{j<i} a_ij Phi_{(c_i - c_j) dt} Q_j,   N_i = <Z_i>,
    W_i = (Z_i + lam M(N_i))/(1 + lam),   Q_i = (M(N_i) - W_i)/tau,   lam = a_ii dt/tau.

Collisions conserve N, so the implicit stage is explicit in M. With K_i = W_i - Z_i = a_ii dt Q_i
nothing is divided by tau, and tau -> 0 needs no care.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..flows.splitting import FOURTH, STRANG, Splitting
from ..flows.transport import Transport
from ..maxwellian.equilibrium import Maxwellian
from ..phase_space.moments import density

Step = Callable[[NDArray], None]


@dataclass(frozen=True)
class Tableau:
    """A stiffly accurate, singly diagonally implicit Runge-Kutta scheme with increasing nodes.

    ``splitting`` is the composition for the transport that keeps the order of the scheme.
    """

    order: int
    gamma: float
    nodes: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    splitting: Splitting


def _sdirk2() -> Tableau:
    g = 1 - 1 / math.sqrt(2)
    return Tableau(2, g, (g, 1.0), ((), (1 - g,)), STRANG)


def _sdirk3() -> Tableau:
    """R. Alexander, SIAM J. Numer. Anal. 14 (1977) 1006, Theorem 5: L-stable, order 3."""
    g = 0.4358665215084590  # root of x^3 - 3x^2 + 3x/2 - 1/6 in (1/6, 1/2)
    last = (-(6 * g**2 - 16 * g + 1) / 4, (6 * g**2 - 20 * g + 5) / 4)
    return Tableau(3, g, (g, (1 + g) / 2, 1.0), ((), ((1 - g) / 2,), last), FOURTH)


SDIRK2, SDIRK3 = _sdirk2(), _sdirk3()
TABLEAUS = {"sdirk2": SDIRK2, "sdirk3": SDIRK3}
SCHEMES = (*TABLEAUS, "strang")


class Collisions:
    """N -> M(N) along a run: each solve starts from the one before.

    Attributes
    ----------
    evaluations
        Evaluations of the moment map, one entry per solve.
    seconds
        Wall time spent on the constraint and on the exponential.
    latest
        Multipliers of the last solve, None before the first; what a restart needs. Extrapolating
        earlier ones in time was measured to save nothing: the solver's secants do that work.
    """

    def __init__(self, maxwellian: Maxwellian) -> None:
        self.maxwellian = maxwellian
        self.evaluations: list[int] = []
        self.seconds = {"constraint": 0.0, "exponential": 0.0}
        self.latest: NDArray | None = None

    def multipliers(self, N: NDArray) -> NDArray:
        """A with <Exp(-K + A)> = N."""
        clock = time.perf_counter()
        solution = self.maxwellian.multipliers(N, self.latest)
        self.seconds["constraint"] += time.perf_counter() - clock
        self.evaluations.append(solution.evaluations)
        self.latest = solution.A
        return solution.A

    def symbol(self, N: NDArray, out: NDArray) -> None:
        """Write M(N) into x-major ``out``."""
        A = self.multipliers(N)
        clock = time.perf_counter()
        self.maxwellian.symbol(A, N, out)
        self.seconds["exponential"] += time.perf_counter() - clock


def sdirk(tableau: Tableau, transport: Transport, collisions: Collisions, dt: float) -> Step:
    """One step of ``dt`` by ``tableau``, in place on x-major W."""
    tau = transport.space.physics.tau
    share = 1 / (1 + tau / (tableau.gamma * dt))  # lam/(1 + lam)
    # nodes that differ by roundoff share one flow
    lengths = [float(f"{c:.12e}") for c in np.diff(tableau.nodes, prepend=0.0) * dt]
    flows = {length: transport.flow(length) for length in set(lengths)}
    rows = [tuple(a / tableau.gamma for a in row) for row in tableau.weights]
    layout = transport.space.layout
    K = [layout.x_major() for _ in tableau.nodes[1:]]

    def step(W: NDArray) -> None:
        last = len(rows) - 1
        for i, length in enumerate(lengths):
            if i == last:
                _add(W, rows[i], K)  # W = Phi W_n + dt sum_j a_ij Q_j, carried on as one
                row, carried, K_i = (), [W], K[0]  # K is spent: W has it all
            else:
                row, carried, K_i = rows[i], [W, *K[:i]], K[i]
            for field in carried:
                flows[length](field)
            # Z_i = W + sum_j row_j K_j,  K_i = lam/(1 + lam) (M - Z_i)
            N = density(layout, W)
            for a, k in zip(row, K, strict=False):
                N += a * density(layout, k)
            collisions.symbol(N, K_i)
            K_i -= W
            _add(K_i, tuple(-a for a in row), K)
            K_i *= share
        W += K_i

    return step


def _add(W: NDArray, factors: tuple[float, ...], fields: list[NDArray]) -> None:
    """W -> W + sum_j factors[j] fields[j], in place, a row at a time."""
    for factor, field in zip(factors, fields, strict=False):
        for row in range(W.shape[1]):
            W[:, row] += factor * field[:, row]


def strang(transport: Transport, collisions: Collisions, dt: float) -> Step:
    """Half transport, exact relaxation W -> M + (W - M) exp(-dt/tau), half transport; order 2.

    Not asymptotic preserving: of order 1 when dt >> tau.
    """
    half = transport.flow(0.5 * dt)
    layout, decay = transport.space.layout, math.exp(-dt / transport.space.physics.tau)
    M = layout.x_major()

    def step(W: NDArray) -> None:
        half(W)
        collisions.symbol(density(layout, W), M)
        W -= M
        W *= decay
        W += M
        half(W)

    return step


def make_step(scheme: str, transport: Transport, collisions: Collisions, dt: float) -> Step:
    """The step of a named scheme: "sdirk2", "sdirk3" or "strang"."""
    if scheme == "strang":
        return strang(transport, collisions, dt)
    return sdirk(TABLEAUS[scheme], transport, collisions, dt)
