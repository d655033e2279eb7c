"""A page on what a case is and what it needs; nothing is run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..case.checks import missed, scales
from ..case.dimensions import beside, density_unit, told
from ..case.external import drift
from ..case.problem import Problem, formulas
from ..case.regime import Scales, scales_of
from ..case.spec import Case
from ..case.units import MaterialSpec, Scaling, scale
from ..flows.splitting import LIMIT
from ..machine import machine_memory
from ..maxwellian.windows import window_for
from ..output.variables import of_phase_space, places
from ..phase_space import pauli
from ..phase_space.grid import Pair
from ..phase_space.resampling import Counts
from . import estimate
from .likely import AT_REST, at_first
from .memory import FIELD, memory_per_rank, size

Line = tuple[str, str]
# Numbers that a record has for each x point: 4 moments of order 0, 16 of order 1, 2 energies, A.
RECORDED = 4 + 16 + 2 + 4


def describe(
    case: Case, problem: Problem, ranks: Sequence[int], numbers: tuple[int, ...], n_x: Counts
) -> str:
    """The page, for runs on so many ranks, with M(N) by some numbers of steps on ``n_x`` points."""
    first = replace(problem, N=at_first(case, problem)[0])  # a state at rest has other densities
    todo = estimate.work(case, numbers, n_x)
    run = _run(case, problem, ranks, todo)
    lines = [*_physics(case, first), *_lattices(case, problem), *run]
    doubts = list(problem.warnings)
    if case.material is not None and (fault := scales_of(first, case.material).fault):
        doubts.append(str(fault))
    warnings = [f"warning: {doubt}" for doubt in doubts]
    return "\n".join([*(f"{name:<15}{text}" for name, text in lines), *warnings, ""])


def _physics(case: Case, problem: Problem) -> Iterator[Line]:
    """What is solved, and in which units."""
    if case.material is not None:
        units, material = scale(case.material), case.material
        W = 2 * units.occupation
        preset = f"{material.preset}: " if material.preset else ""
        yield (
            "material",
            f"{preset}m = {material.effective_mass:.4g} electron masses, T0 = "
            f"{material.temperature:.4g} K, Rashba constant {material.rashba:.4g} eV m, "
            f"relaxation time {told(material.relaxation_time, 's')}",
        )
        yield (
            "units",
            f"x0 = {told(units.length, 'm')}, p0 = {told(units.momentum, 'kg m s-1')}, tE = "
            f"{told(units.time, 's')}, kB T0 = {told(units.energy, 'J')}, "
            f"W = 1 is {W:.4g} electrons in (2 pi hbar)^2",
        )
    physics = problem.physics
    beta = f"beta = {physics.beta:.6g}, " if physics.beta else ""
    yield (
        "parameters",
        f"epsilon = {physics.epsilon:.6g}, alpha = {physics.alpha:.6g}, {beta}"
        f"tau = {physics.tau:.6g}",
    )
    if case.material is not None:
        yield from _regime(problem, case.material)
    yield from _fields(case, problem)
    N = problem.N
    polarised = np.divide(pauli.norm(N), N[0], out=np.zeros_like(N[0]), where=N[0] > 0)
    about = "about " if case.initial.state in AT_REST else ""
    yield (
        "initial state",
        f"{case.initial.state}; n0 from {about}{N[0].min():.4g} to {N[0].max():.4g}, "
        f"eps|n|/n0 up to {about}{polarised.max():.4g}",
    )


def _regime(problem: Problem, material: MaterialSpec) -> Iterator[Line]:
    """Lengths, times and densities that people know a device by."""
    units, found = scale(material), scales_of(problem, material)
    length, path, turn = (
        f"{value:.4g}{beside(units, 'length', value)}"
        for value in (found.thermal_wavelength, found.mean_free_path, found.precession_length)
    )
    yield "lengths", f"thermal wavelength {length}, mean free path {path}"
    if problem.physics.spin_orbit:
        life = f"{found.spin_lifetime:.4g}{beside(units, 'time', found.spin_lifetime)}"
        yield "spin", f"turns once in {turn}; n3 lives for {life} by D'yakonov and Perel"
    yield "density", f"{_density(problem, units, found)}; n lambda^2 up to {found.degeneracy:.3g}"
    for k, words in enumerate(found.regimes):
        yield "" if k else "regime", words


def _density(problem: Problem, units: Scaling, found: Scales) -> str:
    """What densities are in SI; where nobody said it, what their unit is read as."""
    if not found.density_known:
        electrons = 1e-4 * density_unit(units)
        return f"n0 = 1 is {electrons:.4g} electrons a cm2 where W is an occupation"
    low, high = float(problem.N[0].min()), float(problem.N[0].max())
    there = beside(units, "density", low, high).strip(" ()")
    return f"n0 = 1 is {told(density_unit(units), 'm-2')}; n0 from {there}"


def _fields(case: Case, problem: Problem) -> Iterator[Line]:
    """What acts on the electrons."""
    physics, spec = problem.physics, case.physics
    at_first = ", at t = 0" if spec.potential.varies else ""
    units = case.units
    low, high = float(physics.V.min()), float(physics.V.max())
    yield (
        "potential",
        f"from {low:.4g} to {high:.4g}{beside(units, 'energy', low, high)}{at_first}",
    )
    if np.any(physics.b) or any(formula.varies for formula in spec.zeeman):
        size = float(np.sqrt(np.sum(np.square(physics.b), axis=0)).max())
        split = beside(units, "spin energy", 2 * size).replace("(", "(splits spins by ")
        yield "Zeeman field", f"|b| up to {size:.4g}{split}, at t = 0"
    if any(physics.E) or any(formula.varies for formula in spec.field):
        E, carried = (f"({pair[0]:.4g}, {pair[1]:.4g})" for pair in (physics.E, drift(case)))
        E += beside(units, "force", *physics.E, by=", ")
        yield "force", f"E = {E} at t = 0; it carries electrons by up to {carried} in p"
    if case.field is not None:
        screened = case.field.screening_length
        reach = ""
        if screened is not None:
            reach = f", screened over {screened:.4g}{beside(units, 'length', screened)}"
        yield "interaction", f"{case.field.kind}, coupling {case.field.coupling:.4g}{reach}"


def _lattices(case: Case, problem: Problem) -> Iterator[Line]:
    """Points, sizes and what they resolve."""
    grid = problem.grid
    chosen = "" if case.grid.p_max else " (auto)"
    given = formulas(case)
    fields = {key: f(grid.x[0][:, None], grid.x[1][None, :]) for key, f in given.items()}
    sizes = scales(fields, problem.physics.epsilon)
    lost = [(key, missed(given[key], fields[key], grid, sizes[key])) for key in given]
    key, share = max(lost, key=lambda item: item[1])
    window = window_for(grid, problem.physics.epsilon, problem.physics.spin_orbit)
    units = case.units
    box = _by(grid.length) + beside(units, "length", *grid.length, by=" x ")
    yield "x lattice", f"{grid.n_x[0]} x {grid.n_x[1]} points on a box {box}"
    yield "", f"at most {share:.0e} of a given field is lost between the points ({key})"
    yield "p lattice", f"{grid.n_p[0]} x {grid.n_p[1]} points, p_max = {_by(grid.p_max)}{chosen}"
    yield "", f"a thermal state is {_tails(grid.p_max)} of its maximum at the edge of the box,"
    yield "", f"and {_tails(grid.eta_max)} at |eta| = pi/dp = {_by(grid.eta_max)}"
    yield "moment map", f"windows of up to {window.n[0]} x {window.n[1]} points around each x point"
    yield "phase space", f"{grid.nx * grid.np} cells; W takes {size(FIELD * grid.nx * grid.np)}"


def _run(case: Case, problem: Problem, ranks: Sequence[int], todo: estimate.Work) -> Iterator[Line]:
    """What a run does and needs."""
    grid, spec = problem.grid, case.output
    counts = {name: values.size for name, values in places(grid, spec).items()}
    of_W = of_phase_space(spec).values()
    numbers = 4 * sum(math.prod(counts[name] for name in each.axes[1:]) for each in of_W)
    stored = 8.0 * todo.records * (RECORDED * grid.nx + numbers)
    rhythm = [f"every {_at(case, spec.checkpoint)}"] if spec.checkpoint else []
    rhythm += [f"every {spec.checkpoint_wall:g} s"] if spec.checkpoint_wall else []
    guess = "" if case.maxwellian.richardson else " (as for N at t = 0)"
    points = "" if todo.n_x == grid.n_x else f", at first on {_by(todo.n_x)} points of x"
    yield "steps", _steps(case, todo.steps)
    yield (
        "maxwellians",
        f"{todo.solves} a step, to {case.maxwellian.tolerance:.0e}, {_method(todo.numbers)}{guess}"
        f"{points}",
    )
    every = f", every {_at(case, spec.every)}" if case.material is not None else ""
    shown = [f"({plane})" for plane in spec.phase_space]
    shown += [f"a cut ({plane})" for plane in spec.cuts]
    shown += [] if spec.coarse is None else [f"{' x '.join(map(str, spec.coarse))} points"]
    with_W = f", with W on {', '.join(shown)}" * bool(shown)
    yield "records", f"{todo.records} in moments.h5{every}{with_W}, together about {size(stored)}"
    yield (
        "checkpoints",
        f"{', '.join([*rhythm, 'at the end'])}; {size(FIELD * grid.nx * grid.np)} each",
    )
    for count in ranks:
        memory = memory_per_rank(case, grid, count, todo.numbers)
        yield (
            "memory",
            f"about {size(memory)} on each of {count} rank(s), {size(memory * count)} together; "
            f"this machine has {size(machine_memory())}",
        )
    alone = estimate.seconds(case, problem, todo)
    besides = ", besides the way to the steady state" * (case.initial.state == "steady")
    for count in ranks:
        told = _duration(estimate.shared(alone, grid, count))
        yield "time", f"about {told} on {count} rank(s), each with a core like this one{besides}"


def _steps(case: Case, count: int) -> str:
    """How many of them, or what they are chosen from."""
    time = case.time
    if not time.adaptive:
        dt, end = time.dt, time.t_end
        return f"{count} of scheme {time.scheme}, dt <= {_at(case, dt)}, to t = {_at(case, end)}"
    return (
        f"as long as an error of {time.tolerance:g} allows; {count} of scheme {time.scheme} to "
        f"t = {_at(case, time.t_end)} if all are like the first, dt = {_at(case, time.dt)} "
        "(a guess)"
    )


def _at(case: Case, t: float) -> str:
    """A time, in SI too where there is a material."""
    units = case.units
    return f"{t:g}{beside(units, 'time', t)}"


def _method(numbers: tuple[int, ...]) -> str:
    if LIMIT in numbers:
        return "by a Chebyshev series of some 50 products instead of the splitting"
    counted = " + ".join(str(m) for m in numbers)
    return f"from {counted} step{'s' if numbers != (1,) else ''} of the splitting"


def _tails(reach: Pair) -> str:
    return " and ".join(f"{np.exp(-0.5 * r**2):.0e}" for r in reach)


def _by(values: Pair) -> str:
    return " x ".join(f"{value:.6g}" for value in values)


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds > 1.5 * length:
            return f"{seconds / length:.2g} {unit}"
    return f"{math.ceil(seconds)} s"
