"""The models by name, each made from the problem of a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wigner.case.problem import Problem
from wigner.case.spec import Case
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
    """

    make: Maker
    spin: tuple[int, ...] = (1, 2, 3)
    constrained: bool = False


MODELS: dict[str, Entry] = {
    "nonlocal": Entry(
        lambda medium, solver: Nonlocal(medium, solver(medium.physics)), constrained=True
    ),
    "local": Entry(lambda medium, _: Local(medium)),
    "local-published": Entry(lambda medium, _: Local(medium, Form.PUBLISHED)),
    "two-component": Entry(lambda medium, _: TwoComponent(medium), (3,)),
    "spin-drift-diffusion": Entry(lambda medium, _: SpinDriftDiffusion(medium)),
    "entropic": Entry(
        lambda medium, solver: Entropic(medium, solver(replace(medium.physics, alpha=0.0))),
        (),
        constrained=True,
    ),
    "drift-diffusion": Entry(lambda medium, _: DriftDiffusion(medium), ()),
}


def medium_of(problem: Problem) -> Medium:
    """What the models need of a problem."""
    return Medium(Calculus(problem.grid.n_x, problem.grid.length), problem.physics)


def make_model(name: str, case: Case, problem: Problem, comm: Communicator = SERIAL) -> Model:
    """The model of a name in ``MODELS``; its moment maps are shared out over ``comm``."""
    spec = case.maxwellian

    def solver(physics: Physics) -> MultiplierSolver:
        layout = Layout(problem.grid, comm)
        arguments = (spec.tolerance, spec.max_evaluations, spec.richardson)
        return MultiplierSolver(layout, physics, *arguments)

    return MODELS[name].make(medium_of(problem), solver)


def densities(problem: Problem) -> NDArray:
    """The initial densities (n0, n) of a problem, shape ``(4, N1, N2)``."""
    return problem.physics.unscaled(problem.N)


def initial(name: str, problem: Problem) -> NDArray:
    """The initial densities that a model has: components of n foreign to it are zero."""
    u = densities(problem)
    for k in {1, 2, 3} - {*MODELS[name].spin}:
        u[k] = 0.0
    return u


def warnings(name: str, case: Case, problem: Problem, tolerance: float) -> list[str]:
    """What is doubtful in running a model of a case with an error of ``tolerance`` a step."""
    doubts, given, taken = [], densities(problem), initial(name, problem)
    lost = [f"n{k}" for k in (1, 2, 3) if np.any(given[k] != taken[k])]
    if lost:
        doubts.append(f"initial.n: {', '.join(lost)} not zero, but {name} has none; taken as zero")
    noise = case.maxwellian.tolerance
    if MODELS[name].constrained and noise > tolerance:
        doubts.append(
            f"maxwellian.tolerance: got {noise:g}, looser than --tolerance {tolerance:g}: the "
            "constraint's noise will set the steps; make it smaller by a factor of 10 or more"
        )
    return doubts
