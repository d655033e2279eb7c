"""Commands that the pages and the help texts show are typed as the parsers want them."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator

import pytest

import macro.__main__ as macro
import validation.__main__ as validation
from tests.test_readme import PAGES, rows
from wigner import __main__ as wigner
from wigner.job.example import titles

PARSERS = {
    "wigner": wigner._parser(),
    "wigner-macro": macro._parser(),
    "wigner-validate": validation._parser(),
}
MODULES = {"wigner": "wigner", "macro": "wigner-macro", "validation": "wigner-validate"}
LAUNCHER = r"(?:mpiexec(?: -\S+| \d+)* )?"
PROGRAM = r"(?:python -m (?:wigner|macro|validation)|wigner[\w-]*)"
SHOWN = re.compile(rf"^(?: {{4}})?{LAUNCHER}({PROGRAM} .+)$", re.MULTILINE)


def shown(text: str) -> Iterator[tuple[str, list[str]]]:
    """Commands in indented lines of a text: a name of ``PARSERS``, and the arguments."""
    for line in SHOWN.findall(text.replace("\\\n", " ")):
        words = shlex.split(line.split(" > ")[0], comments=True)
        if words[0] == "python":
            words = [MODULES[words[2]], *words[3:]]
        yield words[0], words[1:]


def helps() -> dict[str, tuple[str, argparse.ArgumentParser]]:
    """The help of each command: that of the program, and the parser that prints it."""
    found = {}
    for program, parser in PARSERS.items():
        commands = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        found[program] = program, parser
        for action in commands:
            found |= {f"{program} {name}": (program, sub) for name, sub in action.choices.items()}
    return found


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_a_page(page: str) -> None:
    for program, arguments in shown(PAGES[page]):
        filled_in = any(word.isupper() for word in arguments)  # names that stand for the reader's
        if not filled_in and "--version" not in arguments:
            PARSERS[program].parse_args(arguments)


def test_commands_are_found() -> None:
    found = [command for page in PAGES.values() for command in shown(page)]
    assert len(found) > 20
    assert {program for program, _ in found} == PARSERS.keys()


@pytest.mark.parametrize("name", helps())
def test_every_help_has_an_example(name: str) -> None:
    program, parser = helps()[name]
    text = re.sub(r"^for example: ", " " * 4, parser.format_help(), flags=re.MULTILINE)
    text = text.replace("; ", "\n" + " " * 4)
    found = [arguments for other, arguments in shown(text) if other == program]
    assert found
    for arguments in found:
        if "--help" not in arguments:
            PARSERS[program].parse_args(arguments)


def test_every_example_is_explained() -> None:
    table = rows(PAGES["docs/running.md"].split("\n## Examples")[1].split("\n## ")[0])
    assert list(table) == list(titles())
