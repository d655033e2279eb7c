"""Physical units: what a material is, and the scaled numbers it stands for (section 2.1).

The paper's Rashba Hamiltonian is ``alpha_R p_perp.sigma`` with the momentum p, so its alpha_R is
a velocity. Experiments quote ``H_R = rashba (sigma x k)_z`` with the wave vector k = p/hbar and
``rashba`` in eV m: the same operator, sign included, with ``alpha_R = rashba/hbar``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from ..errors import CaseError, Fault

# SI values; the first four are exact since 2019, the others those of CODATA 2022.
PLANCK = 6.62607015e-34
HBAR = PLANCK / (2 * math.pi)
BOLTZMANN = 1.380649e-23
ELEMENTARY_CHARGE = 1.602176634e-19
ELECTRON_MASS = 9.1093837139e-31
BOHR_MAGNETON = 9.2740100657e-24
VACUUM_PERMITTIVITY = 8.8541878188e-12


# Units of a potential besides kT, in J: energies of an electron of charge -e, and voltages.
ENERGIES = {
    "meV": 1e-3 * ELEMENTARY_CHARGE,
    "eV": ELEMENTARY_CHARGE,
    "mV": -1e-3 * ELEMENTARY_CHARGE,
    "V": -ELEMENTARY_CHARGE,
}


@dataclass(frozen=True)
class Preset:
    """Measured constants of a two-dimensional electron gas.

    Attributes
    ----------
    effective_mass
        In electron masses.
    rashba
        Rashba constant in eV m. It is set by the heterostructure and its gates more than by the
        well's material: a preset is a typical sample, not a constant of nature.
    source
        Where the two numbers come from.
    """

    effective_mass: float
    rashba: float
    source: str


PRESETS = {
    "InAs": Preset(
        0.04,
        7.5e-12,
        "mass: J. Yuan et al., Experimental measurements of effective mass in near-surface InAs "
        "quantum wells, Phys. Rev. B 101, 205310 (2020); Rashba: A. J. A. Beukman et al., "
        "arXiv:1704.03482 (2017), InAs/GaSb well with two gates, 53 to 75 meV A",
    ),
    "InGaAs": Preset(
        0.05,
        7e-12,
        "J. Nitta et al., Phys. Rev. Lett. 78, 1335 (1997), gated inverted "
        "In0.53Ga0.47As/In0.52Al0.48As well",
    ),
    "GaAs": Preset(
        0.067,
        5e-13,
        "mass: I. Vurgaftman et al., J. Appl. Phys. 89, 5815 (2001), bulk; Rashba: order of "
        "magnitude (a few meV A) of J. B. Miller et al., arXiv:cond-mat/0206375 (2003), and "
        "F. Dettwiler et al., arXiv:1702.05190 (2017), gated GaAs wells",
    ),
    "InSb": Preset(
        0.019,
        1.1e-11,
        "arXiv:2209.08193 (2022), gated InSb surface wells: mass, and Rashba up to 110 meV A",
    ),
}


@dataclass(frozen=True)
class MaterialSpec:
    """The section [material] of a case: physical numbers in place of epsilon, alpha and tau.

    Attributes
    ----------
    preset
        Name of the preset that effective mass or Rashba constant were taken from, or None.
    effective_mass
        m in electron masses.
    temperature
        T0 in K.
    rashba
        Rashba constant in eV m; its sign is that of the gate field.
    relaxation_time
        In s.
    reference_length
        x0 in m, the unit of all lengths of the case.
    dresselhaus
        Of a (001) well in eV m: its Hamiltonian is ``dresselhaus (k1 sigma1 - k2 sigma2)``.
    magnetic_field, g_factor
        Uniform field in T, which acts on the spin alone: g mu_B B.sigma/2. None without one.
    electric_field
        Uniform field in V/m; the force on an electron is against it.
    dielectric_constant
        Relative, of what surrounds the gas, for the Coulomb interaction of a 2DEG.
    potential_unit
        Of the potential of the case: one of ``ENERGIES``, or kT.
    density
        What n0 = 1 stands for, in electrons/m^2. None where it is not told: it is read as
        2 (p0/h)^2 then, for which W is the occupation of phase space.
    """

    preset: str | None
    effective_mass: float
    temperature: float
    rashba: float
    relaxation_time: float
    reference_length: float
    dresselhaus: float = 0.0
    magnetic_field: tuple[float, float, float] | None = None
    g_factor: float | None = None
    electric_field: tuple[float, float] | None = None
    dielectric_constant: float | None = None
    potential_unit: str = "kT"
    density: float | None = None


@dataclass(frozen=True)
class Scaling:
    """Units of a scaled case in SI, and its dimensionless parameters.

    Attributes
    ----------
    length
        x0 in m.
    momentum
        p0 = sqrt(m kB T0) in kg m/s.
    time
        tE = m x0/p0 in s.
    energy
        kB T0 in J; the potential energy is measured in it.
    epsilon
        hbar/(x0 p0).
    alpha, beta
        m x0 rashba/hbar^2, and the same of the Dresselhaus constant.
    tau
        Relaxation time over tE.
    density
        N0 in electrons/m^2, what n0 = 1 stands for.
    b
        g mu_B B/(2 eps kB T0).
    E
        Force on an electron in kB T0/x0.
    coulomb
        Coupling c of the Coulomb potential c n0_q/|q| of a 2DEG, with n0 in units of N0; None
        without a dielectric constant.
    """

    length: float
    momentum: float
    time: float
    energy: float
    epsilon: float
    alpha: float
    beta: float
    tau: float
    density: float
    b: tuple[float, float, float] = (0.0, 0.0, 0.0)
    E: tuple[float, float] = (0.0, 0.0)
    coulomb: float | None = None

    @property
    def occupation(self) -> float:
        """The occupation of phase space, by each spin, that W = 1 stands for.

        M(N) = Exp(-H + A) is that occupation where n0 = int w0 dp counts 2 n0/(2 pi eps x0)^2
        electrons of both spins in an area. As long as electrons do not act on each other, the
        equations are homogeneous in N, and any other unit of density does as well.
        """
        return self.density / natural_density(self.momentum)


def natural_density(momentum: float) -> float:
    """Electrons/m^2, of both spins, in units of density for which W is an occupation."""
    return 2 * (momentum / (2 * math.pi * HBAR)) ** 2


def scale(material: MaterialSpec) -> Scaling:
    """Units and scaled parameters of a material, after section 2.1 of the paper.

    Raises
    ------
    CaseError
        If the numbers are so far from any material that a scaled one is not finite, or is 0.
    """
    mass = material.effective_mass * ELECTRON_MASS
    energy = BOLTZMANN * material.temperature
    momentum = math.sqrt(mass * energy)
    length = material.reference_length
    try:
        time = mass * length / momentum
        epsilon = HBAR / (length * momentum)
        tau = material.relaxation_time / time
    except ZeroDivisionError:
        time = epsilon = tau = 0.0
    alpha, beta = (
        (mass * constant * ELEMENTARY_CHARGE / HBAR) * (length / HBAR)
        for constant in (material.rashba, material.dresselhaus)
    )
    usual = all(0 < value < math.inf for value in (epsilon, tau))
    if not (usual and math.isfinite(alpha) and math.isfinite(beta)):
        raise CaseError(
            Fault(
                "material",
                f"epsilon = {epsilon:.3g}, alpha = {alpha:.3g}, tau = {tau:.3g} after scaling",
                "finite numbers, epsilon and tau positive",
                "check the units: effective mass in electron masses, K, eV m, s, m",
            )
        )
    density = natural_density(momentum) if material.density is None else material.density
    units = Scaling(length, momentum, time, energy, epsilon, alpha, beta, tau, density)
    return replace(units, **_fields(material, units))


def _fields(material: MaterialSpec, units: Scaling) -> dict[str, Any]:
    """Scaled b, E and coulomb of a material.

    Raises
    ------
    CaseError
        If there is a magnetic field without a g factor, or the reverse.
    """
    fields: dict[str, Any] = {}
    if (material.magnetic_field is None) != (material.g_factor is None):
        missing = "g_factor" if material.g_factor is None else "magnetic_field"
        both = "both of magnetic_field and g_factor, or none"
        raise CaseError(Fault(f"material.{missing}", "nothing", both, "add it"))
    if material.magnetic_field is not None and material.g_factor is not None:
        size = 0.5 * material.g_factor * BOHR_MAGNETON / (units.epsilon * units.energy)
        fields["b"] = tuple(size * B for B in material.magnetic_field)
    if material.electric_field is not None:
        size = -ELEMENTARY_CHARGE * units.length / units.energy
        fields["E"] = tuple(size * F for F in material.electric_field)
    if material.dielectric_constant is not None:
        at_unit_distance = ELEMENTARY_CHARGE**2 / (2 * VACUUM_PERMITTIVITY * units.length)
        n0 = 2 / (2 * math.pi * units.epsilon) ** 2
        if material.density is not None:
            n0 = material.density * units.length**2
        fields["coulomb"] = at_unit_distance / units.energy * n0 / material.dielectric_constant
    return fields
