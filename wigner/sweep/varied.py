"""A key of a case and the values that it takes in a sweep, as they are typed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..case.quantities import AREA
from ..case.values import PLAIN, override_value, shown
from ..errors import CaseError, Fault
from ..output.variables import ARRAYS, DRIVEN, FIXED, SCALARS

# Names that mean something else in the file of all runs.
TAKEN = frozenset({"run", "directory", "state", "verdict", *FIXED, *SCALARS, *ARRAYS, *DRIVEN})
# Letters of a value that stands in the name of a directory.
LONGEST = 40
# A number with a unit, as two groups.
WITH_UNIT = rf"\s*({PLAIN})\s*([^\W\d_]\D*?|{AREA})\s*"
OPEN, CLOSED, QUOTES = "([{", ")]}", "\"'"


@dataclass(frozen=True)
class Varied:
    """A key and its values.

    Attributes
    ----------
    key
        Such as "physics.tau".
    name
        What it is called in directories and files: "tau", or "physics_tau" if that is taken.
    written
        The values as they were typed.
    """

    key: str
    name: str
    written: tuple[str, ...]

    @property
    def values(self) -> list[Any]:
        """The values as TOML, see ``override_value``."""
        return [override_value(text) for text in self.written]

    @property
    def measured(self) -> tuple[list[Any], str]:
        """The values as numbers and the unit that all of them have; else as words, without one."""
        if self.numeric:
            return self.values, ""
        words = [value if isinstance(value, str) else shown(value) for value in self.values]
        parts = [re.fullmatch(WITH_UNIT, word) for word in words]
        units = {part[2] for part in parts if part is not None}
        if len(units) == 1 and None not in parts:
            return [float(part[1]) for part in parts if part is not None], units.pop()
        return words, ""

    @property
    def labels(self) -> list[str]:
        """A word for each value, for the name of a directory; no two are alike."""
        labels = [_label(value) for value in self.values]
        same = [label.casefold() for label in labels]
        return [
            label if 0 < len(label) <= LONGEST and same.count(low) == 1 else f"value{k}"
            for k, (label, low) in enumerate(zip(labels, same, strict=True), 1)
        ]

    @property
    def numeric(self) -> bool:
        """Whether all values are numbers."""
        return all(isinstance(v, int | float) and not isinstance(v, bool) for v in self.values)

    def overrides(self) -> list[str]:
        """What ``--set`` takes for each value."""
        return [f"{self.key}={text}" for text in self.written]


def read_varied(
    typed: Sequence[str],
    overrides: Sequence[str],
    table: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[Varied, ...]:
    """The keys of all ``--vary``, beside the overrides that hold for all runs.

    Parameters
    ----------
    table
        The values of keys in [sweep]; a ``--vary`` of the same key replaces them.

    Raises
    ------
    CaseError
        With all that cannot be read, with keys and values that are given twice, and if there is
        no key.
    """
    faults: list[Fault] = []
    pairs = [pair for text in typed for pair in _pair(text, faults)]
    told = {key for key, _ in pairs}
    pairs += [pair for pair in (table or {}).items() if pair[0] not in told]
    order = [*(table or {})]  # whoever gives the values: names of directories depend on it
    pairs.sort(key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))
    if not pairs and not faults:
        remedy = "use --vary physics.tau=0.01,0.03, or a table [sweep] in the case"
        faults.append(Fault("--vary", "nothing", "keys that vary", remedy))
    keys = [key for key, _ in pairs]
    fixed = {override.partition("=")[0].strip() for override in overrides}
    for key in dict.fromkeys(key for key in keys if keys.count(key) > 1 or key in fixed):
        who = "--vary" if keys.count(key) > 1 else "--set"
        where = "--vary" if key in told else "sweep"
        faults.append(Fault(where, key, "a key that is given once", f"{who} has it too"))
    for key, written in pairs:
        values = [override_value(text) for text in written]
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            where = "--vary" if key in told else "sweep"
            faults.append(Fault(where, f"{key} = {shown(twice)} twice", "different values"))
    if faults:
        raise CaseError(*faults)
    short = [key.rpartition(".")[2] for key in keys]
    return tuple(
        Varied(key, key.replace(".", "_") if _is_taken(last, short) else last, written)
        for last, (key, written) in zip(short, pairs, strict=True)
    )


def split(text: str) -> list[str] | None:
    """The parts of a text between its commas; commas in brackets and quotes are no separators.

    None if a bracket or a quote is left open.
    """
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in QUOTES:
            quote = letter
        elif letter in OPEN:
            depth += 1
        elif letter in CLOSED:
            depth -= 1
        elif letter == "," and not depth:
            parts.append("")
            continue
        parts[-1] += letter
    return None if quote or depth else [part.strip() for part in parts]


def _pair(text: str, faults: list[Fault]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """The key and the values of one ``--vary``, or nothing and a fault."""
    key, _, listed = text.partition("=")
    key, written = key.strip(), split(listed)
    if re.fullmatch(r"[^.\s]+\.[^.\s]+", key) and written and all(written):
        return [(key, tuple(written))]
    expected, remedy = "section.key=value,value,...", "use for instance physics.tau=0.01,0.03,0.1"
    faults.append(Fault("--vary", shown(text), expected, remedy))
    return []


def _is_taken(name: str, others: Sequence[str]) -> bool:
    return name in TAKEN or others.count(name) > 1


def _label(value: object) -> str:
    text = "".join((value if isinstance(value, str) else shown(value)).split())
    return re.sub(r"[^\w.+-]+", "_", text, flags=re.ASCII).strip("_")
