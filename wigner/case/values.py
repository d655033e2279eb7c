"""Values of a TOML document: kinds of them, how they are checked, and how they are written back."""

from __future__ import annotations

import difflib
import json
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..errors import Fault

REQUIRED: Final = object()
COUNTS = {2: "two", 3: "three", 4: "four"}
# A decimal number as people write it; TOML wants digits on both sides of the point.
PLAIN = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"


@dataclass(frozen=True)
class Kind:
    """A kind of value.

    Attributes
    ----------
    expected, plural
        What it is called in a message, with its article and in the plural.
    read
        The checked value; raises ValueError, with a remedy as its text where it knows a better
        one than an example.
    """

    expected: str
    plural: str
    read: Callable[[Any], Any]


@dataclass(frozen=True)
class Field:
    """A key of a section.

    Attributes
    ----------
    kind, example
        What its value must be, and a line as it might stand in a case.
    default
        The value where the key is left out; None may be settled by other keys.
    unset
        What counts where the key is left out, in words, if ``default`` does not say it.
    meaning
        For the reference in ``docs``, in Markdown.
    """

    kind: Kind
    example: str
    default: Any = REQUIRED
    unset: str = ""
    meaning: str = ""


def real(
    expected: str, plural: str = "numbers", accept: Callable[[float], bool] = math.isfinite
) -> Kind:
    """A finite number that satisfies ``accept``, as a float; integers are numbers, true is not."""

    def read(value: object) -> float:
        if isinstance(value, str):
            raise ValueError(_number_meant(value))
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError
        try:
            number = float(value)
        except OverflowError:
            raise ValueError from None
        if not (math.isfinite(number) and accept(number)):
            raise ValueError
        return number

    return Kind(expected, plural, read)


POSITIVE = real("a positive number", "positive numbers", lambda value: value > 0)
FINITE = real("a finite number")


def _number_meant(text: str) -> str:
    """What to write instead of a text where a number is expected; empty if nobody can tell."""
    text = text.strip()
    if re.fullmatch(PLAIN, text):
        return "write numbers without quotes"
    fraction = re.fullmatch(rf"({PLAIN})\s*/\s*({PLAIN})", text)
    if fraction and float(fraction[2]):
        return f"write {float(fraction[1]) / float(fraction[2]):.15g}, as numbers are not computed"
    for spelled in (text.replace(",", "."), re.sub("[dD]", "e", text)):
        if re.fullmatch(PLAIN, spelled):
            return f"write {float(spelled):.15g}"
    return ""


def integer(least: int, most: int | None = None) -> Kind:
    """An integer from ``least`` to ``most``."""

    def read(value: object) -> int:
        if isinstance(value, str):
            raise ValueError(_number_meant(value))
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError
        if value < least or (most is not None and value > most):
            raise ValueError
        return value

    limits = f"of at least {least}" if most is None else f"from {least} to {most}"
    return Kind(f"an integer {limits}", f"integers {limits}", read)


def choice(*words: str) -> Kind:
    """One of several words."""

    def read(value: object) -> str:
        if value not in words:
            same = [word for word in words if str(value).lower() == word.lower()]
            close = same or difflib.get_close_matches(str(value), words, n=1)
            raise ValueError(f'did you mean "{close[0]}"?' if close else "")
        return str(value)

    expected = " or ".join(f'"{word}"' for word in words)
    return Kind(expected, expected, read)


def sequence(count: int, kind: Kind) -> Kind:
    """A list of ``count`` values of one kind, as a tuple."""

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) != count:
            raise ValueError
        return tuple(kind.read(item) for item in value)

    expected = f"a list of {COUNTS[count]} {kind.plural}"
    return Kind(expected, expected, read)


def broadcast(count: int, kind: Kind) -> Kind:
    """A value, taken ``count`` times, or a list of ``count`` values, as a tuple."""
    several = sequence(count, kind)

    def read(value: object) -> tuple[Any, ...]:
        return several.read(value if isinstance(value, list) else [value] * count)

    return Kind(f"{kind.expected} or {several.expected}", several.plural, read)


