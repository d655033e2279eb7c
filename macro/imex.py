"""Time integration of d_t u = F(u, t): implicit-explicit Runge-Kutta with error control.

F is split as F(u, t) = L u + (F(u, t) - L u) with L constant and diagonal in Fourier space: L is
treated implicitly, the rest explicitly, so that dt is set by accuracy and not by the fourth-order
terms. Both parts of a stage are of the same time, so a drive costs no order. The schemes
are additive Runge-Kutta pairs, L-stable and stiffly accurate; each has an embedded scheme whose
order is lower by one, for the error estimate. The 2/3 rule removes the aliases of products: after
each evaluation of the explicit part the modes beyond two thirds of the Nyquist index are set to 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wigner.case.external import Drive
from wigner.errors import Fault, SolveError
from wigner.machine import keep_freed

from .model import Model, check_densities


@dataclass(frozen=True)
class Tableau:
    """An additive Runge-Kutta pair with an explicit first stage.

    ``explicit`` and ``implicit`` are the rows a_ij below the diagonal, ``gamma`` the implicit
    diagonal; ``weights`` serve both parts and equal the last implicit row with gamma; ``embedded``
    are the weights of the embedded scheme, whose order is lower by one.
    """

    order: int
    gamma: float
    explicit: tuple[tuple[float, ...], ...]
    implicit: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]
    embedded: tuple[float, ...]

    @property
    def nodes(self) -> tuple[float, ...]:
        """Times of the stages after the first, as fractions of the step."""
        return tuple(sum(row) for row in self.explicit)


# ARK4(3)6L[2]SA of C. A. Kennedy and M. H. Carpenter, Appl. Numer. Math. 44 (2003) 139.
ARK4 = Tableau(
    order=4,
    gamma=1 / 4,
    explicit=(
        (1 / 2,),
        (13861 / 62500, 6889 / 62500),
        (
            -116923316275 / 2393684061468,
            -2731218467317 / 15368042101831,
            9408046702089 / 11113171139209,
        ),
        (
            -451086348788 / 2902428689909,
            -2682348792572 / 7519795681897,
            12662868775082 / 11960479115383,
            3355817975965 / 11060851509271,
        ),
        (
            647845179188 / 3216320057751,
            73281519250 / 8382639484533,
            552539513391 / 3454668386233,
            3354512671639 / 8306763924573,
            4040 / 17871,
        ),
    ),
    implicit=(
        (1 / 4,),
        (8611 / 62500, -1743 / 31250),
        (5012029 / 34652500, -654441 / 2922500, 174375 / 388108),
        (
            15267082809 / 155376265600,
            -71443401 / 120774400,
            730878875 / 902184768,
            2285395 / 8070912,
        ),
        (82889 / 524892, 0.0, 15625 / 83664, 69875 / 102672, -2260 / 8211),
    ),
    weights=(82889 / 524892, 0.0, 15625 / 83664, 69875 / 102672, -2260 / 8211, 1 / 4),
    embedded=(
        4586570599 / 29645900160,
        0.0,
        178811875 / 945068544,
        814220225 / 1159782912,
        -3700637 / 11593932,
        61727 / 225920,
    ),
)

# The step changes by at most these factors, and aims at this share of the error allowed.
SHRINK, GROW, AIM = 0.2, 5.0, 0.9
# The shortest step relative to the whole time: below it no error is small enough.
SHORTEST = 1e-9
# The step that is never too long for a drive, relative to the whole time.
WATCH = 1e-3


class Point(NamedTuple):
    """The state at a time: spectrum and field of u, and spectrum of the explicit part."""

    U: NDArray
    u: NDArray
    explicit: NDArray


@dataclass(frozen=True)
class Step:
    """An accepted step from ``start`` to ``end``, tried after ``rejected`` steps that failed."""

    start: float
    end: float
    before: Point
    after: Point
    rejected: int
    stepper: Stepper

    def at(self, t: float) -> NDArray:
        """u, ``(4, N1, N2)``, at a time within the step: a cubic through both ends and their rates.

        Its error is of order four in the step, like the error estimate. Mass is conserved.
        """
        if t == self.end:
            return self.after.u
        h = self.end - self.start
        s = (t - self.start) / h
        F, G = (self.stepper.rate(point) for point in (self.before, self.after))
        U = (1 + 2 * s) * (1 - s) ** 2 * self.before.U + s**2 * (3 - 2 * s) * self.after.U
        return self.stepper.x.field(U + h * s * (1 - s) * ((1 - s) * F - s * G))


class Stepper:
    """Steps of a model by a tableau."""

    def __init__(self, model: Model, tolerance: float, tableau: Tableau = ARK4) -> None:
        self.model, self.tolerance, self.tableau = model, tolerance, tableau
        self.x = model.x
        keep_freed()
        stages = len(tableau.weights)
        shape = (stages, *model.stiff.shape)
        # spectra of the explicit and of the implicit part at the stages
        self._E, self._I = (np.empty(shape, dtype=complex) for _ in range(2))

    def point(self, U: NDArray, t: float = 0.0) -> Point:
        """The state of a spectrum, ``(4, N1, N2//2+1)``, at time ``t``.

        Raises
        ------
        SolveError
            If no state has these densities, or their multipliers cannot be found.
        """
        u = self.x.field(U)
        check_densities(u, self.model.medium)
        return Point(U, u, self._explicit(U, u, t))

    def rate(self, point: Point) -> NDArray:
        """The spectrum of d_t u, ``(4, N1, N2//2+1)``."""
        return self.model.stiff * point.U + point.explicit

    def step(self, here: Point, h: float, t: float = 0.0) -> tuple[NDArray, float]:
        """The spectrum after a step of length h from time ``t``, and its error over that allowed.

        Spectra are ``(4, N1, N2//2+1)``.

        Raises
        ------
        SolveError
            If the model cannot be evaluated at a stage.
        """
        L, E, I, scheme = self.model.stiff, self._E, self._I, self.tableau
        E[0], I[0] = here.explicit, L * here.U
        damping = 1 / (1 - h * scheme.gamma * L)
        stages = zip(scheme.explicit, scheme.implicit, scheme.nodes, strict=True)
        for i, (*rows, node) in enumerate(stages, start=1):
            # (1 - h gamma L) U_i = U + h sum_j (explicit_ij E_j + implicit_ij L U_j)
            U = here.U + h * (_sum(rows[0], E) + _sum(rows[1], I))
            U *= damping
            np.multiply(L, U, out=I[i])
            E[i] = self._explicit(U, self.x.field(U), t + node * h)
        E += I
        error = h * _sum(np.subtract(scheme.weights, scheme.embedded), E)
        return here.U + h * _sum(scheme.weights, E), self._size(error, here.u)

    def _explicit(self, U: NDArray, u: NDArray, t: float) -> NDArray:
        """The spectrum of F(u, t) - L u without aliased modes; not finite where log u is not."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            F = self.model.spectral_rate(u, t)
            F -= self.model.stiff * U
            F *= self.x.kept
        return F

    def _size(self, error: NDArray, u: NDArray) -> float:
        """Largest error of n0 and eps n, relative to the tolerance times the largest n0."""
        with np.errstate(invalid="ignore", over="ignore"):
            largest = np.abs(self.x.field(error)).max(axis=(1, 2))
        largest[1:] *= self.model.physics.epsilon
        return float(largest.max() / (self.tolerance * u[0].max()))


def _sum(weights: Sequence[float] | NDArray, spectra: NDArray) -> NDArray:
    """sum_j weights_j spectra_j, as real arithmetic."""
    used = spectra[: len(weights)].view(float)
    return np.tensordot(weights, used, axes=1).view(complex)


def integrate(
    model: Model,
    u: NDArray,
    t_end: float,
    tolerance: float,
    dt: float,
    tableau: Tableau = ARK4,
) -> Iterator[Step]:
    """The accepted steps from 0 to ``t_end``.

    Parameters
    ----------
    u
        Densities (n0, n) at t = 0, shape ``(4, N1, N2)``.
    tolerance
        Bound on the estimated error of a step, relative to the largest n0, for n0 and eps n alike.
    dt
        The first step, lengthened to ``SHORTEST`` of the whole time; those after it are as long
        as the tolerance allows. Where V, b or E are driven none is longer, lest a pulse falls
        between the stages of a step, unless ``dt`` is below ``WATCH`` of the whole time.

    Raises
    ------
    SolveError
        If n0 > eps|n| is lost, multipliers cannot be found, or the step becomes too short; the
        message names time and place.
    """
    stepper = Stepper(model, tolerance, tableau)
    here, t, rejected = stepper.point(model.x.transform(u)), 0.0, 0
    dt = max(dt, SHORTEST * t_end)
    longest = t_end if model.physics.drive is None else max(dt, WATCH * t_end)
    while t < t_end:
        h = t_end - t if t + 1.01 * dt >= t_end else dt
        try:
            U, error = stepper.step(here, h, t)
            there, why = (stepper.point(U, t + h) if error <= 1 else None), None
        except SolveError as failure:
            there, error, why = None, np.nan, failure
        if there is not None:
            end = t_end if h == t_end - t else t + h
            yield Step(t, end, here, there, rejected, stepper)
            here, t, rejected = there, end, 0
        elif h <= SHORTEST * t_end:
            raise _stuck(model, t, h, why) from None
        else:
            rejected += 1
        dt = min(max(h * _change(error, tableau.order), SHORTEST * t_end), longest)


def solution(
    model: Model,
    u: NDArray,
    times: Sequence[float],
    tolerance: float,
    dt: float,
    between: Callable[[], None] = lambda: None,
) -> Iterator[tuple[float, NDArray]]:
    """u at the given increasing times, ``(t, u)``; arguments and errors as :func:`integrate`.

    ``between`` is called after every step, and may raise to end this.
    """
    due = list(times)
    while due and due[0] <= 0:
        yield due.pop(0), u
    for step in integrate(model, u, times[-1], tolerance, dt) if due else ():
        between()
        while due and due[0] <= step.end:
            t = due.pop(0)
            yield t, step.at(t)


def _change(error: float, order: int) -> float:
    """The factor from this step to the next, if the error estimate is of ``order`` in the step."""
    if not np.isfinite(error):
        return SHRINK
    return float(np.clip(AIM * max(error, 1e-12) ** (-1 / order), SHRINK, GROW))


def _stuck(model: Model, t: float, h: float, why: SolveError | None) -> SolveError:
    """Why not even a step of length h from ``t`` can be done: a formula, if one jumps there."""
    if why is None:
        remedy = "raise the tolerance, or use smoother fields"
        fault = Fault("time step", "an error above the tolerance", "less", remedy)
        drive = model.physics.drive
        try:
            key = drive.jump(t, t + h) if isinstance(drive, Drive) else ""
        except SolveError as failure:
            return failure.at(time=t)
        if key:
            got, expected = "a formula with a jump or a pole there", "one that steps can follow"
            fault = Fault(key, got, expected, "change the formula there")
        why = SolveError(fault)
    return why.at(time=t, tried=f"shorter steps failed too, down to {h:.1e}")
