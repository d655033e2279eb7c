"""The symbol of exp(-H) by its Chebyshev series, in phase space.

exp(-H) = exp(-L) applied to the identity, where L W = (H # W + W # H)/2 is Hermitian and, on the
lattice, bounded: half the sum of K at q = p +- eps xi/2, and of A at x +- eps eta/2.
"""

from __future__ import annotations

from numpy.typing import NDArray

from ..flows.diffusion import Energy
from ..flows.two_sided import PhaseSpace
from ..phase_space.layout import passes
from .chebyshev import series

# Share of the error that the terms left out may make, and the least that is aimed at.
SHARE, LEAST = 0.1, 1e-14


class ChebyshevSymbol:
    """Symbols of exp(-K + A), in as many terms as their error needs.

    Parameters
    ----------
    space
        The lattice of the symbols.
    kinetic
        K, rounded at the edge of the p box.
    error
        What may be left out, relative to the maximum.
    """

    def __init__(self, space: PhaseSpace, kinetic: Energy, error: float) -> None:
        self._space, self._kinetic = space, kinetic
        self._error = max(SHARE * error, LEAST)
        self._fields = [space.layout.x_major() for _ in range(3)]

    def __call__(self, A: NDArray, out: NDArray) -> None:
        """Write Exp(-K + A) into x-major ``out``.

        Parameters
        ----------
        A
            Components (a0, eps a) on the x lattice, shape ``(4, N1, N2)``.
        """
        space, (C, P, Q) = self._space, self._fields
        expansion = series(self._kinetic.bounds, A, 1.0, self._error)
        potential = expansion.potential(space.position.refined(A))
        kinetic = self._kinetic.times(1 / expansion.half)
        first, *others = expansion.coefficients
        C[0], C[1], P[:] = 1 + 0j, 0.0, 0.0  # the identity, packed
        out[:] = first * C
        for k, c in enumerate(others):
            Q[:] = C
            for block, columns in space.layout.columns(Q):
                space.momentum.energy(block, columns, kinetic)
            scale = 2.0 if k > 0 else 1.0  # T_1 = X
            for rows in passes(C):
                X = space.position.mean(C, rows, potential)
                X += Q[:, rows]
                X *= scale
                X -= P[:, rows]
                P[:, rows] = X
                X *= c
                out[:, rows] += X
            C, P = P, C