def both(kind: Kind) -> Kind:
    """A list of two values, or one that is taken for both."""
    several = sequence(2, kind)

    def read(value: object) -> tuple[Any, ...]:
        return several.read(value if isinstance(value, list) else [value] * 2)

    return Kind(several.expected, several.plural, read)


def several(kind: Kind) -> Kind:
    """A value, or a list of any number of them, as a tuple that has each once."""

    def read(value: object) -> tuple[Any, ...]:
        given = value if isinstance(value, list) else [value]
        return tuple(dict.fromkeys(kind.read(item) for item in given))

    return Kind(f"{kind.expected}, or a list of such", kind.plural, read)


def automatic(kind: Kind) -> Kind:
    """A value, or ``"auto"``, which is read as None."""

    def read(value: object) -> Any:
        return None if value == "auto" else kind.read(value)

    return Kind(f'"auto" or {kind.expected}', kind.plural, read)


def read_fields(
    section: str, table: dict[str, Any], fields: dict[str, Field], faults: list[Fault]
) -> dict[str, Any]:
    """Checked values and defaults of a section; keys with a fault are reported and left out."""
    values = {}
    for key, field in fields.items():
        name, expected = f"{section}.{key}", field.kind.expected
        example = f"use for instance {field.example}"
        if key in table:
            try:
                values[key] = field.kind.read(table[key])
            except ValueError as error:
                remedy = str(error) or example
                faults.append(Fault(name, shown(table[key]), expected, remedy))
        elif field.default is REQUIRED:
            faults.append(Fault(name, "nothing", expected, example))
        else:
            values[key] = field.default
    return values


def unknown(section: str, name: str, value: object, known: Iterable[str]) -> Fault:
    """The fault of an unknown key of a section; without a section, of an unknown section."""
    parts = [word for word in known if len(name) > 2 and name.lower() in word]
    close = difflib.get_close_matches(name.lower(), known, n=1) or parts
    guess = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    what = f"a key of [{section}]" if section else "a known section"
    bare = name if re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name) else shown(name)
    return Fault(f"{section}.{bare}".lstrip("."), shown(value), what, guess)


def override_values(
    document: dict[str, Any], overrides: Sequence[str], faults: list[Fault]
) -> None:
    """Put every ``section.key=value`` into the document; report what is not of that form."""
    for override in overrides:
        try:
            override.encode()
        except UnicodeEncodeError:  # Python keeps such bytes as half of a character
            example = "type it on a terminal that is UTF-8 too"
            faults.append(Fault("override", ascii(override), "text in UTF-8", example))
            continue
        name, equals, written = override.partition("=")
        path = [part.strip() for part in name.split(".")]
        if not equals or len(path) != 2 or not all(path):
            example = "use for instance time.dt=0.01"
            faults.append(Fault("override", shown(override), "section.key=value", example))
            continue
        section = document.setdefault(path[0], {})
        if isinstance(section, dict):
            section[path[1]] = override_value(written.strip())


def override_value(written: str) -> object:
    """A TOML value, or a number such as .5, or the text itself where it is neither."""
    try:
        document = tomllib.loads(f"value = {written}")
    except (ValueError, RecursionError):
        return float(written) if re.fullmatch(PLAIN, written) else written
    return document["value"] if len(document) == 1 else written


def shown(value: object) -> str:
    """A value for a message: as in TOML, on one line, cut when it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return "a value nested too deeply"
    return text if len(text) <= 80 else text[:70] + " ... " + text[-5:]


def toml(document: dict[str, dict[str, Any]], comments: Sequence[str]) -> str:
    """A document of plain sections as TOML that reads as the same document."""
    lines = [f"# {comment}" for comment in comments]
    for name, table in document.items():
        lines += ["", f"[{name}]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"
