"""What section 4 of the paper claims, row by row: orders of errors in eps, and factors of terms.

The study `expansions` measures them. A row names a kind of task, and one of the series of numbers
that tasks of this kind give over a ladder of eps.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..harness.claims import Correction, Expected, near
from . import corrections
from .semiclassical import Kind, Series


@dataclass(frozen=True)
class Row:
    """The order in eps that a series of errors is claimed to have.

    Attributes
    ----------
    key, place, statement
        As in a claim.
    kind, series
        The tasks that measure the errors, and their name for them.
    expected
        The order that is expected; if ``printed`` is given, of a formula that is wrong in print.
    printed
        The order that the formula would have if it were right as printed.
    right
        Only of a formula as printed: the errors of the corrected one.
    about
        The correction that the row is evidence for.
    """

    key: str
    place: str
    statement: str
    kind: Kind
    series: Series
    expected: Expected
    printed: Expected | None = None
    right: Series | None = None
    about: Correction | None = None


TWO, THREE, FOUR, FIVE = near(2, 0.2), near(3, 0.2), near(4, 0.2), near(5, 0.2)
# What the paper states as O(ε³) or O(ε⁴), with the order that a right formula would have.
FROM_THREE, FROM_FOUR = Expected(2.8, 4.2), Expected(3.8, 5.2)

ROWS = (
    Row(
        "38",
        "(38)",
        "the spin part of Exp(β(…)) is εβ e^{βh₀} h₁ up to O(ε³)",
        Kind.BETA,
        Series.SPIN_1,
        THREE,
    ),
    Row(
        "39",
        "(39)",
        "the scalar part of Exp(β(…)) is e^{βh₀} + ε²g⁽²⁾ up to O(ε⁴)",
        Kind.BETA,
        Series.SCALAR_2,
        FOUR,
    ),
    Row(
        "40.corrected",
        "(40)",
        "with −2α∇⊥(∇a₀·p) the spin part of Exp(β(…)) has an error of order ε⁵",
        Kind.BETA,
        Series.SPIN_3,
        FIVE,
        about=corrections.SYMBOL,
    ),
    Row(
        "40.published",
        "(40)",
        "with +2α∇⊥(∇a₀·p), as printed, the spin part of Exp(β(…)) has an error of order ε⁴ or ε⁵",
        Kind.BETA,
        Series.SPIN_3_PRINTED,
        THREE,
        printed=FROM_FOUR,
        right=Series.SPIN_3,
        about=corrections.SYMBOL,
    ),
    Row(
        "symbol.scalar",
        "Prop. 4.1",
        "M₀ has an error of order ε⁴",
        Kind.SYMBOL,
        Series.SCALAR_2,
        FOUR,
    ),
    Row(
        "symbol.corrected",
        "Prop. 4.1",
        "with −2α∇⊥(∇a₀·p) the spin part of M has an error of order ε⁵",
        Kind.SYMBOL,
        Series.SPIN_3,
        FIVE,
        about=corrections.SYMBOL,
    ),
    Row(
        "symbol.published",
        "Prop. 4.1",
        "with +2α∇⊥(∇a₀·p), as printed, the spin part of M has an error of order ε⁴ or ε⁵",
        Kind.SYMBOL,
        Series.SPIN_3_PRINTED,
        THREE,
        printed=FROM_FOUR,
        right=Series.SPIN_3,
        about=corrections.SYMBOL,
    ),
    Row("a0", "Lemma 4.2, (45)", "a₀ has an error of order ε⁴", Kind.RASHBA, Series.EQ_45, FOUR),
    Row(
        "a.alpha0",
        "Lemma 4.2, (48)",
        "a at α = 0 has an error of order ε⁴",
        Kind.PLAIN,
        Series.EQ_48_PRINTED,
        FOUR,
    ),
    Row(
        "a.corrected",
        "Lemma 4.2, (48)",
        "with (αε²/(6n₀))(2∇⊥×n − ∇⊥n₀×n/n₀) a has an error of order ε⁴",
        Kind.RASHBA,
        Series.EQ_48,
        FOUR,
        about=corrections.MULTIPLIER,
    ),
    Row(
        "a.published",
        "Lemma 4.2, (48)",
        "with (αε²/(6n₀))(4∇⊥×n + ∇⊥n₀×n/n₀), as printed, a has an error of order ε³ or ε⁴",
        Kind.RASHBA,
        Series.EQ_48_PRINTED,
        TWO,
        printed=FROM_THREE,
        right=Series.EQ_48,
        about=corrections.MULTIPLIER,
    ),
    Row(
        "moment.corrected",
        "(47)",
        "with 2∇⊥×a, ⟨M⟩ε⁻¹ has an error of order ε⁴",
        Kind.RASHBA,
        Series.EQ_47,
        FOUR,
        about=corrections.MULTIPLIER,
    ),
    Row(
        "moment.published",
        "(47)",
        "with 4∇⊥×a, as printed, ⟨M⟩ε⁻¹ has an error of order ε⁴",
        Kind.RASHBA,
        Series.EQ_47_PRINTED,
        TWO,
        printed=FOUR,
        right=Series.EQ_47,
        about=corrections.MULTIPLIER,
    ),
    Row(
        "n0",
        "(6)",
        "⟨TTM⟩₀ is div(∇n₀ + n₀∇V) and the Bohm term up to O(ε⁴)",
        Kind.PLAIN,
        Series.EQ_6,
        FOUR,
    ),
    Row(
        "precession.corrected",
        "(49)",
        "−2n×a = (ε²/6) n×B up to O(ε⁴) at α = 0",
        Kind.PLAIN,
        Series.EQ_49,
        FOUR,
        about=corrections.PRECESSION,
    ),
    Row(
        "precession.published",
        "(49)",
        "−2n×a = (ε²/6) (n/n₀)×B, as printed, up to O(ε³)",
        Kind.PLAIN,
        Series.EQ_49_PRINTED,
        TWO,
        printed=FROM_THREE,
        right=Series.EQ_49,
        about=corrections.PRECESSION,
    ),
    Row(
        "fluxes",
        "(50)",
        "n₀∇a + n∇a₀ as printed, up to O(ε⁴) at α = 0",
        Kind.PLAIN,
        Series.EQ_50,
        FOUR,
    ),
    Row(
        "current.corrected",
        "(51)",
        "(2/ε)⟨pM⟩×a = (ε²/(3n₀²))(∇n×n)×n up to O(ε⁴) at α = 0",
        Kind.PLAIN,
        Series.EQ_51,
        FOUR,
        about=corrections.DIFFUSION,
    ),
    Row(
        "current.published",
        "(51)",
        "(2/ε)⟨pM⟩×a = (ε²/(3n₀))∇n×n, as printed, up to O(ε³) at α = 0",
        Kind.PLAIN,
        Series.EQ_51_PRINTED,
        TWO,
        printed=FROM_THREE,
        right=Series.EQ_51,
        about=corrections.DIFFUSION,
    ),
    Row(
        "current.sum",
        "(50) + (51)",
        "n₀∇a + n∇a₀ + (2/ε)⟨pM⟩×a = ∇n + DF[n₀](n), without |n|² terms, up to O(ε⁴) at α = 0",
        Kind.PLAIN,
        Series.EQ_50_51,
        FOUR,
        about=corrections.DIFFUSION,
    ),
    Row(
        "current.alpha",
        "(51)",
        "(2/ε)⟨pM⟩×a = 2α(n₃, 0, −n₁ | 0, n₃, −n₂) up to O(αε²)",
        Kind.RASHBA,
        Series.EQ_51,
        TWO,
    ),
    Row("field", "(52)", "(52) holds up to O(αε²)", Kind.RASHBA, Series.EQ_52, TWO),
    Row(
        "relaxation",
        "after (52)",
        "−(4α/ε)⟨p⊥×(M×a)⟩ = −4α²(2n + n⊥⊥) up to O(αε²)",
        Kind.RASHBA,
        Series.AFTER_52,
        TWO,
    ),
    Row("rate", "(53)", "n×∂ₜ⁰a = (ε²/(6n₀)) n×(n×B) up to O(ε⁴)", Kind.PLAIN, Series.EQ_53, FOUR),
    Row(
        "dropped",
        "(5) to (7)",
        "−4τ(n×a)×a is O(ε⁴), so that (7) can do without it",
        Kind.PLAIN,
        Series.DROPPED,
        TWO,
        printed=FOUR,
        about=corrections.DOUBLE_CROSS,
    ),
    Row(
        "cancelled",
        "(7), last term",
        "−4τ(n×a)×a cancels (ε²τ/(3n₀)) n×(n×B) up to O(ε⁴)",
        Kind.PLAIN,
        Series.CANCELLED,
        FOUR,
        about=corrections.DOUBLE_CROSS,
    ),
    Row(
        "plane.39",
        "(39)",
        "⟨M₀⟩ has an error of order ε⁴, in two dimensions",
        Kind.PLANE,
        Series.MEAN_39,
        FOUR,
    ),
    Row(
        "plane.47",
        "(47)",
        "with 2∇⊥×a, ⟨M⟩ε⁻¹ has an error of order ε⁴, in two dimensions",
        Kind.PLANE,
        Series.MEAN_47,
        FOUR,
        about=corrections.MULTIPLIER,
    ),
    Row(
        "inverse.corrected",
        "(48) from (47)",
        "Lemma 4.2 inverts ⟨M⟩ of (39) and (47) up to O(ε⁴), both corrected",
        Kind.INVERSE,
        Series.INVERSE,
        FOUR,
    ),
    Row(
        "inverse.published",
        "(48) from (47)",
        "Lemma 4.2 inverts ⟨M⟩ of (39) and (47) up to O(ε³) or O(ε⁴), both as printed",
        Kind.INVERSE,
        Series.INVERSE_PRINTED,
        TWO,
        printed=FROM_THREE,
        right=Series.INVERSE,
        about=corrections.MULTIPLIER,
    ),
)


@dataclass(frozen=True)
class Factor:
    """A number in front of a term, as it should be and as printed."""

    key: str
    place: str
    term: str
    kind: Kind
    series: Series
    correct: float
    printed: float
    about: Correction | None = None


FACTORS = (
    Factor(
        "turn", "(40)", "α∇⊥(∇a₀·p)", Kind.SYMBOL, Series.FACTOR_TURN, -2, 2, corrections.SYMBOL
    ),
    Factor(
        "47.curl", "(47)", "∇⊥×a", Kind.RASHBA, Series.FACTOR_47_CURL, 2, 4, corrections.MULTIPLIER
    ),
    Factor("47.gradient", "(47)", "∇⊥a₀×a", Kind.RASHBA, Series.FACTOR_47_GRADIENT, 1, 1),
    Factor(
        "48.curl", "(48)", "∇⊥×n", Kind.RASHBA, Series.FACTOR_48_CURL, 2, 4, corrections.MULTIPLIER
    ),
    Factor(
        "48.gradient",
        "(48)",
        "∇⊥n₀×n/n₀",
        Kind.RASHBA,
        Series.FACTOR_48_GRADIENT,
        -1,
        1,
        corrections.MULTIPLIER,
    ),
    Factor("48.n", "(48)", "α²n/(3n₀)", Kind.RASHBA, Series.FACTOR_48_N, 2, 2),
    Factor("48.perpperp", "(48)", "α²n⊥⊥/(3n₀)", Kind.RASHBA, Series.FACTOR_48_PERPPERP, 1, 1),
    Factor(
        "7.curl", "(7)", "−2ατ∇⊥×n", Kind.RASHBA, Series.FACTOR_7_CURL, 2, 1, corrections.RASHBA
    ),
)
