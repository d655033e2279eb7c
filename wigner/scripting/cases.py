"""A case from a file or a text, with changes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..case.spec import Case, load_case, parse_case
from ..errors import CaseError, Fault

Changes = Mapping[str, object] | Sequence[str]


def open_case(source: str | Path | Case, changes: Changes = ()) -> Case:
    """A case, with some of its entries changed.

    Parameters
    ----------
    source
        The path of a case file, its text (what has a line break is no path), or a case.
    changes
        New values by key, ``{"physics.tau": 0.05, "grid.n_x": [32, 1]}``: numbers, texts, lists and
        arrays; or as they are typed after ``--set``, ``["physics.tau=0.05"]``. Numbers are scaled
        (section 2.1) and may be texts with a unit where a case file allows it, such as "5 ps".

    Raises
    ------
    CaseError
        If the file cannot be read, or with every fault of the case.

    Examples
    --------
    >>> case = wigner.open_case("case.toml", {"time.t_end": 0.1, "physics.potential": "cos(x1)"})
    """
    typed = _typed(changes) if isinstance(changes, Mapping) else list(changes)
    if isinstance(source, Case):
        return parse_case(source.text, typed) if typed else source
    if isinstance(source, str) and "\n" in source:
        return parse_case(source, typed)
    return load_case(source, typed)


def _typed(changes: Mapping[str, object]) -> list[str]:
    """Changes as they would be typed.

    Raises
    ------
    CaseError
        If a value is of a type that no case has.
    """
    typed, faults = [], []
    for key, value in changes.items():
        try:
            typed.append(f"{key}={json.dumps(value, default=_plain, ensure_ascii=False)}")
        except TypeError:
            got = f"a value of type {type(value).__name__}"
            faults.append(Fault(key, got, "a number, a text, true or false, or a list of such"))
    if faults:
        raise CaseError(*faults)
    return typed


def _plain(value: object) -> object:
    """Numbers and arrays of numpy as those of Python."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError
