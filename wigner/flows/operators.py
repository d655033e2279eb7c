"""The operators of the equation, applied to a given symbol: theta_eps[V] and T, eq. (25).

The solver advances W by exact flows and never needs these; they define the initial state M + tau
G, the right-hand sides of the macroscopic models, and what tests check.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..phase_space import pauli
from ..phase_space.fft import BACKWARD, FORWARD, Planner
from ..physics import Physics
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
    epsilon = space.physics.epsilon
    return _by_two_sides(space, V, W, lambda plus, minus: (plus - minus) / (1j * epsilon))


def mean(space: PhaseSpace, V: NDArray, W: NDArray) -> NDArray:
    """Multiplication by (V(x + eps eta/2) + V(x - eps eta/2))/2 in eta, as :func:`theta`."""
    return _by_two_sides(space, V, W, lambda plus, minus: 0.5 * (plus + minus))


def _by_two_sides(
    space: PhaseSpace, V: NDArray, W: NDArray, of: Callable[[NDArray, NDArray], NDArray]
) -> NDArray:
    """Multiplication by a function of V(x + eps eta/2) and V(x - eps eta/2) in eta."""
    refined = space.position.refined(V).ravel()

    def factor(row: int) -> NDArray:
        plus, minus = space.position.shifted(slice(row, row + 1))
        return of(refined[plus], refined[minus])

    return _in_eta(space, W, factor)


def _in_eta(space: PhaseSpace, W: NDArray, factor: Callable[[int], NDArray]) -> NDArray:
    """W, each of its rows multiplied by a factor in eta; x-major."""
    n_p, fft = space.layout.grid.n_p, Planner()
    out = space.layout.x_major()  # aligned: the same bits in every run
    out[:] = W
    for row in range(W.shape[1]):
        block = out[:, row].reshape(2, *n_p)
        fft(block, (1, 2), BACKWARD)  # p -> eta
        block *= factor(row).reshape(n_p) / space.layout.grid.np
        fft(block, (1, 2), FORWARD)  # eta -> p
    return out


def transport(space: PhaseSpace, W: NDArray, physics: Physics | None = None) -> NDArray:
    """T W of eq. (25), x-major as W, for spin-orbit coupling Lambda p and fields b and E.

    (T W)_0 = p.grad w0 + eps (Lambda grad).w - theta[V] w0 + E.grad_p w0 - eps theta[b].w
    (T W)_s = p.grad w + eps Lambda grad w0 - theta[V] w + E.grad_p w - 2 (Lambda p) x w
              - eps theta[b] w0 - 2 mean[b] x w

    with mean[b] = (b(x + eps eta/2) + b(x - eps eta/2))/2: T W = (i/eps)(H # W - W # H). Those of
    ``physics``, at one time; the ones of ``space`` by default.
    """
    layout, physics = space.layout, space.physics if physics is None else physics
    epsilon, Lambda = physics.epsilon, physics.Lambda
    p = np.stack(layout.grid.p_flat)
    d = np.stack([pauli.unpack(gradient) for gradient in gradients(space, W)])
    w = pauli.unpack(W)
    T = p[0] * d[0] + p[1] * d[1] - pauli.unpack(theta(space, physics.V, W))
    T[0] += epsilon * np.einsum("kj,jk...->...", Lambda, d[:, 1:])
    T[1:] += epsilon * np.tensordot(Lambda, d[:, 0], axes=1)
    T[1:] -= 2 * np.cross((Lambda @ p)[:, None], w[1:], axis=0)
    if any(physics.E):
        along = np.add.outer(*(E * eta for E, eta in zip(physics.E, layout.grid.eta, strict=True)))
        T += pauli.unpack(_in_eta(space, W, lambda row: -1j * along))
    if np.any(physics.b):
        T -= _zeeman(space, physics.b, W)
    return pauli.pack(T)


def _zeeman(space: PhaseSpace, b: NDArray | float, W: NDArray) -> NDArray:
    """eps theta[b].w, and eps theta[b] w0 + 2 mean[b] x w."""
    b = np.broadcast_to(b, (3, *space.layout.grid.n_x))
    differences, means = (
        np.stack([pauli.unpack(of(space, component, W)) for component in b]) for of in (theta, mean)
    )
    charge = np.einsum("kk...->...", differences[:, 1:])
    turned = [
        means[(k + 1) % 3, 1 + (k + 2) % 3] - means[(k + 2) % 3, 1 + (k + 1) % 3] for k in range(3)
    ]
    spin = space.physics.epsilon * differences[:, 0] + 2 * np.stack(turned)
    return np.concatenate([space.physics.epsilon * charge[None], spin])


def gradients(space: PhaseSpace, W: NDArray) -> tuple[NDArray, NDArray]:
    """d W/dx1 and d W/dx2 of x-major W, spectral, x-major, shapes ``(2, x, p)``."""
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
