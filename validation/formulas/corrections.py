"""Where the published formulas are wrong: the print, and what the numbers of the studies say."""

from __future__ import annotations

from ..harness.claims import Correction

THETA = Correction(
    "theta",
    "definition of θ_ε, section 2.3",
    "(2ε)⁻² ∬ δ_ε[V] f e^{−i(p−p′)·η}",
    "(2π)⁻² ∬ δ_ε[V] f e^{−i(p−p′)·η}",
    "the proof of Lemma 2.3 has it so",
)
SYMBOL = Correction(
    "symbol",
    "Prop. 4.1, (40), B.3",
    "+ 2α ∇⊥(∇a₀·p)",
    "− 2α ∇⊥(∇a₀·p)",
)
MULTIPLIER = Correction(
    "multiplier",
    "(47), hence (48) and Lemma 4.2",
    "4 ∇⊥ × a",
    "2 ∇⊥ × a, so that a = n/n₀ + … + (αε²/(6n₀)) (2∇⊥ × n − ∇⊥n₀ × n/n₀)",
    "(48) as printed does not follow from (47) as printed either",
)
PRECESSION = Correction("precession", "(49)", "(n/n₀) × (…)", "n × (…), as (7) has it")
DIFFUSION = Correction(
    "diffusion",
    "(51), second term; A(N) and C(N) of (7)",
    "(ε²/(3n₀)) ∇n × n",
    "(ε²/(3n₀²)) (∇n × n) × n, which cancels the |n|² terms of A and C",
)
DOUBLE_CROSS = Correction(
    "double-cross",
    "(7), last term",
    "−4τ (n × a) × a dropped as O(ε⁴); + (ε²τ/(3n₀)) n × (n × B)",
    "−4τ (n × a) × a is O(ε²) and cancels that term",
)
RASHBA = Correction(
    "rashba",
    "(7)",
    "−2ατ (∇⊥ × n + ∇⊥V × n)",
    "−2ατ (2∇⊥ × n + ∇⊥V × n), as (10) has it",
)
CORRECTIONS = (THETA, SYMBOL, MULTIPLIER, PRECESSION, DIFFUSION, DOUBLE_CROSS, RASHBA)
