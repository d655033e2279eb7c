"""The commands plot and compare: from what was typed to files, and one line for each."""

from __future__ import annotations

import argparse
import re
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
from .launch import add_quiet
from .supervise import FINISHED, complain, say

# Endings of files; those of directories such as tau=0.1 begin with a digit.
FILE = re.compile(r"\.[A-Za-z]\w{1,4}")
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
    si, animate, quiet
        Whether units are SI, whether the figures move, and whether only warnings are shown.
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
    quiet: bool = False

    def tell(self, text: str) -> None:
        """Text on standard output, unless less is wanted there."""
        if not self.quiet:
            say(text)


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
        "--animate",
        action="store_true",
        help="a GIF, and an MP4 where ffmpeg is, of all records; one of them if --output names it",
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
        add_quiet(sub)
        sub.add_argument("--si", action="store_true", help="SI units, of a case with [material]")
        sub.add_argument(
            "--format",
            action="append",
            choices=FORMATS,
            metavar="F",
            help=f"{', '.join(FORMATS)}; may be repeated (default: {FORMATS[0]})",
        )
    plot.add_argument(
        "--output",
        type=named,
        metavar="DIR",
        help=f"directory for the figures (default: that of the run), or a file that ends in "
        f"{_endings(FORMATS)}, with --animate in {_endings(MOVING)}",
    )
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
        arguments.quiet,
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
                _tell_frames(run, kind, view)
                written = render.animation(run, kind, wanted.at, view, stem, formats)
            else:
                written = render.pictures(run, kind, wanted.at, view, stem, formats)
            for path in written:
                wanted.tell(f"{path}\n")
        if run.verdict == "unresolved":
            _warn(f"{directory} is unresolved: its figures show what the lattices could not hold")

    return _complaining(draw, wanted.output or directory)


def compare(directories: Sequence[Path], wanted: Wanted) -> int:
    """``wigner compare``; the exit status."""
    home = wanted.output or Path()

    def draw() -> None:
        from ..results import compare as drawing  # noqa: PLC0415 (it needs matplotlib)

        if len(directories) < 2:
            got, expected = f"one ({directories[0]})", "two runs or more, the reference first"
            raise CaseError(Fault("directories", got, expected))
        _check_directory(home, "a directory")
        runs = [open_run(directory) for directory in directories]
        view, *_ = [_view(run, wanted) for run in runs]  # all must have the units
        found = list(differences(runs))
        home.mkdir(parents=True, exist_ok=True)
        wanted.tell(as_text(runs, found, view))
        write_text(home / "compare.csv", as_csv(runs, found, view))
        drawn = drawing.figures(runs, found, wanted.at, view)
        written = drawing.write(drawn, home, wanted.formats or FORMATS[:1])
        for path in (home / "compare.csv", *written):
            wanted.tell(f"{path}\n")

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


def _tell_frames(run: Run, name: str, view: View) -> None:
    """Warn where a kind is known at fewer times than there are records."""
    frames, records = KINDS[name].times(run, view).size, run.times.size
    if frames < records:
        made = f"{name} has W at {frames} of {records} times, those of checkpoints"
        remedy = "a run with output.phase_space or output.cuts has it in every record"
        _warn(f"{made}: {remedy}, and output.checkpoint says how often there is a checkpoint")


def _warn(told: str) -> None:
    sys.stderr.write(printable(f"warning: {told}\n"))


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
        If a file is named for several figures, in two formats, or in one that is not known.
    """
    output, formats = wanted.output or directory, wanted.formats
    ending, known = output.suffix[1:].lower(), MOVING if wanted.animate else FORMATS
    if ending not in known:
        still = f" ({_endings(MOVING)} with --animate)" if ending in MOVING else ""
        _check_directory(output, f"a directory, or a file that ends in {_endings(known)}{still}")
        output.mkdir(parents=True, exist_ok=True)
        return output, "", MOVING if wanted.animate else list(formats or FORMATS[:1])
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


def _check_directory(output: Path, expected: str) -> None:
    """Raise CaseError where a directory to be made is named like a file, such as figure.bmp."""
    if FILE.fullmatch(output.suffix) and not output.is_dir():
        remedy = "a directory with such a name must be there before"
        raise CaseError(Fault("--output", str(output), expected, remedy))


def _endings(formats: Sequence[str]) -> str:
    """Endings of files in words."""
    *others, last = (f".{ending}" for ending in formats)
    return f"{', '.join(others)} or {last}"
