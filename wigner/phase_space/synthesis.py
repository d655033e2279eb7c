"""From few Fourier coefficients in eta to the points of a finer p lattice.

A symbol that is thermal in p is a Gaussian in eta: where a tolerance of 1e-6 is enough, most of
the eta of a good lattice have nothing. What is made in the plane (x, eta) can be made on few of
them and put on the lattice of W at last.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .fft import FORWARD, Planner, good_length
from .grid import PhaseGrid, frequencies, shared_waves, thermal_reach
from .layout import passes


def with_few_modes(grid: PhaseGrid, error: float, least: int = 1) -> PhaseGrid:
    """The same boxes with no more points p than a thermal state needs to some error.

    Beyond its pi/dp the state is less than ``error`` of its maximum in eta. There are no fewer
    points than ``least``. A p lattice that cannot have fewer points stays as it is.
    """
    if error <= 0:
        return grid
    reach = thermal_reach(min(error, 1.0))
    n1, n2 = (
        min(n, good_length(2 * P * reach / math.pi, otherwise=n))
        for n, P in zip(grid.n_p, grid.p_max, strict=True)
    )
    more = math.sqrt(max(1.0, least / (n1 * n2)))
    n1, n2 = (
        min(n, good_length(more * few, otherwise=n))
        for n, few in zip(grid.n_p, (n1, n2), strict=True)
    )
    return replace(grid, n_p=(n1, n2)) if n1 * n2 >= least else grid


class Synthesis:
    """Fourier synthesis eta -> p, from the modes of one lattice to the points of another.

    Parameters
    ----------
    few, grid
        Lattices that differ in ``n_p`` alone; ``grid`` has as many points or more on each axis.
    """

    def __init__(self, few: PhaseGrid, grid: PhaseGrid) -> None:
        self._few, self._n_p, self._fft = few, grid.n_p, Planner()
        # the first points of the two lattices are half a cell from the edge, each by its own cell
        phases = [
            np.exp(0.5j * frequencies(m, 1 / m) * (1 / m - 1 / n))
            for m, n in zip(few.n_p, grid.n_p, strict=True)
        ]
        self._phase = np.multiply.outer(*phases)
        halves = [shared_waves(m, n) for m, n in zip(few.n_p, grid.n_p, strict=True)]
        self._parts = [np.s_[:, :, i, j] for i, j in product(*halves)]

    def __call__(self, W: NDArray) -> None:
        """Replace coefficients by values, in place.

        Parameters
        ----------
        W
            x-major on ``grid``. The first numbers of each of its rows are the coefficients of
            exp(-i p.eta) on ``few``, in FFT order, as an unnormalised transform over p with
            exp(+2 pi i j k/n) gives them, divided by the number of points.
        """
        few, n_p = self._few.n_p, self._n_p
        for rows in passes(W):
            block = W[:, rows]
            values = block.reshape(2, -1, *n_p)
            if few != n_p:
                modes = block[..., : math.prod(few)].reshape(2, -1, *few) * self._phase
                values[:] = 0.0
                for part in self._parts:
                    values[part] = modes[part]
            self._fft(values, (2, 3), FORWARD)  # eta -> p
