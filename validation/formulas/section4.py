"""What section 4 of the paper claims, row by row: orders of errors in eps, and factors of terms.

The study `expansions` measures them. ``kind`` names the tasks that a row looks at:

    symbol, beta   M(x, p) at beta = 1 and 0.6
    rashba, plain  M(N), its multipliers and moments at the alpha of the case and at alpha = 0
    plane          <M> with fields of x1 and x2
    inverse        (39) and (47) into Lemma 4.2, fields of x1 and x2, no exact values
"""

from __future__ import annotations

from dataclasses import dataclass

from ..harness.claims import Expected, near


@dataclass(frozen=True)
class Row:
    """The order of one error: ``series`` of the tasks ``kind``."""

    key: str
    place: str
    statement: str
    kind: str
    series: str
    expected: Expected
    printed: Expected | None = None
    about: str = ""


FOUR, THREE, TWO = near(4, 0.2), near(3, 0.2), near(2, 0.2)
FIVE = near(5, 0.2)
# What the paper states as O(ε³) or O(ε⁴), with the order that a right formula would have.
FROM_THREE, FROM_FOUR = Expected(2.8, 4.2), Expected(3.8, 5.2)

ROWS = (
    Row(
        "38",
        "(38)",
        "the spin part of Exp(β(…)) is εβ e^{βh₀} h₁ up to O(ε³)",
        "beta",
        "spin 1",
        THREE,
    ),
    Row(
        "39",
        "(39)",
        "the scalar part of Exp(β(…)) is e^{βh₀} + ε²g⁽²⁾ up to O(ε⁴)",
        "beta",
        "scalar 2",
        FOUR,
    ),
    Row(
        "40.corrected",
        "(40)",
        "with −2α∇⊥(∇a₀·p) the spin part of Exp(β(…)) has an error of order ε⁵",
        "beta",
        "spin 3 corrected",
        FIVE,
        about="symbol",
    ),
    Row(
        "40.published",
        "(40)",
        "with +2α∇⊥(∇a₀·p), as printed, the spin part of Exp(β(…)) has an error of order ε⁴ or ε⁵",
        "beta",
        "spin 3 published",
        THREE,
        FROM_FOUR,
        "symbol",
    ),
    Row(
        "symbol.scalar",
        "Prop. 4.1",
        "M₀ has an error of order ε⁴",
        "symbol",
        "scalar 2",
        FOUR,
    ),
    Row(
        "symbol.corrected",
        "Prop. 4.1",
        "with −2α∇⊥(∇a₀·p) the spin part of M has an error of order ε⁵",
        "symbol",
        "spin 3 corrected",
        FIVE,
        about="symbol",
    ),
    Row(
        "symbol.published",
        "Prop. 4.1",
        "with +2α∇⊥(∇a₀·p), as printed, the spin part of M has an error of order ε⁴ or ε⁵",
        "symbol",
        "spin 3 published",
        THREE,
        FROM_FOUR,
        "symbol",
    ),
    Row("a0", "Lemma 4.2, (45)", "a₀ has an error of order ε⁴", "rashba", "(45) corrected", FOUR),
    Row(
        "a.alpha0",
        "Lemma 4.2, (48)",
        "a at α = 0 has an error of order ε⁴",
        "plain",
        "(48) published",
        FOUR,
    ),
    Row(
        "a.corrected",
        "Lemma 4.2, (48)",
        "with (αε²/(6n₀))(2∇⊥×n − ∇⊥n₀×n/n₀) a has an error of order ε⁴",
        "rashba",
        "(48) corrected",
        FOUR,
        about="multiplier",
    ),
    Row(
        "a.published",
        "Lemma 4.2, (48)",
        "with (αε²/(6n₀))(4∇⊥×n + ∇⊥n₀×n/n₀), as printed, a has an error of order ε³ or ε⁴",
        "rashba",
        "(48) published",
        TWO,
        FROM_THREE,
        "multiplier",
    ),
    Row(
        "moment.corrected",
        "(47)",
        "with 2∇⊥×a, ⟨M⟩ε⁻¹ has an error of order ε⁴",
        "rashba",
        "(47) corrected",
        FOUR,
        about="multiplier",
    ),
    Row(
        "moment.published",
        "(47)",
        "with 4∇⊥×a, as printed, ⟨M⟩ε⁻¹ has an error of order ε⁴",
        "rashba",
        "(47) published",
        TWO,
        FOUR,
        "multiplier",
    ),
    Row(
        "n0",
        "(6)",
        "⟨TTM⟩₀ is div(∇n₀ + n₀∇V) and the Bohm term up to O(ε⁴)",
        "plain",
        "(6)",
        FOUR,
    ),
    Row(
        "precession.corrected",
        "(49)",
        "−2n×a = (ε²/6) n×B up to O(ε⁴) at α = 0",
        "plain",
        "(49) corrected",
        FOUR,
        about="precession",
    ),
    Row(
        "precession.published",
        "(49)",
        "−2n×a = (ε²/6) (n/n₀)×B, as printed, up to O(ε³)",
        "plain",
        "(49) published",
        TWO,
        FROM_THREE,
        "precession",
    ),
    Row("fluxes", "(50)", "n₀∇a + n∇a₀ as printed, up to O(ε⁴) at α = 0", "plain", "(50)", FOUR),
    Row(
        "current.corrected",
        "(51)",
        "(2/ε)⟨pM⟩×a = (ε²/(3n₀²))(∇n×n)×n up to O(ε⁴) at α = 0",
        "plain",
        "(51) corrected",
        FOUR,
        about="diffusion",
    ),
    Row(
        "current.published",
        "(51)",
        "(2/ε)⟨pM⟩×a = (ε²/(3n₀))∇n×n, as printed, up to O(ε³) at α = 0",
        "plain",
        "(51) published",
        TWO,
        FROM_THREE,
        "diffusion",
    ),
    Row(
        "current.sum",
        "(50) + (51)",
        "n₀∇a + n∇a₀ + (2/ε)⟨pM⟩×a = ∇n + DF[n₀](n), without |n|² terms, up to O(ε⁴) at α = 0",
        "plain",
        "(50) + (51)",
        FOUR,
        about="diffusion",
    ),
    Row(
        "current.alpha",
        "(51)",
        "(2/ε)⟨pM⟩×a = 2α(n₃, 0, −n₁ | 0, n₃, −n₂) up to O(αε²)",
        "rashba",
        "(51) corrected",
        TWO,
    ),
    Row("field", "(52)", "(52) holds up to O(αε²)", "rashba", "(52)", TWO),
    Row(
        "relaxation",
        "after (52)",
        "−(4α/ε)⟨p⊥×(M×a)⟩ = −4α²(2n + n⊥⊥) up to O(αε²)",
        "rashba",
        "after (52)",
        TWO,
    ),
    Row("rate", "(53)", "n×∂ₜ⁰a = (ε²/(6n₀)) n×(n×B) up to O(ε⁴)", "plain", "(53)", FOUR),
    Row(
        "dropped",
        "(5) to (7)",
        "−4τ(n×a)×a is O(ε⁴), so that (7) can do without it",
        "plain",
        "dropped",
        TWO,
        FOUR,
        "double-cross",
    ),
    Row(
        "cancelled",
        "(7), last term",
        "−4τ(n×a)×a cancels (ε²τ/(3n₀)) n×(n×B) up to O(ε⁴)",
        "plain",
        "cancelled",
        FOUR,
        about="double-cross",
    ),
    Row(
        "plane.39",
        "(39)",
        "⟨M₀⟩ has an error of order ε⁴, in two dimensions",
        "plane",
        "(39)",
        FOUR,
    ),
    Row(
        "plane.47",
        "(47)",
        "with 2∇⊥×a, ⟨M⟩ε⁻¹ has an error of order ε⁴, in two dimensions",
        "plane",
        "(47)",
        FOUR,
        about="multiplier",
    ),
    Row(
        "inverse.corrected",
        "(48) from (47)",
        "Lemma 4.2 inverts ⟨M⟩ of (39) and (47) up to O(ε⁴), both corrected",
        "inverse",
        "corrected",
        FOUR,
    ),
    Row(
        "inverse.published",
        "(48) from (47)",
        "Lemma 4.2 inverts ⟨M⟩ of (39) and (47) up to O(ε³) or O(ε⁴), both as printed",
        "inverse",
        "published",
        TWO,
        FROM_THREE,
        "multiplier",
    ),
)


