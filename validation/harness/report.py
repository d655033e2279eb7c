"""The report of studies: one self-contained page, every number as JSON, every figure as files."""

from __future__ import annotations

import base64
import io
import json
import logging
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib
from jinja2 import Environment, PackageLoader, StrictUndefined

from wigner.machine import revision, versions
from wigner.output import files

from .claims import Cell, Correction, Drawing, Result, Table, number
from .study import Study

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Origin:
    """Where a report comes from: what was typed, on which source and machine."""

    command: str
    size: str
    case: str
    versions: dict[str, str]
    revision: str
    host: str
    ranks: int
    written: str
    seconds: float


def origin(command: str, size: str, case: str, ranks: int, seconds: float) -> Origin:
    """The origin of a report written now by this process."""
    programs = versions() | {"matplotlib": matplotlib.__version__}
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    return Origin(command, size, case, programs, revision(), platform.node(), ranks, now, seconds)


@dataclass(frozen=True)
class Chapter:
    """A study with its result, and the command that repeats it alone."""

    study: Study
    result: Result
    command: str


def write(
    chapters: Sequence[Chapter],
    corrections: Sequence[Correction],
    source: Origin,
    directory: Path,
) -> Path:
    """Write report.html, report.json and figures/*.svg, *.png; the path of the page.

    A figure that cannot be drawn is left out, with the reason in its place.

    Raises
    ------
    OSError
        If the directory cannot be written.
    """
    images, faults = {}, {}
    for chapter in chapters:
        for drawing in chapter.result.drawings:
            try:
                images[drawing.key] = _save(drawing, chapter.command, directory / "figures")
            except OSError:
                raise
            except Exception as error:  # whatever it is, the numbers are worth a report
                log.exception("figure %s could not be drawn", drawing.key)
                faults[drawing.key] = f"{type(error).__name__}: {error}"
    values = plain(chapters, source, faults)
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    files.write_text(directory / "report.json", text + "\n")
    page = directory / "report.html"
    files.write_text(page, _html(chapters, corrections, source, images, faults))
    return page


def plain(chapters: Sequence[Chapter], source: Origin, faults: Mapping[str, str]) -> dict[str, Any]:
    """Every number of a report, and why figures are missing by their keys, as plain data."""
    return asdict(source) | {
        "holds": all(chapter.result.holds for chapter in chapters),
        "studies": [
            {
                "name": chapter.study.name,
                "title": chapter.study.title,
                "command": chapter.command,
                "answer": chapter.result.answer,
                "summary": chapter.result.summary,
                "claims": [claim.plain() for claim in chapter.result.claims],
                "tables": [_plain_table(table) for table in chapter.result.tables],
                "figures": [
                    {
                        "files": [f"figures/{drawing.key}.{kind}" for kind in ("svg", "png")],
                        "caption": drawing.caption,
                        "command": chapter.command,
                    }
                    if drawing.key not in faults
                    else {"files": [], "caption": drawing.caption, "fault": faults[drawing.key]}
                    for drawing in chapter.result.drawings
                ],
            }
            for chapter in chapters
        ],
    }


def shown(cell: Cell) -> str:
    """A cell of a table, or a measured number, as text."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "—"
    if not isinstance(cell, float):
        return str(cell)
    return number(cell)


def _plain_table(table: Table) -> dict[str, Any]:
    values = asdict(table)
    rows = [[None if cell != cell else cell for cell in row] for row in table.rows]
    return values | {"rows": rows}


def _save(drawing: Drawing, command: str, directory: Path) -> str:
    """Write a figure's files, which name their command; its SVG as a data URI."""
    directory.mkdir(parents=True, exist_ok=True)
    figure, buffer = drawing.draw(), io.BytesIO()
    # the same bytes from the same numbers
    with matplotlib.rc_context({"svg.hashsalt": drawing.key, "svg.fonttype": "path"}):
        about = {"Title": drawing.caption, "Description": command}
        figure.savefig(buffer, format="svg", metadata=about | {"Date": None})
        figure.savefig(directory / f"{drawing.key}.png", dpi=150, metadata=about)
    (directory / f"{drawing.key}.svg").write_bytes(buffer.getvalue())
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()


def _html(
    chapters: Sequence[Chapter],
    corrections: Sequence[Correction],
    source: Origin,
    images: Mapping[str, str],
    faults: Mapping[str, str],
) -> str:
    """The page."""
    environment = Environment(
        loader=PackageLoader("validation.harness", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = shown
    claims = [claim for chapter in chapters for claim in chapter.result.claims]
    evidence = [
        (correction, [claim for claim in claims if claim.about == correction])
        for correction in corrections
    ]
    return environment.get_template("report.html").render(
        chapters=chapters,
        source=source,
        images=images,
        faults=faults,
        claims=claims,
        failed=[claim for claim in claims if claim.fails],
        undecided=[claim for claim in claims if claim.undecided],
        corrections=[(correction, supporting) for correction, supporting in evidence if supporting],
    )
