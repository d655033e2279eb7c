"""How close a step is to what the machine allows: every phase against its floor.

    python scripts/benchmark.py --output DIR              # 32^4 to 64^4, on 1 and on 2 ranks
    python scripts/benchmark.py --output DIR --sizes 32x32x32x32 --ranks 1 2 4
    python scripts/benchmark.py --output DIR --rivals     # and against other methods (minutes)

    python scripts/benchmark.py --output DIR --history docs/performance.md   # adds a row for each

writes ``DIR/benchmark.json`` and ``DIR/benchmark.md``. Each lattice has processes of its own. In
them phase and floor are timed in turn, and the shortest of several times counts: times vary with
what else the machine does, their ratios little. Floors are bare transforms of the same shapes in
the best of several arrangements, or copies.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark_phases import measure
from wigner.job.launch import world
from wigner.machine import machine_memory, revision, versions

SIZES = ("32x32x32x32", "48x48x32x32", "64x64x32x32", "64x64x64x64")
# Bytes a cell that measuring needs; lattices for which there is less memory are left out.
MEMORY = 250


def table(results: Sequence[dict]) -> str:
    """All results as Markdown."""
    rows = []
    for result in results:
        lattice = " x ".join(str(n) for n in result["lattice"])
        rows += ["", f"## {lattice}, {result['ranks']} rank(s)", ""]
        rows.append(f"{result['bytes a cell']:.0f} bytes a cell in SDIRK2 steps, and ")
        rows[-1] += f"{result['libraries'] / 1e6:.0f} MB of libraries a rank."
        for name, factor in result.get("speed-up", {}).items():
            rows[-1] += f" {name}: {factor:.2f} times as fast as one rank."
        rows += ["", "| phase | ms | beside | ms | ratio |", "| --- | --- | --- | --- | --- |"]
        for line in result["phases"]:
            row = f"| {line['name']} | {1e3 * line['seconds']:.4g} | {line['what']} |"
            if line["other"]:
                row += f" {1e3 * line['other']:.4g} | {line['seconds'] / line['other']:.3g}"
            rows.append(f"{row} |" if line["other"] else f"{row} | |")
    return "\n".join(["# Benchmark", *rows, ""])


# Phases whose ratios a history has, by what they are beside.
KEPT = (
    ("step: SDIRK2", "a transport step"),
    ("step: exponential", "a transport step"),
    ("step: constraint", "a transport step"),
    ("transport step", "their transforms"),
    ("transpose, there and back", "two copies"),
    ("records", "one transform in x, one in p"),
)


def history(results: Sequence[dict], revision: str, day: str) -> str:
    """A row of ratios for each result, as Markdown."""
    rows = []
    for result in results:
        ratios = {
            (line["name"], line["what"]): line["seconds"] / line["other"]
            for line in result["phases"]
            if line["other"]
        }
        kept = (f"{ratios[key]:.3g}" if key in ratios else "" for key in KEPT)
        lattice = "x".join(str(n) for n in result["lattice"])
        rows.append(" | ".join(["", day, revision[:10], f"{lattice}, {result['ranks']}", *kept]))
    return "".join(f"{row} |\n".lstrip() for row in rows)


def run_each(arguments: argparse.Namespace) -> list[dict]:
    """Measure each lattice on each number of ranks, in new processes."""
    results = []
    for size in arguments.sizes:
        for ranks in arguments.ranks:
            if MEMORY * np.prod(_lattice(size)) > machine_memory():
                print(f"{size}: left out, it needs more memory than there is", file=sys.stderr)
                continue
            print(f"{size} on {ranks} rank(s) ...", file=sys.stderr, flush=True)
            launcher = [] if ranks == 1 else [_mpiexec(), "-n", str(ranks)]
            with tempfile.TemporaryDirectory() as directory:
                path = Path(directory) / "result.json"
                call = [sys.executable, __file__, "--measure", size, "--output", str(path)]
                call += ["--tolerance", str(arguments.tolerance)]
                call += ["--rivals"] if arguments.rivals and size == arguments.sizes[0] else []
                subprocess.run([*launcher, *call], check=True)
                results.append(json.loads(path.read_text(encoding="utf-8")))
    return results


def _mpiexec() -> str:
    """The mpiexec beside this python, or in PATH."""
    beside = Path(sys.executable).with_name("mpiexec")
    found = str(beside) if beside.exists() else shutil.which("mpiexec")
    if found is None:
        raise SystemExit("error: mpiexec: not found; install the extra mpi, or use --ranks 1")
    return found


def _lattice(size: str) -> tuple[int, ...]:
    counts = tuple(int(n) for n in size.split("x"))
    if len(counts) != 4:
        raise argparse.ArgumentTypeError(f"got {size!r}, expected N1xN2xM1xM2")
    return counts


def _size(text: str) -> str:
    _lattice(text)
    return text


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write the results; 0 if done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--sizes", nargs="+", type=_size, default=SIZES, metavar="N1xN2xM1xM2")
    parser.add_argument("--ranks", nargs="+", type=int, default=(1, 2), metavar="P")
    parser.add_argument("--tolerance", type=float, default=1e-6, help="of M(N) in the steps")
    parser.add_argument("--rivals", action="store_true", help="other methods, on the first lattice")
    parser.add_argument("--history", type=Path, metavar="FILE", help="add a row for each result")
    parser.add_argument("--measure", type=_lattice, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.measure:
        comm = world()
        result = measure(
            arguments.measure[:2],
            arguments.measure[2:],
            comm,
            arguments.tolerance,
            other=arguments.rivals,
        )
        if comm.rank == 0:
            arguments.output.write_text(json.dumps(result), encoding="utf-8")
        return 0
    results = run_each(arguments)
    arguments.output.mkdir(parents=True, exist_ok=True)
    whole = {"revision": revision(), "versions": versions(), "results": results}
    text = json.dumps(whole, indent=1)
    (arguments.output / "benchmark.json").write_text(text, encoding="utf-8")
    (arguments.output / "benchmark.md").write_text(table(results), encoding="utf-8")
    if arguments.history:
        with arguments.history.open("a", encoding="utf-8") as file:
            file.write(history(results, revision(), time.strftime("%Y-%m-%d")))
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
