"""Which form of a formula: as the paper prints it, or corrected where the print is wrong."""

from __future__ import annotations

from enum import Enum


class Form(Enum):
    """`PUBLISHED` is the paper to the letter, `CORRECTED` what exact operator algebra bears out."""

    CORRECTED = "corrected"
    PUBLISHED = "published"
