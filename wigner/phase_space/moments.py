"""Moments of W and diagnostics of a state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyfftw
from numpy.typing import NDArray

from ..physics import Physics
from . import pauli
from .fft import BACKWARD, FORWARD, Planner
from .grid import beyond, mirror
from .layout import Layout, passes

# Layers of p lattice points, on each side of each axis, that count as the edge of the box.
EDGE = 2


def density(layout: Layout, W: NDArray) -> NDArray:
    """<W> = n0 sigma_0 + eps n.sigma, components ``(4, N1, N2)``, on every rank."""
    return layout.gather(pauli.unpack(W.sum(axis=2)) * layout.grid.dp)


def square_norm(layout: Layout, W: NDArray) -> float:
    """Sum of w0^2 + |w|^2 over the lattice, of x-major ``(2, x, p)``; infinite on overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(layout.total(float(np.vdot(W, W).real)))


def totals(layout: Layout, W: NDArray) -> NDArray:
    """<p1 W>, <p2 W> and <|p|^2 W/2>, summed over x: components by moment, ``(4, 3)``.

    The same on every rank.
    """
    p1, p2 = layout.grid.p_flat
    weights = np.stack([p1, p2, 0.5 * (p1**2 + p2**2)], axis=1)
    ones = np.ones(W.shape[1], dtype=complex)  # BLAS adds rows faster than numpy's sum
    here = pauli.unpack(np.stack([ones @ part for part in W]) @ weights.astype(complex))
    return np.asarray(layout.total(here)) * (layout.grid.dp * layout.grid.dx)


@dataclass(frozen=True)
class Moments:
    """Fields on the x lattice, as recorded.

    Attributes
    ----------
    n0, n
        Charge density, ``(N1, N2)``, and spin density, ``(3, N1, N2)``: <W> = n0 + eps n.sigma.
    momentum
        <p_i w0> and <p_i w_k>/eps, shape ``(4, 2, N1, N2)``: component, direction.
    current
        Currents of n0 and of n with the velocity v = dH/dp = p + eps Lambda^T sigma, so that d_t n0
        + div J = 0 and d_t n_k + div J_k is the precession; shape as ``momentum``.
    kinetic_energy
        <|p|^2 w0/2>, ``(N1, N2)``.
    rashba_energy
        Of spin-orbit coupling, eps <(Lambda p).w>, ``(N1, N2)``.
    """

    n0: NDArray
    n: NDArray
    momentum: NDArray
    current: NDArray
    kinetic_energy: NDArray
    rashba_energy: NDArray

    @property
    def densities(self) -> NDArray:
        """(n0, n), shape ``(4, N1, N2)``."""
        return np.concatenate([self.n0[None], self.n])


def moments(layout: Layout, W: NDArray, physics: Physics) -> Moments:
    """All moments up to second order of x-major ``W``, shape ``(2, x, p)``; on every rank."""
    epsilon, Lambda = physics.epsilon, physics.Lambda
    p1, p2 = layout.grid.p_flat
    weights = np.stack([np.ones_like(p1), p1, p2, 0.5 * (p1**2 + p2**2)], axis=1)
    packed = W @ (weights * layout.grid.dp).astype(complex)
    fields = layout.gather(np.moveaxis(pauli.unpack(packed), 2, 0).reshape(16, -1))
    N, P1, P2, E = fields.reshape(4, 4, *layout.grid.n_x)
    momentum = physics.unscaled(np.stack([P1, P2], axis=1))
    n0, n = N[0], N[1:] / epsilon
    current = momentum.copy()
    current[0] += epsilon * np.tensordot(Lambda.T, N[1:], axes=1)
    current[1:] += Lambda[:, :, None, None] * n0
    coupling = epsilon * np.tensordot(Lambda, np.stack([P1[1:], P2[1:]], axis=1), axes=2)
    return Moments(n0, n, momentum, current, E[0], coupling)


