"""A cloud of electrons of one spin in a potential and a Zeeman field, by Schroedinger's equation.

The state is the mixture rho = F exp(-|p - p0|^2/(2 theta)) F, F = f(x1) |chi><chi|, on a
`dense.Box` of one point along x2. Each fibre is a spinor on a line; exp(-i t H/eps) is exact there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import dense

Array = np.ndarray


@dataclass(frozen=True)
class Cloud:
    """What is sent.

    Parameters
    ----------
    shape : f(x1), (N1,)
    spin : the direction of chi, a unit vector
    drift : p0
    theta : variance of each momentum component
    """

    shape: Array
    spin: tuple[float, float, float]
    drift: tuple[float, float]
    theta: float


def operator(box: dense.Box, cloud: Cloud) -> Array:
    """rho, (B, 2 N1, 2 N1), scaled so that the largest n0 is one."""
    p1, p2 = dense.momenta(box)
    square = (p1 - cloud.drift[0]) ** 2 + (p2 - cloud.drift[1]) ** 2
    thermal = dense.momentum_function(box, dense.scalar(np.exp(-square / (2 * cloud.theta))))
    chi = 0.5 * np.array([1.0, *cloud.spin])  # |chi><chi|
    F = dense.multiplication(chi[:, None, None] * cloud.shape[None, :, None])
    rho = F @ thermal @ F
    return rho / dense.local(box, rho)[0].max()


def sent(
    box: dense.Box, cloud: Cloud, V: Array, b: tuple[float, float, float], t: float
) -> tuple[Array, Array]:
    """<W> at 0 and at t, (4, N1), with the potential V, (N1,), and a Zeeman field b."""
    rho = operator(box, cloud)
    fields = np.zeros((4, *box.n))
    fields[0] = V[:, None]
    fields[1:] = box.epsilon * np.array(b)[:, None, None]
    H = dense.diagonalise(dense.kinetic(box) + dense.multiplication(fields))
    end = dense.evolve(box, H, rho, t)
    return dense.local(box, rho)[..., 0], dense.local(box, end)[..., 0]
