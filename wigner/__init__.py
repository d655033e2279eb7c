"""Spinor Wigner-BGK kinetic solver with spin-orbit coupling and quantum Maxwellians.

What scripts and notebooks need first, then the solver itself:

    open_case           a case from its file, with entries changed
    run                 its kinetic solution, a loop over records
    open_results        the records of a run as arrays of xarray
    open_state          W of its newest checkpoint
    quantum_maxwellian  M(N) of given densities
    Solution            what run gives
    Record              what a solution gives at a time
    QuantumMaxwellian   what quantum_maxwellian gives
    WignerError         what all errors of the project are
    load_case           a case from its file
    parse_case          a case from its text
    Case                what a case file says
    build               the problem of a case: its fields on its lattice, checked
    Problem             a lattice, the physics and the initial densities
    Solver              the solver of a problem: initial states and steps
    evolve              W over time, step by step

The rooms in reading order; a module imports only what stands before it:

``errors``: the errors that callers catch
``timing``: wall time by phase
``machine``: memory, versions of packages, revision of the source
``physics``: the parameters that flows, Maxwellians and models share
``phase_space``: the lattice, fields on it, transforms, moments, and how ranks share W
``flows``: exact flows, all made of one operation, and their composition
``maxwellian``: the quantum Maxwellian M(N) and its multipliers
``case``: from the text of a case file to the problem that is solved
``evolution``: initial states, steps with collisions, the time loop
``output``: what a run writes into its directory, and what it says
``results``: what a run has left: reading it, figures of it, comparisons of runs
``job``: the commands, from the arguments to the exit status
``sweep``: runs for several values of some keys, and their records together
``scripting``: what scripts and notebooks use besides: solutions, Maxwellians, results
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .case.problem import Problem, build
    from .case.spec import Case, load_case, parse_case
    from .errors import WignerError
    from .evolution.evolve import evolve
    from .evolution.solver import Solver
    from .scripting.cases import open_case
    from .scripting.datasets import open_results, open_state
    from .scripting.maxwellians import QuantumMaxwellian, quantum_maxwellian
    from .scripting.solution import Record, Solution, run

__version__ = "0.1.0"
__all__ = [
    "Case",
    "Problem",
    "QuantumMaxwellian",
    "Record",
    "Solution",
    "Solver",
    "WignerError",
    "build",
    "evolve",
    "load_case",
    "open_case",
    "open_results",
    "open_state",
    "parse_case",
    "quantum_maxwellian",
    "run",
]

# Names are looked up when they are used: commands set OMP_NUM_THREADS before numpy is loaded, and
# none of them waits for modules that it does not need.
_HOMES = {
    "Case": "case.spec",
    "Problem": "case.problem",
    "QuantumMaxwellian": "scripting.maxwellians",
    "Record": "scripting.solution",
    "Solution": "scripting.solution",
    "Solver": "evolution.solver",
    "WignerError": "errors",
    "build": "case.problem",
    "evolve": "evolution.evolve",
    "load_case": "case.spec",
    "open_case": "scripting.cases",
    "open_results": "scripting.datasets",
    "open_state": "scripting.datasets",
    "parse_case": "case.spec",
    "quantum_maxwellian": "scripting.maxwellians",
    "run": "scripting.solution",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [name for name in globals() if name[:2] == "__"] + __all__