@dataclass(frozen=True)
class Resolution:
    """Numbers that tell whether the lattices hold a state.

    Attributes
    ----------
    edge_mass
        Share of int int |w0| in the outermost layers of the p box.
    tail_eta, tail_xi
        Largest Fourier amplitude of W beyond two thirds of the reach in eta and in xi, relative
        to the largest: resolution left in p and in x.
    spin_tail_eta
        Largest Fourier amplitude of w beyond five sixths of the reach in eta, relative to the
        largest of w: a small spin may be lost where ``tail_eta`` sees nothing. (A thermal w with
        Rashba coupling has a longer tail than w0, hence not two thirds.)
    tail_n0, tail_n
        Largest Fourier amplitude of n0, and of n, beyond two thirds of the reach in xi, relative
        to the largest of n0, and of n.
    spin_share, n_share
        Largest Fourier amplitude in eta of w as a share of that of W, and in xi of eps n as one of
        that of n0.
    """

    edge_mass: float
    tail_eta: float
    tail_xi: float
    spin_tail_eta: float
    tail_n0: float
    tail_n: float
    spin_share: float
    n_share: float


def resolution(layout: Layout, W: NDArray, N: NDArray) -> Resolution:
    """Those of x-major ``W`` with moments (n0, eps n), shape ``(4, N1, N2)``."""
    grid = layout.grid
    edge, whole = layout.total(_edge_and_whole(layout, W))
    tail_n0, tail_n, n_share = density_tails(N)
    whole_eta, spin_eta = np.max(layout.comm.allgather(_spectra_p(layout, W)), axis=0)
    spectrum_xi = np.max(layout.comm.allgather(_spectrum_x(layout, W)), axis=0)
    return Resolution(
        edge_mass=float(edge / whole),
        tail_eta=_share_beyond(whole_eta, grid.n_p),
        tail_xi=_share_beyond(spectrum_xi, grid.n_x),
        spin_tail_eta=_share_beyond(spin_eta, grid.n_p, 5 / 6),
        tail_n0=tail_n0,
        tail_n=tail_n,
        spin_share=float(spin_eta.max() / whole_eta.max()),
        n_share=n_share,
    )


def density_tails(N: NDArray, reach: float = 1.0) -> tuple[float, float, float]:
    """``tail_n0``, ``tail_n`` and ``n_share`` of moments (n0, eps n), shape ``(4, N1, N2)``.

    ``reach`` is the share of the Nyquist index up to which modes are kept.
    """
    spectrum = np.abs(np.fft.fft2(N))
    charge, spin = spectrum[0], spectrum[1:].max(axis=0)
    n, share = (N.shape[1], N.shape[2]), float(spin.max() / charge.max())
    return _share_beyond(charge, n, reach * 2 / 3), _share_beyond(spin, n, reach * 2 / 3), share


@dataclass(frozen=True)
class Diagnostics(Resolution):
    """Scalars that tell whether a state is sound, and whether the lattices hold it.

    Attributes
    ----------
    mass
        int n0 dx.
    spin
        int n dx, three numbers.
    energy
        int int (|p|^2/2) w0 + eps (Lambda p).w + int (V + phi/2) n0 + eps^2 b.n.
    l2_norm
        (int int w0^2 + |w|^2)^(1/2): constant without collisions.
    purity
        Tr rho^2 / (Tr rho)^2, eq. (22).

    What overflows is not finite; see ``job.guards``.
    """

    mass: float
    spin: tuple[float, float, float]
    energy: float
    l2_norm: float
    purity: float


def diagnostics(
    layout: Layout, W: NDArray, fields: Moments, physics: Physics, t: float = 0.0
) -> Diagnostics:
    """Diagnostics of x-major ``W``, ``(2, x, p)``, whose moments are ``fields``, at a time."""
    grid = layout.grid
    dx, cell = grid.dx, grid.dx * grid.dp
    mass, spin = float(fields.n0.sum() * dx), fields.n.sum(axis=(1, 2)) * dx
    with np.errstate(over="ignore", invalid="ignore"):
        energy = (
            fields.kinetic_energy
            + fields.rashba_energy
            + potential_energy(physics, fields.densities, t)
        )
        total = float(energy.sum() * dx)
        square = square_norm(layout, W) * cell
        share = np.float64(2 * np.pi * physics.epsilon) * np.sqrt(square) / mass
    return Diagnostics(
        **vars(resolution(layout, W, physics.scaled(fields.densities))),
        mass=mass,
        spin=(float(spin[0]), float(spin[1]), float(spin[2])),
        energy=total,
        l2_norm=float(np.sqrt(square)),
        purity=float(0.5 * share**2),
    )


