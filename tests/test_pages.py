"""The commands of the pages for newcomers work by copying them, on fewer steps."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

import wigner as package
from macro.__main__ import main as macro
from wigner.__main__ import main as wigner

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PROGRAMS: dict[str, Callable[[list[str]], int]] = {"wigner": wigner, "wigner-macro": macro}
# What makes the cases of a page small, by the name of the case.
SMALL = {
    "helix.toml": ["time.t_end=0.1", "grid.n_x=[6, 6]"],
    "device.toml": ["time.t_end='50 fs'"],
}


def commands(page: str) -> list[list[str]]:
    """The lines of a page that are typed at a prompt, as words."""
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [shlex.split(line[2:]) for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("page", ["start.md", "tutorial.md"])
def test_commands_work(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    typed = commands(page)
    assert len(typed) >= 6
    for program, *words in typed:
        case = next((word for word in words if word in SMALL), None)
        small = [word for entry in SMALL.get(case or "", []) for word in ("--set", entry)]
        try:
            status = PROGRAMS[program](words + small * (words[0] != "example"))
        except SystemExit as end:  # --version
            status = end.code
        assert not status, words
        named = [words[k + 1] for k, word in enumerate(words[:-1]) if word == "--output"]
        assert all(Path(name).exists() for name in named)


def test_what_the_tutorial_names_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert wigner(["example", "device"]) == 0
    assert section in Path("device.toml").read_text()


def test_lines_of_info_are_as_the_tutorial_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    shown = [line.strip() for line in text.splitlines() if re.match(" {4}[a-z]+ {2,}", line)]
    assert len(shown) == 4
    wigner(["example", "device"])
    wigner(["info", "device.toml"])
    printed = capsys.readouterr().out
    for line in shown:
        if not line.startswith("time "):  # as long as the machine takes
            assert line in printed


def test_the_paper_cites_what_it_lists() -> None:
    text, listed = ((ROOT / name).read_text(encoding="utf-8") for name in ("paper.md", "paper.bib"))
    cited = set(re.findall(r"@(\w+\d{4})", text))
    assert cited == set(re.findall(r"^@\w+\{(\w+),", listed, re.MULTILINE))
    assert (ROOT / re.findall(r"^bibliography: (.+)$", text, re.MULTILINE)[0]).exists()


def test_the_citation_has_the_version() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.+)$", text, re.MULTILINE) == [package.__version__]
