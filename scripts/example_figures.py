"""Run the examples, and make the pictures that docs/examples.md and docs/worked.md show.

python scripts/example_figures.py                 # all of them, in some ten minutes
python scripts/example_figures.py helix models    # some
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
from PIL import Image

from shown import BLOCK, DOCS, PROGRAMS, sections, status, typed
from wigner.__main__ import main as wigner
from wigner.job.example import HOME, titles

PICTURES = DOCS / "examples"
# What is typed after wigner plot DIR for each, as the page says.
TYPED = {
    "barrier": ["--kind", "cut"],
    "device": ["--kind", "cut", "--si"],
    "dot": ["--kind", "fields", "--at", "0"],
    "edelstein": ["--kind", "fields"],
    "gate": ["--kind", "cut"],
    "helix": ["--kind", "fields"],
    "plasmon": ["--kind", "budget"],
    "screened-gate": ["--kind", "cut"],
}
# What the sections of docs/worked.md leave as their pictures, in their order.
WORKED = {
    "models": "models.png",
    "convergence": "error/figures/convergence-budget.png",
    "sweep": "spins.png",
    "cluster": "jobs.png",
}
# How commands end that do not end with 0, by a word of theirs.
STOPPED = {"output.wall_limit=3": 3}
# Pixels across, of which the most are taken that a file of so many bytes holds. Maps have all their
# colours, for a palette has steps that look like rings; lines have one of so many.
WIDTHS, COLOURS = (1400, 1200, 1000, 800, 600), 256
MAPS, BYTES, BYTES_OF_MAPS = ("dot", "helix"), 100_000, 420_000


def picture(name: str, home: Path = PICTURES, overrides: Sequence[str] = ()) -> Path:
    """Run an example, with changes if given, and draw it; the file.

    Raises
    ------
    RuntimeError
        If it does not run, cannot be drawn, or is not resolved as it is shipped.
    """
    home.mkdir(parents=True, exist_ok=True)
    path = home / f"{name}.png"
    with tempfile.TemporaryDirectory() as place:
        output, drawn = str(Path(place) / "run"), str(Path(place) / path.name)
        changes = [word for entry in overrides for word in ("--set", entry)]
        run = ["run", str(HOME / f"{name}.toml"), "--output", output, "--quiet", *changes]
        for command in (run, ["plot", output, *TYPED[name], "--output", drawn]):
            if ended := wigner(command):
                raise RuntimeError(f"wigner {' '.join(command)} ended with status {ended}")
        if not overrides:
            check_resolved(Path(output))
        small(Path(drawn), path, is_map=name in MAPS)
    return path


def worked(
    name: str,
    home: Path = PICTURES,
    changes: Mapping[str, str] | None = None,
    sizes: Mapping[str, Sequence[str]] | None = None,
) -> Path:
    """Do what a section of docs/worked.md says, in a new directory; its picture.

    Parameters
    ----------
    changes
        What is typed in place of what stands there, to be quicker.
    sizes
        As for :func:`shown.status`.

    Raises
    ------
    RuntimeError
        If a command ends with another status than it should, or a run as it stands there is not
        resolved.
    """
    parts = sections((DOCS / "worked.md").read_text(encoding="utf-8"))
    section = [*parts.values()][[*WORKED].index(name)]
    home.mkdir(parents=True, exist_ok=True)
    matplotlib.use("Agg")
    names: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        for kind, block in BLOCK.findall(section):
            if kind == "python":
                exec(block, names)
            elif kind == "bash":
                for words in typed(block):
                    _do(words, changes or {}, sizes or {})
        if not sizes:
            check_resolved(Path(place))
        small(Path(WORKED[name]), home / f"{name}.png")
    return home / f"{name}.png"


def check_resolved(place: Path) -> None:
    """Raise RuntimeError unless all runs below a directory are resolved."""
    for path in place.rglob("run.json"):
        verdict = json.loads(path.read_text())["quality"]["verdict"]
        if verdict != "resolved":
            raise RuntimeError(f"{path.parent.name} is {verdict}")


def _do(
    words: Sequence[str], changes: Mapping[str, str], sizes: Mapping[str, Sequence[str]]
) -> None:
    """A command that is ours; others are those of a cluster."""
    if words[0] not in PROGRAMS:
        return
    expected = next((STOPPED[word] for word in words if word in STOPPED), 0)
    ended = status([changes.get(word, word) for word in words], sizes)
    if ended != expected:
        raise RuntimeError(f"{' '.join(words)} ended with status {ended}, not {expected}")


def small(drawn: Path, path: Path, *, is_map: bool = False) -> None:
    """Write a picture anew, with few pixels, and with few colours unless it is a map."""
    with Image.open(drawn) as image:
        plain = image.convert("RGB")
    for width in WIDTHS:
        fewer = plain.copy()
        fewer.thumbnail((width, plain.height), Image.Resampling.LANCZOS)
        if not is_map:
            fewer = fewer.quantize(COLOURS, dither=Image.Dither.NONE)
        fewer.save(path, optimize=True)
        if path.stat().st_size <= (BYTES_OF_MAPS if is_map else BYTES):
            return


def main(argv: Sequence[str] | None = None) -> int:
    """Make the pictures that are named, or all; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    known = [*titles(), *WORKED]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}")
    names = parser.parse_args(argv).names or known
    unknown = [name for name in names if name not in {**TYPED, **WORKED}]
    if unknown:
        sys.stderr.write(f"error: no examples with a picture: {', '.join(unknown)}\n")
        return 2
    for name in names:
        path = worked(name) if name in WORKED else picture(name)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
