"""FFT plans. Fourier in x goes with exp(-i x.xi), Fourier in p with exp(+i p.eta).

With these signs the left factor of a two-sided product stands at x + eps eta/2 and p + eps xi/2.
Transforms work in place on blocks, unnormalised both ways. Plans are FFTW_ESTIMATE: they cost
nothing and give the same bits in every run on arrays as ``Layout`` makes them, which a restart
relies on.
"""

from __future__ import annotations

import numpy as np
import pyfftw
from numpy.typing import NDArray

FORWARD, BACKWARD = "FFTW_FORWARD", "FFTW_BACKWARD"
# Lengths that FFTW transforms several times faster than their neighbours.
LENGTHS = (10, 12, 16, 20, 25, 32, 40, 50, 64, 80, 100, 128)


def good_length(least: float, otherwise: int) -> int:
    """The first of ``LENGTHS`` that is not less; ``otherwise`` where they end."""
    return next((length for length in LENGTHS if length >= least), otherwise)


class Planner:
    """In-place complex FFTs over given axes, one plan for each axis, shape and strides met.

    One axis at a time, the one nearest in memory first: what ESTIMATE chooses then is as good as
    a measured plan for most lengths, unlike its two-dimensional plans.
    """

    def __init__(self) -> None:
        self._plans: dict[tuple, pyfftw.FFTW] = {}

    def __call__(self, block: NDArray, axes: tuple[int, ...], direction: str) -> None:
        """Transform ``block`` in place along ``axes``, ``direction`` being the exponent's sign.

        It may have any shape, and be a view.
        """
        aligned = pyfftw.is_byte_aligned(block)
        for axis in reversed(axes):
            key = (block.shape, block.strides, axis, direction, aligned)
            plan = self._plans.get(key)
            if plan is None:
                flags = ("FFTW_ESTIMATE",) if aligned else ("FFTW_ESTIMATE", "FFTW_UNALIGNED")
                plan = pyfftw.FFTW(block, block, (axis,), direction, flags, threads=1)
                self._plans[key] = plan
            plan.update_arrays(block, block)
            plan.execute()


class RealPlanner:
    """FFTs of real fields over their last two axes, forward with exp(-i x.xi).

    The inverse is normalised. Input is copied into the aligned buffer of a plan, as transforms of
    what numpy allocates take half as long again; results are new arrays.
    """

    def __init__(self) -> None:
        self._plans: dict[tuple, pyfftw.FFTW] = {}

    def forward(self, field: NDArray) -> NDArray:
        """Spectrum ``(..., n1, n2//2+1)`` of a field ``(..., n1, n2)``."""
        plan = self._plan(field.shape, (*field.shape[:-1], field.shape[-1] // 2 + 1), FORWARD)
        np.copyto(plan.input_array, field)
        return _execute(plan)

    def backward(self, spectrum: NDArray, n: tuple[int, int]) -> NDArray:
        """The field ``(..., n1, n2)`` of a spectrum ``(..., n1, n2//2+1)``; ``n`` is (n1, n2)."""
        plan = self._plan(spectrum.shape, (*spectrum.shape[:-2], *n), BACKWARD)
        np.multiply(spectrum, 1 / (n[0] * n[1]), out=plan.input_array)
        return _execute(plan)

    def _plan(self, source: tuple, target: tuple, direction: str) -> pyfftw.FFTW:
        key = (source, target, direction)
        if key not in self._plans:
            dtypes = (float, complex) if direction == FORWARD else (complex, float)
            arrays = (
                pyfftw.empty_aligned(shape, dtype=dtype)
                for shape, dtype in zip((source, target), dtypes, strict=True)
            )
            flags = ("FFTW_ESTIMATE",)
            self._plans[key] = pyfftw.FFTW(*arrays, (-2, -1), direction, flags, threads=1)
        return self._plans[key]


def _execute(plan: pyfftw.FFTW) -> NDArray:
    """The transform of a plan's input, in a new array."""
    result = pyfftw.empty_aligned(plan.output_shape, dtype=plan.output_dtype)
    plan.update_arrays(plan.input_array, result)
    plan.execute()
    return result
