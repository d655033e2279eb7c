"""Errors of the kinetic solver, measured for one cause at a time, for the study of convergence.

Errors in time are those of N at t_end against the third-order scheme with far smaller steps on the
same lattice; errors of lattices are those against a finer one with the same steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from wigner.case.problem import build, lattice
from wigner.case.spec import parse_case
from wigner.evolution.solver import Solver
from wigner.flows.splitting import SPLITTINGS
from wigner.flows.transport import Transport

from . import kinetic
from .cases import changed

# Schemes in time with their orders where the step resolves tau.
SCHEMES = {"sdirk2": 2, "sdirk3": 3, "strang": 2}
Errors = Mapping[str, Sequence[float]]
Value = TypeVar("Value", bound=float)


def in_time(text: str, tau: float, steps: Sequence[int], finest: int) -> Errors:
    """Errors of N at t_end by scheme, over t_end/steps, for one tau."""
    case = changed(parse_case(text), f"physics.tau={tau!r}")

    def solution(scheme: str, count: int) -> NDArray:
        dt = case.time.t_end / count
        return kinetic.at_end(changed(case, f"time.scheme={scheme}", f"time.dt={dt!r}"))

    exact = solution("sdirk3", finest)
    return {
        scheme: [kinetic.distance(solution(scheme, count), exact) for count in steps]
        for scheme in SCHEMES
    } | {"dt": [case.time.t_end / count for count in steps]}


def of_splittings(text: str, steps: Sequence[int]) -> Errors:
    """Errors of W after the flow of -T over t_end, by splitting, relative to the largest W."""
    case = parse_case(text)
    solver = Solver(case, build(case))
    start = solver.initial_state()

    def flown(splitting: str, count: int) -> NDArray:
        W = solver.layout.x_major()
        W[:] = start
        transport = Transport(solver.space, SPLITTINGS[splitting])
        flow = transport.flow(case.time.t_end / count)
        for _ in range(count):
            flow(W)
        return W

    exact = flown("fourth", 4 * steps[-1])
    scale = np.abs(exact).max()
    return {
        splitting: [np.abs(flown(splitting, count) - exact).max() / scale for count in steps]
        for splitting in SPLITTINGS
    } | {"dt": [case.time.t_end / count for count in steps]}


def over_n_x(text: str, counts: Sequence[int], finest: int) -> Errors:
    """Errors over the number of points along every axis of x on which fields vary."""
    case = parse_case(text)
    axes = [n > 1 for n in case.grid.n_x]
    m1, m2 = (min(counts) if varies else 1 for varies in axes)
    coarsest = (m1, m2)
    box = f"grid.p_max={list(lattice(case).p_max)}"

    def solution(count: int) -> NDArray:
        n_x = [count if varies else 1 for varies in axes]
        N = kinetic.at_end(changed(case, box, f"grid.n_x={n_x}"))
        return kinetic.resampled(N, coarsest)

    return _against_finest(solution, counts, finest)


def over_n_p(text: str, counts: Sequence[int], finest: int) -> Errors:
    """Errors over the points per p axis, the box chosen to suit each."""
    case = parse_case(text)
    return _against_finest(
        lambda count: kinetic.at_end(
            changed(case, f"grid.n_p={[count, count]}", "grid.p_max=auto")
        ),
        counts,
        finest,
    )


def over_p_max(text: str, boxes: Sequence[float], largest: float) -> Errors:
    """Errors over the p box, with one spacing that resolves eta to 8."""
    case = parse_case(text)

    def solution(P: float) -> NDArray:
        n = 2 * math.ceil(8 * P / math.pi)
        return kinetic.at_end(changed(case, f"grid.n_p={[n, n]}", f"grid.p_max={P!r}"))

    return _against_finest(solution, boxes, largest)


def over_tolerance(text: str, tolerances: Sequence[float], tightest: float) -> Errors:
    """Errors over the tolerance of the quantum Maxwellian."""
    case = parse_case(text)
    return _against_finest(
        lambda bound: kinetic.at_end(changed(case, f"maxwellian.tolerance={bound!r}")),
        tolerances,
        tightest,
    )


def _against_finest(
    solution: Callable[[Value], NDArray], values: Sequence[Value], finest: Value
) -> Errors:
    exact = solution(finest)
    errors = [kinetic.distance(solution(value), exact) for value in values]
    return {"values": values, "errors": errors}
