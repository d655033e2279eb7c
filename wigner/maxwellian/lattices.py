"""On how few points of x M(N) can be made, without being off by more than the tolerance.

W needs the x lattice that its fine structure in phase space asks for. Its densities are smoother,
and so is M(N): at 1e-6 half the points of an axis are often enough, which is a quarter of the work.

For small eps the symbol of exp(-K + A) is exp(A(x + eps eta/2)/2) exp(A(x - eps eta/2)/2)
exp(-|eta|^2/2) in eta. Its waves in x at a few eta tell beforehand where those of M(N) end.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..phase_space import pauli
from ..phase_space.communicator import SERIAL, Communicator
from ..phase_space.grid import Pair, PhaseGrid
from ..phase_space.resampling import Counts, left_out
from .constraint import classical

# Shares of the points of an axis that a coarser lattice may have, and the fewest points of an axis
# and in all: nothing would be gained with less, and there is a point for each rank.
SHARES = ((1, 4), (1, 3), (3, 8), (1, 2), (2, 3), (3, 4), (1, 1))
FEWEST_OF_AXIS, FEWEST = 8, 64
# Share of the tolerance that the last waves of a coarser lattice may have when it is chosen, and
# when it has been used. M(N) is off by some four times their amplitude.
CHOSEN, KEPT = 0.1, 0.15
# Where a wave of N has grown by so much it is foreseen anew. Where all waves are multiples of one,
# what a lattice has not may come back elsewhere than at its end, which tells nothing then.
GROWN = 1.25
# Where the symbol is looked at in eta; at -eta it has the same waves.
ETA = ((0.0, 0.0), (1.5, 0.0), (0.0, 1.5), (1.5, 1.5), (1.5, -1.5), (3.0, 0.0), (0.0, 3.0))


def lattices(n_x: Counts, ranks: int) -> list[Counts]:
    """The lattices for M(N) where W has ``n_x`` points, fewest points first, ``n_x`` last."""
    axes = [
        [n * a // b for a, b in SHARES if n * a % b == 0 and n * a // b >= min(n, FEWEST_OF_AXIS)]
        for n in n_x
    ]
    least = max(FEWEST, ranks)
    pairs = {(n1, n2) for n1, n2 in product(*axes) if n1 * n2 >= least} | {n_x}
    return sorted(pairs, key=lambda n: (n[0] * n[1], n))


def coarsest(
    N: NDArray, grid: PhaseGrid, epsilon: float, tolerance: float, comm: Communicator
) -> Counts:
    """The lattice with the fewest points on which M(N) is likely to be right, for so many ranks.

    All ranks have to call it.

    Parameters
    ----------
    N
        Components (n0, eps n) on the lattice of ``grid``, ``(4, N1, N2)``, positive definite.
    tolerance
        Of M(N), relative to its maximum.
    """
    possible = lattices(grid.n_x, comm.size)
    if len(possible) == 1:
        return grid.n_x
    waves, bound = likely_waves(N, grid, epsilon, comm), CHOSEN * tolerance
    return next(
        n for n in possible if fits(N, n, tolerance) and max(ends(waves, n, grid.n_x)) <= bound
    )


def at_least(n: Counts, n_x: Counts, ranks: int) -> list[Counts]:
    """The lattices of :func:`lattices` that have no fewer than ``n`` on any axis."""
    return [m for m in lattices(n_x, ranks) if m[0] >= n[0] and m[1] >= n[1]]


def fits(N: NDArray, n: Counts, tolerance: float) -> bool:
    """Whether N, ``(4, N1, N2)``, loses nothing that counts on ``n`` points."""
    if N.shape[1:] == n:
        return True
    return left_out(N, n) <= CHOSEN * tolerance * float(N[0].max())


def sizes(N: NDArray) -> NDArray:
    """Amplitudes of the waves of N, ``(4, N1, N2)``, in FFT order: ``(4, N1, N2//2 + 1)``."""
    return np.asarray(np.abs(np.fft.rfft2(N)))


def have_grown(now: NDArray, before: NDArray | None, tolerance: float) -> bool:
    """Whether any wave that counts is larger than it was; both as :func:`sizes` gives them."""
    if before is None:
        return True
    return bool(np.any(now > np.maximum(GROWN * before, tolerance * now[0, 0, 0])))


def last(waves: NDArray, n: Counts, n_x: Counts) -> Pair:
    """The largest of the last waves of ``n`` points by axis.

    Parameters
    ----------
    waves
        Amplitudes ``(m1, m2)`` in FFT order, of ``n`` or of more points.
    n_x
        An axis that has as many points as here has nothing to lose.
    """
    at_end = [
        np.minimum(np.arange(m), m - np.arange(m)) >= few // 2 - 1
        for m, few in zip(waves.shape, n, strict=True)
    ]
    first, second = (
        float(part.max()) if few < most else 0.0
        for part, few, most in zip((waves[at_end[0]], waves[:, at_end[1]]), n, n_x, strict=True)
    )
    return first, second


def ends(waves: NDArray, n: Counts, n_x: Counts) -> Pair:
    """As :func:`last`, as shares of the largest of all waves."""
    first, second = last(waves, n, n_x)
    return first / float(waves.max()), second / float(waves.max())


def likely_waves(
    N: NDArray, grid: PhaseGrid, epsilon: float, comm: Communicator = SERIAL
) -> NDArray:
    """The largest amplitude of each wave of M(N), ``(N1, N2)`` in FFT order, for small eps.

    N has the shape ``(4, N1, N2)``. Ranks share the places in eta.
    """
    A = classical(N)
    A[0] -= A[0].max()
    spectrum, (xi1, xi2) = np.fft.fft2(A), grid.xi
    largest = np.zeros(grid.n_x)
    for eta1, eta2 in ETA[comm.rank :: comm.size]:
        shift = np.exp(0.5j * epsilon * np.add.outer(eta1 * xi1, eta2 * xi2))
        left, right = (np.fft.ifft2(spectrum * s).real for s in (shift, shift.conj()))
        symbol = pauli.product(pauli.exp(0.5 * left), pauli.exp(0.5 * right))
        symbol *= np.exp(-0.5 * (eta1**2 + eta2**2))
        np.maximum(largest, np.abs(np.fft.fft2(symbol)).max(axis=0), out=largest)
    return np.asarray(np.max(comm.allgather(largest), axis=0))
