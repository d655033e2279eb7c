"""``--print-completion``: a real bash completes the commands with what it prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import macro.__main__ as macro
import validation.__main__ as validation
from macro.catalogue import MODELS
from validation.studies.catalogue import STUDIES
from wigner import __main__ as wigner
from wigner.job.completion import SHELLS, arguments, script
from wigner.job.directories import named
from wigner.job.example import titles
from wigner.results.kinds import KINDS

pytest.importorskip("shtab", reason="the extra completion is not installed")
PARSERS = {
    "wigner": wigner._parser,
    "wigner-macro": macro._parser,
    "wigner-validate": validation._parser,
}
# Completes the last of some words, by the function that the sourced file names for the first.
COMPLETE = """
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
found=$(complete -p "$1"); found=${found##*-F }
"${found%% *}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with the scripts of all commands, and something to complete."""
    here = tmp_path_factory.mktemp("completion")
    for program, parser in PARSERS.items():
        (here / f"{program}.bash").write_text(script(parser(), "bash"))
    (here / "case.toml").touch()
    (here / "case.txt").touch()
    (here / "cases").mkdir()
    return here


def completed(directory: Path, *words: str) -> set[str]:
    """What bash offers for the last word."""
    command = ["bash", "-c", COMPLETE, "bash", f"{words[0]}.bash", *words]
    done = subprocess.run(command, cwd=directory, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("wigner re", {"resume"}),
        ("wigner run ca", {"case.toml", "cases"}),
        ("wigner run --output ca", {"cases"}),
        ("wigner run case.toml --ov", {"--overwrite"}),
        ("wigner resume ca", {"cases"}),
        ("wigner info case.toml --machine ca", {"case.toml", "case.txt", "cases"}),
        ("wigner plot cases --kind c", {name for name in KINDS if name.startswith("c")}),
        ("wigner compare cases ca", {"cases"}),
        ("wigner example d", {name for name in titles() if name.startswith("d")}),
        ("wigner --print-completion z", {"zsh"}),
        ("wigner-macro run ca", {"case.toml", "cases"}),
        ("wigner-macro run --model lo", {name for name in MODELS if name.startswith("lo")}),
        ("wigner-macro sweep --li", {"--lines"}),
        ("wigner-validate ta", {study.name for study in STUDIES if study.name[:2] == "ta"}),
        ("wigner-validate tau ca", {"case.toml", "cases"}),
        ("wigner-validate --size s", {"small"}),
    ],
)
def test_bash_completes(directory: Path, words: str, expected: set[str]) -> None:
    assert expected
    assert completed(directory, *words.split()) == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_printed(shell: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended:
        wigner.main(["--print-completion", shell])
    assert ended.value.code == 0
    assert "phase-space" in capsys.readouterr().out


def test_without_the_library_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    with pytest.raises(SystemExit) as ended:
        macro.main(["--print-completion", "bash"])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: --print-completion: got no shtab")
    assert line.endswith("pip install 'wigner-bgk[completion]'")


@pytest.mark.parametrize("program", PARSERS)
def test_all_paths_are_completed(program: str) -> None:
    parser = PARSERS[program]()
    script(parser, "bash")
    paths = [argument for argument in arguments(parser) if argument.type in (Path, named)]
    assert paths
    assert [path.metavar for path in paths if not hasattr(path, "complete")] == []


def test_other_commands_do_not_load_the_library() -> None:
    code = "import sys, wigner.__main__; wigner.__main__._parser(); print('shtab' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, timeout=60)
    assert done.stdout == "False\n"
