"""Write what of docs the code knows: keys of a case, materials, records of a run, and scaling.

    python scripts/reference.py            # writes them anew; a test asks that they are up to date

A table stands between two comments of its page; all else of the page is written by hand.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from wigner.case.dimensions import UNITS
from wigner.case.keys import SECTIONS
from wigner.case.problem import build, lattice
from wigner.case.spec import load_case
from wigner.case.units import PRESETS
from wigner.case.values import REQUIRED, Field
from wigner.job.constants import load
from wigner.job.likely import likely_lattice, likely_numbers
from wigner.job.scaling import Share, step
from wigner.job.scaling_tables import tables as predicted
from wigner.output.variables import (
    ARRAYS,
    DRIVEN,
    FIXED,
    SCALARS,
    STORED,
    Variables,
    cuts,
    on_coarse_lattice,
    planes,
)
from wigner.phase_space.reduced import PLANES

DOCS = Path(__file__).parents[1] / "docs"
# What the page on scaling is about: a case, machines, and steps that were measured.
SCALING = DOCS / "scaling"
RANKS = (64, 128, 256, 512, 1024, 2048, 4096)
BEGIN, END = "<!-- {}: made by scripts/reference.py -->", "<!-- end -->"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    titles = list(head)
    cells = [titles, ["---"] * len(titles), *([c.replace("|", r"\|") for c in r] for r in rows)]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells).replace("|  |", "| |")


def keys(sections: Mapping[str, Mapping[str, Field]]) -> str:
    """The keys of some sections: meaning and default."""
    rows = (
        (f"`{section}.{key}`", field.meaning, default(field))
        for section, fields in sections.items()
        for key, field in fields.items()
    )
    return table(("key", "meaning", "default"), rows)


def default(field: Field) -> str:
    """What counts where a key is left out; nothing where it must be given."""
    if field.unset or field.default is REQUIRED:
        return field.unset
    value = field.default
    return f"`{value:g}`" if isinstance(value, float) else f"`{json.dumps(value)}`"


def presets() -> str:
    """The materials that have a name."""
    rows = ((f"`{name}`", f"{p.effective_mass:g}", f"{p.rashba:g}") for name, p in PRESETS.items())
    return table(("preset", "mass", "Rashba constant, eV m"), rows)


def superscript(unit: str) -> str:
    """An SI unit as it is printed, in one piece."""
    exponents = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    raised = re.sub(r"(?<=[A-Za-z])-?\d", lambda found: found[0].translate(exponents), unit)
    return raised.replace(" ", "\u00a0")


def records(variables: Variables) -> str:
    """Variables of moments.h5: axes, meaning, and what the number 1 stands for."""
    rows = (
        (
            f"`{name}`",
            ", ".join(f"`{axis}`" for axis in variable.axes),
            re.sub(r"([<*_])", r"\\\1", variable.meaning),
            UNITS[variable.unit].text or "1",
            superscript(UNITS[variable.unit].si),
        )
        for name, variable in variables.items()
    )
    return table(("variable", "further axes", "meaning (`long_name`)", "unit", "SI"), rows)


def scaling() -> str:
    """What ``wigner info`` says of the case on the machine that is assumed."""
    case = load_case(SCALING / "case.toml")
    problem = build(case)
    text = predicted(
        case,
        lattice(case),
        RANKS,
        load(SCALING / "assumed.toml"),
        likely_numbers(case, problem),
        likely_lattice(case, problem, 1),
    )
    return f"```text\n{text}```"


def measured() -> str:
    """Steps of the case on small lattices: predicted, and as they were measured."""
    rows = []
    for run in tomllib.loads((SCALING / "measured.toml").read_text(encoding="utf-8"))["run"]:
        machine = load(SCALING / run["machine"])
        case = load_case(
            SCALING / "case.toml", [f"grid.{key}={run[key]}" for key in ("n_x", "n_p")]
        )
        grid, ranks = lattice(case), run["ranks"]
        problem, took = build(case), run["milliseconds"]
        way = likely_numbers(case, problem), likely_lattice(case, problem, ranks)
        found = 1e3 * step(case, grid, ranks, machine, *way).seconds
        points = " x ".join(map(str, (*grid.n_x, *grid.n_p)))
        nodes = Share(machine, grid, ranks).nodes
        rows.append((points, *map(str, (ranks, nodes)), *(f"{t:.3g}" for t in (found, took))))
        rows[-1] += (f"{found / took:.2f}",)
    return table(("lattice", "ranks", "nodes", "predicted, ms", "measured, ms", "ratio"), rows)


def tables() -> dict[str, dict[str, str]]:
    """All tables, by page and by the name that stands in the comment before each."""
    scaled = {name: fields for name, fields in SECTIONS.items() if name != "material"}
    return {
        "case-file.md": {
            "keys": keys(scaled),
            "keys of [material]": keys({"material": SECTIONS["material"]}),
            "presets": presets(),
        },
        "records.md": {
            "fields": records(ARRAYS),
            "numbers": records(SCALARS),
            "fields of time": records(DRIVEN),
            "planes": records(planes(PLANES)),
            "cuts": records(cuts(PLANES) | on_coarse_lattice()),
            "checkpoints": records(STORED),
            "axes": records(FIXED),
        },
        "scaling.md": {"predictions": scaling(), "measurements": measured()},
    }


def filled(page: str, contents: Mapping[str, str]) -> str:
    """A page with its tables as they should be.

    Raises
    ------
    ValueError
        If a table has no place in the page.
    """
    for name, text in contents.items():
        begin = BEGIN.format(name)
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(END)
        if not (found and closed):
            raise ValueError(f"the page has no {begin} with an {END} after it")
        page = f"{before}{begin}\n\n{text}\n\n{END}{after}"
    return page


def main() -> None:
    """Fill all pages."""
    for name, contents in tables().items():
        path = DOCS / name
        path.write_text(filled(path.read_text(encoding="utf-8"), contents), encoding="utf-8")


if __name__ == "__main__":
    main()