def potential_energy(physics: Physics, u: NDArray, t: float = 0.0) -> NDArray:
    """(V + phi/2) n0 + eps^2 b.n of densities u = (n0, n) at a time, shape ``(N1, N2)``."""
    now, field = physics.at(t), physics.mean_field
    V = now.V if field is None else now.V + 0.5 * field(u[0])
    return np.asarray(V * u[0] + physics.epsilon**2 * np.sum(now.b * u[1:], axis=0))


def free_energy(physics: Physics, u: NDArray, A: NDArray, t: float = 0.0) -> NDArray:
    """That of M(N) at a time, n0 (a0 + V + phi/2) + eps^2 n.(a + b), shape ``(N1, N2)``.

    It is the density of (27) but for a factor and the mass, which is constant.

    Parameters
    ----------
    u, A
        (n0, n) and (a0, a), shape ``(4, N1, N2)``.
    """
    spin = physics.epsilon**2 * np.sum(A[1:] * u[1:], axis=0)
    return np.asarray(u[0] * A[0] + spin + potential_energy(physics, u, t))


def _edge_and_whole(layout: Layout, W: NDArray) -> NDArray:
    """Sums of |w0| over the edge of the p box and over all of it."""
    size = np.abs(W[0].real).sum(axis=0).reshape(layout.grid.n_p)
    inner = size[EDGE:-EDGE, EDGE:-EDGE].sum() if min(size.shape) > 2 * EDGE else 0.0
    return np.array([size.sum() - inner, size.sum()])


def _spectra_p(layout: Layout, W: NDArray) -> NDArray:
    """Largest amplitudes over this rank's x of W~(x, eta), and of its w alone; ``(2, *n_p)``."""
    n_p = layout.grid.n_p
    fft, largest = Planner(), np.zeros((2, layout.grid.np))
    minus = mirror(n_p)
    for rows in passes(W):
        block = pyfftw.empty_aligned(W[:, rows].shape, dtype=complex)
        block[:] = W[:, rows]
        fft(block.reshape(2, -1, *n_p), (2, 3), BACKWARD)  # p -> eta
        first, second = (squares(part).max(axis=0) for part in block)
        # of w0 + i w3, two real fields
        third = squares(block[0] - block[0].take(minus, axis=1).conj()).max(axis=0)
        np.maximum(largest[0], np.maximum(first, second), out=largest[0])
        np.maximum(largest[1], np.maximum(second, 0.25 * third), out=largest[1])
    return np.sqrt(largest).reshape(2, *n_p)


def _spectrum_x(layout: Layout, W: NDArray) -> NDArray:
    """Largest |W^(xi, p)| over this rank's p, shape ``n_x``."""
    fft, largest = Planner(), np.zeros((*layout.grid.n_x, 0))  # by column of a block
    for block, _ in layout.columns(W, back=False):
        fft(block, (1, 2), FORWARD)  # x -> xi
        square = np.maximum(*(squares(part) for part in block))
        if largest.size == 0:
            largest = square
        seen = largest[..., : square.shape[2]]  # the last block may have fewer
        np.maximum(seen, square, out=seen)
    return np.sqrt(largest.max(axis=2))


def squares(z: NDArray) -> NDArray:
    """|z|^2 of any shape, several times faster than |z|."""
    square = np.square(z.real)
    square += np.square(z.imag)
    return square


def spectral_tail(field: NDArray) -> float:
    """Share of the largest Fourier amplitude found beyond two thirds of the reach in xi.

    ``field`` has shape ``(..., N1, N2)``; means do not count.
    """
    spectrum = np.abs(np.fft.fft2(field))
    spectrum[..., 0, 0] = 0.0
    n = field.shape[-2], field.shape[-1]
    return _share_beyond(spectrum.reshape(-1, *n).max(axis=0), n)


def _share_beyond(spectrum: NDArray, n: tuple[int, int], share: float = 2 / 3) -> float:
    """Largest amplitude with an index beyond a share of the Nyquist index, relative."""
    largest = spectrum.max()
    return float(spectrum[beyond(n, share)].max(initial=0.0) / largest) if largest > 0 else 0.0
