"""What will become of the quality of a run: W winds up in p where collisions are weak."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..case.problem import Problem
from ..case.spec import Case
from ..errors import Fault
from ..evolution.quality import DOUBTFUL, UNRESOLVED
from ..phase_space.grid import automatic_p_max
from ..phase_space.pauli import norm

# Numbers of points of p that are fast, from which one is proposed.
FAST = (16, 20, 24, 25, 32, 40, 48, 50, 64, 80, 96, 100, 128, 160, 192, 200, 256, 320, 384, 512)
# The error that a number of points is proposed for.
SAFE = DOUBTFUL / 3
# Instants of a run at which it is looked at.
INSTANTS = 200
# The force's gradient speeds winding up for this long, in units of 1/omega; then W has left the
# steepest place.
STRETCHED = 2.0


@dataclass(frozen=True)
class Waves:
    """Waves of W along an axis that move along eta.

    Attributes
    ----------
    speed
        Of each.
    amplitude
        Of each, as a share of the largest n0, or of the largest spin.
    end
        The share of the lattice's reach in eta from which on they count as lost.
    omega
        Square root of the largest gradient of the force along the axis.
    """

    speed: NDArray
    amplitude: NDArray
    end: float
    omega: float

    def error(self, reach: float, tau: float, t_end: float) -> float:
        """The error of the densities until ``t_end`` on a lattice of this reach in eta."""
        t = np.linspace(0.0, t_end, INSTANTS + 1)[1:, None]
        phase = np.clip(self.omega * t, 1e-9, STRETCHED)
        # d eta/dt = xi, d xi/dt = omega^2 eta, from what is thermal in eta
        way = self.speed * t * np.sinh(phase) / phase
        ahead = np.maximum(self.end * reach - way, 0.0) / np.cosh(phase)
        moving = np.where(self.speed > 0, self.amplitude, 0.0)
        return float((moving * np.exp(-0.5 * ahead**2 - 2 * t / tau)).max())


def foreseen(case: Case, problem: Problem) -> Iterator[Fault]:
    """A warning for each axis of p that will not hold W, with a number of points that would.

    A wave of x with wave number xi moves along eta at the speed |xi|, and a spin at up to 2|Lambda|
    more, while collisions damp it by exp(-t/tau); a force that varies in x makes it faster. The
    waves are those of log n0 + V, which rests where it is constant, and of the spin.
    ``quality.Winding`` says what that means for the densities.
    """
    grid, tau, t_end = problem.grid, problem.physics.tau, case.time.t_end
    for axis, n in enumerate(grid.n_p):
        waves = _waves(case, problem, axis)

        def error(m: int, axis: int = axis, waves: list[Waves] = waves) -> float:
            reach = math.pi * m / (2 * _p_max(case, problem, axis, m))
            return max(wave.error(reach, tau, t_end) for wave in waves)

        got = error(n)
        if got > DOUBTFUL:
            enough = next((m for m in FAST if m > n and error(m) <= SAFE), None)
            more = f"n_p of {enough} on it" if enough else f"more than {FAST[-1]} points"
            yield Fault(
                "grid.n_p",
                f"{n} points on axis {axis + 1}, on which W winds up in p until collisions stop it "
                f"(tau = {tau:.3g}): densities may be off by {min(got, 1.0):.0e} of the largest, "
                f"and the run end {'unresolved' if got > UNRESOLVED else 'doubtful'}",
                remedy=f"use {more}, or a smaller t_end",
                fatal=False,
            )


def _waves(case: Case, problem: Problem, axis: int) -> list[Waves]:
    """The waves of the charge and of the spin along an axis."""
    N, physics, speed = problem.N, problem.physics, np.abs(problem.grid.xi[axis])
    rests = case.initial.state == "equilibrium"
    charge = np.zeros(problem.grid.n_x) if rests else np.log(N[0]) + physics.V
    spectrum = np.fft.fft2(physics.V) * np.expand_dims(problem.grid.xi[axis] ** 2, 1 - axis)
    omega = math.sqrt(float(np.abs(np.fft.ifft2(spectrum)).max()))
    found = [Waves(speed, np.minimum(_amplitudes(charge, axis), 1.0), 2 / 3, omega)]
    if (largest := float(norm(N).max())) > 0:
        amplitude = np.max([_amplitudes(s, axis) for s in N[1:]], axis=0) / largest
        found.append(Waves(speed + 2 * physics.spin_orbit, amplitude, 5 / 6, omega))
    return found


def _amplitudes(field: NDArray, axis: int) -> NDArray:
    """The largest amplitude of a field for each wave number of an axis."""
    return np.abs(np.fft.fft2(field)).max(axis=1 - axis) / field.size


def _p_max(case: Case, problem: Problem, axis: int, m: int) -> float:
    """p_max of an axis with ``m`` points."""
    if case.grid.p_max or m == problem.grid.n_p[axis]:
        return problem.grid.p_max[axis]
    spec, physics = case.grid, problem.physics
    n_p = (m, m)
    return automatic_p_max(spec.n_x, spec.length, n_p, physics.epsilon, physics.spin_orbit)[axis]
