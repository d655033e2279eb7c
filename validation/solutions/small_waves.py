"""Small waves of a homogeneous gas in kinetic solutions, beside their Volterra equation."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wigner.case.spec import Case

from ..oracle import waves

Mode = tuple[int, int]
# Steps of the Volterra equation in tau and in a unit of time; its error is of order 6.
STEPS_IN_TAU, STEPS_IN_UNIT = 20, 16


def wave_vector(case: Case, mode: Mode) -> NDArray:
    """q of exp(i q.x), ``(2,)``, for whole numbers of waves in the box."""
    return 2 * np.pi * np.array(mode) / np.array(case.grid.length)


def amplitudes(fields: NDArray, mode: Mode) -> NDArray:
    """Coefficients of exp(i q.x) in fields ``(..., N1, N2)``, that are Re c exp(i q.x): ``(...)``.

    The mean of the fields for the mode (0, 0).
    """
    coefficients = np.fft.fft2(fields, norm="forward")[..., mode[0], mode[1]]
    return coefficients if mode == (0, 0) else 2 * coefficients


def lattice(case: Case) -> tuple[NDArray, float, int]:
    """Times 0, h, ... of the Volterra equation up to the end of a case, h, and 4 h in a record.

    The times are ``(T,)``. The solution stands at every fourth of them, and the records at every
    k-th of those.
    """
    every, records = case.output.every, round(case.time.t_end / case.output.every)
    k = math.ceil(every / 4 * max(STEPS_IN_TAU / case.physics.tau, STEPS_IN_UNIT))
    h = every / 4 / k
    return h * np.arange(4 * k * records + 1), h, k


def relaxed(case: Case, medium: waves.Medium, mode: Mode, start: NDArray, v: float) -> NDArray:
    """N of a wave at the records, ``(k, 4)``, from M(N) with N = ``start``.

    ``v`` is phi/n0 of the field that the wave makes, zero without one.
    """
    t, h, k = lattice(case)
    q, tau = wave_vector(case, mode), case.physics.tau
    C, kernel = kernels(medium, q, t, tau, v)
    return (waves.relaxed(C, kernel, tau, h) @ start)[::k]


def kernels(
    medium: waves.Medium, q: NDArray, t: NDArray, tau: float, v: float
) -> tuple[NDArray, NDArray]:
    """C(t) and C(t)/tau + X(t) with the field phi = v n0 of the wave, ``(T, 4, 4)``."""
    static = np.linalg.inv(waves.streamed(medium, q, np.zeros(1), waves.thermal)[0])
    if v == 0:
        C = waves.streamed(medium, q, t, waves.thermal) @ static
        return C, C / tau
    G = waves.streamed(medium, q, t, waves.thermal, waves.kick)
    C = G[..., :4] @ static
    kernel = C / tau
    kernel[:, :, 0] += v * G[..., 4]
    return C, kernel


def pushed(case: Case, medium: waves.Medium, E: NDArray) -> NDArray:
    """N - (1, 0) at the records in a weak uniform field from t = 0 on, from the equilibrium.

    Shape ``(records, 4)``, for E ``(2,)``.
    """
    t, h, k = lattice(case)
    tau = case.physics.tau
    static = np.linalg.inv(waves.streamed(medium, np.zeros(2), np.zeros(1), waves.thermal)[0])
    G = waves.streamed(medium, np.zeros(2), t, waves.thermal, waves.push)
    decay = np.exp(-t / tau)[:, None, None]
    source = _integral(decay * (G[..., 4:] @ E)[..., None], h)
    return waves.volterra(decay / tau * (G[..., :4] @ static), source, h)[::k, :, 0]


def _integral(f: NDArray, h: float) -> NDArray:
    """int_0^t f of values at t = 0, h, ... along the first axis, to order 4 and by cubics."""
    inner = np.concatenate(
        [3 * f[:1] - 3 * f[1:2] + f[2:3], f, 3 * f[-1:] - 3 * f[-2:-1] + f[-3:-2]]
    )
    parts = h / 24 * (-inner[:-3] + 13 * inner[1:-2] + 13 * inner[2:-1] - inner[3:])
    return np.concatenate([np.zeros_like(f[:1]), np.cumsum(parts, axis=0)])


def rates(y: NDArray, interval: float) -> NDArray:
    """Complex rates r of y(t) = sum of v_r exp(r t), by growing |Re r|.

    The matrix that leads from every record to the next, by least squares, has the eigenvalues
    exp(r interval).

    Parameters
    ----------
    y : ``(k, n)``, records; as many rates as components are found
    """
    step, *_ = np.linalg.lstsq(y[:-1], y[1:], rcond=None)
    found = np.log(np.linalg.eigvals(step).astype(complex)) / interval
    return found[np.argsort(np.abs(found.real))]


def limit(y: NDArray) -> NDArray:
    """What records ``(k, n)`` tend to, if the last of them differ by as many decaying modes.

    The matrix that leads from every difference to the next, by least squares, sums those to come.
    """
    steps = np.diff(y, axis=0)
    onward, *_ = np.linalg.lstsq(steps[:-1], steps[1:], rcond=1e-6)
    still = np.linalg.solve(np.eye(y.shape[1]) - onward.T, onward.T @ steps[-1])
    return y[-1] + still


def delayed(y: NDArray, depth: int) -> NDArray:
    """Values ``(k,)`` with the ``depth - 1`` that follow, ``(k - depth + 1, depth)``."""
    return np.lib.stride_tricks.sliding_window_view(y, depth)


def oscillation(y: NDArray, interval: float, depth: int) -> complex:
    """omega of the least damped exp(-i omega t) with Re omega > 0 in real values ``(k,)``."""
    found = 1j * rates(delayed(y, depth), interval)
    waves_ = found[found.real > 1e-3 / interval]
    return complex(waves_[np.abs(waves_.imag).argmin()])
