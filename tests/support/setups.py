"""Small problems that several test files share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wigner.flows.two_sided import PhaseSpace
from wigner.phase_space.communicator import SERIAL, Communicator
from wigner.phase_space.grid import PhaseGrid, automatic_p_max
from wigner.phase_space.layout import Layout
from wigner.physics import External, Physics

BOX = (2 * np.pi, 2 * np.pi)


def space(
    n_x: tuple[int, int],
    n_p: tuple[int, int],
    epsilon: float,
    *,
    alpha: float = 0.0,
    beta: float = 0.0,
    tau: float = 1.0,
    V: Callable[[NDArray, NDArray], NDArray] | None = None,
    p_max: tuple[float, float] | None = None,
    length: tuple[float, float] = BOX,
    comm: Communicator = SERIAL,
) -> PhaseSpace:
    """A phase space, with the automatic p box of alpha = 0.5 unless one is given.

    V is a function of what :func:`mesh` gives, or zero.
    """
    p_max = p_max or automatic_p_max(n_x, length, n_p, epsilon, 0.5)
    grid = PhaseGrid(n_x, length, n_p, p_max)
    potential = np.zeros(n_x) if V is None else V(*mesh(grid))
    return PhaseSpace(Layout(grid, comm), Physics(epsilon, alpha, tau, potential, beta))


def with_physics(space: PhaseSpace, **changes: object) -> PhaseSpace:
    """The same lattice with other attributes of its physics."""
    return PhaseSpace(space.layout, replace(space.physics, **changes))


def with_drive(space: PhaseSpace, drive: Callable[[float], External]) -> PhaseSpace:
    """The same lattice with V, b and E that vary in time."""
    start = drive(0.0)
    return with_physics(space, V=start.V, b=start.b, E=start.E, drive=drive)


def without_potential(n_x: tuple[int, ...], epsilon: float, alpha: float) -> Physics:
    """All that the moment map needs to know."""
    return Physics(epsilon, alpha, 1.0, np.zeros(n_x))


def dresselhaus_of_rashba(w: NDArray) -> NDArray:
    """Components (4, ...) with spins turned so that p_perp.sigma becomes p1 sigma1 - p2 sigma2.

    (s1, s2, s3) -> (-s2, -s1, -s3): what Rashba coupling alpha does to w, Dresselhaus coupling
    beta = alpha does to what this gives.
    """
    return np.stack([w[0], -w[2], -w[1], -w[3]])


def mesh(grid: PhaseGrid) -> tuple[NDArray, NDArray]:
    """x1 and x2 on the x lattice, angles in [0, 2 pi) along each axis."""
    x1, x2 = (2 * np.pi * x / L for x, L in zip(grid.x, grid.length, strict=True))
    return tuple(np.meshgrid(x1, x2, indexing="ij"))


def modulated(grid: PhaseGrid, epsilon: float) -> NDArray:
    """(n0, eps n) with 40 % modulation and all spin components."""
    x1, x2 = mesh(grid)
    x1, x2 = (0 * x if n == 1 else x for x, n in zip((x1, x2), grid.n_x, strict=True))
    n = [0.5 + 0.4 * np.cos(x1), 0.6 * np.sin(x1 + 0.5), 0.7 * np.cos(x2 + 1)]
    return np.stack([1 + 0.4 * np.sin(x1) * np.cos(x2), *(epsilon * np.array(n))])


def thermal(space: PhaseSpace, seed: int = 1) -> NDArray:
    """A smooth x-major symbol that decays in p, all components, low modes in x and p."""
    layout, grid = space.layout, space.layout.grid
    rng = np.random.default_rng(seed)
    x1, x2 = mesh(grid)
    p1, p2 = grid.p_flat
    bump = np.exp(-0.5 * (p1**2 + p2**2))
    W = layout.x_major()
    W[:] = 0.0
    for c in (0, 1):
        for _ in range(4):
            m, k = rng.integers(-1, 2, 2), rng.uniform(-0.7, 0.7, 2)
            wave = np.cos(m[0] * x1 + m[1] * x2 + rng.uniform(0, 6)).ravel()[layout.x]
            amplitude = complex(*rng.normal(size=2))
            W[c] += amplitude * wave[:, None] * bump * (1 + 0.3 * np.sin(k[0] * p1 + k[1] * p2))
    return W


def periodic_parabola(space: PhaseSpace) -> tuple[NDArray, NDArray]:
    """x1 from the middle of the box, and x1^2/2 continued periodically, shape ``(N1, 1)``.

    The kink at the edge is rounded by a Gaussian of width 0.4: the Fourier series of the parabola
    with damped coefficients, so that the lattice resolves it.
    """
    L = space.layout.grid.length[0]
    x1 = space.layout.grid.x[0] - 0.5 * L
    m = np.arange(1, space.layout.grid.n_x[0] // 2)
    k = 2 * np.pi / L * m
    series = (-1.0) ** m * 2 / k**2 * np.exp(-0.5 * (0.4 * k) ** 2)
    return x1, (L**2 / 24 - 0.5 * 0.4**2 + np.cos(x1[:, None] * k) @ series)[:, None]


def packet(x1: NDArray, x2: NDArray, width: float) -> NDArray:
    """Smooth, of height 1."""
    return np.exp((np.cos(x1 - 1) - 1 + (np.cos(x2) - 1) * (x2.shape[1] > 1)) / width**2)


def steep(space_: PhaseSpace) -> NDArray:
    """A dense spot with a spin that turns, beside little."""
    x1, x2 = mesh(space_.layout.grid)
    n0 = 0.1 + packet(x1, x2, 0.8)
    return np.stack([n0, 0.5 * n0 * np.cos(x1), 0.5 * n0 * np.sin(x1), 0.1 * n0])
