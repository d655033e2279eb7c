"""The keys of the section [material], see ``keys``."""

from __future__ import annotations

from .quantities import (
    DENSITY,
    ELECTRIC,
    LENGTH,
    MAGNETIC,
    MASS,
    RASHBA,
    TEMPERATURE,
    TIME,
    physical,
)
from .units import ENERGIES, PRESETS
from .values import FINITE, POSITIVE, Field, choice, sequence

MATERIAL = {
    "preset": Field(
        choice(*PRESETS),
        'preset = "InAs"',
        None,
        "none",
        "a name from the table of presets, which sets `effective_mass` and `rashba`; either may "
        "still be given",
    ),
    "effective_mass": Field(
        physical(POSITIVE, MASS),
        "effective_mass = 0.04  # electron masses",
        meaning="m in electron masses",
    ),
    "temperature": Field(
        physical(POSITIVE, TEMPERATURE), "temperature = 77  # K", meaning="T₀ in K"
    ),
    "rashba": Field(
        physical(FINITE, RASHBA),
        "rashba = 7.5e-12  # eV m",
        meaning="the Rashba constant in eV m, as experiments quote it (H = rashba (σ × k)_z); its "
        "sign is that of the gate field",
    ),
    "dresselhaus": Field(
        physical(FINITE, RASHBA),
        "dresselhaus = 2e-12  # eV m",
        0.0,
        meaning="the Dresselhaus constant in eV m, H = dresselhaus (k₁σ₁ − k₂σ₂) with the axes "
        "along [100] and [010]",
    ),
    "magnetic_field": Field(
        sequence(3, physical(FINITE, MAGNETIC)),
        "magnetic_field = [0.0, 0.0, 1.0]  # T",
        None,
        "none",
        "a uniform field in T, three components, which acts on the spin alone, g μ_B B·σ/2; it is "
        "added to `zeeman`",
    ),
    "g_factor": Field(
        FINITE, "g_factor = -15.0", None, "none", "g, signed; required with a magnetic field"
    ),
    "electric_field": Field(
        sequence(2, physical(FINITE, ELECTRIC)),
        "electric_field = [1e4, 0.0]  # V/m",
        None,
        "none",
        "a uniform field in the plane in V/m, two components; the force on an electron is against "
        "it; it is added to `field`",
    ),
    "dielectric_constant": Field(
        POSITIVE,
        "dielectric_constant = 14.0",
        None,
        "none",
        'of what surrounds the gas, for `field.kind = "2deg"`',
    ),
    "potential_unit": Field(
        choice("kT", *ENERGIES),
        'potential_unit = "meV"',
        "kT",
        meaning='of `physics.potential`: `"kT"`, `"meV"`, `"eV"`, or `"mV"`, `"V"`: a voltage, at '
        "which an electron has the energy −e V",
    ),
    "density": Field(
        physical(POSITIVE, DENSITY),
        'density = "1e11 cm-2"',
        None,
        "none",
        'what n0 = 1 stands for, in m⁻²; for `field.kind = "2deg"` it sets the strength of the '
        "interaction with `dielectric_constant`. Without it n0 = 1 is read as 2 (p₀/2πħ)²",
    ),
    "relaxation_time": Field(
        physical(POSITIVE, TIME), "relaxation_time = 1e-13  # s", meaning="in s"
    ),
    "reference_length": Field(
        physical(POSITIVE, LENGTH), "reference_length = 50e-9  # m", meaning="x₀ in m"
    ),
}
