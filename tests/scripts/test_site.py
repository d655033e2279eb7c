"""The pages in docs as a site: it builds without a warning, and its links lead somewhere.

It takes a minute; ``scripts/docs`` does the most of it, also in continuous integration.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

import site_links
from site_links import Page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("sphinx") is None, reason="Sphinx is not installed: the extra docs"
    ),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as scripts/docs does it."""
    target = tmp_path_factory.mktemp("site")
    options = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(target / "trees")]
    command = [sys.executable, "-m", "sphinx", *options, str(DOCS), str(target / "html")]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=590)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return target / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """All pages, by their paths."""
    return site_links.pages(site)


def test_links_lead_somewhere(pages: dict[Path, Page]) -> None:
    assert len(pages) > 20
    assert site_links.broken(pages) == []


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        assert [link for link in page.loaded if urlsplit(link).netloc] == [], path


def test_the_site_has_what_the_code_says(site: Path) -> None:
    assert "the Dresselhaus constant" in (site / "case-file.html").read_text(encoding="utf-8")
    assert site.joinpath("theory.html").read_text(encoding="utf-8").count("<math") > 50
    reference = (site / "api" / "wigner.case.html").read_text(encoding="utf-8")
    assert 'id="wigner.case.spec.load_case"' in reference
    assert "Raises" in reference
    changes = (site / "changes.html").read_text(encoding="utf-8")
    assert "semantic versioning" in changes


def test_the_python_reference_is_as_docstrings_and_signatures_are(site: Path) -> None:
    for path in (site / "api").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert ">Type<" not in text, path  # of a property, whose first line has a colon
        signatures = [line for line in text.splitlines() if "sig-paren" in line]
        assert [line for line in signatures if "_ScalarT" in line] == [], path  # of an NDArray


def test_formulas_that_are_not_understood_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS / "extensions"))
    mathml = importlib.import_module("mathml").mathml
    assert "<mfrac>" in mathml(r"\frac{1}{\tau}", "inline")
    with pytest.raises(ElementTree.ParseError):
        mathml(r"\begin{aligned} a &= b \end{aligned}", "block")


def test_docstrings_are_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS / "extensions"))
    laid_out = importlib.import_module("plain_docstrings").laid_out
    assert laid_out(["|p|^2*``a|b``"]) == [r"\|p\|^2\*``a|b``"]
    formula = laid_out(["As in", "", "    |p|", "", "|x|"])
    assert [line for line in formula if line] == ["As in", "::", "    |p|", r"\|x\|"]
    section = ["Raises", "------", "E", "    If |p|"]
    assert laid_out(section)[-1] == r"    If \|p\|"


def test_every_room_has_a_page() -> None:
    rooms = {f"wigner.{path.parent.name}" for path in ROOT.glob("wigner/*/__init__.py")}
    pages = {path.stem for path in DOCS.glob("api/*.rst")} - {"index"}
    assert pages == rooms | {"wigner", "macro", "validation", "validation.oracle"}
    for name in pages - {"validation"}:  # which has what a user may call, room by room
        assert f".. room:: {name}\n" in (DOCS / "api" / f"{name}.rst").read_text(encoding="utf-8")
