"""Run the examples, and make the pictures of them that docs/examples.md shows.

python scripts/example_figures.py                 # all of them, in a few minutes
python scripts/example_figures.py helix gate      # some
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from wigner.__main__ import main as wigner
from wigner.job.example import HOME, titles

PICTURES = Path(__file__).parents[1] / "docs" / "examples"
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
# Pixels across, of which the most are taken that a file of so many bytes holds, and colours: these
# go where the maps are, as lines need few.
WIDTHS, BYTES, COLOURS = (1400, 1200, 1000, 800, 600), 60_000, 256


def picture(name: str, home: Path = PICTURES, overrides: Sequence[str] = ()) -> Path:
    """Run an example, with changes if given, and draw it; the file.

    Raises
    ------
    RuntimeError
        If it does not run, or cannot be drawn.
    """
    home.mkdir(parents=True, exist_ok=True)
    path = home / f"{name}.png"
    with tempfile.TemporaryDirectory() as place:
        output, drawn = str(Path(place) / "run"), str(Path(place) / path.name)
        changes = [word for entry in overrides for word in ("--set", entry)]
        run = ["run", str(HOME / f"{name}.toml"), "--output", output, "--quiet", *changes]
        for command in (run, ["plot", output, *TYPED[name], "--output", drawn]):
            status = wigner(command)
            if status:
                raise RuntimeError(f"wigner {' '.join(command)} ended with status {status}")
        small(Path(drawn), path)
    return path


def small(drawn: Path, path: Path) -> None:
    """Write a picture anew, with few pixels and colours."""
    with Image.open(drawn) as image:
        plain = image.convert("RGB")
    for width in WIDTHS:
        fewer = plain.copy()
        fewer.thumbnail((width, plain.height), Image.Resampling.LANCZOS)
        few = fewer.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        if path.stat().st_size <= BYTES:
            return


def main(argv: Sequence[str] | None = None) -> int:
    """Make the pictures that are named, or all; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(titles())}")
    names = parser.parse_args(argv).names or list(titles())
    unknown = [name for name in names if name not in TYPED]
    if unknown:
        sys.stderr.write(f"error: no examples with a picture: {', '.join(unknown)}\n")
        return 2
    for name in names:
        path = picture(name)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
