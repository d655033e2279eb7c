"""The solution of a model, record by record, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from numpy.typing import NDArray

from wigner.case.problem import Problem, build
from wigner.case.spec import Case
from wigner.errors import CaseError, Fault, SolveError
from wigner.job.guards import check_finite
from wigner.phase_space.communicator import SERIAL, Communicator
from wigner.scripting.solution import Record, Solution, Watch, tell, times_of

from .catalogue import MODELS, check, initial, make_model, warnings
from .imex import integrate
from .model import Model
from .run import TOLERANCE, quality, values


def solve(
    case: Case, model: str, tolerance: float = TOLERANCE, comm: Communicator = SERIAL
) -> Solution:
    """The solution of a macroscopic model, record by record; nothing is written.

    ``wigner-macro run`` solves the same, and leaves the records in a directory.

    Parameters
    ----------
    model
        A name of ``MODELS``: "nonlocal" (4)-(5), "local" (6)-(7) corrected, "local-published",
        "two-component" (8), "spin-drift-diffusion" (9)-(10), "entropic", "drift-diffusion".
    tolerance
        Error allowed in a time step, relative to the largest density. ``time.dt`` is the first.
    comm
        An MPI communicator, which shares out moment maps; all its ranks take part in the loop.

    Returns
    -------
    Solution
        At ``output.every`` a record with n0 ``(N1, N2)``, n ``(3, N1, N2)``, the multipliers a0
        and a that the model gives to them, and "current", ``(4, 2, N1, N2)``.

    Raises
    ------
    CaseError
        If there is no such model, or it lacks what acts in the case.
    SolveError
        In the loop, if it cannot go on; with time and remedy.

    Examples
    --------
    >>> for record in macro.solve(wigner.open_case("case.toml"), "local"):
    ...     print(record.t, record.n0.max())
    """
    if model not in MODELS:
        raise CaseError(Fault("model", repr(model), f"one of {', '.join(MODELS)}"))
    problem = build(case, kinetic=False, constrained=MODELS[model].constrained)
    check(model, case, problem)
    begin = partial(_records, case, problem, model, tolerance, comm)
    return Solution(case, problem, times_of(case), begin)


def _records(
    case: Case, problem: Problem, name: str, tolerance: float, comm: Communicator
) -> Iterator[Record]:
    """Solve, from the beginning."""
    tell((*problem.warnings, *warnings(name, case, problem, tolerance)))
    t, steps, watch, (first, *due) = 0.0, 0, Watch(problem), times_of(case)
    try:
        u = initial(name, problem, case, comm)
        model = make_model(name, case, problem, comm)
        yield _record(model, u, watch, first, steps, 0.0)
        for step in integrate(model, u, due[-1], tolerance, case.time.dt):
            steps += 1
            while due and due[0] <= step.end:
                t = due.pop(0)
                yield _record(model, step.at(t), watch, t, steps, step.end - step.start)
    except SolveError as error:
        raise error.at(time=t, steps=steps) from None


def _record(model: Model, u: NDArray, watch: Watch, t: float, steps: int, length: float) -> Record:
    """That of densities (n0, n) at ``t``, in a step of some length."""
    found = values(model, u, t)
    check_finite(found)
    counts = model.evaluations()
    found |= {"step": length, "evaluations": sum(counts) / max(1, len(counts))}
    return Record(t, steps, found, watch.after(t, quality(u)))