@dataclass(frozen=True)
class Factor:
    """A number in front of a term, as printed and as it should be."""

    key: str
    place: str
    term: str
    kind: str
    series: str
    correct: float
    printed: float
    about: str = ""


FACTORS = (
    Factor("turn", "(40)", "α∇⊥(∇a₀·p)", "symbol", "factor turn", -2, 2, "symbol"),
    Factor("47.curl", "(47)", "∇⊥×a", "rashba", "factor (47) curl", 2, 4, "multiplier"),
    Factor("47.gradient", "(47)", "∇⊥a₀×a", "rashba", "factor (47) gradient", 1, 1),
    Factor("48.curl", "(48)", "∇⊥×n", "rashba", "factor (48) curl", 2, 4, "multiplier"),
    Factor(
        "48.gradient", "(48)", "∇⊥n₀×n/n₀", "rashba", "factor (48) gradient", -1, 1, "multiplier"
    ),
    Factor("48.n", "(48)", "α²n/(3n₀)", "rashba", "factor (48) n", 2, 2),
    Factor("48.perpperp", "(48)", "α²n⊥⊥/(3n₀)", "rashba", "factor (48) n perpperp", 1, 1),
    Factor("7.curl", "(7)", "−2ατ∇⊥×n", "rashba", "factor (7) curl", 2, 1, "rashba"),
)
