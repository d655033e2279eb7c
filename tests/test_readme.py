"""What the README and the pages in docs show works as it stands there."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

import reference
from macro.catalogue import MODELS
from tests.support import small
from validation.formulas.corrections import CORRECTIONS
from validation.studies.catalogue import STUDIES
from wigner.case.formulas import CONSTANTS, FUNCTIONS, VARIABLES
from wigner.case.keys import SECTIONS
from wigner.case.spec import load_case, parse_case
from wigner.case.times import TOLERANCE
from wigner.case.values import REQUIRED

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
}
CASE_FILE = PAGES["docs/case-file.md"]


def fences(page: str, language: str) -> list[str]:
    """The blocks of code of a page that are in some language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def rows(page: str) -> dict[str, list[str]]:
    """The rows of all tables of a page, by what stands in their first cell within backticks."""
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in page.splitlines() if line[:3] == "| `"]
    return {row[0].strip().strip("`"): [cell.strip() for cell in row[1:]] for row in cells}


def test_python_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = fences(PAGES["README.md"].split("## From Python\n")[1].split("\n## ")[0], "python")
    assert len(blocks) == 2
    (tmp_path / "case.toml").write_text(small.CASE)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for code in blocks:
        exec(code, names)
    assert names["record"].t == 0.4
    assert names["W"].dtype == complex
    assert np.all(np.isfinite(names["W"]))
    assert names["t"] == 1.0
    assert np.all(np.isfinite(names["u"]))


@pytest.mark.parametrize(("page", "contents"), reference.tables().items())
def test_tables_are_those_of_the_code(page: str, contents: dict[str, str]) -> None:
    text = PAGES[f"docs/{page}"]
    assert reference.filled(text, contents) == text, "run scripts/reference.py"


def test_a_change_of_the_code_is_seen() -> None:
    page = "a\n<!-- keys: made by scripts/reference.py -->\nold\n<!-- end -->\nz"
    assert reference.filled(page, {"keys": "new"}).split() == page.replace("old", "new").split()
    with pytest.raises(ValueError, match="no <!-- presets"):
        reference.filled(page, {"presets": "new"})


def test_every_key_of_a_case_is_explained() -> None:
    for section, fields in SECTIONS.items():
        for key, field in fields.items():
            assert field.meaning, (section, key)
            if section != "material":
                assert bool(reference.default(field)) == (field.default is not REQUIRED), key
            assert f"{key} = " in field.example


def test_defaults_are_as_one_would_write_them() -> None:
    told = {
        f"{section}.{key}": reference.default(field)
        for section, fields in SECTIONS.items()
        for key, field in fields.items()
    }
    assert told["time.scheme"] == '`"sdirk2"`'
    assert told["maxwellian.tolerance"] == "`1e-10`"
    assert told["output.checkpoint_wall"] == "`600`"
    assert told["time.tolerance"] == f"`{TOLERANCE:g}`".replace("e-0", "e-")


def test_all_that_formulas_know_is_named() -> None:
    section = CASE_FILE.split("## Formulas")[1].split("\n## ")[0]
    for name in (*CONSTANTS, *FUNCTIONS, *VARIABLES):
        assert f"`{name}`" in section


@pytest.mark.parametrize("page", ["README.md", "docs/case-file.md"])
def test_cases_are_legal(page: str, tmp_path: Path) -> None:
    case, *others = fences(PAGES[page], "toml")
    (tmp_path / "case.toml").write_text(case)
    assert load_case(tmp_path / "case.toml").physics.epsilon == 0.2
    for section in others:
        whole = re.sub(r"epsilon = .*\nalpha = .*\ntau = .*\n", "", case) + "\n" + section
        assert parse_case(whole).material is not None


def test_every_model_and_every_study_is_explained() -> None:
    assert rows(PAGES["docs/models.md"].split("\n## ")[0]).keys() == MODELS.keys()
    for name in MODELS:
        assert f"`{name}`" in PAGES["README.md"]
    studies = rows(PAGES["docs/validation.md"].split("\n## ")[0])
    assert list(studies) == [study.name for study in STUDIES]


def test_every_correction_is_listed() -> None:
    section = PAGES["docs/validation.md"].split("## Where the published")[1].split("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(table) - 1 == len(CORRECTIONS)  # less the line under the heading


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page: str) -> None:
    """Links, and paths of the project within backticks."""
    for name in re.findall(r"\]\(([\w/.-]+\.\w+)\)", PAGES[page]):
        assert (ROOT / page).parent.joinpath(name).exists(), name
    rooms = "wigner|macro|validation|tests|scripts|docs"
    for name in re.findall(rf"`((?:{rooms})/[\w/.-]*)`", PAGES[page]):
        assert (ROOT / name).exists(), name


def test_quickstart_case_is_legal() -> None:
    text = (ROOT / "scripts" / "quickstart.toml").read_text()
    assert parse_case(text).grid.n_x == tuple(tomllib.loads(text)["grid"]["n_x"])


def test_names_to_read_are_in_their_files() -> None:
    page = PAGES["docs/reading-the-code.md"]
    lines = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| `")]
    assert len(lines) > 20
    for file, names in lines:
        code = ast.parse((ROOT / file.strip(" `")).read_text(encoding="utf-8"))
        kinds = (ast.FunctionDef, ast.ClassDef)
        found = {node.name for node in code.body if isinstance(node, kinds)}
        wanted = set(re.findall(r"`(\w+)`", names))
        assert wanted, file
        assert wanted <= found, f"{file}: {wanted - found}"
