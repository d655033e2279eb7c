"""The table [sweep] of a case: keys, and the values that they take from run to run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Fault
from .keys import SECTIONS
from .values import shown, unknown

EXAMPLE = "use for instance physics.tau = [0.01, 0.03, 0.1]"


@dataclass(frozen=True)
class Swept:
    """What a case says of sweeps; a run by itself has the other sections only.

    Attributes
    ----------
    values
        The values of each ``section.key``, each as TOML.
    zipped
        Whether keys change together; otherwise there is a run for each combination.
    """

    values: Mapping[str, tuple[str, ...]]
    zipped: bool = False


def read_swept(table: object, faults: list[Fault]) -> Swept:
    """[sweep] with known keys and lists of values; whatever is wrong with it becomes a fault.

    The values are checked with the cases that they make.
    """
    if not isinstance(table, dict):
        remedy = "write [sweep] on a line of its own"
        faults.append(Fault("sweep", shown(table), "a section", remedy))
        return Swept({})
    zipped = table.get("zip", False)
    if not isinstance(zipped, bool):
        faults.append(Fault("sweep.zip", shown(zipped), "true or false"))
    sections = {name: keys for name, keys in table.items() if name != "zip"}
    return Swept(dict(_values(sections, faults)), zipped is True)


def _values(
    sections: Mapping[str, Any], faults: list[Fault]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Keys and values that are in order."""
    for section, keys in sections.items():
        if section not in SECTIONS:
            faults.append(unknown("sweep", section, keys, (*SECTIONS, "zip")))
        elif not isinstance(keys, dict):
            expected = f"a key of [{section}] and its values"
            faults.append(Fault(f"sweep.{section}", shown(keys), expected, EXAMPLE))
        else:
            for key, values in keys.items():
                if key not in SECTIONS[section]:
                    faults.append(unknown(f"sweep.{section}", key, values, SECTIONS[section]))
                    continue
                try:
                    written = _written(values)
                except (TypeError, ValueError):
                    name, expected = f"sweep.{section}.{key}", "a list of values for this key"
                    faults.append(Fault(name, shown(values), expected, EXAMPLE))
                else:
                    yield f"{section}.{key}", written


def _written(values: object) -> tuple[str, ...]:
    """Each value of a list as TOML; raises TypeError or ValueError for what is no such list."""
    if not isinstance(values, list) or not values:
        raise ValueError
    if any(isinstance(value, dict) for value in values):
        raise ValueError
    return tuple(json.dumps(value, ensure_ascii=False) for value in values)
