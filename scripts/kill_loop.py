"""Kill a run at random instants, resume it until it is done, and compare it with one left alone.

    python scripts/kill_loop.py --kills 50 --seed 1 [--ranks 2] [--case CASE.toml] [--output DIR]

Every process of the run gets SIGKILL. After each kill moments.h5 must be whole, with the records of
the undisturbed run from the first on and without gaps; in the end all records and W must be the
same to the last bit.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from wigner.sweep.process import launcher

CASE = """\
[grid]
n_x = [6, 4]
length = [6.283185307179586, 5.0]
n_p = [16, 18]
[physics]
epsilon = 0.4
alpha = 0.5
tau = 0.1
potential = "0.2*cos(x1)"
[initial]
n0 = "1 + 0.2*sin(x1)"
n = ["0.3", "0.2*cos(x1)", "0.1"]
[time]
t_end = 0.6
dt = 0.05
[maxwellian]
tolerance = 1e-6
richardson = 1
[output]
every = 0.05
checkpoint = 0.05
"""
# Spectra are rounded as buffers lie in memory.
LOOSE = {"tail_eta": 1e-12, "tail_xi": 1e-12}


class Runs:
    """Runs of one case, started like a user starts them."""

    def __init__(self, case: Path, ranks: int) -> None:
        self._wigner = [*launcher(ranks), sys.executable, "-m", "wigner"]
        self._case = case

    def go_on(self, output: Path, seconds: float | None = None) -> bool:
        """Start or resume a run and kill it after some seconds; whether it came to its end.

        Raises
        ------
        RuntimeError
            If it ended otherwise.
        """
        begun = (output / "case.toml").exists()
        arguments = ["resume", output] if begun else ["run", self._case, "--output", output]
        with subprocess.Popen(
            [*self._wigner, *map(str, arguments)],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                said = process.communicate(timeout=seconds)[1]
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                return False
        if process.returncode not in (0, 4):  # 4: finished, but unresolved
            raise RuntimeError(f"exit status {process.returncode} of {arguments}:\n{said}")
        return True


def records(output: Path) -> dict[str, np.ndarray]:
    """All variables of moments.h5 over time; none if there is no file."""
    if not (output / "moments.h5").exists():
        return {}
    with h5py.File(output / "moments.h5", locking=False) as file:
        return {
            name: values[:]
            for name, values in file.items()
            if name == "time" or values.dims[0].keys() == ["time"]
        }


def state(output: Path) -> np.ndarray:
    """W in the newest checkpoint."""
    with h5py.File(sorted((output / "checkpoint").glob("*.h5"))[-1], locking=False) as file:
        return file["W"][:]


def differences(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> list[str]:
    """What of the first records of a run, as many as there are, is not as expected."""
    lengths = {len(values) for values in found.values()}
    if len(lengths) > 1:
        return ["records of different lengths"]
    count = max(lengths, default=0)
    return [
        name
        for name, values in found.items()
        if len(expected[name]) < count
        or np.abs(values - expected[name][:count]).max(initial=0.0) > LOOSE.get(name, 0.0)
    ]


def kill_loop(runs: Runs, kills: int, seed: int, root: Path) -> Counter[str]:
    """Runs that are killed and resumed, until there were so many kills; what is counted."""
    clock, whole = time.perf_counter(), root / "whole"
    runs.go_on(whole)
    seconds = time.perf_counter() - clock
    expected, W = records(whole), state(whole)
    random_ = random.Random(seed)
    counts: Counter[str] = Counter()
    while counts["kills"] < kills:
        output = root / f"run-{counts['runs']}"
        while not runs.go_on(output, random_.uniform(0.0, seconds)):
            counts["kills"] += 1
            counts["begun anew"] += not (output / "checkpoint").exists()
            found = records(output)
            wrong = differences(found, expected)
            counts["records wrong after a kill"] += bool(wrong)
            print(
                f"kill {counts['kills']}: {len(found.get('time', ()))} records, "
                f"{len(list(output.glob('checkpoint/*.h5')))} checkpoints{' WRONG ' * bool(wrong)}"
                f"{', '.join(wrong)}",
                flush=True,
            )
        counts["runs"] += 1
        same = not differences(records(output), expected) and np.array_equal(state(output), W)
        same = same and len(records(output)["time"]) == len(expected["time"])
        counts["identical"] += same
        print(f"run {counts['runs']}: finished, {'identical' if same else 'DIFFERENT'}", flush=True)
    return counts


def main(argv: Sequence[str] | None = None) -> int:
    """Kill and resume, and print the counts; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description="Kill runs at random instants and resume them.")
    parser.add_argument("--kills", type=int, default=50, help="at least so many")
    parser.add_argument("--seed", type=int, default=1, help="of the random instants")
    parser.add_argument("--ranks", type=int, default=1, help="MPI ranks of the runs")
    parser.add_argument("--case", type=Path, help="another case than the one built in")
    parser.add_argument("--output", type=Path, help="keep the runs in this directory")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as temporary:
        root = arguments.output or Path(temporary)
        case = arguments.case or Path(temporary) / "case.toml"
        if arguments.case is None:
            case.write_text(CASE)
        counts = kill_loop(Runs(case, arguments.ranks), arguments.kills, arguments.seed, root)
    resumed = counts["kills"] - counts["begun anew"]
    print(
        f"{counts['kills']} kills, {resumed} of them resumed from a checkpoint and the others from "
        f"the start; {counts['runs']} runs finished, {counts['identical']} of them identical to "
        f"the one left alone; records wrong after {counts['records wrong after a kill']} kills"
    )
    right = counts["identical"] == counts["runs"] and not counts["records wrong after a kill"]
    return int(not right)


if __name__ == "__main__":
    sys.exit(main())
