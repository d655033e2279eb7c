"""From a kind of figure to files: pictures, and animations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.animation import AbstractMovieWriter, FFMpegWriter, PillowWriter
from matplotlib.figure import Figure

from ..errors import CaseError, Fault
from . import style
from .kinds import KINDS, Kind
from .run import Run
from .view import MOVING, View

# Frames a second, and frames at the most; dots an inch of an animation.
RATE, MOST_FRAMES, DENSITY = 8, 240, 90


def pictures(
    run: Run,
    name: str,
    wanted: Sequence[str] | None,
    view: View,
    stem: Path,
    formats: Sequence[str],
) -> Iterator[Path]:
    """Draw a kind of figure, and write it as ``stem`` with the ending of each format.

    Parameters
    ----------
    wanted
        Times as typed; None for the usual ones.

    Yields
    ------
    Path
        Each file when it is written.

    Raises
    ------
    CaseError
        If there is nothing to draw.
    OSError
        If a file cannot be written.
    """
    kind = KINDS[name]
    groups = kind.figures(run, wanted, view)
    for number, records in enumerate(groups, start=1):
        place = stem if len(groups) == 1 else stem.with_name(f"{stem.name}-{number}")
        figure = drawn(kind, run, records, view)
        for ending in formats:
            path = place.with_name(f"{place.name}.{ending}")
            with style.look():
                figure.savefig(path, metadata={"Date": None} if ending == "svg" else None)
            yield path


def drawn(kind: Kind, run: Run, records: Sequence[int], view: View) -> Figure:
    """The figure of some records."""
    with style.look():
        figure = style.blank()
        kind.drawing(run, records, view).draw(figure, records)
    return figure


def animation(
    run: Run,
    name: str,
    wanted: Sequence[str] | None,
    view: View,
    stem: Path,
    formats: Sequence[str] = MOVING,
) -> Iterator[Path]:
    """A frame for each record, between two times if given: a GIF, and an MP4 where ffmpeg is.

    Parameters
    ----------
    formats
        Which of these are wanted.

    Yields
    ------
    Path
        Each file when it is written.

    Raises
    ------
    CaseError
        If the kind does not move, a time is outside of the run, or nothing but an MP4 is wanted and
        there is no ffmpeg.
    OSError
        If a file cannot be written.
    """
    kind = KINDS[name]
    if not kind.moves:
        able = ", ".join(other for other, one in KINDS.items() if one.moves)
        raise CaseError(Fault("--animate", f"--kind {name}", f"one of {able}"))
    whole = [0, kind.times(run, view).size - 1]
    ends = whole if wanted is None else kind.choose(run, wanted, view)
    numbers = range(ends[0], ends[-1] + 1)
    records = list(numbers[:: -(-len(numbers) // MOST_FRAMES)])
    writers: dict[str, AbstractMovieWriter] = {"gif": PillowWriter(fps=RATE)}
    if FFMpegWriter.isAvailable():
        even = ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p"]  # what players ask
        writers["mp4"] = FFMpegWriter(fps=RATE, extra_args=even)
    chosen = {ending: writers[ending] for ending in formats if ending in writers}
    if not chosen:
        got, expected = f"{stem.name}.{formats[0]}", "a program ffmpeg, which makes it"
        raise CaseError(Fault("--output", got, expected, "install it, or name a .gif"))
    with style.look():
        drawing = kind.drawing(run, records, view)
        for ending, writer in chosen.items():
            path = stem.with_name(f"{stem.name}.{ending}")
            figure = style.blank()
            drawing.draw(figure, records[:1])  # which gives it its size
            with writer.saving(figure, str(path), DENSITY):
                for k in records:
                    figure.clear()
                    drawing.draw(figure, [k])
                    writer.grab_frame()
            yield path
