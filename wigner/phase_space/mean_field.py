"""The potential phi[n0] that the electrons make, on the periodic x lattice.

    poisson  -Lap phi = c (n0 - mean)                  phi_q = c n_q/|q|^2
    2deg     of charges in a plane in space            phi_q = c n_q/|q|

A neutralising background takes the mean. With a screening length l the denominators become
|q|^2 + 1/l^2 and |q| + 1/l: charges beside the gas follow the potential. phi is the potential
energy of an electron, and c > 0 repels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .grid import PhaseGrid, wave_numbers

# Powers of |q| in the denominator.
KINDS = {"poisson": 2, "2deg": 1}


@dataclass(frozen=True)
class MeanField:
    """n0 -> phi[n0], shapes ``(N1, N2)``.

    Attributes
    ----------
    kind
        One of ``KINDS``.
    coupling
        c, in units of k_B T0 for densities and lengths of the case.
    screening_length
        l; None where nothing screens.
    """

    grid: PhaseGrid
    kind: str
    coupling: float
    screening_length: float | None = None

    @cached_property
    def kernel(self) -> NDArray:
        """phi_q/n_q on spectra of real fields, ``(N1, N2//2 + 1)``; zero for the mean."""
        q1, q2 = wave_numbers(self.grid.n_x, self.grid.length)
        q, power = np.hypot(q1[:, None], q2[None, :]), KINDS[self.kind]
        screening = 0.0 if self.screening_length is None else self.screening_length**-power
        q[0, 0] = np.inf
        return self.coupling / (q**power + screening)

    def __call__(self, n0: NDArray) -> NDArray:
        """phi, of mean zero, for n0, both ``(N1, N2)``."""
        return np.fft.irfft2(self.kernel * np.fft.rfft2(n0), s=self.grid.n_x)
