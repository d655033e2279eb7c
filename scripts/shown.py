"""What the pages show: the blocks of commands and of Python, and doing what they say."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from macro.__main__ import main as macro
from validation.__main__ import main as validation
from wigner.__main__ import main as wigner

DOCS = Path(__file__).parents[1] / "docs"
PROGRAMS: dict[str, Callable[[list[str]], int | None]] = {
    "wigner": wigner,
    "wigner-macro": macro,
    "wigner-validate": validation,
}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def typed(block: str) -> list[list[str]]:
    """The commands of a block of bash, as words without comments."""
    lines = block.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def commands(text: str) -> list[list[str]]:
    """All commands that a page has in blocks of bash."""
    return [
        words for kind, block in BLOCK.findall(text) if kind == "bash" for words in typed(block)
    ]


def sections(text: str) -> dict[str, str]:
    """The parts of a page below its headings of the second level, by heading."""
    found = re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return {heading: section for heading, section in found}


def status(words: Sequence[str], small: Mapping[str, Sequence[str]]) -> int:
    """The exit status of a command, which is run here.

    Parameters
    ----------
    small
        Entries that make a case small, by the name of its file; they are added where it is run.
    """
    program, *rest = words
    case = next((word for word in rest if word in small), None)
    sets = [word for entry in small.get(case or "", []) for word in ("--set", entry)]
    try:
        return PROGRAMS[program](rest + sets * (rest[0] != "example")) or 0
    except SystemExit as end:  # --version
        return int(end.code or 0)
