"""What a time step of the macroscopic models costs, beside the transforms that it is made of.

    python scripts/benchmark_macro.py                      # all local models on 64 x 64 points
    python scripts/benchmark_macro.py --points 128 --model local

prints for each model the processor time of an accepted step, the time of its bare Fourier
transforms in the same process, their ratio, and how many steps lead to t = 0.5 with which error.
The shortest of many times counts.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

import numpy as np
import pyfftw
from numpy.typing import NDArray

from macro.calculus import Calculus
from macro.catalogue import MODELS
from macro.imex import ARK4, Stepper, integrate
from macro.model import Medium, Model
from wigner.physics import Physics

LENGTH = (2 * np.pi, 2 * np.pi)
EPSILON, ALPHA, TAU, T_END = 0.2, 0.5, 0.05, 0.5
LOCAL = ("local", "local-published", "two-component", "spin-drift-diffusion", "drift-diffusion")
REPEAT = 40
WIDTHS = (9, 9, 8, 8, 8, 12)


def problem(name: str, points: int) -> tuple[Model, NDArray]:
    """A model with all spin components that it has, on points x points."""
    x1, x2 = np.meshgrid(*2 * [np.arange(points) * 2 * np.pi / points], indexing="ij")
    V = 0.6 * np.cos(x1) + 0.3 * np.cos(x1 + x2)
    medium = Medium(Calculus((points, points), LENGTH), Physics(EPSILON, ALPHA, TAU, V))
    u = np.stack(
        [
            1 + 0.4 * np.sin(x1) * np.cos(x2),
            0.5 + 0.4 * np.cos(x1),
            0.6 * np.sin(x1 + 0.5),
            0.7 * np.cos(x2 + 1),
        ]
    )
    for k in {1, 2, 3} - {*MODELS[name].spin}:
        u[k] = 0.0

    def no_solver(_: Physics) -> NoReturn:
        raise ValueError(f"model: got {name}, expected one of {', '.join(LOCAL)}")

    return MODELS[name].make(medium, no_solver), u


def shortest(action: Callable[[], object]) -> float:
    """Seconds of processor time of an action, the shortest of many."""
    found = []
    for _ in range(REPEAT):
        clock = time.process_time()
        action()
        found.append(time.process_time() - clock)
    return min(found)


def step_seconds(model: Model, u: NDArray) -> tuple[float, int]:
    """An accepted step, evaluation at its end included; and the fields transformed in it."""
    stepper, x = Stepper(model, 1e-8), model.x
    here, count = stepper.point(x.transform(u)), [0]
    forward, backward = x.transform, x.field

    def step() -> None:
        stepper.point(stepper.step(here, 0.02)[0])

    def counted(transform: Callable[[NDArray], NDArray]) -> Callable[[NDArray], NDArray]:
        def count_and_transform(field: NDArray) -> NDArray:
            count[0] += int(np.prod(field.shape[:-2]))
            return transform(field)

        return count_and_transform

    vars(x).update(transform=counted(forward), field=counted(backward))
    step()
    del vars(x)["transform"], vars(x)["field"]
    return shortest(step), count[0]


def transform_seconds(points: int) -> float:
    """One bare real transform of a field in the best case, eight a batch in the cache."""
    field = pyfftw.empty_aligned((8, points, points))
    spectrum = pyfftw.empty_aligned((8, points, points // 2 + 1), dtype=complex)
    plan = pyfftw.FFTW(field, spectrum, (1, 2), flags=("FFTW_MEASURE",), threads=1)
    field[:] = 0.0
    return shortest(plan.execute) / 8


def line(name: str, points: int) -> str:
    """The row of a model."""
    model, u = problem(name, points)
    seconds, fields = step_seconds(model, u)
    floor = fields * transform_seconds(points)
    steps = list(integrate(model, u, T_END, 1e-8, 0.02))
    *_, best = integrate(model, u, T_END, 1e-11, 0.01)
    error = np.abs(steps[-1].after.u - best.after.u).max()
    return (
        f"{name:<22}{1e3 * seconds:8.2f}{1e3 * floor:10.2f}{seconds / floor:8.2f}{fields:8d}"
        f"{len(steps):8d}{error:12.1e}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=64, help="per axis (default: %(default)s)")
    parser.add_argument("--model", choices=LOCAL, action="append", help="default: all of them")
    arguments = parser.parse_args(argv)
    stages = len(ARK4.weights)
    print(f"{arguments.points} x {arguments.points} points, {stages} stages of order {ARK4.order}")
    titles = ("ms a step", "FFTs, ms", "ratio", "fields", "steps", "error")
    print(f"{'model':<22}" + "".join(f"{t:>{w}}" for t, w in zip(titles, WIDTHS, strict=True)))
    for name in arguments.model or LOCAL:
        print(line(name, arguments.points), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
