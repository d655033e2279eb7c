"""Anderson's method for fixed points, and what it remembers from one solve to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# Past residuals that Anderson's method combines.
DEPTH = 10
# Share of a past residual that the newer ones must not explain for it to count.
INDEPENDENT = 1e-4


@dataclass
class Secants:
    """Changes of A and of its fixed-point residual G seen so far: what Anderson's method knows.

    The response of G to A hardly changes from one solve of a run to the next, so a solve that
    inherits the pairs of the ones before needs fewer evaluations.
    """

    steps: list[NDArray] = field(default_factory=list)
    changes: list[NDArray] = field(default_factory=list)

    def add(self, step: NDArray, change: NDArray) -> None:
        """Remember a pair; the oldest is forgotten beyond DEPTH."""
        if np.any(change):
            self.steps.append(step)
            self.changes.append(change)
            del self.steps[:-DEPTH], self.changes[:-DEPTH]

    def copy(self) -> Secants:
        """Another that knows the same pairs."""
        return Secants(list(self.steps), list(self.changes))

    def forget(self) -> None:
        """Forget all pairs."""
        self.steps.clear()
        self.changes.clear()

    def step(self, G: NDArray) -> NDArray:
        """G - (steps + changes) w with w minimising |G - changes w|."""
        kept, basis = self._independent()
        if not kept:
            return G
        D, S = (np.stack([f[k].ravel() for k in kept], axis=1) for f in (self.changes, self.steps))
        # changes = basis R, so the least squares are triangular
        weights = np.linalg.solve(basis.T @ D, basis.T @ G.ravel())
        return G - ((S + D) @ weights).reshape(G.shape)

    def _independent(self) -> tuple[list[int], NDArray]:
        """Pairs that add a direction to those after them, newest first, and orthonormal changes.

        Where few unknowns are active old pairs repeat the newer ones up to noise, which would
        otherwise be taken for a direction.
        """
        kept: list[int] = []
        basis = np.empty((self.changes[0].size if self.changes else 0, 0))
        for k in reversed(range(len(self.changes))):
            v = self.changes[k].ravel() / np.linalg.norm(self.changes[k])
            for _ in range(2):  # twice is enough for orthogonality to roundoff
                v = v - basis @ (basis.T @ v)
            if np.linalg.norm(v) > INDEPENDENT:
                kept.append(k)
                basis = np.column_stack([basis, v / np.linalg.norm(v)])
        return kept, basis


@dataclass
class Iteration:
    """One solve by Anderson's method, which adds to what is known from those before."""

    secants: Secants
    _last: tuple[NDArray, NDArray] | None = None

    def next(self, A: NDArray, G: NDArray) -> NDArray:
        """The argument after A, whose fixed-point residual is G."""
        if self._last is not None:
            self.secants.add(A - self._last[0], G - self._last[1])
        self._last = A, G
        return A + self.secants.step(G)
