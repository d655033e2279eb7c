"""The moment constraint <Exp(-K + A)> = N, solved for the multipliers A = a0 sigma_0 + eps a.sigma.

Classically <M> = 2 pi exp(A), so ``log N - log <M>``, with matrix logarithms, is the distance to
the solution at any amplitude and polarisation; near a homogeneous state the quantum corrections
divide it by phi(eps |xi|) in Fourier space. Anderson's method accelerates this fixed point, or one
that corrects A by the solution for a nearby map (see ``one_step``).

The constraint is also the gradient of the strictly convex dual functional
Tr exp(B) - int tr(A N): where the fixed point does not contract, Newton's method with conjugate
gradients, made to descend on that functional, takes over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import dawsn

from ..phase_space import pauli
from ..phase_space.grid import PhaseGrid, wave_numbers
from .anderson import Iteration, Secants

# Anderson gives up when this many evaluations have not improved the best residual.
PATIENCE = 12


class SolveError(RuntimeError):
    """A run cannot go on; the message says when, where, why, and what to do."""


class ConstraintError(SolveError):
    """The constraint could not be solved; the message has the history and the likely cause."""


@dataclass(frozen=True)
class Solution:
    """Multipliers that solve the constraint.

    Attributes
    ----------
    A
        Components (a0, eps a), shape ``(4, N1, N2)``.
    residual
        max |N - <M>| over components and points, divided by max n0.
    evaluations
        Evaluations of the moment map that it took.
    """

    A: NDArray
    residual: float
    evaluations: int


class Nearby(Protocol):
    """A map near to the moment map whose equation is solved at little cost."""

    def start(self, N: NDArray) -> NDArray:
        """Multipliers that nearly give N."""
        ...

    def correction(self, A: NDArray, missing: NDArray) -> NDArray | None:
        """A change of A that nearly adds ``missing`` to its moments; None where there is none."""
        ...


@dataclass
class _Search:
    """The moment map with a budget, and the best point met so far."""

    moments: Callable[[NDArray], NDArray]
    N: NDArray
    budget: int
    evaluations: int = 0
    history: list[float] = field(default_factory=list)
    best: NDArray | None = None
    found: NDArray | None = None
    since: int = 0

    def map(self, A: NDArray) -> NDArray:
        """Moments at A; not finite where the exponential overflows."""
        if self.evaluations >= self.budget:
            raise ConstraintError(self.diagnosis("the evaluations allowed are used up"))
        self.evaluations += 1
        with np.errstate(over="ignore", invalid="ignore"):
            return self.moments(A)

    def residual(self, A: NDArray) -> tuple[NDArray, float]:
        """Moments at A and max |N - <M>| / max n0, infinite where they overflow."""
        found = self.map(A)
        size = float(np.abs(self.N - found).max() / self.N[0].max())
        size = size if np.isfinite(size) else np.inf
        if size < self.least:
            self.best, self.found = A, found
        self.history.append(size)
        return found, size

    @property
    def least(self) -> float:
        """The smallest residual so far."""
        return min(self.history, default=np.inf)

    def stalled(self) -> bool:
        """Whether the last evaluations brought no new best residual."""
        old = self.history[self.since : -PATIENCE]
        return bool(old) and min(self.history[-PATIENCE:]) >= min(old)

    def diagnosis(self, why: str) -> str:
        """The message of a failure: history, and what in N makes it likely."""
        polarisation = float((pauli.norm(self.N) / self.N[0]).max())
        ratio = float(self.N[0].min() / self.N[0].max())
        causes = []
        if polarisation > 0.95:
            causes.append(f"eps|n|/n0 reaches {polarisation:.4f}")
        if ratio < 1e-3:
            causes.append(f"n0 falls to {ratio:.1e} of its maximum")
        causes = causes or ["fields too steep for the x lattice, or epsilon large for the box"]
        tail = ", ".join(f"{r:.1e}" for r in self.history[-8:])
        return (
            f"moment constraint: not solved after {self.evaluations} evaluations ({why}); best "
            f"residual {self.least:.1e}, last residuals {tail}; likely cause: "
            f"{'; '.join(causes)}; try a finer x lattice, a smaller dt or a larger tolerance"
        )


def phi(z: NDArray) -> NDArray:
    """int_0^1 exp(-z^2 s(1-s)/2) ds: the response of the density to A at wave number z/eps."""
    x = np.asarray(z) / np.sqrt(8.0)
    return np.where(x > 1e-8, dawsn(x) / np.where(x > 1e-8, x, 1.0), 1.0)


def solve(
    moments: Callable[[NDArray], NDArray],
    N: NDArray,
    grid: PhaseGrid,
    epsilon: float,
    tolerance: float,
    start: NDArray | None = None,
    max_evaluations: int = 200,
    secants: Secants | None = None,
    nearby: Nearby | None = None,
) -> Solution:
    """Solve ``moments(A) = N`` to ``tolerance``.

    Parameters
    ----------
    moments
        The moment map, from components (a0, eps a) to components (n0, eps n).
    N
        Components (n0, eps n) with n0 > eps |n|, shape ``(4, N1, N2)``.
    tolerance
        Bound on max |N - <M>| / max n0.
    start
        First guess; that of the nearby map, or the classical multipliers, when None.
    secants
        What earlier solves with similar N learned; this solve adds to it.
    nearby
        A map that is cheap and near to ``moments``, which saves most evaluations.

    Raises
    ------
    ConstraintError
        If N is not positive definite, or the tolerance is not reached. Nothing unconverged is
        ever returned.
    """
    _check_positive(N)
    search = _Search(moments, N, max_evaluations)
    smooth, target = _smoother(grid, epsilon), pauli.log(N)
    A = start
    if A is None:
        A = classical(N) if nearby is None else nearby.start(N)

    def correction(A: NDArray, found: NDArray) -> NDArray:
        G = None if nearby is None else nearby.correction(A, N - found)
        return smooth(target - pauli.log(found)) if G is None else G

    secants = Secants() if secants is None else secants
    inherited = bool(secants.steps)
    solved = _anderson(search, A, correction, tolerance, secants)
    if not solved and inherited:  # what was learned elsewhere may mislead here
        secants.forget()
        search.since = len(search.history)
        solved = _anderson(search, A, correction, tolerance, secants)
    if not (solved or _newton(search, smooth, tolerance)):
        raise ConstraintError(search.diagnosis("no further progress"))
    return Solution(search.best, search.least, search.evaluations)


def classical(N: NDArray) -> NDArray:
    """The multipliers of N for eps -> 0: log(N/2pi)."""
    return pauli.log(N / (2 * np.pi))


def _smoother(grid: PhaseGrid, epsilon: float) -> Callable[[NDArray], NDArray]:
    """Division by phi(eps |xi|) in Fourier space."""
    xi = wave_numbers(grid.n_x, grid.length)
    response = phi(epsilon * np.hypot(xi[0][:, None], xi[1][None, :]))
    return lambda G: np.fft.irfft2(np.fft.rfft2(G) / response, s=grid.n_x)


def _anderson(
    search: _Search,
    A: NDArray,
    correction: Callable[[NDArray, NDArray], NDArray],
    tolerance: float,
    secants: Secants,
) -> bool:
    """Anderson's method on A -> A + correction(A, <M>); whether it converged."""
    iteration = Iteration(secants)
    while True:
        found, size = search.residual(A)
        if size <= tolerance:
            return True
        if size == np.inf or search.stalled() or not np.all(found[0] > pauli.norm(found)):
            return False
        A = iteration.next(A, correction(A, found))


