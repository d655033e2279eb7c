"""Time steps for d_t W + T W = (M(N) - W)/tau: BGK along characteristics, asymptotic preserving.

With Phi_s = exp(-s T), stage i of a diagonally implicit scheme is

    Z_i = Phi_{c_i dt} W + dt sum_{j<i} a_ij Phi_{(c_i - c_j) dt} Q_j,   N_i = <Z_i>,
    W_i = (Z_i + lam M(N_i))/(1 + lam),   Q_i = (M(N_i) - W_i)/tau,   lam = a_ii dt/tau.

Collisions conserve N, so the implicit stage is explicit in M. With K_i = W_i - Z_i = a_ii dt Q_i
nothing is divided by tau, and tau -> 0 needs no care. Where H varies in time, Phi is the flow from
one time to another; where the density makes a potential, it is that of Z_i on the way to it. This
density lacks what collisions do within the step, of order dt^2: every scheme is of order 2 then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..flows.splitting import FOURTH, STRANG, Splitting
from ..flows.transport import Transport
from ..maxwellian.equilibrium import Maxwellian
from ..maxwellian.memory import Memory
from ..phase_space.layout import passes
from ..phase_space.moments import density
from ..physics import Physics
from .balance import Ledger

Step = Callable[[NDArray, float], None]  # W in place, and the time at which the step begins


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
    """L-stable, of order 3 uniformly in tau, with four stages.

    For tau -> 0 a scheme along characteristics is of order 3 only if, besides the conditions on
    a_ij, sum b_i c_i (a^-1 c^2)_i = 2/3 (J. Ding, J.-M. Qiu, C.-W. Shu, arXiv:2105.02974, for
    semi-Lagrangian BGK schemes). No L-stable scheme of this kind with three stages has it. Given
    gamma, just above the least that is A-stable, and c_2, where no weight is large, the five
    conditions leave these numbers.
    """
    g, c2, c3 = 0.23, 0.66, 0.7735547455659871
    a32, b2, b3 = 0.22731791814788055, 0.6272950646799208, -0.32533407031196293
    weights = ((), (c2 - g,), (c3 - a32 - g, a32), (1 - b2 - b3 - g, b2, b3))
    return Tableau(3, g, (g, c2, c3, 1.0), weights, FOURTH)


SDIRK2, SDIRK3 = _sdirk2(), _sdirk3()
TABLEAUS = {"sdirk2": SDIRK2, "sdirk3": SDIRK3}
SCHEMES = (*TABLEAUS, "strang")


class Collisions:
    """N -> M(N) along a run: each solve starts from the one before.

    Extrapolating earlier multipliers in time was measured to save nothing: the secants that the
    solver remembers do that work.

    Attributes
    ----------
    evaluations
        Evaluations of the moment map, one entry per solve.
    ledger
        Takes down what the steps do to energy and spin; None where nobody asks.
    """

    def __init__(self, maxwellian: Maxwellian, ledger: Ledger | None = None) -> None:
        self.maxwellian, self.ledger = maxwellian, ledger
        self.evaluations: list[int] = []

    def symbol(self, N: NDArray, out: NDArray) -> None:
        """Write M(N) into x-major ``out``."""
        self.evaluations.append(self.maxwellian.follow_symbol(N, out).evaluations)

    def known(self) -> tuple[Memory, NDArray | None]:
        """What a step changes besides W, to be given back by :meth:`know` where it is undone.

        The memory of the solver, and the ledger's ``(5,)``.
        """
        values = None if self.ledger is None else self.ledger.values.copy()
        return self.maxwellian.memory.copy(), values

    def know(self, known: tuple[Memory, NDArray | None]) -> None:
        """Go back to what was known once, as :meth:`known` gave it."""
        self.maxwellian.memory, values = known
        if self.ledger is not None and values is not None:
            self.ledger.values = values


class SdirkStep:
    """One step of ``dt`` by a tableau, in place on x-major W.

    Called with W at the beginning of the step; while it works, W is Phi_{c_i dt} W, and K_j,
    for each stage but the last, is K_j flown on from its own stage to this one.
    """

    def __init__(
        self, tableau: Tableau, transport: Transport, collisions: Collisions, dt: float
    ) -> None:
        self._layout, self._collisions = transport.space.layout, collisions
        self._dt, self._nodes = dt, tableau.nodes
        self._shares = (*(b / tableau.gamma for b in tableau.weights[-1]), 1.0)
        self._gamma = tableau.gamma
        # lam/(1 + lam)
        self._share = 1 / (1 + transport.space.physics.tau / (tableau.gamma * dt))
        # from stage to stage; nodes that differ by roundoff share one flow
        self._starts = tuple(dt * c for c in (0.0, *tableau.nodes[:-1]))
        lengths = [float(f"{c:.12e}") for c in np.diff(tableau.nodes, prepend=0.0) * dt]
        flows = {length: transport.flow(length) for length in set(lengths)}
        self._flows = [flows[length] for length in lengths]
        self._rows = [tuple(a / tableau.gamma for a in row) for row in tableau.weights]
        self._K = [self._layout.x_major() for _ in tableau.nodes[1:]]

    def __call__(self, W: NDArray, t: float = 0.0) -> None:
        """Advance x-major W by the step that begins at ``t``.

        Raises
        ------
        ConstraintError, ResolutionError
            If a stage has no M(N), or the lattice cannot hold it; W is spoilt then.
        """
        *flows, last_flow = self._flows
        *rows, last_row = self._rows
        for i, (flow, row) in enumerate(zip(flows, rows, strict=True)):
            earlier = self._K[:i]
            flow(W, *earlier, t=t + self._starts[i], weights=(1.0, *row))
            N = self._collide(W, row, earlier, self._K[i])
            self._take_down(i, t, N, (W, *earlier, self._K[i]), (1.0, *row, 1.0))
        # The flow is linear and no stage comes after the last: W takes in what the stages before
        # add, and is flown on as one field. The K are free then, and one of them serves again.
        _add(W, last_row, self._K)
        last_flow(W, t=t + self._starts[-1])
        increment = self._K[0]
        N = self._collide(W, (), [], increment)
        self._take_down(len(rows), t, N, (W, increment), (1.0, 1.0))
        W += increment

    def _collide(
        self, W: NDArray, row: tuple[float, ...], earlier: list[NDArray], out: NDArray
    ) -> NDArray:
        """K = lam/(1 + lam) (M(N) - Z) of Z = W + sum_j row_j K_j, into ``out``; its moments N."""
        N = density(self._layout, W)
        for a, K in zip(row, earlier, strict=True):
            N += a * density(self._layout, K)
        self._collisions.symbol(N, out)
        for rows in passes(out):
            part = out[:, rows]
            part -= W[:, rows]
            for a, K in zip(row, earlier, strict=True):
                part -= a * K[:, rows]
            part *= self._share
        return N

    def _take_down(
        self, i: int, t: float, N: NDArray, parts: Sequence[NDArray], weights: Sequence[float]
    ) -> None:
        """Enter stage ``i`` with moments N into the ledger.

        The state there is a sum of parts with weights, of which the last is its own K.
        """
        ledger = self._collisions.ledger
        if ledger is None:
            return
        measured, share = [ledger.measured(part) for part in parts], self._shares[i]
        ledger.collide(measured[-1], share)
        state = np.tensordot(weights, np.stack(measured), axes=1)
        length = share * self._gamma * self._dt
        ledger.act(N, state, t + self._nodes[i] * self._dt, length)


def _add(W: NDArray, weights: tuple[float, ...], fields: list[NDArray]) -> None:
    """W -> W + sum_j weights[j] fields[j], in place."""
    for rows in passes(W):
        for weight, field in zip(weights, fields, strict=True):
            W[:, rows] += weight * field[:, rows]


class StrangStep:
    """Half transport, exact relaxation W -> M + (W - M) exp(-dt/tau), half transport; order 2.

    In place on x-major W. Not asymptotic preserving: of order 1 when dt >> tau.
    """

    def __init__(self, transport: Transport, collisions: Collisions, dt: float) -> None:
        self._layout, self._collisions = transport.space.layout, collisions
        self._half, self._middle = transport.flow(0.5 * dt), 0.5 * dt
        self._decay = math.exp(-dt / transport.space.physics.tau)
        self._M = self._layout.x_major()

    def __call__(self, W: NDArray, t: float = 0.0) -> None:
        """As :meth:`SdirkStep.__call__`."""
        self._half(W, t=t)
        N, ledger = density(self._layout, W), self._collisions.ledger
        self._collisions.symbol(N, self._M)
        before = None if ledger is None else ledger.measured(W)
        W -= self._M
        W *= self._decay
        W += self._M
        if ledger is not None and before is not None:
            after = ledger.measured(W)
            ledger.collide(after - before, 1.0)
            ledger.act(N, 0.5 * (before + after), t + self._middle, 2 * self._middle)
        self._half(W, t=t + self._middle)


def make_step(scheme: str, transport: Transport, collisions: Collisions, dt: float) -> Step:
    """The step of a named scheme: "sdirk2", "sdirk3" or "strang"."""
    if scheme == "strang":
        return StrangStep(transport, collisions, dt)
    return SdirkStep(TABLEAUS[scheme], transport, collisions, dt)


def order_of(scheme: str, physics: Physics) -> int:
    """The order in time of a named scheme: 2 where the density makes a potential."""
    return TABLEAUS[scheme].order if scheme in TABLEAUS and physics.mean_field is None else 2
