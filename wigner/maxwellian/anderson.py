"""Anderson's method for fixed points, and what it remembers from one solve to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from operator import mul

import numpy as np
from numpy.typing import NDArray

# Past residuals that Anderson's method combines.
DEPTH = 20
# Share of a past residual that the newer ones must not explain for it to count.
INDEPENDENT = 1e-4


@dataclass
class Secants:
    """Changes of A and of its fixed-point residual G seen so far: what Anderson's method knows.

    The response of G to A hardly changes from one solve of a run to the next, so a solve that
    inherits the pairs of the ones before needs fewer evaluations.

    Their inner products are kept: each new pair adds a row, so a step passes over every pair once
    and the rest of the work is that of matrices no larger than DEPTH.
    """

    steps: list[NDArray] = field(default_factory=list)
    changes: list[NDArray] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Inner products of the changes, ``(pairs, pairs)``: they follow from what a run saves."""
        known = self.changes
        self._products = np.reshape([_products(known, one) for one in known], (len(known),) * 2)

    def add(self, step: NDArray, change: NDArray) -> None:
        """Remember a pair; the oldest is forgotten beyond DEPTH. All have one shape, any shape."""
        if np.any(change):
            self.steps.append(step)
            self.changes.append(change)
            del self.steps[:-DEPTH], self.changes[:-DEPTH]
            row = _products(self.changes, change)
            old, n = self._products, len(row) - 1
            self._products = np.empty((n + 1, n + 1))
            self._products[:n, :n] = old[len(old) - n :, len(old) - n :]
            self._products[n], self._products[:, n] = row, row

    def copy(self) -> Secants:
        """Another that knows the same pairs."""
        return Secants(list(self.steps), list(self.changes))

    def forget(self) -> None:
        """Forget all pairs."""
        self.steps.clear()
        self.changes.clear()
        self._products = np.empty((0, 0))

    def step(self, G: NDArray) -> NDArray:
        """G - (steps + changes) w with w minimising |G - changes w|; G as in :meth:`add`."""
        kept, L = self._independent()
        if not kept:
            return G
        sizes = np.sqrt(self._products[kept, kept])
        right = _products([self.changes[k] for k in kept], G) / sizes
        weights = np.linalg.solve(L.T, np.linalg.solve(L, right)) / sizes
        found = G.copy()
        for k, weight in zip(kept, weights, strict=True):
            found -= weight * (self.steps[k] + self.changes[k])
        return found

    def _independent(self) -> tuple[list[int], NDArray]:
        """Pairs that add a direction to those after them, newest first, and L.

        L L^T are the inner products of their changes, each divided by its norm. Where few unknowns
        are active old pairs repeat the newer ones up to noise, which would otherwise be taken for
        a direction.
        """
        kept: list[int] = []
        rows: list[list[float]] = []  # of L, as numbers: arrays this small only cost calls
        sizes = np.sqrt(np.diagonal(self._products))
        cosines = (self._products / np.outer(sizes, sizes)).tolist()
        for k in reversed(range(len(sizes))):
            explained: list[float] = []
            for one, row in zip(kept, rows, strict=True):
                explained.append((cosines[one][k] - sum(map(mul, row, explained))) / row[-1])
            left = 1.0 - sum(map(mul, explained, explained))  # squared, what newer do not explain
            if left > INDEPENDENT**2:
                rows.append([*explained, math.sqrt(left)])
                kept.append(k)
        L = np.zeros((len(rows), len(rows)))
        for n, row in enumerate(rows):
            L[n, : n + 1] = row
        return kept, L


def _products(fields: list[NDArray], other: NDArray) -> NDArray:
    """Inner products of some fields with another."""
    return np.array([np.vdot(one, other) for one in fields])


@dataclass
class Iteration:
    """One solve by Anderson's method, which adds to what is known from those before."""

    secants: Secants
    _last: tuple[NDArray, NDArray] | None = None

    def next(self, A: NDArray, G: NDArray) -> NDArray:
        """The argument after A, whose fixed-point residual is G; any shape will do."""
        if self._last is not None:
            self.secants.add(A - self._last[0], G - self._last[1])
        self._last = A, G
        return A + self.secants.step(G)
