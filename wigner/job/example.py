"""The command example: commented cases that come with the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from ..case.values import unknown
from ..errors import CaseError, Fault, words
from .supervise import FINISHED, complain, say

HOME = files("wigner") / "examples"


def titles() -> dict[str, str]:
    """The first line of each example, which says what it shows, by name."""
    texts = {path.name: path.read_text("utf-8") for path in HOME.iterdir()}
    return {
        name.removesuffix(".toml"): texts[name].splitlines()[0].removeprefix("# ")
        for name in sorted(texts)
        if name.endswith(".toml")
    }


def example(name: str | None, output: Path | None) -> int:
    """``wigner example``: write one of them into a new file, or list all; the exit status."""
    known = titles()
    if name is None:
        width = max(map(len, known))
        say("".join(f"{each:<{width}}  {title}\n" for each, title in known.items()))
        return FINISHED
    try:
        path = _write(name, known, output or Path(f"{name}.toml"))
    except CaseError as error:
        return complain(error)
    say(f"{path}: {known[name]}\n")
    return FINISHED


def _write(name: str, known: dict[str, str], path: Path) -> Path:
    """A copy of an example; where it is.

    Raises
    ------
    CaseError
        If there is no such example, or there is something at its path already.
    """
    if name not in known:
        fault = unknown("", name, name, known)
        raise CaseError(Fault("example", fault.got, "the name of an example", fault.remedy))
    text = (HOME / f"{name}.toml").read_bytes()
    try:
        with path.open("xb") as file:
            file.write(text)
    except FileExistsError:
        expected, remedy = "a new file", "name another with --output"
        raise CaseError(Fault("--output", str(path), expected, remedy)) from None
    except OSError as error:
        expected = "a file to write"
        raise CaseError(Fault("--output", str(path), expected, words(error))) from None
    return path
