"""The moment constraint <Exp(-K + A)> = N, solved for the multipliers A = a0 sigma_0 + eps a.sigma.

Classically <M> = 2 pi exp(A), so ``log N - log <M>``, with matrix logarithms, is the distance to
the solution at any amplitude and polarisation; near a homogeneous state the quantum corrections
divide it by phi(eps |xi|) in Fourier space (see ``response``). Anderson's method accelerates this
fixed point, or one that corrects A by the solution for a nearby map (see ``preconditioner``).

The constraint is also the gradient of the strictly convex dual functional
Tr exp(B) - int tr(A N): where the fixed point does not contract, Newton's method with conjugate
gradients, made to descend on that functional, takes over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import ConstraintError, Fault
from ..phase_space import pauli
from ..phase_space.grid import Pair, PhaseGrid, place_of
from .anderson import Iteration, Secants

# Anderson gives up when this many evaluations have not improved the best residual.
PATIENCE = 12
# Share of the tolerance below which a residual need not be evaluated.
TRUSTED = 0.3


@dataclass(frozen=True)
class Solution:
    """Multipliers that solve the constraint.

    Attributes
    ----------
    A
        Components (a0, eps a), shape ``(4, N1, N2)``.
    residual
        max |N - <M>| over components and points, divided by max n0; where it was not evaluated,
        what it is trusted to be.
    evaluations
        Evaluations of the moment map that it took.
    first
        The residual that the solve began with.
    """

    A: NDArray
    residual: float
    evaluations: int
    first: float


class Nearby(Protocol):
    """A map near to the moment map whose equation is solved at little cost."""

    def start(self, N: NDArray) -> NDArray:
        """Multipliers that nearly give N, both ``(4, N1, N2)``."""
        ...

    def correction(self, A: NDArray, missing: NDArray) -> NDArray | None:
        """A change of A that nearly adds ``missing`` to its moments; None where there is none.

        All three are ``(4, N1, N2)``.
        """
        ...


class _Point(NamedTuple):
    """A, the moments there, and max |N - <M>| / max n0; infinite where they overflow."""

    A: NDArray
    moments: NDArray
    residual: float


@dataclass
class _Search:
    """The moment map with a budget, and the best point met so far."""

    moments: Callable[[NDArray], NDArray]
    N: NDArray
    grid: PhaseGrid
    tolerance: float
    budget: int
    evaluations: int = 0
    history: list[float] = field(default_factory=list)
    best: _Point | None = None
    since: int = 0

    def map(self, A: NDArray) -> NDArray:
        """Moments at A; not finite where the exponential overflows."""
        if self.evaluations >= self.budget:
            raise ConstraintError(self.diagnosis("as many as are allowed"))
        self.evaluations += 1
        with np.errstate(over="ignore", invalid="ignore"):
            return self.moments(A)

    def evaluate(self, A: NDArray) -> _Point:
        """The point A, remembered if its residual is the smallest so far."""
        moments = self.map(A)
        size = float(np.abs(self.N - moments).max() / self.N[0].max())
        point = _Point(A, moments, size if np.isfinite(size) else np.inf)
        if point.residual < self.least:
            self.best = point
        self.history.append(point.residual)
        return point

    @property
    def least(self) -> float:
        """The smallest residual so far."""
        return min(self.history, default=np.inf)

    def stalled(self) -> bool:
        """Whether the last evaluations brought no new best residual."""
        old = self.history[self.since : -PATIENCE]
        return bool(old) and min(self.history[-PATIENCE:]) >= min(old)

    def diagnosis(self, why: str) -> Fault:
        """A failure: history, the point with the largest residual, and the likely cause in N."""
        polarisation = float((pauli.norm(self.N) / self.N[0]).max())
        ratio = float(self.N[0].min() / self.N[0].max())
        causes = []
        if polarisation > 0.95:
            causes.append(f"eps|n|/n0 reaches {polarisation:.4f}")
        if ratio < 1e-3:
            causes.append(f"n0 falls to {ratio:.1e} of its maximum")
        causes = causes or ["fields too steep for the x lattice, or epsilon large for the box"]
        tail = ", ".join(f"{r:.1e}" for r in self.history[-8:])
        got = (
            f"a residual of {self.least:.1e} after {self.evaluations} evaluations ({why}; the "
            f"last residuals are {tail})"
        )
        place = None
        if self.best is not None:
            got += ", the largest"
            place = worst_place(self.N - self.best.moments, self.grid)
        used_up = self.evaluations >= self.budget
        more = ", or a larger maxwellian.max_evaluations" if used_up else ""
        remedy = (
            f"likely cause: {'; '.join(causes)}; try a finer x lattice, a smaller dt or a larger "
            f"tolerance{more}"
        )
        return Fault("moment constraint", got, f"at most {self.tolerance:.1e}", remedy, place)


def worst_place(missing: NDArray, grid: PhaseGrid) -> Pair:
    """Coordinates of the point where a residual ``(4, N1, N2)`` is largest."""
    size = np.abs(missing).max(axis=0)
    return place_of(np.unravel_index(np.argmax(size), size.shape), grid.n_x, grid.length)


def solve(
    moments: Callable[[NDArray], NDArray],
    N: NDArray,
    grid: PhaseGrid,
    response: NDArray,
    tolerance: float,
    start: NDArray | None = None,
    max_evaluations: int = 200,
    secants: Secants | None = None,
    nearby: Nearby | None = None,
    gain: float = 1.0,
) -> Solution:
    """Solve ``moments(A) = N`` to ``tolerance``.

    Parameters
    ----------
    moments
        The moment map, from components (a0, eps a) to components (n0, eps n).
    N
        Components (n0, eps n) with n0 > eps |n|, shape ``(4, N1, N2)``.
    response
        Of the density to A in a homogeneous state, wave by wave on spectra of real fields,
        ``(N1, N2//2 + 1)``.
    tolerance
        Bound on max |N - <M>| / max n0.
    start
        First guess; that of the nearby map, or the classical multipliers, when None.
    secants
        What earlier solves with similar N learned; this solve adds to it.
    nearby
        A map that is cheap and near to ``moments``, which saves most evaluations.
    gain
        What the first correction is trusted to leave of the residual: where that is well within
        the tolerance the solution is not evaluated once more.

    Raises
    ------
    ConstraintError
        If N is not positive definite, or the tolerance is not reached. Nothing unconverged is
        ever returned.
    """
    check_positive(N, grid)
    search = _Search(moments, N, grid, tolerance, max_evaluations)
    target = pauli.log(N)

    def smooth(G: NDArray) -> NDArray:
        return np.fft.irfft2(np.fft.rfft2(G) / response, s=grid.n_x)

    A = start
    if A is None:
        A = classical(N) if nearby is None else nearby.start(N)

    def correction(point: _Point) -> NDArray:
        G = None if nearby is None else nearby.correction(point.A, N - point.moments)
        return smooth(target - pauli.log(point.moments)) if G is None else G

    secants = Secants() if secants is None else secants
    inherited = bool(secants.steps)
    solved = _anderson(search, A, correction, tolerance, secants, gain)
    if solved is None and inherited:  # what was learned elsewhere may mislead here
        secants.forget()
        search.since = len(search.history)
        solved = _anderson(search, A, correction, tolerance, secants)
    if solved is None:
        solved = _newton(search, smooth, tolerance)
    if solved is None:
        raise ConstraintError(search.diagnosis("no further progress"))
    A, residual = solved
    return Solution(A, residual, search.evaluations, search.history[0])


def check_positive(N: NDArray, grid: PhaseGrid) -> None:
    """Raise ConstraintError unless moments (n0, eps n) are positive definite everywhere.

    N has the shape ``(4, N1, N2)``.
    """
    remedy = "no quantum Maxwellian has these moments"
    impossible = pauli.positivity_fault(N, grid.length, "density matrix", remedy)
    if impossible is not None:
        raise ConstraintError(impossible)


def classical(N: NDArray) -> NDArray:
    """The multipliers of N for eps -> 0: log(N/2pi), both ``(4, N1, N2)``."""
    return pauli.log(N / (2 * np.pi))


def _anderson(
    search: _Search,
    A: NDArray,
    correction: Callable[[_Point], NDArray],
    tolerance: float,
    secants: Secants,
    gain: float = 1.0,
) -> tuple[NDArray, float] | None:
    """The solution by Anderson's method on A -> A + correction; None where it does not converge.

    The first correction is trusted where ``gain`` says that it is enough.
    """
    iteration = Iteration(secants)
    while True:
        here = search.evaluate(A)
        if here.residual <= tolerance:
            return A, here.residual
        if here.residual == np.inf or search.stalled() or not pauli.is_positive(here.moments):
            return None
        A = iteration.next(A, correction(here))
        if search.evaluations == 1 and gain * here.residual <= TRUSTED * tolerance:
            return A, gain * here.residual


def _newton(
    search: _Search, smooth: Callable[[NDArray], NDArray], tolerance: float
) -> tuple[NDArray, float] | None:
    """The solution by Newton's method from the best point, descending on the dual; or None."""
    if search.best is None:
        search.evaluate(classical(search.N))
    while search.best is not None and search.least > tolerance:
        here, before = search.best, search.least
        direction = _newton_direction(search, here, smooth)
        slope = float(np.sum((here.moments - search.N) * direction))
        value = _dual(here, search.N)
        for fraction in 0.5 ** np.arange(20):
            there = search.evaluate(here.A + fraction * direction)
            if there.residual < before:
                break
            if _dual(there, search.N) - value < 1e-4 * fraction * slope:
                search.best = there
                break
        else:
            return None
    return None if search.best is None else (search.best.A, search.least)


def _dual(point: _Point, N: NDArray) -> float:
    """Tr exp(B) - int tr(A N) on the lattice, up to a factor; nan where exp(B) overflows."""
    return float(np.sum(point.moments[0]) - np.sum(point.A * N))


def _newton_direction(
    search: _Search, here: _Point, smooth: Callable[[NDArray], NDArray]
) -> NDArray:
    """Solve d<M>/dA . d = N - <M> by preconditioned conjugate gradients, to a relative 0.1.

    The Jacobian is symmetric and positive; its products are differences of the moment map.
    """
    A, n0 = here.A, here.moments[0]
    d, r = np.zeros_like(A), search.N - here.moments
    target = 0.1 * np.abs(r).max()
    z = smooth(r / n0)
    p, rz = z, float(np.sum(r * z))
    for _ in range(30):
        h = 1e-4 / np.abs(p).max()
        Jp = (search.map(A + h * p) - search.map(A - h * p)) / (2 * h)
        curvature = float(np.sum(p * Jp))
        if curvature <= 0:
            break
        d = d + rz / curvature * p
        r = r - rz / curvature * Jp
        if np.abs(r).max() <= target:
            break
        z = smooth(r / n0)
        rz, previous = float(np.sum(r * z)), rz
        p = z + rz / previous * p
    return d if np.any(d) else z
