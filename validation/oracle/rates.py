"""The right-hand side of the nonlocal model, by dense operator algebra.

    d_t N = -<T M> + tau (<T T M> + <T d_t^0 M>),   T rho = (i/eps) [H, rho],   M = M(N),

where d_t^0 M is the derivative of M(N) along d_t^0 N = -<T M>. No term of (4)-(5) is used.

A uniform force E adds -E.x to H, no operator on a periodic box. Its commutator with M = exp(B) is
the derivative of exp(B) along that with B: (i/eps) [-E.x, B] = -E.v, v the velocity. In <T T M> it
is needed once, as fields on x commute with densities.
"""

from __future__ import annotations

from math import ceil, pi
from typing import NamedTuple

from . import bgk, dense
from .dense import Array, Box


class Rates(NamedTuple):
    """The parts of d_t u, each (4, N1, N2) in units of (n0, n).

    M : the quantum Maxwellian, with its multipliers M.mu
    TM, TTM, TdM : <T M>, <T T M>, <T d_t^0 M>
    dmu : d_t^0 mu
    """

    M: bgk.Maxwellian
    TM: Array
    TTM: Array
    TdM: Array
    dmu: Array

    def rate(self, tau: float) -> Array:
        """d_t u, (4, N1, N2)."""
        return -self.TM + tau * (self.TTM + self.TdM)


def box(
    n: tuple[int, int],
    length: tuple[float, float],
    epsilon: float,
    alpha: float,
    *,
    beta: float = 0.0,
    p_max: float = 7.5,
    separation: float = 8.0,
) -> Box:
    """The smallest box that holds fields on n points and momenta and separations of M.

    Parameters
    ----------
    n : points along each axis; 1 where nothing varies, and `length` is not used there
    p_max : largest momentum; M is exp(-p_max^2/2) there
    separation : largest separation over eps; M is exp(-separation^2/2) there
    """
    L1, L2 = (pi * epsilon / p_max if m == 1 else L for m, L in zip(n, length, strict=True))
    needed = [ceil(p_max * L / (pi * epsilon) - 1e-9) for L in (L1, L2)]
    n1, n2 = (1 if m == 1 else max(m, least) | 1 for m, least in zip(n, needed, strict=True))
    b1, b2 = (ceil(separation * epsilon / L) for L in (L1, L2))
    return Box((n1, n2), (L1, L2), epsilon, alpha, (b1, b2), beta)


def transport(box: Box, H: Array, rho: Array) -> Array:
    """T rho = (i/eps) [H, rho], (B, 2 N1 N2, 2 N1 N2)."""
    return 1j / box.epsilon * (H @ rho - rho @ H)


def exponential_derivative(spectrum: dense.Spectrum, dB: Array) -> Array:
    """Derivative of exp(B) along dB: U (divided * (U^dagger dB U)) U^dagger, (B, n, n)."""
    U = spectrum.vectors
    inner = dense.adjoint(U) @ dB @ U
    return U @ (bgk.divided_exponential(spectrum.values) * inner) @ dense.adjoint(U)


def multiplier_rate(box: Box, M: bgk.Maxwellian, du: Array, rtol: float = 1e-12) -> Array:
    """d_t mu where the densities change by du: the solution dmu of D<M> dmu = du.

    Both are (4, N1, N2).

    Raises
    ------
    NotConvergedError
        if conjugate gradients leave more than 100 rtol of du.
    """
    dmu = bgk.newton_step(box, M, M.u + du, rtol)
    divided = bgk.divided_exponential(M.spectrum.values)
    left = abs(bgk.response(box, M.spectrum, divided, dmu) - du).max()
    if left > 100 * rtol * abs(du).max() + 1e-14:
        raise bgk.NotConvergedError(f"D<M> dmu = du missed by {left:.1e}, du {abs(du).max():.1e}")
    return dmu


def nonlocal_rates(box: Box, u: Array, V: Array, *, tolerance: float = 1e-12) -> Rates:
    """Everything in d_t u for densities u = (n0, n), (4, N1, N2), and a potential V, (N1, N2).

    Fields on any other lattice come to that of the box, and back, by `dense.resample`.

    Raises
    ------
    NotConvergedError
        if <M> = N or its linearisation is not solved.
    """
    return rates_of(box, bgk.maxwellian(box, u, tolerance=tolerance), V)


def rates_of(
    box: Box,
    M: bgk.Maxwellian,
    V: Array,
    b: Array | float = 0.0,
    E: tuple[float, float] = (0.0, 0.0),
) -> Rates:
    """The same from a Maxwellian at hand, such as bgk.exponential(box, mu).

    b is a Zeeman field, (3, N1, N2), and E a uniform force.
    """
    H, rho = dense.hamiltonian(box, V, b), M.operator()
    T_rho = transport(box, H, rho)
    for axis, force in enumerate(E):
        if force:
            T_rho -= force * exponential_derivative(M.spectrum, dense.velocity(box, axis))
    TM = dense.densities(box, T_rho)
    dmu = multiplier_rate(box, M, -TM)
    dA = dense.multiplication(dense.scaled(box, dmu))
    T_drho = transport(box, H, exponential_derivative(M.spectrum, dA))
    return Rates(
        M,
        TM,
        dense.densities(box, transport(box, H, T_rho)),
        dense.densities(box, T_drho),
        dmu,
    )
