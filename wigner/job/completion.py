"""``--print-completion``: what a shell reads to complete a command, made by the library shtab."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from ..errors import CaseError, Fault
from .example import titles
from .supervise import FINISHED, complain, say

SHELLS = ("bash", "zsh", "fish", "tcsh")


class PrintCompletion(argparse.Action):
    """Print the script of a shell, and end the process."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[str] | None,
        option_string: str | None = None,
    ) -> None:
        """Raises SystemExit, with status 2 where the library is not installed."""
        try:
            text = script(parser, str(values))
        except CaseError as error:
            raise SystemExit(complain(error)) from None
        say(text)
        raise SystemExit(FINISHED)


def add_completion(parser: argparse.ArgumentParser) -> None:
    """The argument that prints the script."""
    parser.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=SHELLS,
        metavar="SHELL",
        help=f"print what a shell reads to complete this command: {', '.join(SHELLS)}",
    )


def arguments(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Those of a command and of its subcommands."""
    for argument in parser._actions:
        if isinstance(argument, argparse._SubParsersAction):
            for each in argument.choices.values():
                yield from arguments(each)
        else:
            yield argument


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """What a shell reads to complete the command of a parser.

    Files and directories are told by what stands for them in the help.

    Raises
    ------
    CaseError
        If the library is not installed.
    """
    try:
        import shtab  # noqa: PLC0415 (optional, and nothing else needs it)
    except ModuleNotFoundError:
        got, remedy = "no shtab", "pip install 'wigner-bgk[completion]'"
        expected = "the extra that completes commands"
        raise CaseError(Fault("--print-completion", got, expected, remedy)) from None
    places = {"CASE.toml": shtab.glob("*.toml"), "FILE": shtab.FILE, "DIR": shtab.DIRECTORY}
    for argument in arguments(parser):
        if argument.metavar == "NAME":
            argument.choices = list(titles())
        elif isinstance(argument.metavar, str) and argument.metavar in places:
            setattr(argument, "complete", places[argument.metavar])  # noqa: B010 (shtab's own)
    return str(shtab.complete(parser, shell=shell))
