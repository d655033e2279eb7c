"""Run random smooth cases, small and hard: each must end well or in an error that says why.

    python scripts/robustness_sweep.py --cases 200 --seed 1 [--first K] [--output DIR]

Semiclassical to far from it, collisionless to stiff, near vacuum, near full polarisation, steep
potentials, x lattices of 1 to 64 points, odd and prime ones among them. A case that finishes must
have its mass to 1e-12 and a positive density in every record. Case K of a seed is always the same.
"""

from __future__ import annotations

import argparse
import io
import math
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stderr
from pathlib import Path

import h5py
import numpy as np

from wigner.__main__ import main as wigner

N_X = (1, 2, 3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 23, 31, 32, 37, 48, 61, 64)
MASS = 1e-12
# What the errors that a run may end in begin with, after the place; those of a case name a key.
DOCUMENTED = {
    "constraint not solved": r"moment constraint: got a residual",
    "N not positive": r"density matrix: got",
    "lattice too coarse or small": r"lattice: got moments of M\(N\) that miss N",
    "splitting too coarse": r"splitting error of the quantum Maxwellian",
    "p box too small": r"edge_mass: got",
    "tau too large for a prepared state": r"initial.state: got \"prepared\"",
}
REFUSED = re.compile(r"error: ((grid|physics|initial|time|maxwellian)\.\w+)(\[\d\])?: got ")

CASE = """\
[grid]
n_x = {n_x}
length = {length}
n_p = {n_p}

[physics]
epsilon = {epsilon}
alpha = {alpha}
tau = {tau}
potential = "{V}"

[initial]
n0 = "{n0}"
n = ["{n[0]}", "{n[1]}", "{n[2]}"]
state = "{state}"

[time]
t_end = {t_end}
dt = {dt}
scheme = "{scheme}"

[maxwellian]
tolerance = {tolerance}
"""


def draw(rng: np.random.Generator, points: int) -> str:
    """The text of a random case, with so many points of x at most."""
    epsilon, tau = (float(f"{10 ** rng.uniform(*r):.3g}") for r in ((-1.7, -0.097), (-6, 1)))
    alpha = round(float(rng.uniform(0, 3)), 2)
    n_x = [int(n) for n in rng.choice(N_X, 2)]
    while math.prod(n_x) > points:
        n_x[int(rng.integers(2))] = int(rng.choice(N_X[:6]))
    length = [round(float(L), 3) for L in rng.uniform(3, 12, 2)]
    reach = 2 * (rng.uniform(5, 6) + epsilon * alpha) ** 2 / math.pi
    n_p = [math.ceil(reach) + int(extra) for extra in rng.integers(0, 5, 2)]
    floor = rng.choice([0.7, 0.3, 10 ** rng.uniform(-4, -1)])
    first, second = _phases(rng, n_x, length)
    n0 = f"{(1 + floor) / 2:.6g} + {(1 - floor) / 2:.6g}*cos({first})"
    share = rng.choice([rng.uniform(0, 0.5), rng.uniform(0.5, 0.95), 1 - 10 ** rng.uniform(-3, -2)])
    tilt = rng.uniform(0, math.pi)
    n = [f"{share / epsilon * math.sin(tilt):.6g}*({n0})*{f}({second})" for f in ("cos", "sin")]
    n.append(f"{share / epsilon * math.cos(tilt):.6g}*({n0})")
    dt = float(f"{10 ** rng.uniform(-2, -0.7):.2g}")
    return CASE.format(
        n_x=n_x,
        length=length,
        n_p=n_p,
        epsilon=epsilon,
        alpha=alpha,
        tau=tau,
        V=f"{rng.choice([0.3, 1, 4]) * rng.uniform(0, 1):.3g}*cos({rng.choice([first, second])})",
        n0=n0,
        n=n,
        state=rng.choice(["maxwellian", "prepared", "classical"]),
        t_end=2 * dt,
        dt=dt,
        scheme=rng.choice(["sdirk2", "sdirk3", "strang"]),
        tolerance=rng.choice(["1e-6", "1e-8", "1e-10"]),
    )


