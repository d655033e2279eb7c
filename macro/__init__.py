"""Macroscopic models of the spinor Wigner-BGK equation: quantum-spin drift-diffusion.

What scripts and notebooks need:

    solve       the solution of a model, a loop over records
    MODELS      the models by name
    make_model  a model of a problem
    initial     the densities that a case begins with
    solution    densities of a model at given times

The modules in reading order; a module imports only what stands before it:

``calculus``: derivatives and products on the x lattice
``forms``: formulas as published, or corrected
``model``: what a model is, densities that obey d_t u = div F(u) + S(u)
``imex``: integration in time, implicit-explicit with error control
``drift_diffusion``: the classical model for the charge
``spin_drift_diffusion``: the model for charge and spin in the limit eps -> 0
``multiplier_expansion``: multipliers from densities, to order eps^2
``maxwellian_expansion``: the Maxwellian's symbol from multipliers, to order eps^3
``local``: the local quantum-spin model, of second order in eps
``two_component``: the local model for spin up and spin down
``constrained``: what the models share whose multipliers solve the moment constraint
``nonlocal_model``: the nonlocal quantum-spin model, exact in eps
``entropic``: the nonlocal model without spin
``steady``: the steady state of a model, of fields that stand still
``catalogue``: the models by name
``memory``: what a run needs in memory, counted before anything is done
``resolution``: whether the x lattice holds the rates of change
``run``: a run of a model, from a checked problem to a directory of results
``solving``: the solution of a model, record by record, in memory
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .catalogue import MODELS, initial, make_model
    from .imex import solution
    from .solving import solve

__all__ = ["MODELS", "initial", "make_model", "solution", "solve"]

# Names are looked up when they are used, as in ``wigner``: the command sets OMP_NUM_THREADS first.
_HOMES = {
    "MODELS": "catalogue",
    "initial": "catalogue",
    "make_model": "catalogue",
    "solution": "imex",
    "solve": "solving",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [name for name in globals() if name[:2] == "__"] + __all__
