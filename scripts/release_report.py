"""Make the page of the site that shows a validation report: its claims, and its figures.

    wigner-validate all --output report               # --size small takes minutes, not hours
    python scripts/release_report.py report           # docs/report.md and docs/report/

Done once for a release. The page names the revision and the command that the numbers come from.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
# The programs whose versions the page names.
NAMED = ("wigner-bgk", "python", "numpy", "scipy")


def main(directory: Path, docs: Path = DOCS) -> int:
    """Write the page from a report's directory; the exit status, 2 where there is no report."""
    try:
        report = json.loads((directory / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"error: {directory}: got no report ({error}); make one first\n")
        return 2
    pictures = docs / "report"
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir(parents=True)
    small = {
        key: min(names, key=lambda name: (directory / name).stat().st_size)
        for key, names in drawn(report).items()
    }
    for name in small.values():
        shutil.copyfile(directory / name, pictures / Path(name).name)
    names = {key: Path(name).name for key, name in small.items()}
    (docs / "report.md").write_text(page(report, names), encoding="utf-8")
    return 0


def drawn(report: Mapping[str, Any]) -> dict[str, list[str]]:
    """The files of each figure of a report, by its caption; those that could not be drawn lack."""
    figures = (figure for study in report["studies"] for figure in study["figures"])
    return {figure["caption"]: figure["files"] for figure in figures if figure["files"]}


def page(report: Mapping[str, Any], pictures: Mapping[str, str]) -> str:
    """The page in Markdown, with the file of each figure by its caption."""
    return "\n".join(_lines(report, pictures)) + "\n"


def _lines(report: Mapping[str, Any], pictures: Mapping[str, str]) -> Iterator[str]:
    claims = [claim for study in report["studies"] for claim in study["claims"]]
    held = sum(claim["holds"] for claim in claims)
    programs = ", ".join(f"{name} {report['versions'][name]}" for name in NAMED)
    yield from ("# The report of this release", "")
    yield (
        f"{held} of {len(claims)} claims hold, in the size `{report['size']}`, computed in "
        f"{report['seconds'] / 60:.0f} minutes on {report['ranks']} rank(s) from revision "
        f"`{report['revision']}` with {programs}. The page on [validation](validation.md) says "
        "what verdicts mean, and how a report with all its tables is made."
    )
    for study in report["studies"]:
        yield from ("", f"## {study['title']}", "", _text(study["summary"]), "")
        yield from (f"    {_command(study['name'], report)}", "")
        yield from (
            "| claim | place | measured | expected | verdict |",
            "| --- | --- | --- | --- | --- |",
        )
        for claim in study["claims"]:
            cells = (
                claim[key] for key in ("statement", "place", "measured", "expected", "verdict")
            )
            yield "| " + " | ".join(_text(_cell(cell)) for cell in cells) + " |"
        for caption in (figure["caption"] for figure in study["figures"]):
            if caption in pictures:
                told = _text(caption)
                yield from ("", f"![{told}](report/{pictures[caption]})", "", told)


def _command(study: str, report: Mapping[str, Any]) -> str:
    """What repeats a study."""
    return f"wigner-validate {study} --output {study} --size {report['size']}"


def _cell(value: object) -> str:
    """A number with three digits, or the text itself."""
    if value is None:
        return "—"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _text(text: str) -> str:
    """Plain text in Markdown: bars and stars in it are mathematics."""
    for letter in "\\|*_[]<>$`":
        text = text.replace(letter, f"\\{letter}")
    return " ".join(text.split())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, metavar="REPORT", help="a report's directory")
    sys.exit(main(parser.parse_args().directory))
