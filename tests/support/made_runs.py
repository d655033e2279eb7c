"""Directories of runs that were never run: records and checkpoints of known fields, in no time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from macro import run as macro_run
from tests.support.case_texts import MATERIAL
from wigner.case.problem import Problem, build
from wigner.case.spec import Case, parse_case
from wigner.case.units import scale
from wigner.evolution.state import State
from wigner.maxwellian.memory import Memory
from wigner.output import checkpoint
from wigner.output.records import Records
from wigner.output.variables import ARRAYS, SCALARS, about
from wigner.phase_space import pauli
from wigner.phase_space.layout import Layout

CASE = """\
[grid]
n_x = [{n1}, {n2}]
length = [4.0, 2.0]
n_p = [16, 12]

[physics]
{numbers}

[initial]
n0 = "1"
n = ["0.5", "0", "0"]

[time]
t_end = 1.0
dt = 0.1
"""
NUMBERS = "epsilon = 0.2\nalpha = 0.5\ntau = 0.1"
TIMES = (0.0, 0.1, 0.2, 0.3)


def case_of(n: tuple[int, int], *, material: bool = False) -> Case:
    """A case on n points of a box 4 x 2; its fields do not matter."""
    text = CASE.format(n1=n[0], n2=n[1], numbers="" if material else NUMBERS)
    return parse_case(text + MATERIAL if material else text)


def fields(problem: Problem, t: float, amplitude: float) -> dict[str, NDArray]:
    """n0 = 2 + A cos(k1 x1 + t), n = (1, sin(k2 x2), A t cos(k1 x1)), and J0 = (n0, -1)."""
    x1, x2 = problem.grid.x[0][:, None], problem.grid.x[1][None, :]
    k1, k2 = (
        2 * np.pi / L if n > 1 else 0.0 for n, L in zip(problem.grid.n_x, (4, 2), strict=True)
    )
    zero = np.zeros(problem.grid.n_x)
    n0 = 2 + amplitude * np.cos(k1 * x1 + t) + zero
    n = np.stack([1 + zero, np.sin(k2 * x2) + zero, amplitude * t * np.cos(k1 * x1) + zero])
    current = np.zeros((4, 2, *problem.grid.n_x))
    current[0] = n0, -1 + zero
    return {"n0": n0, "n": n, "current": current}


def make_run(
    directory: Path,
    n: tuple[int, int] = (8, 6),
    times: Sequence[float] = TIMES,
    *,
    amplitude: float = 0.5,
    model: str = "kinetic",
    material: bool = False,
    verdict: str = "resolved",
) -> Path:
    """The directory of a run with :func:`fields` at some times; scalars of record k are k + 1."""
    case = case_of(n, material=material)
    problem = build(case)
    kinetic = model == "kinetic"
    scalars = SCALARS if kinetic else macro_run.SCALARS
    arrays = ARRAYS if kinetic else macro_run.ARRAYS
    directory.mkdir(parents=True, exist_ok=True)
    records = Records(directory / "moments.h5", scalars, arrays)
    records.create(problem, about(case, model), scale(case.material) if case.material else None)
    numbers = np.arange(1.0, len(times) + 1)
    with h5py.File(records.path, "r+") as file:  # all at once: appending copies the file each time
        for name in records.names:
            file[name].resize(len(times), axis=0)
        file["time"][:], file["mass"][:] = times, 16.0
        for name in {*scalars, *arrays} - {"mass"}:
            shape = file[name].shape
            file[name][...] = np.broadcast_to(numbers.reshape(-1, *[1] * (len(shape) - 1)), shape)
        for k, t in enumerate(times):
            for name, values in fields(problem, t, amplitude).items():
                file[name][k] = values
    report = {"state": "finished", "quality": {"verdict": verdict}, "sessions": []}
    (directory / "run.json").write_text(json.dumps(report))
    (directory / "case.toml").write_text(case.text)
    return directory


def make_checkpoint(directory: Path, n: tuple[int, int], t: float, steps: int) -> NDArray:
    """A checkpoint of a thermal W with a wave along x1 in w2; w0 to w3, ``(4, *n, M1, M2)``."""
    case = case_of(n)
    problem = build(case)
    grid = problem.grid
    x1 = grid.x[0][:, None, None, None]
    p1, p2 = grid.p[0][None, None, :, None], grid.p[1][None, None, None, :]
    thermal = np.exp(-((p1 - 0.3) ** 2) / 2 - p2**2 / 2) * np.ones((*n, 1, 1))
    wave = np.cos(2 * np.pi * x1 / 4) if n[0] > 1 else 1.0
    w = np.stack([thermal, 0 * thermal, 0.2 * wave * thermal, -0.1 * thermal])
    W = pauli.pack(w.reshape(4, grid.nx, grid.np))
    state = State(t, steps, 0, 0, (), Memory(), problem.identity)
    checkpoint.save(directory / checkpoint.DIRECTORY, Layout(grid), W, state, case)
    return w
