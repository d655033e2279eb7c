"""The operators of the equation, applied to a given symbol: theta_eps[V] and T, eq. (25).

The solver advances W by exact flows and never needs these; they define the initial state M + tau
G, the right-hand sides of the macroscopic models, and what tests check.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..phase_space import pauli
from ..phase_space.fft import BACKWARD, FORWARD, Planner
from .two_sided import PhaseSpace


def theta(space: PhaseSpace, V: NDArray, W: NDArray) -> NDArray:
    """theta_eps[V] W: multiplication by (V(x + eps eta/2) - V(x - eps eta/2))/(i eps) in eta.

    Corrected normalisation (2 pi)^-2, so that theta_eps[V] -> grad V . grad_p as eps -> 0.

    Parameters
    ----------
    V
        Real field on the x lattice, shape ``(N1, N2)``.
    W
        x-major symbol; any real components, all treated alike.
    """
    n_p = space.layout.grid.n_p
    refined = space.position.refined(V).ravel()
    out, fft = space.layout.x_major(), Planner()  # aligned: the same bits in every run
    out[:] = W
    for row in range(W.shape[1]):
        block = out[:, row].reshape(2, *n_p)
        plus, minus = space.position.shifted(slice(row, row + 1))
        difference = (refined[plus] - refined[minus]) / (1j * space.physics.epsilon)
        fft(block, (1, 2), BACKWARD)  # p -> eta
        block *= difference.reshape(n_p) / space.layout.grid.np
        fft(block, (1, 2), FORWARD)  # eta -> p
    return out


def transport(space: PhaseSpace, W: NDArray) -> NDArray:
    """T W of eq. (25), x-major.

    (T W)_0 = p.grad w0 + alpha eps grad_perp.w - theta[V] w0
    (T W)_s = p.grad w + alpha eps grad_perp w0 - theta[V] w - 2 alpha p_perp x w
    """
    layout, physics = space.layout, space.physics
    epsilon, alpha = physics.epsilon, physics.alpha
    p1, p2 = layout.grid.p_flat
    d1, d2 = (pauli.unpack(gradient) for gradient in gradients(space, W))
    w = pauli.unpack(W)
    T = p1 * d1 + p2 * d2 - pauli.unpack(theta(space, physics.V, W))
    T[0] += alpha * epsilon * (d2[1] - d1[2])
    T[1] += alpha * epsilon * d2[0] + 2 * alpha * p1 * w[3]
    T[2] += -alpha * epsilon * d1[0] + 2 * alpha * p2 * w[3]
    T[3] += -2 * alpha * (p1 * w[1] + p2 * w[2])
    return pauli.pack(T)


def gradients(space: PhaseSpace, W: NDArray) -> tuple[NDArray, NDArray]:
    """d W/dx1 and d W/dx2 of x-major W, spectral, x-major."""
    layout = space.layout
    fft = Planner()

    def along(axis: int) -> NDArray:
        wave = 1j * np.expand_dims(layout.grid.xi[axis], (1 - axis, 2)) / layout.grid.nx
        out = layout.x_major()
        out[:] = W
        for block, _ in layout.columns(out):
            fft(block, (1, 2), FORWARD)  # x -> xi
            block *= wave
            fft(block, (1, 2), BACKWARD)  # xi -> x
        return out

    return along(0), along(1)
