"""Steps as long as a tolerance allows: each is done in two halves and compared with a whole one.

The halves differ from the whole by (2^p - 1) times their own error where the scheme is of order p.
This sees what an embedded scheme would not: the splitting of the transport, and the order that is
lost while a step passes through tau. It costs half as much again.

Steps are 1, 1/2, 1/4, ... of the time between two records, and end at multiples of themselves. So
the flows of few lengths are in use, records are met, and a run that goes on takes the same steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..errors import ConstraintError, Fault, ResolutionError, SolveError
from ..phase_space.moments import density, square_norm
from .evolve import Interval
from .relaxation import Collisions, Step

# The longest step is halved so many times at the most.
MOST_HALVINGS = 30
# Constraints that cannot be solved in steps ever shorter are given up after so many.
MOST_FAILURES = 5
# Share of the tolerance that the error of a step of twice the length is to stay below.
CAUTION = 0.5


class Adaptive:
    """Advances W by steps whose errors are within a tolerance.

    The error of a step is the larger one of those of W, in the norm of L2 relative to W, and of
    (n0, eps n), relative to the largest n0.

    Parameters
    ----------
    collisions
        Their memory and their ledger go back where a step is done again.
    make_step
        A step of some length.
    order
        That of the scheme.
    tolerance
        Of a step.
    dt
        The first step at the most.

    Attributes
    ----------
    dt
        The next step at the most: what a run needs to go on with the same steps.
    """

    def __init__(
        self,
        collisions: Collisions,
        make_step: Callable[[float], Step],
        order: int,
        tolerance: float,
        dt: float,
    ) -> None:
        self.dt = dt
        self._collisions, self._layout = collisions, collisions.maxwellian.space.layout
        self._make_step, self._steps = make_step, dict[float, Step]()
        self._order, self._tolerance = order, tolerance
        self._failures = 0
        self._before, self._whole = self._layout.x_major(), self._layout.x_major()

    def advance(self, W: NDArray, t: float, times: Sequence[float]) -> Iterator[Interval]:
        """Advance x-major W in place from ``t`` through the later ``times``, and yield each step.

        Parameters
        ----------
        times
            Increasing; steps are parts of the time between two of them, from 0 on.

        Raises
        ------
        SolveError
            If no step meets the tolerance.
        ConstraintError
            If a constraint cannot be solved in any step.
        """
        for start, end in pairwise([0.0, *times]):
            if end > t * (1 + 1e-12):
                first, done = _place(max(start, t), start, end)
                yield from self._through(W, first, end, done)

    def _through(self, W: NDArray, start: float, end: float, done: Fraction) -> Iterator[Interval]:
        """Advance W to ``end``; the fraction ``done`` of the way from ``start`` is behind it."""
        while done < 1:
            share = _share(self.dt / (end - start), done)
            t = start + float(done) * (end - start)
            while (
                length := self._attempt(W, t, float(share) * (end - start), end - start)
            ) is None:
                share = _share(self.dt / (end - start), done)
            done += share
            there = end if done == 1 else start + float(done) * (end - start)
            yield Interval(t, length, there, done == 1)

    def _attempt(self, W: NDArray, t: float, length: float, whole: float) -> float | None:
        """Do a step from ``t`` if its error is within the tolerance; its length, None if not.

        The steps after it are as long as its error says, and parts of ``whole``.
        """
        length = float(f"{length:.12e}")  # steps that differ by roundoff are one
        known = self._collisions.known()
        self._before[:] = W
        try:
            error = self._done(W, t, length)
        except ResolutionError:
            raise
        except ConstraintError as failure:
            self._failures += 1
            if self._failures > MOST_FAILURES:
                raise failure.at(tried=f"shorter steps failed too, down to {length:.1e}") from None
            error = np.inf
        per_halving = self._order + 1
        if error <= self._tolerance:
            self._failures = 0
            if error * 2**per_halving <= CAUTION * self._tolerance:
                self.dt = 2 * length
            return length
        W[:] = self._before
        self._collisions.know(known)
        excess = math.log2(error / self._tolerance) if np.isfinite(error) else 0.0
        self.dt = length / 2 ** max(1, math.ceil(excess / per_halving))
        if self.dt < whole / 2**MOST_HALVINGS:
            raise SolveError(self._too_short(error, length))
        return None

    def _done(self, W: NDArray, t: float, length: float) -> float:
        """Advance W by two halves; the error, from one whole step."""
        whole = self._whole
        half, full = self._step(0.5 * length), self._step(length)
        known = self._collisions.known()
        whole[:] = W
        full(whole, t)
        self._collisions.know(known)
        half(W, t)
        half(W, t + 0.5 * length)
        N = density(self._layout, W)
        moments = float(np.abs(N - density(self._layout, whole)).max() / N[0].max())
        whole -= W
        norm = math.sqrt(square_norm(self._layout, whole) / square_norm(self._layout, W))
        return max(moments, norm) / (2**self._order - 1)

    def _step(self, length: float) -> Step:
        """A step of a length; those of the last few lengths are kept, as they have tables."""
        if length not in self._steps:
            if len(self._steps) >= 3:
                del self._steps[next(iter(self._steps))]
            self._steps[length] = self._make_step(length)
        return self._steps[length]

    def _too_short(self, error: float, length: float) -> Fault:
        return Fault(
            "time step",
            f"an error of {error:.1e} in a step of {length:.1e}",
            f"at most time.tolerance = {self._tolerance:g}",
            "raise time.tolerance, or lower maxwellian.tolerance, whose errors shorter steps keep",
        )


def _place(t: float, start: float, end: float) -> tuple[float, Fraction]:
    """Where ``t`` is on the way from ``start`` to ``end``: a dyadic fraction of it is done.

    Otherwise the way begins at ``t``: it ended there when the run was to end there.
    """
    parts = 2**MOST_HALVINGS
    done = Fraction(round((t - start) / (end - start) * parts), parts)
    return (start, done) if start + float(done) * (end - start) == t else (t, Fraction(0))


def _share(most: float, done: Fraction) -> Fraction:
    """The largest 1/2^k of a way that is not more than ``most`` and divides what is done."""
    share = Fraction(1)
    while share > most * (1 + 1e-9) or done % share:
        share /= 2
    return share