def _newton(search: _Search, smooth: Callable[[NDArray], NDArray], tolerance: float) -> bool:
    """Newton's method from the best point so far, descending on the dual functional."""
    if search.best is None:
        search.residual(classical(search.N))
    while search.least > tolerance:
        A, found = search.best, search.found
        if A is None:
            return False
        direction = _newton_direction(search, A, found, smooth)
        slope = float(np.sum((found - search.N) * direction))
        value, before = _dual(A, found, search.N), search.least
        for fraction in 0.5 ** np.arange(20):
            there, size = search.residual(A + fraction * direction)
            if size < before:
                break
            descent = _dual(A + fraction * direction, there, search.N) - value
            if descent < 1e-4 * fraction * slope:
                search.best, search.found = A + fraction * direction, there
                break
        else:
            return False
    return True


def _dual(A: NDArray, found: NDArray, N: NDArray) -> float:
    """Tr exp(B) - int tr(A N) on the lattice, up to a factor; nan where exp(B) overflows."""
    return float(np.sum(found[0]) - np.sum(A * N))


def _newton_direction(
    search: _Search, A: NDArray, found: NDArray, smooth: Callable[[NDArray], NDArray]
) -> NDArray:
    """Solve d<M>/dA . d = N - <M> by preconditioned conjugate gradients, to a relative 0.1.

    The Jacobian is symmetric and positive; its products are differences of the moment map.
    """
    n0 = found[0]
    d, r = np.zeros_like(A), search.N - found
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


def _check_positive(N: NDArray) -> None:
    """Raise unless N is finite and positive definite everywhere, naming the worst point."""
    lowest = N[0] - pauli.norm(N)
    if np.all(np.isfinite(N)) and lowest.min() > 0:
        return
    worst = np.unravel_index(np.argmin(np.nan_to_num(lowest, nan=-np.inf)), lowest.shape)
    at = tuple(int(i) for i in worst)
    raise ConstraintError(
        f"density matrix: got n0 = {N[0][worst]:.6g} and eps|n| = {pauli.norm(N)[worst]:.6g} at "
        f"lattice point {at}, expected n0 > eps|n|; no quantum Maxwellian has these moments"
    )
