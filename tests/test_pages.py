"""The commands of the pages for newcomers work by copying them, on fewer steps."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import wigner as package
from shown import BLOCK, DOCS, PROGRAMS, commands, sections, status, typed
from tests.support.made_runs import make_checkpoint, make_run
from tests.test_readme import PAGES, fences
from wigner.__main__ import main as wigner
from wigner.job.example import titles
from wigner.results import labels

ROOT = Path(__file__).parents[1]
# What makes the cases of a page small, by the name of the case.
SMALL = {
    "helix.toml": ["time.t_end=0.1", "grid.n_x=[6, 6]"],
    "device.toml": ["time.t_end='50 fs'"],
    "barrier.toml": ["time.t_end=0.07"],
    "dot.toml": ["time.t_end=0.1"],
    "edelstein.toml": ["time.t_end=0.5"],
    "gate.toml": ["time.t_end=0.1"],
    "plasmon.toml": ["time.t_end=0.2"],
    "screened-gate.toml": ["time.t_end=0.1"],
}
# What is typed besides our own commands.
OTHERS = {
    "apptainer",
    "docker",
    "module",
    "mpiexec",
    "pip",
    "sbatch",
    "srun",
    "./scripts/quickstart",
}


@pytest.mark.parametrize("page", ["start.md", "tutorial.md"])
def test_commands_work(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = commands((DOCS / page).read_text(encoding="utf-8"))
    assert len(shown) >= 6
    for words in shown:
        assert status(words, SMALL) == 0, words
        named = [words[k + 1] for k, word in enumerate(words[:-1]) if word == "--output"]
        assert all(Path(name).exists() for name in named)


def test_every_block_of_python_is_run_by_a_test() -> None:
    """Those of the README by its own test, those of running.md by that of sweeps."""
    pages = {page for page, text in PAGES.items() if fences(text, "python")}
    names = ("recipes", "records", "running", "worked")
    assert pages == {"README.md", *(f"docs/{name}.md" for name in names)}


def test_records_are_opened_as_their_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One block after the other, with one set of names: the records, and W of a checkpoint."""
    monkeypatch.chdir(tmp_path)
    make_run(Path("results"), (8, 6), (0.0, 0.5))
    w = make_checkpoint(Path("results"), (8, 6), 0.5, steps=20)
    names: dict = {}
    for code in fences(PAGES["docs/records.md"], "python"):
        exec(code, names)
    assert (names["w3"].values == w[3]).all()
    assert int(names["w3"].pauli) == 3
    for name in ("data", "state"):
        names[name].close()
    plt.close("all")


@pytest.mark.parametrize("name", titles())
def test_an_example_works_by_pasting_its_section(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case, the run, and the figure of it."""
    monkeypatch.chdir(tmp_path)
    section = sections((DOCS / "examples.md").read_text(encoding="utf-8"))[name]
    example, run, plot = commands(section)
    assert example == ["wigner", "example", name]
    assert run == ["wigner", "run", f"{name}.toml", "--output", name]
    assert plot[:3] == ["wigner", "plot", name]
    for words in (example, run, plot):
        assert status(words, SMALL) == 0, words
    assert [*Path(name).glob("*.png")]


@pytest.mark.parametrize("page", PAGES)
def test_a_block_works_by_pasting_it(page: str) -> None:
    """Commands have no prompt before them, and no output among them."""
    assert re.findall(r"^ *[$%>] .*$", PAGES[page], re.MULTILINE) == []
    for kind, block in BLOCK.findall(PAGES[page]):
        assert kind != "console"
        if kind == "bash":
            for words in typed(block):
                assert next(word for word in words if "=" not in word) in {*PROGRAMS, *OTHERS}
            assert subprocess.run(["bash", "-n", "-c", block]).returncode == 0


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


def test_the_unit_of_time_has_one_name() -> None:
    """Figures and pages of commands use it, theory and the case file say what it is."""
    assert "| time | $t_E = m x_0 / p_0$ |" in PAGES["docs/theory.md"]
    assert "times in t_E = m x₀/p₀" in PAGES["docs/case-file.md"]
    assert labels.LETTERS["m x0/p0"] == "t_E"


def test_the_paper_cites_what_it_lists() -> None:
    text, listed = ((ROOT / name).read_text(encoding="utf-8") for name in ("paper.md", "paper.bib"))
    cited = set(re.findall(r"@(\w+\d{4})", text))
    assert cited == set(re.findall(r"^@\w+\{(\w+),", listed, re.MULTILINE))
    assert (ROOT / re.findall(r"^bibliography: (.+)$", text, re.MULTILINE)[0]).exists()


def test_the_citation_has_the_version() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.+)$", text, re.MULTILINE) == [package.__version__]
