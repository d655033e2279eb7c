"""What a study says: claims with verdicts that follow from numbers, tables and figures.

A verdict is never set. It is computed from what was measured and from what was expected before.
Numbers that cannot decide a claim leave it undecided. In a case of the user's own that is no
failure; the cases that are shipped are chosen so that they decide every claim.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the command says what to install where matplotlib is missing
    from matplotlib.figure import Figure

Cell = str | int | float | None

# Why numbers may leave a claim undecided: both sides of it vanish, errors are too near their floor,
# or orders still change along the ladder towards the one expected.
MOOT, BURIED, EARLY = "not applicable", "not measurable", "not yet asymptotic"
# A side of an equation that is smaller than this share of its terms is taken to be zero.
VANISHING = 1e-11


def number(value: float) -> str:
    """A number as text: four digits where that is short, else 1.23·10⁻⁷; powers of ten bare."""
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.4g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    factor = {"1.00": "", "-1.00": "-"}.get(mantissa, f"{mantissa}·")
    return f"{factor}10{power}"


@dataclass(frozen=True)
class Expected:
    """The closed interval from ``low`` to ``high`` that a measured number has to lie in.

    Raises ValueError if it is empty.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"low, high: got {self.low}, {self.high}, expected low <= high")

    def __contains__(self, measured: float) -> bool:
        return self.low <= measured <= self.high  # not a number is in no interval

    def __str__(self) -> str:
        if math.isinf(self.low):
            return f"≤ {number(self.high)}"
        if math.isinf(self.high):
            return f"≥ {number(self.low)}"
        if self.low == self.high:
            return number(self.low)
        return f"{(self.low + self.high) / 2:.3g} ± {(self.high - self.low) / 2:.2g}"


def near(value: float, tolerance: float) -> Expected:
    """``value`` ± ``tolerance``."""
    return Expected(value - tolerance, value + tolerance)


def at_most(bound: float) -> Expected:
    """Everything up to ``bound``."""
    return Expected(-math.inf, bound)


def at_least(bound: float) -> Expected:
    """Everything from ``bound`` on."""
    return Expected(bound, math.inf)


@dataclass(frozen=True)
class Correction:
    """A place in the paper, the formula as printed, and the formula that the claims support.

    Claims that are evidence for it carry it in ``Claim.about``.
    """

    key: str
    place: str
    printed: str
    correct: str
    remark: str = ""


@dataclass(frozen=True)
class Claim:
    """A statement that a number decides.

    Attributes
    ----------
    key
        Name in the report, unique: "tau.prepared.n0".
    statement
        What is claimed, in words and Unicode formulas. Of a published formula that is known to
        be wrong it is the formula as printed.
    place
        Where it stands in the paper: "Theorem 1.1", "(31)"; empty for the solver's own claims.
    measured
        The number that was measured; nan if it could not be measured.
    expected
        Where it has to lie.
    printed
        Where it would lie if the formula were right as printed; only of one known to be wrong.
        Such a claim holds when the numbers refute the print: ``measured`` is in ``expected`` and
        not in ``printed``.
    about
        The correction that this claim is evidence for.
    note
        A remark for the reader: how it was measured, or why it could not be.
    undecided
        MOOT, BURIED or EARLY if the numbers cannot decide; the note says what they were.

    Raises
    ------
    ValueError
        If ``expected`` and ``printed`` overlap: no number could decide between them.
    """

    key: str
    statement: str
    place: str
    measured: float
    expected: Expected
    printed: Expected | None = None
    about: Correction | None = None
    note: str = ""
    undecided: str = ""

    def __post_init__(self) -> None:
        print_, right = self.printed, self.expected
        if print_ is not None and print_.low <= right.high and right.low <= print_.high:
            raise ValueError(
                f"{self.key}: got expected {right} and printed {print_}, which overlap; "
                "measure something that tells them apart"
            )

    @property
    def holds(self) -> bool:
        """Whether the number is where it was expected, and decides."""
        return not self.undecided and self.measured in self.expected

    @property
    def fails(self) -> bool:
        """Whether the number contradicts the claim."""
        return not self.undecided and not self.holds

    @property
    def verdict(self) -> str:
        """ "holds", "print refuted", "FAILS", or why it is undecided."""
        if self.undecided:
            return self.undecided
        if not self.holds:
            return "FAILS"
        return "holds" if self.printed is None else "print refuted"

    def plain(self) -> dict[str, Any]:
        """The claim as plain data for JSON."""
        return {
            "key": self.key,
            "statement": self.statement,
            "place": self.place,
            "measured": self.measured if math.isfinite(self.measured) else None,
            "expected": str(self.expected),
            "printed": None if self.printed is None else str(self.printed),
            "verdict": self.verdict,
            "holds": self.holds,
            "about": "" if self.about is None else self.about.key,
            "note": self.note,
        }


def decided(claim: Claim) -> Claim:
    """The claim with a verdict by its number alone."""
    return replace(claim, undecided="")


def relative_claim(
    key: str,
    statement: str,
    place: str,
    difference: float,
    size: float,
    expected: Expected,
    *,
    natural: float,
    note: str = "",
) -> Claim:
    """The claim that two sides agree: their difference over the larger of them.

    It is moot where both sides vanish but for roundoff of what they are made of, and where they are
    so small a part of it that the difference is as expected relative to the terms alone.

    Parameters
    ----------
    difference, size
        The largest difference, and the largest entry of either side.
    natural
        The largest of the terms that cancel where a side vanishes.
    """
    natural = max(natural, size)
    measured = difference / size if size > 0 else 0.0
    if size <= VANISHING * natural:
        told = f"both sides vanish: {number(size)}, of terms of {number(natural)}"
    elif measured not in expected and difference / natural in expected:
        told = f"both sides are small, {number(size)}, against terms of {number(natural)}"
    else:
        return Claim(key, statement, place, measured, expected, note=note)
    about = "; ".join(part for part in (note, told) if part)
    return Claim(key, statement, place, measured, expected, note=about, undecided=MOOT)


@dataclass(frozen=True)
class Table:
    """Rows of numbers and words under a title; None is a number that could not be measured.

    Raises ValueError if a row has not one cell for each column.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        wrong = [row for row in self.rows if len(row) != len(self.columns)]
        if wrong:
            raise ValueError(
                f"{self.key}: got a row of {len(wrong[0])}, expected {len(self.columns)} cells"
            )


@dataclass(frozen=True)
class Drawing:
    """A figure with what it shows; ``key`` is the name of its files.

    It is drawn when the report is written, so that no figure can lose what was computed.
    """

    key: str
    caption: str
    draw: Callable[[], Figure] = field(repr=False)


@dataclass(frozen=True)
class Result:
    """All that a study says: ``summary`` in a few sentences, then the evidence.

    ``answer`` is what of it is also told on the terminal.
    """

    summary: str
    claims: tuple[Claim, ...]
    tables: tuple[Table, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    answer: str = ""

    @property
    def holds(self) -> bool:
        """Whether no claim fails."""
        return not any(claim.fails for claim in self.claims)
