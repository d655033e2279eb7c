"""The models by name, each made from the problem of a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wigner.case.external import looks
from wigner.case.problem import Problem
from wigner.case.spec import Case
from wigner.errors import CaseError, Fault
from wigner.evolution.initial import at_rest
from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.phase_space.communicator import SERIAL, Communicator
from wigner.phase_space.layout import Layout
from wigner.physics import Physics

from .calculus import Calculus
from .drift_diffusion import DriftDiffusion
from .entropic import Entropic
from .forms import Form
from .local import Local
from .model import Medium, Model
from .nonlocal_model import Nonlocal
from .spin_drift_diffusion import SpinDriftDiffusion
from .steady import settled
from .two_component import TwoComponent

Maker = Callable[[Medium, Callable[[Physics], MultiplierSolver]], Model]


@dataclass(frozen=True)
class Entry:
    """A model of the table.

    Attributes
    ----------
    make
        From what all models share, and a source of multipliers for a given physics.
    spin
        Components of n that the model has; the others are zero.
    constrained
        Whether multipliers come from the moment constraint.
    beta
        Whether it has Dresselhaus coupling.
    zeeman
        Components of the field b that it has. Models without spin take any b, and leave it out.
    """

    make: Maker
    spin: tuple[int, ...] = (1, 2, 3)
    constrained: bool = False
    beta: bool = True
    zeeman: tuple[int, ...] = (1, 2, 3)


MODELS: dict[str, Entry] = {
    "nonlocal": Entry(
        lambda medium, solver: Nonlocal(medium, solver(medium.physics)), constrained=True
    ),
    "local": Entry(lambda medium, _: Local(medium)),
    "local-published": Entry(
        lambda medium, _: Local(medium, Form.PUBLISHED), beta=False, zeeman=()
    ),
    "two-component": Entry(lambda medium, _: TwoComponent(medium), (3,), zeeman=(3,)),
    "spin-drift-diffusion": Entry(lambda medium, _: SpinDriftDiffusion(medium)),
    "entropic": Entry(
        lambda medium, solver: Entropic(
            medium, solver(replace(medium.physics, alpha=0.0, beta=0.0))
        ),
        (),
        constrained=True,
    ),
    "drift-diffusion": Entry(lambda medium, _: DriftDiffusion(medium), ()),
}


def medium_of(problem: Problem) -> Medium:
    """What the models need of a problem."""
    return Medium(Calculus(problem.grid.n_x, problem.grid.length), problem.physics)


def make_model(name: str, case: Case, problem: Problem, comm: Communicator = SERIAL) -> Model:
    """The model of a name in ``MODELS``; its moment maps are shared out over ``comm``.

    Raises
    ------
    CaseError
        As :func:`check`.
    """
    check(name, case, problem)
    return MODELS[name].make(
        medium_of(problem), lambda physics: _solver(case, problem, physics, comm)
    )


def _solver(case: Case, problem: Problem, physics: Physics, comm: Communicator) -> MultiplierSolver:
    """Multipliers for some physics, to the tolerance of the case."""
    spec = case.maxwellian
    arguments = (spec.tolerance, spec.max_evaluations, spec.richardson)
    return MultiplierSolver(Layout(problem.grid, comm), physics, *arguments)


def check(name: str, case: Case, problem: Problem) -> None:
    """Whether a model has all that acts on spins in a case.

    Raises
    ------
    CaseError
        If not, with what it lacks.
    """
    entry, faults = MODELS[name], []
    others = "use a model that has it, as local and nonlocal do"
    if problem.physics.beta and not entry.beta:
        expected = f"0 for {name}, which has Rashba coupling alone"
        faults.append(Fault("physics.beta", f"{problem.physics.beta:g}", expected, others))
    foreign = [k for k in sorted(acting(case, problem)) if k not in entry.zeeman]
    if foreign:
        got = f"{' and '.join(f'b{k}' for k in foreign)} not zero"
        has = ", ".join(f"b{k}" for k in entry.zeeman) + " alone" if entry.zeeman else "no field b"
        faults.append(Fault("physics.zeeman", got, f"{has} for {name}", others))
    if faults:
        raise CaseError(*faults)


def acting(case: Case, problem: Problem) -> set[int]:
    """The components of b, by 1 to 3, that are not zero at some time of a run."""
    varies = any(formula.varies for formula in case.physics.zeeman)
    fields = (problem.physics.at(float(t)).b for t in (looks(case) if varies else (0.0,)))
    b = [np.broadcast_to(field, (3, *problem.grid.n_x)) for field in fields]
    return {k + 1 for k in range(3) if any(np.any(field[k]) for field in b)}


def densities(problem: Problem, case: Case | None = None, comm: Communicator = SERIAL) -> NDArray:
    """The initial densities (n0, n) of a problem, shape ``(4, N1, N2)``.

    Parameters
    ----------
    case
        Says whether they are those of an equilibrium; without one they are the given ones. What a
        steady state begins with is given too.

    Raises
    ------
    SolveError
        If an equilibrium is asked for and there is none, or it is not found.
    """
    physics = problem.physics
    if case is None or case.initial.state != "equilibrium":
        return physics.unscaled(problem.N)
    return physics.unscaled(at_rest(_solver(case, problem, physics, comm), problem.N))


def initial(
    name: str,
    problem: Problem,
    case: Case | None = None,
    comm: Communicator = SERIAL,
    between: Callable[[], None] = lambda: None,
) -> NDArray:
    """The initial densities (n0, n) of a model, ``(4, N1, N2)``: components foreign to it are zero.

    A steady state is that of the model, with V, b and E as they are at t = 0. Arguments and errors
    are those of :func:`densities`; SolveError also if it does not come to rest. ``between`` is
    called after every step on the way there, and may raise to end it.
    """
    u = densities(problem, case, comm)
    for k in {1, 2, 3} - {*MODELS[name].spin}:
        u[k] = 0.0
    if case is None or case.initial.state != "steady":
        return u
    still = replace(problem, physics=replace(problem.physics, drive=None))
    tolerance = case.maxwellian.tolerance * (10 if MODELS[name].constrained else 1)
    return settled(make_model(name, case, still, comm), u, tolerance, case.time.dt, between)


def warnings(name: str, case: Case, problem: Problem, tolerance: float) -> list[str]:
    """What is doubtful in running a model of a case with an error of ``tolerance`` a step."""
    doubts, given, taken = [], densities(problem), initial(name, problem)
    lost = [f"n{k}" for k in (1, 2, 3) if np.any(given[k] != taken[k])]
    if lost:
        doubts.append(f"initial.n: {', '.join(lost)} not zero, but {name} has none; taken as zero")
    physics = problem.physics
    couplings = {"alpha": physics.alpha, "beta": physics.beta, "zeeman": acting(case, problem)}
    spinning = [f"physics.{key}" for key, value in couplings.items() if value]
    if spinning and not MODELS[name].spin:
        doubts.append(f"{', '.join(spinning)}: not zero, but {name} has no spin; left out")
    noise = case.maxwellian.tolerance
    if MODELS[name].constrained and noise > tolerance:
        doubts.append(
            f"maxwellian.tolerance: got {noise:g}, looser than --tolerance {tolerance:g}: the "
            "constraint's noise will set the steps; make it smaller by a factor of 10 or more"
        )
    return doubts
