"""The quantum Maxwellian and the collisional dynamics, on the dense matrices of `dense`.

    d_t rho = -(i/eps) [H, rho] + (M(N) - rho)/tau,
    M(N) = exp(-K + A) with <M(N)> = N,   A = a0 + eps a.sigma,   N = n0 + eps n.sigma.

Functions take and return u = (n0, n) and mu = (a0, a), see the docstring of the package. The
multipliers are found by Newton's method on the strictly convex dual functional

    Phi(A) = (1/2) Tr exp(-K + A) - int A.N,   grad Phi = <exp(-K + A)> - N,

with the exact derivative of the exponential (Daleckii and Krein) inside conjugate gradients. The
dynamics are integrated in the interaction picture, where transport is exact, by the adaptive
Runge-Kutta method of order 8 (DOP853).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.integrate import solve_ivp
from scipy.sparse.linalg import LinearOperator, cg
from scipy.special import dawsn

from . import dense
from .dense import Array, Box, Spectrum


class NotConvergedError(RuntimeError):
    """The constraint <M> = N was not met; the message holds the residuals."""


class Maxwellian(NamedTuple):
    """M = exp(B), B = -K + a0 + eps a.sigma.

    mu : multipliers (a0, a), (4, N1, N2)
    u : densities (n0, n) of M, (4, N1, N2)
    spectrum : eigenvalues and eigenvectors of B
    residual : max |<M> - N| over max n0, N the matrix that was asked for
    """

    mu: Array
    u: Array
    spectrum: Spectrum
    residual: float

    def operator(self) -> Array:
        """M on every fibre, (B, 2 N1 N2, 2 N1 N2)."""
        return dense.operator_function(self.spectrum, np.exp)


def exponential(box: Box, mu: Array, target: Array | None = None) -> Maxwellian:
    """exp(-K + a0 + eps a.sigma), its densities and their distance to a target.

    mu and the target, densities u, are (4, N1, N2).
    """
    spectrum = dense.diagonalise(dense.exponent(box, mu))
    u = densities_of(box, spectrum, np.exp(spectrum.values))
    return Maxwellian(mu, u, spectrum, 0.0 if target is None else distance(box, u, target))


def distance(box: Box, u: Array, target: Array) -> float:
    """max |<M> - <W>| over max n0, in units of <W> = (n0, eps n); u and target are (4, N1, N2)."""
    return float(np.abs(dense.scaled(box, u - target)).max() / target[0].max())


def densities_of(box: Box, spectrum: Spectrum, occupation: Array) -> Array:
    """(n0, n) of U diag(occupation) U^dagger, (4, N1, N2)."""
    U = _spinors(spectrum.vectors)
    return _diagonal(box, U * occupation[:, None, None, :], U)


def _spinors(U: Array) -> Array:
    """(B, 2 N1 N2, n) to (B, N1 N2, 2, n)."""
    return U.reshape(len(U), -1, 2, U.shape[-1])


def _diagonal(box: Box, X: Array, U: Array) -> Array:
    """(n0, n) of X U^dagger from its 2x2 diagonal blocks only."""
    blocks = np.empty((X.shape[1], 2, 2), complex)
    for i in (0, 1):
        for j in (0, 1):
            blocks[:, i, j] = np.einsum("bxk,bxk->x", X[:, :, i], U[:, :, j].conj())
    u = box.weight * dense.pauli_components(blocks).reshape(4, *box.n)
    u[1:] /= box.epsilon
    return u


def divided_exponential(values: Array) -> Array:
    """(e^a - e^b)/(a - b) over pairs of eigenvalues, e^a if a = b: (B, n) to (B, n, n)."""
    half = 0.5 * (values[:, :, None] - values[:, None, :])
    near = np.abs(half) < 1e-4
    ratio = np.where(near, 1 + half**2 / 6, np.sinh(half) / np.where(near, 1.0, half))
    return np.exp(0.5 * (values[:, :, None] + values[:, None, :])) * ratio


def response(box: Box, spectrum: Spectrum, divided: Array, dmu: Array) -> Array:
    """Densities of U (divided * (U^dagger dA U)) U^dagger: how those of exp(B) change along dmu.

    Densities and dmu are (4, N1, N2), divided is (B, 2 N1 N2, 2 N1 N2).
    """
    U = spectrum.vectors
    dA_U = dense.pauli_matrix(dense.scaled(box, dmu).reshape(4, -1)) @ _spinors(U)
    X = U @ (divided * (dense.adjoint(U) @ dA_U.reshape(U.shape)))
    return _diagonal(box, _spinors(X), _spinors(U))


def homogeneous_response(box: Box) -> Array:
    """phi(eps |xi|), phi(z) = int_0^1 exp(-z^2 s (1 - s)/2) ds = dawsn(y)/y, y = z/sqrt(8).

    The Jacobian d<W>/dA over n0 of a homogeneous spinless gas at alpha = 0, in Fourier space,
    (N1, N2) in FFT order.
    """
    k1, k2 = (
        np.fft.ifftshift(dense.wave_numbers(n, length))
        for n, length in zip(box.n, box.length, strict=True)
    )
    y = box.epsilon * np.hypot(k1[:, None], k2) / np.sqrt(8)
    return np.where(y > 0, dawsn(y) / np.where(y > 0, y, 1.0), 1.0)


def local_response(box: Box, u: Array) -> Array:
    """d<W>/dA of exp(A) = <W> at each point: the limit eps grad -> 0, (N1, N2, 4, 4).

    With e = n/|n| and s = eps |n|: rows (n0, s e) and (s e, n0 e e + (1 - e e) s/artanh(s/n0)).
    """
    N = dense.scaled(box, u)
    n0, n = N[0], np.stack([N[1], N[2], N[3]], axis=-1)
    s = np.sqrt((n**2).sum(-1))
    safe = np.where(s > 0, s, 1.0)
    across = np.where(s > 0, safe / np.arctanh(np.where(s > 0, s / n0, 0.5)), n0)[..., None, None]
    along = n[..., :, None] * n[..., None, :] / (safe**2)[..., None, None]
    D = np.empty((*box.n, 4, 4))
    D[..., 0, 0], D[..., 0, 1:], D[..., 1:, 0] = n0, n, n
    D[..., 1:, 1:] = n0[..., None, None] * along + across * (np.eye(3) - along)
    return D


def newton_step(box: Box, M: Maxwellian, target: Array, rtol: float) -> Array:
    """dmu with D<M> dmu = target - <M>, by conjugate gradients in A.

    Preconditioned by D^-1/2 phi(eps |xi|)^-1 D^-1/2, D = `local_response`. dmu and target are
    (4, N1, N2).
    """
    phi = homogeneous_response(box)
    D = dense.diagonalise(local_response(box, target))
    root = (D.vectors / np.sqrt(D.values)[..., None, :]) @ dense.adjoint(D.vectors)
    divided, shape = divided_exponential(M.spectrum.values), target.shape
    unscaled = np.array([1.0, *3 * [1 / box.epsilon]])[:, None, None]

    def hessian(dA: Array) -> Array:
        dmu = unscaled * dA.reshape(shape)
        return dense.scaled(box, response(box, M.spectrum, divided, dmu)).ravel()

    def precondition(r: Array) -> Array:
        r = np.einsum("xyij,jxy->ixy", root, r.reshape(shape))
        return np.einsum("xyij,jxy->ixy", root, np.fft.ifft2(np.fft.fft2(r) / phi).real).ravel()

    rhs = dense.scaled(box, target - M.u).ravel()
    J, P = (LinearOperator(2 * rhs.shape, f, dtype=float) for f in (hessian, precondition))
    solution, _ = cg(J, rhs, rtol=rtol, M=P, maxiter=200)
    return unscaled * solution.reshape(shape)


def classical_multipliers(box: Box, u: Array) -> Array:
    """mu with 2 pi exp(a0 + eps a.sigma) = <W> at each point: right as eps grad, alpha -> 0.

    mu and u are (4, N1, N2). Raises ValueError unless eps |n| < n0 everywhere.
    """
    spin = box.epsilon * np.sqrt((u[1:] ** 2).sum(0))
    if not np.all(spin < u[0]):
        raise ValueError(f"eps |n| must be below n0, but n0 - eps |n| = {(u[0] - spin).min():.3g}")
    ratio = np.where(spin > 0, np.arctanh(spin / u[0]) / np.where(spin > 0, spin, 1.0), 1 / u[0])
    a0 = 0.5 * np.log((u[0] ** 2 - spin**2) / (2 * np.pi) ** 2)
    return np.concatenate([a0[None], ratio * u[1:]])


def dual(box: Box, M: Maxwellian, target: Array) -> float:
    """Phi = (1/2) Tr exp(B) - int A.N, in units of the lattice cell; target is (4, N1, N2)."""
    A, N = dense.scaled(box, M.mu), dense.scaled(box, target)
    return float(M.u[0].sum() - (A * N).sum())


def maxwellian(
    box: Box,
    u: Array,
    *,
    tolerance: float = 1e-12,
    start: Maxwellian | None = None,
    max_steps: int = 40,
) -> Maxwellian:
    """M(N): the operator exp(-K + a0 + eps a.sigma) whose densities are u = (n0, n).

    Parameters
    ----------
    u : (4, N1, N2), eps |n| < n0
    tolerance : on max |<M> - N| over max n0
    start : the solution for nearby densities; its spectrum is used for the first step

    Raises
    ------
    NotConvergedError
        if the tolerance is not met in max_steps Newton steps.
    """
    if start is None:
        M = exponential(box, classical_multipliers(box, u), u)
    else:
        M = start._replace(residual=distance(box, start.u, u))
    history = [M.residual]
    while M.residual > tolerance and len(history) <= max_steps:
        rtol = max(min(0.1, 0.1 * M.residual), 0.03 * tolerance / M.residual)
        M = line_search(box, M, u, newton_step(box, M, u, rtol))
        history.append(M.residual)
    if M.residual > tolerance:
        raise NotConvergedError(f"<M> = N missed, residuals {history}, wanted {tolerance}")
    return M


def line_search(box: Box, M: Maxwellian, u: Array, dmu: Array) -> Maxwellian:
    """The first of mu + dmu, mu + dmu/2, mu + dmu/4 .. that lowers the dual functional (Armijo).

    u and dmu are (4, N1, N2).
    """
    slope = (dense.scaled(box, M.u - u) * dense.scaled(box, dmu)).sum()
    phi, noise = dual(box, M, u), 1e-12 * u[0].sum()
    length = min(1.0, 3.0 / max(np.abs(dense.scaled(box, dmu)).max(), 1e-300))
    for _ in range(30):
        trial = exponential(box, M.mu + length * dmu, u)
        if dual(box, trial, u) <= phi + 1e-4 * length * slope + noise:
            return trial
        length /= 2
    return trial


class Trajectory(NamedTuple):
    """A collisional evolution: densities u (times, 4, N1, N2), operators rho (times, B, n, n)."""

    times: Array
    u: Array
    rho: Array
    evaluations: int


def relax(
    box: Box, V: Array, rho: Array, tau: float, times: Sequence[float], *, rtol: float = 1e-8
) -> Trajectory:
    """Solve d_t rho = -(i/eps) [H, rho] + (M(N) - rho)/tau from t = 0 and report at `times`.

    In the interaction picture R = exp(i t H/eps) rho exp(-i t H/eps) this is
    d_t R = (exp(i t H/eps) M(N) exp(-i t H/eps) - R)/tau; R is kept in the eigenbasis of H.

    Parameters
    ----------
    rho : (B, n, n) at t = 0
    times : increasing, all positive
    rtol : of each DOP853 step, atol = rtol/100; measured error of the densities at t = 0.5: 3 rtol
    """
    H = dense.diagonalise(dense.hamiltonian(box, V))
    U, bohr = H.vectors, (H.values[:, :, None] - H.values[:, None, :]) / box.epsilon
    latest: Maxwellian | None = None

    def densities(t: float, R: Array) -> Array:
        return _diagonal(box, _spinors(U @ (np.exp(-1j * t * bohr) * R)), _spinors(U))

    def rate(t: float, y: Array) -> Array:
        nonlocal latest
        R = y.reshape(U.shape)
        latest = maxwellian(box, densities(t, R), tolerance=1e-3 * rtol, start=latest)
        X = dense.adjoint(U) @ latest.spectrum.vectors
        M = (X * np.exp(latest.spectrum.values)[:, None, :]) @ dense.adjoint(X)
        return ((np.exp(1j * t * bohr) * M - R) / tau).ravel()

    y, u, rho_t, nfev = (dense.adjoint(U) @ rho @ U).ravel(), [], [], 0
    for t0, t1 in pairwise([0.0, *times]):
        first = min(t1 - t0, tau / 2)
        run = solve_ivp(rate, (t0, t1), y, "DOP853", first_step=first, rtol=rtol, atol=1e-2 * rtol)
        y, nfev = run.y[:, -1], nfev + run.nfev
        R = np.exp(-1j * t1 * bohr) * y.reshape(U.shape)
        rho_t.append(U @ R @ dense.adjoint(U))
        u.append(dense.densities(box, rho_t[-1]))
    return Trajectory(np.array(times), np.array(u), np.array(rho_t), nfev)


def free_energy(box: Box, V: Array, rho: Array) -> float:
    """(27) per unit area of x: Tr(rho log rho - rho + H rho)/(L1 L2), for positive rho.

    V is (N1, N2), rho is (B, 2 N1 N2, 2 N1 N2).
    """
    n = np.clip(np.linalg.eigvalsh(rho), 0.0, None)
    entropy = n * np.log(np.where(n > 0, n, 1.0)) - n
    energy = np.einsum("bij,bji->", dense.hamiltonian(box, V), rho).real
    area = box.length[0] * box.length[1] * box.fibres[0] * box.fibres[1]
    return float(entropy.sum() + energy) / area
