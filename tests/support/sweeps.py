"""Sweeps whose runs are in this process."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

from macro.__main__ import main as macro_main
from tests.support import small
from wigner.__main__ import main
from wigner.job.agenda import Requests

SHORT = small.sets("time.t_end=0.2", "output.every=0.1")
ONE = small.sets("time.t_end=0.1", "output.every=0.1")
TAU = ["--vary", "physics.tau=0.1,0.05"]


class Runs(list[list[str]]):
    """Calls of ``wigner`` in this process; ``before`` each, something may happen."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Callable[[], None] = lambda: None

    def call(
        self,
        arguments: Sequence[str],
        started: Sequence[str],
        requests: Requests,
        began: float,
        module: str,
    ) -> int:
        self.append([*started, *arguments])
        self.before()
        return {"wigner": main, "macro": macro_main}[module]([*arguments])


def names(output: Path) -> set[str]:
    """Directories of runs."""
    return {path.name for path in output.iterdir() if path.is_dir()}


def table(output: Path) -> list[dict[str, str]]:
    """The rows of sweep.csv."""
    return list(csv.DictReader((output / "sweep.csv").read_text().splitlines()))
