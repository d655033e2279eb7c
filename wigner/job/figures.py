"""The commands plot and compare: from what was typed to files, and one line for each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import CaseError, Fault
from ..output.files import printable, write_text
from ..results.differences import as_csv, as_text, differences
from ..results.kinds import KINDS, USUAL
from ..results.run import Run, open_run
from ..results.view import FORMATS, MOVING, View, check_si, place
from .directories import named, usable
from .supervise import FINISHED, complain, say

PLOT_HELP = f"""\
Draw a run, also of wigner-macro, finished or not. Figures are written into DIR, or where --output
says.

    wigner plot result
    wigner plot result --kind cut --kind currents --at 0.5 --format pdf
    wigner plot result --kind fields --at "0.3 ps" --si --output figure.svg
    wigner plot result --kind fields --animate

{chr(10).join(f"{name:<13}{kind.summary}" for name, kind in KINDS.items())}"""
COMPARE_HELP = """\
Compare runs with the first of them, at the times that they share: kinetic ones, models, or both,
also on other lattices of the same box. The table is printed; compare.csv has it at all times.
Figures and compare.csv are written into the current directory, or where --output says; with --si
they and the table are in SI units.

    wigner compare kinetic local nonlocal --output comparison"""


@dataclass(frozen=True)
class Wanted:
    """What was typed of a figure.

    Attributes
    ----------
    kinds, at, formats, through
        As they were typed; None where they were not.
    si, animate
        Whether units are SI, and whether the figures move.
    output
        A directory, or a file if there is one figure; None for the directory of the run.
    """

    kinds: Sequence[str] | None = None
    at: Sequence[str] | None = None
    through: Sequence[str] | None = None
    formats: Sequence[str] | None = None
    output: Path | None = None
    si: bool = False
    animate: bool = False


def add_arguments(plot: argparse.ArgumentParser, compare: argparse.ArgumentParser) -> None:
    """The arguments of the commands that draw."""
    plot.add_argument("directory", type=named, metavar="DIR", help="directory of a run")
    plot.add_argument(
        "--kind",
        action="append",
        choices=KINDS,
        metavar="KIND",
        help=f"what to draw: {', '.join(KINDS)}; may be repeated (default: {' and '.join(USUAL)})",
    )
    plot.add_argument(
        "--through",
        nargs=2,
        metavar=("X1", "X2"),
        help="the place that cuts go through (default: that of the largest n0)",
    )
    plot.add_argument(
        "--animate", action="store_true", help="a GIF, and an MP4 where ffmpeg is, of all records"
    )
    compare.add_argument(
        "directories", type=named, nargs="+", metavar="DIR", help="runs, the reference first"
    )
    compare.set_defaults(kind=None, through=None, animate=False)
    for sub in (plot, compare):
        sub.add_argument(
            "--at",
            nargs="+",
            action="extend",
            metavar="T",
            help='times, scaled or such as "0.3 ps"; the nearest records are drawn',
        )
        sub.add_argument("--si", action="store_true", help="SI units, of a case with [material]")
        sub.add_argument(
            "--format",
            action="append",
            choices=FORMATS,
            metavar="F",
            help=f"{', '.join(FORMATS)}; may be repeated (default: {FORMATS[0]})",
        )
    where = "directory for the figures (default: {}), or a file of one of these formats"
    plot.add_argument("--output", type=named, metavar="DIR", help=where.format("that of the run"))
    compare.add_argument(
        "--output",
        type=named,
        default=Path(),
        metavar="DIR",
        help="directory for figures and table (default: the current one)",
    )


def draw(arguments: argparse.Namespace) -> int:
    """``wigner plot`` or ``wigner compare``, as it was typed; the exit status."""
    wanted = Wanted(
        arguments.kind,
        arguments.at,
        arguments.through,
        arguments.format,
        arguments.output,
        arguments.si,
        arguments.animate,
    )
    if arguments.command == "compare":
        return compare(arguments.directories, wanted)
    return plot(arguments.directory, wanted)


def plot(directory: Path, wanted: Wanted) -> int:
    """``wigner plot``; the exit status."""

    def draw() -> None:
        from ..results import render  # noqa: PLC0415 (it needs matplotlib)

        run = open_run(directory)
        view = _view(run, wanted)
        kinds = list(dict.fromkeys(wanted.kinds or USUAL))
        home, named, formats = _place(wanted, directory, kinds)
        for kind in kinds:
            stem = home / (named or kind)
            if wanted.animate:
                written = render.animation(run, kind, wanted.at, view, stem)
            else:
                written = render.pictures(run, kind, wanted.at, view, stem, formats)
            for path in written:
                say(f"{path}\n")
        if run.verdict == "unresolved":
            told = f"{directory} is unresolved: its figures show what the lattices could not hold"
            sys.stderr.write(printable(f"warning: {told}\n"))

    return _complaining(draw, wanted.output or directory)


def compare(directories: Sequence[Path], wanted: Wanted) -> int:
    """``wigner compare``; the exit status."""
    home = wanted.output or Path()

    def draw() -> None:
        from ..results import compare as drawing  # noqa: PLC0415 (it needs matplotlib)

        if len(directories) < 2:
            got, expected = f"one ({directories[0]})", "two runs or more, the reference first"
            raise CaseError(Fault("directories", got, expected))
        runs = [open_run(directory) for directory in directories]
        view = [_view(run, wanted) for run in runs][0]
        found = list(differences(runs))
        home.mkdir(parents=True, exist_ok=True)
        say(as_text(runs, found, view))
        write_text(home / "compare.csv", as_csv(runs, found, view))
        drawn = drawing.figures(runs, found, wanted.at, view)
        written = drawing.write(drawn, home, wanted.formats or FORMATS[:1])
        for path in (home / "compare.csv", *written):
            say(f"{path}\n")

    return _complaining(draw, home)


def _complaining(work: Callable[[], None], output: Path) -> int:
    """Do the work; the exit status, with one message where it cannot be done."""
    try:
        with _drawable(), usable(output, "a place to write figures in"):
            work()
    except CaseError as error:
        return complain(error)
    return FINISHED


@contextmanager
def _drawable() -> Iterator[None]:
    """Where the extra that draws is missing, say so.

    Raises
    ------
    CaseError
        With what to install.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        package = (missing.name or "").split(".")[0]
        if package not in ("matplotlib", "PIL"):
            raise
        got, remedy = f"no {package}", "pip install 'wigner-bgk[plot]'"
        raise CaseError(Fault("plot", got, "the extra that draws figures", remedy)) from None


def _view(run: Run, wanted: Wanted) -> View:
    """Units and place; raises CaseError where the run does not have them."""
    if wanted.si:
        check_si(run)
    return View(wanted.si, place(run, wanted.through))


def _place(
    wanted: Wanted, directory: Path, kinds: Sequence[str]
) -> tuple[Path, str, Sequence[str]]:
    """The directory of the figures, which is made, the name of a single one, and the formats.

    Raises
    ------
    CaseError
        If a file is named for several figures, or in two formats.
    """
    output, formats = wanted.output or directory, wanted.formats
    ending = output.suffix[1:].lower()
    if ending not in (MOVING if wanted.animate else FORMATS):
        output.mkdir(parents=True, exist_ok=True)
        return output, "", list(formats or FORMATS[:1])
    if len(kinds) > 1:
        remedy = "give a directory, or one --kind"
        raise CaseError(
            Fault("--output", str(output), f"a place for {' and '.join(kinds)}", remedy)
        )
    if formats and list(formats) != [ending]:
        expected = f"a file that ends in .{formats[0]}, as --format says"
        raise CaseError(Fault("--output", str(output), expected))
    output.parent.mkdir(parents=True, exist_ok=True)
    return output.parent, output.stem, [ending]
