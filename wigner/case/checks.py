"""Whether a lattice can hold the fields and states of a case: what is wrong, what is doubtful."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, apart
from ..phase_space import pauli
from ..phase_space.grid import Pair, PhaseGrid, beyond, interpolation, place_of
from ..phase_space.reduced import COORDINATES, axes_of
from .formulas import Expression
from .spec import Case, OutputSpec
from .values import shown

# Share of a field that the x lattice misses: refused, and warned of.
COARSE, UNEASY = 5e-2, 1e-4
# Jumps across the box in units of a field's range, and kinks in units of its largest slope.
JUMP, KINK = 1e-6, 1e-2
# exp(-r^2/2) at the edge of the p lattice or of its dual: refused, and warned of.
CUT_OFF, CLOSE = 1e-3, 1e-6
# How far thermal states should be held, in p and in eta: 1.5e-8 of their maximum.
REACH = 6.0
# Points of the finest lattice tried for a remedy.
FINEST = 2**18
# Polarisation and depletion that the constraint solver may not manage.
POLARISED, DEPLETED = 0.95, 1e-3
MOST_STEPS = 1e7
# Thermal momenta by which a state moves from which on that is told.
MOVED = 1.0
# Largest phase that double precision can tell, to 1e-4; and the largest number that has a square.
MOST_PHASE, HUGE = 1e12, 1e100
# Roundoff of a formula, as a share of its values; and the least scales of a potential, in k_B T0,
# and of a spin density, in units of the largest n0/eps: what is smaller has no effect, or is noise.
ROUNDOFF, FAINT, NOISE = 4e-15, 1e-8, 1e-12


def scales(fields: Mapping[str, NDArray], epsilon: float) -> dict[str, float]:
    """What each of the fields V, b, n0 and n of a case, by key, is to be compared with.

    Each component is ``(N1, N2)``. The result is the same for V and V plus a constant, for n0 in
    any unit, and for n in any direction.
    """
    found = {}
    for key, values in fields.items():
        if key == "physics.potential":
            found[key] = max(_half_range(values), FAINT)
        elif key.startswith("physics.zeeman"):
            fields_b = (abs(f).max() for name, f in fields.items() if name.startswith("physics.z"))
            found[key] = max(float(max(fields_b)), FAINT)
        elif key == "initial.n0":
            found[key] = float(np.abs(values).max())
        else:
            spins = (abs(f).max() for name, f in fields.items() if name.startswith("initial.n["))
            n0 = np.abs(fields.get("initial.n0", np.zeros(1))).max()
            found[key] = max(float(max(spins)), float(NOISE * n0 / epsilon))
    return found


def _half_range(values: NDArray) -> float:
    """Half of what values range over; it does not overflow."""
    return 0.5 * float(values.max()) - 0.5 * float(values.min())


def sizes(fields: Mapping[str, NDArray], case: Case) -> Iterator[Fault]:
    """Fields so large or so small that arithmetic fails; they are as of :func:`scales`."""
    for key, values in fields.items():
        largest = float(np.abs(values).max())
        if key == "physics.potential":
            phase = _half_range(values) * (case.time.dt / case.physics.epsilon)
            if phase > MOST_PHASE:
                got = f"values from {values.min():.3g} to {values.max():.3g}"
                expected = f"a potential with phases V dt/epsilon of at most {MOST_PHASE:.0e}"
                yield Fault(key, got, expected, "check its unit, k_B T0, or use a smaller time.dt")
            elif largest > HUGE:
                yield Fault(key, f"values up to {largest:.3g}", f"at most {HUGE:.0e}", "shift it")
        elif key.startswith("physics.zeeman"):
            if largest * case.time.dt > MOST_PHASE:
                expected = f"a field with phases b dt of at most {MOST_PHASE:.0e}"
                remedy = "check its unit, k_B T0/epsilon, or use a smaller time.dt"
                yield Fault(key, f"values up to {largest:.3g}", expected, remedy)
        elif largest > HUGE or (key == "initial.n0" and 0 < largest < 1 / HUGE):
            expected = (
                f"densities from {1 / HUGE:.0e} to {HUGE:.0e}, as their squares must be numbers"
            )
            yield Fault(key, f"values up to {largest:.3g}", expected, "use another unit")


def field(key: str, formula: Expression, grid: PhaseGrid, scale: float) -> Iterator[Fault]:
    """What is wrong with a formula on the periodic x lattice.

    A formula must be periodic and resolved by the lattice, and must not depend on an axis that has
    one point. A bump that is roundoff at the edges of the box is periodic in this sense. What it
    loses is compared with ``scale``, see :func:`scales`.

    Raises
    ------
    ExpressionError
        If it has no finite value somewhere.
    """
    got, values = shown(formula.text), formula(grid.x[0][:, None], grid.x[1][None, :])
    for axis in (0, 1):
        name, L = f"x{axis + 1}", grid.length[axis]
        if grid.n_x[axis] == 1:
            if _varies(formula, axis, grid):
                expected = f"no dependence on {name}, as grid.n_x gives that axis one point"
                yield Fault(key, got, expected, f"use more points, or remove {name}")
                return
        elif break_ := _break(formula, values, axis, grid):
            expected = f"a function of period {L:.10g} in {name}, but {break_} across the box"
            remedy = "change the formula or grid.length; gaussian(d, w, L) and plateau are periodic"
            yield Fault(key, got, expected, remedy)
            return
    lost = missed(formula, values, grid, scale)
    noise = ROUNDOFF * float(np.abs(values).max()) / scale if scale > 0 else 0.0
    if lost > UNEASY + noise:
        share = "all" if lost > 0.99 else f"{100 * lost:.2g} %"
        expected = f"a field that n_x = {list(grid.n_x)} resolves, but {share} of it is lost"
        remedy = f"use {_finer(formula, grid, scale, UNEASY + noise)}, or smooth it"
        yield Fault(key, got, expected, remedy, fatal=lost > COARSE + noise)


def _on(formula: Expression, axis: int, points: NDArray, grid: PhaseGrid) -> NDArray:
    """A formula at some points of an axis times the lattice points of the other."""
    if axis == 0:
        return formula(points[:, None], grid.x[1][None, :])
    return formula(grid.x[0][:, None], points[None, :])


def _varies(formula: Expression, axis: int, grid: PhaseGrid) -> bool:
    """Whether a formula depends on the place along an axis, asked at places in no ratio."""
    places = grid.length[axis] * np.modf(0.5 * (math.sqrt(5) - 1) * np.arange(8))[0]
    found = _on(formula, axis, places, grid)
    return bool(np.ptp(found, axis=axis).max() > ROUNDOFF * np.abs(found).max())


def _break(formula: Expression, values: NDArray, axis: int, grid: PhaseGrid) -> str:
    """What breaks the periodicity of a formula along an axis; empty if nothing does."""
    L = grid.length[axis]
    h = 1e-7 * L
    first, second, last_but_one, last = np.moveaxis(
        _on(formula, axis, np.array([0.0, h, L - h, L]), grid), axis, 0
    )
    roundoff = 1e-14 * float(np.abs(values).max())
    jump = float(np.abs(last - first).max())
    if jump > JUMP * float(np.ptp(values)) + 100 * roundoff:
        return f"it jumps by {jump:.3g}"
    closed = np.concatenate([values, np.take(values, [0], axis)], axis)
    steepest = float(np.abs(np.diff(closed, axis=axis)).max()) * grid.n_x[axis] / L
    kink = float(np.abs((second - first) - (last - last_but_one)).max()) / h
    if kink > KINK * steepest + roundoff / h:
        return f"its slope jumps by {kink:.3g}"
    return ""


def missed(
    formula: Expression, values: NDArray, grid: PhaseGrid, scale: float | None = None
) -> float:
    """Share of a formula that its values on the lattice, ``(N1, N2)``, do not tell.

    The larger of the Fourier amplitudes beyond two thirds of Nyquist, and of the error of
    trigonometric interpolation on a lattice four times finer, relative to ``scale``, or else to the
    largest value.
    """
    largest = float(np.abs(values).max())
    scale = largest if scale is None else scale
    mean = float(values.mean())
    values = values - mean
    sizes = list(zip(grid.n_x, grid.length, strict=True))
    fine = [np.arange(4 * n) * (L / (4 * n)) if n > 1 else np.zeros(1) for n, L in sizes]
    I1, I2 = (interpolation(n, L, x) for (n, L), x in zip(sizes, fine, strict=True))
    exact = formula(fine[0][:, None], fine[1][None, :]) - mean
    error = np.abs(I1 @ values @ I2.T - exact).max()
    spectrum = np.abs(np.fft.fft2(values)) / grid.nx
    lost = max(error, spectrum[beyond(grid.n_x)].max(initial=0.0))
    return float(lost / scale) if scale > 0 else 0.0


def _finer(formula: Expression, grid: PhaseGrid, scale: float, allowed: float) -> str:
    """The smallest n_x, by powers of two finer, that resolves a formula, as a remedy."""
    n1, n2 = ({n * factor if n > 1 else 1 for factor in (1, 2, 4, 8)} for n in grid.n_x)
    for n_x in sorted(itertools.product(n1, n2), key=math.prod):
        if grid.nx < math.prod(n_x) <= FINEST:
            finer = replace(grid, n_x=n_x)
            values = formula(finer.x[0][:, None], finer.x[1][None, :])
            if missed(formula, values, finer, scale) <= allowed:
                return f"n_x = {list(n_x)}"
    return "many more points"


def p_lattice(grid: PhaseGrid, moved: Pair, p_max: Pair | None) -> Iterator[Fault]:
    """The p box too small, or its lattice too coarse, for a state of temperature one.

    Parameters
    ----------
    moved
        By how much spin-orbit coupling, eps |Lambda|, and a uniform force move thermal states
        outwards.
    p_max
        As written in the case; None if the box was chosen to suit n_p.
    """
    for axis in (0, 1):
        P, reach, n = grid.p_max[axis], grid.eta_max[axis], grid.n_p[axis]
        good = REACH + moved[axis]
        if p_max is None:
            least = _even(2 * good**2 / math.pi)
            cases = [("grid.n_p", str(n), min(P - moved[axis], reach), f"n_p of at least {least}")]
        else:
            least = _even(2 * P * REACH / math.pi)
            cases = [
                ("grid.p_max", f"{P:.4g}", P - moved[axis], f"p_max of at least {good:.3g}"),
                ("grid.n_p", str(n), reach, f"n_p of at least {least}, or a smaller p_max"),
            ]
        for key, got, radius, remedy in cases:
            cut = math.exp(-0.5 * max(radius, 0.0) ** 2)
            force = f" carried by up to {moved[axis]:.2g}" if moved[axis] > MOVED else ""
            side = "box" if key == "grid.p_max" else "lattice"
            expected = (
                f"a p {side} that holds a thermal state{force}, but axis {axis + 1} cuts it at "
                f"{cut:.1e} of its maximum"
            )
            if cut > CLOSE:
                yield Fault(key, got, expected, f"use {remedy}", fatal=cut > CUT_OFF)


def recorded(output: OutputSpec, grid: PhaseGrid) -> Iterator[Fault]:
    """What is wrong with where W is recorded: axes of one point, places out of the box."""
    short = {f"x{k + 1}" for k in (0, 1) if grid.n_x[k] == 1}
    for key, wanted in (("phase_space", output.phase_space), ("cuts", output.cuts)):
        for plane in wanted:
            for name in sorted(short & {*axes_of(plane)}):
                expected = f"planes without {name}, along which there is one point"
                yield Fault(f"output.{key}", f'"{plane}"', expected, 'use for instance "p1 p2"')
    ends = [(0.0, L) for L in grid.length] + [(p[0], p[-1]) for p in grid.p]
    if output.cuts:
        for (name, value), (low, high) in zip(output.point.items(), ends, strict=True):
            if not low <= value <= high:
                key = "cuts_place" if name[0] == "x" else "cuts_momentum"
                expected = f"{name} from {low:.6g} to {high:.6g}"
                yield Fault(f"output.{key}", f"{name} = {value:.6g}", expected)
    least, most = (1, 1, 2, 2), (*grid.n_x, *grid.n_p)
    for name, a, n, b in zip(COORDINATES, least, output.coarse or most, most, strict=True):
        if not a <= n <= b:
            got, expected = f"{n} points along {name}", f"{a} to {b}, the lattice of the run"
            yield Fault("output.coarse", got, expected)


def _even(least: float) -> int:
    """The smallest even number from there on."""
    return 2 * math.ceil(least / 2)


def density(N: NDArray, grid: PhaseGrid) -> Iterator[Fault]:
    """What is wrong with N: it must be positive, and should not be close to the limits of that.

    N is (n0, eps n), ``(4, N1, N2)``.
    """
    n0, emptiest = N[0], _place(N[0], grid)
    if n0.min() <= 0:
        remedy = "raise n0 there"
        yield Fault("initial.n0", f"{n0.min():.6g}", "a positive density", remedy, emptiest)
        return
    share = pauli.norm(N) / n0
    remedy = "reduce n or epsilon, or raise n0"
    impossible = pauli.positivity_fault(N, grid.length, "initial.n", remedy)
    if impossible is not None:
        yield impossible
    elif share.max() > POLARISED:
        yield Fault(
            "initial.n",
            f"eps|n|/n0 = {apart(float(share.max()), POLARISED, '4g')}",
            f"at most {POLARISED:g}, as the constraint may not converge near full polarisation",
            "reduce n or epsilon",
            _place(-share, grid),
            fatal=False,
        )
    if n0.min() < DEPLETED * n0.max():
        yield Fault(
            "initial.n0",
            apart(float(n0.min()), DEPLETED * float(n0.max()), "3g"),
            f"at least {DEPLETED:g} of the maximum {n0.max():.3g}, as the constraint may not "
            "converge near vacuum",
            "raise n0 there",
            emptiest,
            fatal=False,
        )


def _place(field: NDArray, grid: PhaseGrid) -> Pair:
    """Coordinates of the point where a field is smallest."""
    return place_of(np.unravel_index(np.argmin(field), field.shape), grid.n_x, grid.length)


def times(case: Case) -> Iterator[Fault]:
    """Steps too many, or other than asked for."""
    time, every, tau = case.time, case.output.every, case.physics.tau
    for key, length in (("time.dt", time.dt), ("output.every", every)):
        if time.t_end / length > MOST_STEPS:
            many = apart(time.t_end / length, MOST_STEPS, "1e")
            got = f"{length:g}, that is {many} of them"
            expected = f"at most {MOST_STEPS:.0e} up to t_end = {time.t_end:g}"
            yield Fault(key, got, expected, "enlarge it")
    yield from _tolerances(case)
    if every < time.dt * (1 - 1e-9):
        expected = f"at least time.dt = {time.dt:g}"
        remedy = "all steps are shortened to it"
        yield Fault("output.every", apart(every, time.dt, "6g"), expected, remedy, fatal=False)
    if time.scheme == "strang" and time.dt > tau:
        expected = f"a scheme that is of order 2 for dt = {time.dt:g} > tau = {tau:g} too"
        remedy = "use sdirk2 or sdirk3"
        yield Fault("time.scheme", '"strang"', expected, remedy, fatal=False)


def _tolerances(case: Case) -> Iterator[Fault]:
    """A tolerance of steps that has no effect, or that errors of M(N) hide."""
    tolerance, noise = case.time.tolerance, case.maxwellian.tolerance
    if tolerance is not None and not case.time.adaptive:
        expected = 'time.dt = "auto", without which it has no effect'
        yield Fault("time.tolerance", f"{tolerance:g}", expected, "remove one", fatal=False)
    elif tolerance is not None and tolerance < noise:
        expected = f"at least maxwellian.tolerance = {noise:g}, whose errors shorter steps keep"
        yield Fault("time.tolerance", f"{tolerance:g}", expected, "lower the latter")
