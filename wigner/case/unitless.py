"""What to do about a unit in a formula, which has none."""

from __future__ import annotations

import re

from .values import PLAIN

# What looks like "2e10 cm-2", and the unit in it.
WITH_UNIT = rf"\s*{PLAIN}\s+((?:1/[cnuµ]?m|(?!x[12]|t\b|pi\b)[^\W\d_])\S*)"
# What to do about a unit in a formula, by what it begins with.
UNITLESS = (
    (r"k?V/", 'material.electric_field takes such a field, as "1 kV/cm"'),
    (r"[mkuµ]?e?V", "material.potential_unit says what 1 is"),
    (r"[muµ]?T", 'material.magnetic_field takes such a field, as "500 mT"'),
    (r"([cnuµ]?m\W|1/)", 'material.density, such as "1e11 cm-2", says what 1 is'),
    (r"", "they are of scaled numbers"),
)


def unitless(text: str) -> str:
    """What to do about a text that looks like a number with a unit; empty if it does not."""
    found = re.match(WITH_UNIT, text)
    if found is None:
        return ""
    remedy = next(remedy for unit, remedy in UNITLESS if re.match(unit, found[1]))
    return f"formulas have no units; {remedy}"
