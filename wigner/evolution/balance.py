"""What changes energy and spin of a state besides moving them about, summed up along a run.

    U(t) - U(0) = work + heat,    int n dx (t) - int n dx (0) = torque

with U = int int (|p|^2/2) w0 + eps (Lambda p).w + int (V + phi/2) n0 + eps^2 b.n. The work is that
of fields that vary in time, int d_t V n0 + eps^2 d_t b.n, and of the uniform force, E.J; heat is
what collisions exchange with the bath; the torque is that of spin-orbit coupling and of b,
int 2 <Lambda p x w>/eps + 2 b x n dx. All are taken at the stages of a step, with its weights, so
both balances close to its order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..phase_space.layout import Layout
from ..phase_space.moments import totals
from ..physics import Physics

# Share of a step over which V and b are differenced in time: backwards, as formulas need have no
# value after the end of a run.
SHARE = 1e-3


class Ledger:
    """Work, heat and torque since t = 0.

    Attributes
    ----------
    values
        They, ``(5,)``; the torque has three components.
    """

    def __init__(self, layout: Layout, physics: Physics) -> None:
        self._layout, self._physics = layout, physics
        self.values = np.zeros(5)

    @property
    def as_dict(self) -> dict[str, NDArray | float]:
        """By the names of records; the torque is ``(3,)``."""
        work, heat, *torque = self.values
        return {"work": float(work), "heat": float(heat), "torque": np.array(torque)}

    def measured(self, field: NDArray) -> NDArray:
        """First and second moments of x-major W or of a part of it, summed over x, ``(4, 3)``."""
        return totals(self._layout, field)

    def collide(self, increment: NDArray, weight: float) -> None:
        """Collisions add ``weight`` times a field of moments as of :meth:`measured` to W."""
        p, (energy, *_) = increment[:, :2], increment[:, 2]
        coupling = self._physics.epsilon * float(np.sum(self._physics.Lambda * p[1:]))
        self.values[1] += weight * (float(energy) + coupling)

    def act(self, N: NDArray, moments: NDArray, t: float, length: float) -> None:
        """Fields and coupling act for a time on a state as it is at ``t``.

        Parameters
        ----------
        N
            Its (n0, eps n), shape ``(4, N1, N2)``.
        moments
            As from :meth:`measured`.
        """
        physics, dx = self._physics, self._layout.grid.dx
        epsilon, Lambda, p = physics.epsilon, physics.Lambda, moments[:, :2]
        now = physics.at(t)
        total = N.sum(axis=(1, 2)) * dx
        power = float(now.E @ (p[0] + epsilon * Lambda.T @ total[1:]))
        if physics.drive is not None:
            h = SHARE * abs(length)
            once, twice = physics.at(t - h), physics.at(t - 2 * h)
            V = 3 * now.V - 4 * once.V + twice.V
            b = 3 * np.asarray(now.b) - 4 * np.asarray(once.b) + twice.b
            rates = V * N[0] + epsilon * np.sum(b * N[1:], axis=0)
            power += float(np.sum(rates)) * dx / (2 * h)
        turned = np.einsum("kj,lj->kl", Lambda, p[1:])  # <(Lambda p)_k w_l>
        torque = np.array([turned[k - 2, k - 1] - turned[k - 1, k - 2] for k in range(3)])
        b = np.broadcast_to(now.b, N[1:].shape)
        torque += np.cross(b, N[1:], axis=0).sum(axis=(1, 2)) * dx
        self.values[0] += length * power
        self.values[2:] += length * 2 / epsilon * torque