def _phases(rng: np.random.Generator, n_x: Sequence[int], length: Sequence[float]) -> list[str]:
    """Two formulas k.x + c; the lattice resolves the product of waves with these phases."""
    modes = np.zeros((2, 2), dtype=int)
    for axis, n in enumerate(n_x):
        if n >= 7:
            modes[:, axis] = rng.integers(-min(n // 7, 3), min(n // 7, 3) + 1, 2)
        elif n >= 3:
            modes[rng.integers(2), axis] = 1
    phases = []
    for mode in modes:
        wave = [
            (2 * math.pi * m / L, x) for m, L, x in zip(mode, length, ("x1", "x2"), strict=True)
        ]
        terms = [f"{k:.15g}*{x}" for k, x in wave if k]
        phases.append(" + ".join([*terms, f"{rng.uniform(0, 6):.3g}"]))
    return phases


def outcome(text: str, directory: Path) -> tuple[str, str]:
    """How a case ends: finished, refused, stopped or WRONG, and what is to be said of it."""
    directory.mkdir(parents=True)
    (directory / "case.toml").write_text(text)
    said = io.StringIO()
    with redirect_stderr(said):
        status = wigner(["run", str(directory / "case.toml"), "--output", str(directory / "run")])
    errors = [line for line in said.getvalue().splitlines() if line.startswith("error: ")]
    if status in (0, 4) and not errors:  # 4: finished, but unresolved
        return _finished(directory / "run" / "moments.h5")
    refusals = [match for line in errors if (match := REFUSED.match(line))]
    if status == 2 and errors and len(refusals) == len(errors):
        return "refused", ", ".join(sorted({match[1] for match in refusals}))
    if status == 1 and len(errors) == 1 and "Traceback" not in said.getvalue():
        for name, pattern in DOCUMENTED.items():
            if re.match(rf"error: at t = \S+, after \d+ steps: {pattern}", errors[0]):
                return "stopped", name
    return "WRONG", f"exit status {status}: {' '.join(errors)}"


def _finished(path: Path) -> tuple[str, str]:
    """Whether the records of a finished run are sound."""
    with h5py.File(path, locking=False) as file:
        records = {name: file[name][:] for name in ("mass", "n0", "n", "a0", "a", "energy")}
    if not all(np.isfinite(values).all() for values in records.values()):
        return "WRONG", "a record is not finite"
    drift, least = np.abs(records["mass"] / records["mass"][0] - 1).max(), records["n0"].min()
    if drift > MASS or least <= 0:
        return "WRONG", f"mass changed by {drift:.1e}, least density {least:.1e}"
    return "finished", ""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sweep and print its counts; 1 if any case ended as it must not."""
    parser = argparse.ArgumentParser(description="Run random small cases of all kinds.")
    parser.add_argument("--cases", type=int, default=200, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--points", type=int, default=64, help="of the x lattice, at the most")
    parser.add_argument("--output", type=Path, help="keep the runs in this directory")
    arguments = parser.parse_args(argv)
    counts: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        root = arguments.output or Path(temporary)
        for k in range(arguments.first, arguments.first + arguments.cases):
            clock = time.perf_counter()
            text = draw(np.random.default_rng([arguments.seed, k]), arguments.points)
            end, what = outcome(text, root / str(k))
            counts[end, what if end != "WRONG" else ""] += 1
            print(f"case {k}: {end} {what} ({time.perf_counter() - clock:.1f} s)", flush=True)
    total: Counter[str] = Counter()
    for (end, what), count in sorted(counts.items()):
        total[end] += count
        print(f"{count:5} {end} {what}")
    print(f"{arguments.cases} cases of seed {arguments.seed}: {dict(total)}")
    return int(total["WRONG"] > 0)


if __name__ == "__main__":
    sys.exit(main())
