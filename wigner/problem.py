"""From a case to what is solved: the lattice, V and N on it, checked before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import pauli
from .case import Case, CaseError
from .expressions import Expression, ExpressionError
from .grid import PhaseGrid, automatic_p_max
from .values import Problem as Complaint

# Fourier amplitude beyond two thirds of Nyquist, relative to the largest: refused, and warned of.
COARSE, UNEASY = 5e-2, 1e-4
# exp(-r^2/2) at the edge of the p lattice or of its dual: refused, and warned of.
CUT_OFF, CLOSE = 1e-3, 1e-6


@dataclass(frozen=True)
class Problem:
    """A checked problem: all that a solver needs of a case.

    Attributes
    ----------
    grid
        The phase-space lattice, with "auto" resolved.
    epsilon, alpha, tau
        Scaled Planck constant, Rashba constant and relaxation time.
    V
        Potential on the x lattice, shape ``(N1, N2)``.
    N
        Initial moments (n0, eps n), shape ``(4, N1, N2)``.
    warnings
        What is legal but doubtful, one sentence each.
    """

    grid: PhaseGrid
    epsilon: float
    alpha: float
    tau: float
    V: NDArray
    N: NDArray
    warnings: tuple[str, ...]


def build(case: Case) -> Problem:
    """The problem of a case.

    Raises
    ------
    CaseError
        With every problem found: formulas that are not finite, not periodic, vary along an axis of
        one point or are under-resolved; n0 not positive; eps|n| >= n0; a p lattice that cannot
        hold a thermal state.
    """
    spec, epsilon, alpha = case.grid, case.physics.epsilon, case.physics.alpha
    p_max = spec.p_max or automatic_p_max(spec.n_x, spec.length, spec.n_p, epsilon, alpha)
    grid = PhaseGrid(spec.n_x, spec.length, spec.n_p, p_max)
    complaints: list[Complaint] = []
    warnings: list[str] = []
    named = {"physics.potential": case.physics.potential, "initial.n0": case.initial.n0}
    named |= {f"initial.n[{k}]": formula for k, formula in enumerate(case.initial.n)}
    fields = {}
    for key, formula in named.items():
        try:
            fields[key] = _field(formula, grid)
            found = list(_complaints_about_field(key, formula, fields[key], grid, warnings))
        except ExpressionError as error:
            found = [Complaint(key, "a formula without a value", str(error))]
        complaints += found
    complaints += _complaints_about_p(grid, warnings)
    if len(fields) == len(named):
        V, n0, *n = fields.values()
        N = np.stack([n0, *(epsilon * component for component in n)])
        complaints += _complaints_about_density(N)
    if complaints:
        raise CaseError(complaints)
    tau = case.physics.tau
    return Problem(grid, epsilon, alpha, tau, V, N, tuple(warnings))


def _field(formula: Expression, grid: PhaseGrid) -> NDArray:
    """A formula on the x lattice."""
    return formula(grid.x[0][:, None], grid.x[1][None, :])


def _complaints_about_field(
    key: str, formula: Expression, field: NDArray, grid: PhaseGrid, warnings: list[str]
) -> Iterator[Complaint]:
    """Not constant along an axis of one point, not periodic, or not resolved."""
    x1, x2 = grid.x[0][:, None], grid.x[1][None, :]
    L1, L2 = grid.length
    scale = max(float(np.abs(field).max()), 1e-300)
    for axis, (n, L, far) in enumerate(
        zip(grid.n_x, grid.length, (lambda: formula(L1, x2), lambda: formula(x1, L2)), strict=True)
    ):
        name = f"x{axis + 1}"
        if n == 1:
            places = np.linspace(0, L, 7)
            moved = formula(places[:, None], x2) if axis == 0 else formula(x1, places[None, :])
            if np.ptp(moved, axis=axis).max() > 1e-12 * scale:
                yield Complaint(
                    key,
                    repr(formula.text),
                    f"expected no dependence on {name}, as grid.n_x gives that axis one point; "
                    "use more points or remove it",
                )
            continue
        jump = float(np.abs(far() - np.take(field, [0], axis)).max())
        if jump > 1e-6 * max(float(np.ptp(field)), 1e-12 * scale):
            yield Complaint(
                key,
                repr(formula.text),
                f"expected a function of period {L:.10g} in {name}, but it jumps by {jump:.3g} "
                "across the box; change the formula or grid.length",
            )
            return
    tail = spectral_tail(field)
    if tail > COARSE:
        yield Complaint(
            key,
            repr(formula.text),
            f"expected a field resolved on n_x = {list(grid.n_x)}, but {tail:.1e} of its largest "
            "Fourier amplitude lies beyond two thirds of the reach; refine grid.n_x or smooth it",
        )
    elif tail > UNEASY:
        warnings.append(
            f"{key}: {tail:.1e} of its largest Fourier amplitude lies beyond two thirds of the "
            f"reach of n_x = {list(grid.n_x)}; refine grid.n_x"
        )


def spectral_tail(field: NDArray) -> float:
    """Largest amplitude beyond two thirds of Nyquist over the largest, on the last two axes."""
    spectrum = np.abs(np.fft.fft2(field))
    k = [np.abs(np.fft.fftfreq(n)) if n > 1 else np.zeros(n) for n in field.shape[-2:]]
    far = (k[0][:, None] > 1 / 3) | (k[1][None, :] > 1 / 3)
    largest = spectrum.max()
    return float(spectrum[..., far].max(initial=0.0) / largest) if largest > 0 else 0.0


def _complaints_about_p(grid: PhaseGrid, warnings: list[str]) -> Iterator[Complaint]:
    """The p box too small, or its lattice too coarse, for a state of temperature one."""
    for axis in (0, 1):
        P, reach, n = grid.p_max[axis], grid.eta_max[axis], grid.n_p[axis]
        for key, got, radius, remedy in (
            ("grid.p_max", f"{P:.4g}", P, "a larger p_max"),
            ("grid.n_p", str(n), reach, "more points"),
        ):
            cut = math.exp(-0.5 * radius**2)
            what = (
                f"axis {axis + 1} cuts a thermal state at {cut:.1e} of its maximum "
                f"({'|p| = P' if key == 'grid.p_max' else '|eta| = pi/dp'} = {radius:.3g}, 6 to 8.5 "
                "is good)"
            )
            if cut > CUT_OFF:
                yield Complaint(key, got, f"expected a lattice that holds it, but {what}; {remedy}")
            elif cut > CLOSE:
                warnings.append(f"{key}: {what}; use {remedy}")


def _complaints_about_density(N: NDArray) -> Iterator[Complaint]:
    """n0 > 0 and eps|n| < n0 everywhere."""
    n0, spin = N[0], pauli.norm(N)
    worst = np.unravel_index(np.argmin(n0 - spin), n0.shape)
    place = f"at lattice point {tuple(int(k) for k in worst)}"
    if n0.min() <= 0:
        lowest = np.unravel_index(np.argmin(n0), n0.shape)
        place = f"at lattice point {tuple(int(k) for k in lowest)}"
        got = f"{n0.min():.6g} {place}"
        yield Complaint("initial.n0", got, "expected a positive density; raise n0 there")
    elif np.any(spin >= n0):
        yield Complaint(
            "initial.n",
            f"eps|n| = {spin[worst]:.6g} where n0 = {n0[worst]:.6g}, {place}",
            "expected eps|n| < n0 (a positive density matrix); reduce n or epsilon",
        )
