"""A run of a macroscopic model: from a checked problem to a directory of results."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wigner.case.problem import Problem, build, lattice
from wigner.case.spec import Case, load_case
from wigner.errors import SolveError
from wigner.evolution.evolve import record_times
from wigner.job.agenda import Agenda, Stopped, stop_requests
from wigner.job.directories import check_new
from wigner.job.guards import check_finite
from wigner.job.run import AGAIN
from wigner.job.supervise import STOPPED, Hosts, run_job, status
from wigner.maxwellian.steps import prescribed
from wigner.output import variables
from wigner.output.alarm import Alarm
from wigner.output.observer import Directory, Observer
from wigner.output.records import Records
from wigner.output.variables import Variable, Variables
from wigner.phase_space.communicator import Communicator
from wigner.phase_space.layout import check_ranks
from wigner.phase_space.moments import density_tails
from wigner.timing import Phases

from . import memory
from .catalogue import MODELS, initial, make_model, warnings
from .catalogue import check as refuse
from .imex import integrate
from .model import Model
from .resolution import UNEASY, rate_tail

ADVICE = "its records are kept; start again in a new directory, or with --overwrite"
# Error allowed in a time step, relative to the largest density, if nothing else is asked for.
TOLERANCE = 1e-8
# The share of the Nyquist index up to which models keep modes, see Calculus.kept.
KEPT = 2 / 3
INTACT = "is whole up to its last record: correct the cause, then run again with --overwrite"
SCALARS: Variables = {name: variables.SCALARS[name] for name in ("mass", "spin_total")} | {
    "free_energy": Variable((), "int n0 (a0 + V + phi/2) + eps^2 n.(a + b) dx", "total energy"),
    "step": Variable((), "length of the time step", "time"),
    "tail_rate": Variable(
        (), "share of the rates of n0, or of n, beyond two thirds of the reach in xi", "1"
    ),
    "evaluations": variables.SCALARS["evaluations"],
}
ARRAYS: Variables = {name: variables.ARRAYS[name] for name in ("n0", "n", "a0", "a")} | {
    "current": Variable(
        ("component", "direction"),
        "currents of n0 and n: minus what the model diverges",
        "current",
    ),
}


def run(
    path: Path,
    overrides: Sequence[str],
    name: str,
    tolerance: float,
    output: Path,
    comm: Communicator,
    *,
    overwrite: bool = False,
    quiet: bool = False,
) -> int:
    """``macro run``; the exit status."""

    def ready(unlocked: str = "") -> None:
        check_new(output, overwrite=overwrite, resumable=False, unlocked=unlocked)

    def check(hosts: Hosts) -> tuple[Case, Problem]:
        case = load_case(path, overrides)
        ready()
        return case, checked(name, tolerance, case, hosts)

    return run_job(
        check,
        output,
        comm,
        lambda case, problem: execute(case, problem, name, tolerance, output, comm),
        ready,
        INTACT,
        quiet=quiet,
    )


def checked(name: str, tolerance: float, case: Case, hosts: Hosts) -> Problem:
    """The problem of a case for a model, with warnings of what is doubtful.

    Raises
    ------
    CaseError
        If it cannot be run on these ranks.
    """
    grid = lattice(case)
    check_ranks(grid, len(hosts))
    memory.check(name, case, grid, hosts)
    problem = build(case, kinetic=False, constrained=MODELS[name].constrained)
    refuse(name, case, problem)
    doubtful = warnings(name, case, problem, tolerance)
    return replace(problem, warnings=(*problem.warnings, *doubtful))


def execute(
    case: Case, problem: Problem, name: str, tolerance: float, directory: Path, comm: Communicator
) -> int:
    """Run a model into an existing directory; the exit status.

    A signal or the wall-clock limit ends the run after the step it is at, with a last record.

    Raises
    ------
    SolveError
        If the model cannot go on; what was recorded stays.
    OSError
        If the directory cannot be written; what was recorded stays.
    """
    with stop_requests() as requests:
        phases, (scalars, arrays) = Phases(), variables.driven(case)
        file = Records(directory / "moments.h5", SCALARS | scalars, ARRAYS | arrays)
        heading = "model {}, x lattice {} x {}".format(name, *problem.grid.n_x)
        facts = {"model": name, "tolerance": tolerance}
        observer = Directory(file, case, problem, comm, heading, facts).start(phases)
        requests.heard = lambda name: observer.interrupted(name, ADVICE)
        try:
            with phases("setup"):
                before = Agenda(case.output, comm, requests, phases.elapsed, 0.0)
                u = initial(name, problem, case, comm, before.heed)
                model = make_model(name, case, problem, comm)
        except Stopped as stopped:
            observer.finish(str(stopped), {}, AGAIN)
            return STOPPED
        except SolveError as error:
            observer.failing()
            raise error.at(time=0.0) from None
        phases.include(model.seconds)
        agenda = Agenda(case.output, comm, requests, phases.elapsed, 0.0)
        try:
            return _advance(model, u, case, tolerance, observer, agenda)
        except Exception:
            observer.failing()
            raise


def _advance(
    model: Model, u: NDArray, case: Case, tolerance: float, observer: Observer, agenda: Agenda
) -> int:
    """The steps, with records at the times asked for; the exit status."""
    due, t_end, rejected = record_times(case.time.t_end, case.output.every), case.time.t_end, 0
    recorded, alarms = 0.0, Alarms(Alarm(UNEASY), Alarm(case.maxwellian.tolerance))
    _record(observer, model, u, 0.0, alarms)
    observer.watch(quality(u))
    observer.expect(None)
    stop = agenda.decide(0.0).stop
    for step in integrate(model, u, t_end, tolerance, case.time.dt) if not stop else ():
        rejected += step.rejected
        while due and due[0] <= step.end:
            observer.t = recorded = due.pop(0)
            _record(observer, model, step.at(observer.t), step.end - step.start, alarms)
        observer.step(step.end, model.evaluations())
        observer.watch(quality(step.after.u))
        stop = agenda.decide(step.end).stop if due else None
        if stop:
            if recorded < step.end:
                _record(observer, model, step.after.u, step.end - step.start, alarms)
            break
    facts = {"rejected_steps": rejected, **alarms.facts()}
    observer.finish(stop, facts, ADVICE)
    return status(stop, observer.quality.verdict)


class Alarms(NamedTuple):
    """What is watched besides the quality: rates of change, and a prescribed splitting."""

    rates: Alarm
    splitting: Alarm

    def facts(self) -> dict[str, object]:
        """The worst of both, for run.json."""
        return {
            "worst_tail_rate": self.rates.as_dict(),
            "worst_splitting_error": self.splitting.as_dict(),
        }


def _record(observer: Observer, model: Model, u: NDArray, length: float, alarms: Alarms) -> None:
    """Give the densities and all that follows from them to the observer."""
    try:
        recorded = values(model, u, observer.t)
        check_finite(recorded)
    except SolveError as error:
        raise error.at(time=observer.t) from None
    with observer.phases("records"):
        observer.record(recorded | {"step": length})
    lost = float(np.asarray(recorded["tail_rate"]))
    if alarms.rates.rings(observer.t, lost):
        what = f"the rates of n0 or n are off by about {lost:.1e} of the largest"
        told = f"tail_rate: at {observer.moment()} {what}; use more points grid.n_x"
        observer.note(told, logging.WARNING)
    missed = model.splitting_error()
    if missed is not None and alarms.splitting.rings(observer.t, missed):
        observer.note(prescribed(missed, observer.t), logging.WARNING)


def quality(u: NDArray) -> dict[str, float]:
    """The indicators of quality that densities u = (n0, n), ``(4, N1, N2)``, have by themselves."""
    return dict(zip(("tail_n0", "tail_n", "n_share"), density_tails(u, KEPT), strict=True))


def values(model: Model, u: NDArray, t: float = 0.0) -> dict[str, ArrayLike]:
    """What is recorded of densities u = (n0, n), ``(4, N1, N2)``, at time ``t``."""
    mu, balance = model.multipliers(u), model.balance(u, t)
    totals = u.sum(axis=(1, 2)) * model.x.cell
    return {
        "n0": u[0],
        "n": u[1:],
        "a0": mu[0],
        "a": mu[1:],
        "current": -np.moveaxis(balance.flux, 0, 1),
        "tail_rate": rate_tail(model, u, balance),
        "mass": float(totals[0]),
        "spin_total": totals[1:],
        "free_energy": model.free_energy(u, mu, t),
        **variables.acting(model.physics, u[0], t),
    }
