"""The cases that are shipped with the studies, each in a small and a full size.

A study takes its ladder of tau, epsilon, alpha or dt from the case: a user's own case serves as
well as those that stand here.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from wigner.case.problem import build
from wigner.case.spec import Case, as_dict, parse_case
from wigner.case.values import toml
from wigner.errors import CaseError, Fault

from ..harness.study import Setting

# Fields of x1 alone, full p: all four components, alpha != 0, and V off the phase of n0.
STRIP = """\
[grid]
n_x = [16, 1]
length = [6.283185307179586, 1.0]
n_p = [20, 20]

[physics]
epsilon = 0.2
alpha = 0.5
tau = 0.05
potential = "0.5*cos(x1) + 0.2*sin(2*x1)"

[initial]
n0 = "1 + 0.3*sin(x1)"
n = ["0.4 + 0.4*cos(x1)", "0.5*sin(x1 + 0.5)", "0.6*cos(x1 + 1)"]
state = "prepared"

[time]
t_end = 0.4
dt = 0.05
scheme = "sdirk3"

[maxwellian]
tolerance = 1e-10
"""

# Fields of x1 and x2, for pictures and for what only two dimensions show.
SQUARE = """\
[grid]
n_x = [16, 16]
length = [6.283185307179586, 6.283185307179586]
n_p = [20, 20]

[physics]
epsilon = 0.2
alpha = 0.5
tau = 0.05
potential = "0.4*cos(x1) + 0.3*cos(x1 + x2)"

[initial]
n0 = "1 + 0.3*sin(x1)*cos(x2)"
n = ["0.5*cos(x1 + x2)", "0.5*sin(x2)", "0.6*cos(x1)*sin(x2 + 1)"]
state = "prepared"

[time]
t_end = 1.0
dt = 0.1
scheme = "sdirk2"

[maxwellian]
tolerance = 1e-8
"""

# A gas at rest: what is compared with closed forms of the field differs from it in a few entries.
GAS = """\
[grid]
n_x = [1, 1]
length = [6.283185307179586, 1.0]
n_p = [24, 24]

[physics]
epsilon = 0.05
alpha = 0.0
tau = 1.0

[initial]
n0 = "1"
n = ["0", "0", "0"]

[time]
t_end = 1.0
dt = 0.1
scheme = "sdirk3"

[maxwellian]
tolerance = 1e-11

[output]
every = 0.5
"""

# How often the fastest diffusion on the lattice may go by within t_end, for an explicit method.
STIFFEST = 100.0


@dataclass(frozen=True)
class Shipped:
    """A case as text, with the entries that make it small or full."""

    text: str
    small: tuple[str, ...] = ()
    full: tuple[str, ...] = ()

    def in_size(self, setting: Setting) -> Case:
        """The case in the size of a setting."""
        return parse_case(self.text, setting.pick(self.small, self.full))


def chosen(setting: Setting, shipped: Shipped, *, general: bool = False) -> Case:
    """The user's case if there is one, in scaled units and with n0 of order one, else the shipped.

    Floors and natural scales of the studies are those of densities of order one.

    Parameters
    ----------
    general
        Whether H may have more than that of the paper.

    Raises
    ------
    CaseError
        If it has, and may not.
    """
    if setting.case is None:
        return shipped.in_size(setting)
    case = normalised(scaled(setting.case))
    return case if general else as_in_the_paper(case)


def normalised(case: Case) -> Case:
    """The case with densities in units of the largest n0, unless that is of order one.

    The equation is linear in the unit of W, but for the interaction, whose coupling takes it.
    """
    largest = float(build(case).N[0].max())
    if 0.1 <= largest <= 10:
        return case
    given = case.initial.n0, *case.initial.n
    n0, *n = (f"({formula.text})/{largest!r}" for formula in given)
    field = [] if case.field is None else [f"field.coupling={case.field.coupling * largest!r}"]
    return changed(case, f"initial.n0={n0}", f"initial.n={json.dumps(n)}", *field)


def slowed(case: Case) -> Case:
    """The case with tau so short that the macroscopic models are not too stiff for the studies.

    These follow them by an explicit method, whose steps are as long as diffusion across a cell.
    """
    finest = max(n / L for n, L in zip(case.grid.n_x, case.grid.length, strict=True))
    most = STIFFEST / ((math.pi * finest) ** 2 * case.time.t_end)
    return changed(case, f"physics.tau={most!r}") if case.physics.tau > most else case


def scaled(case: Case) -> Case:
    """The case with numbers in the place of [material], so that a study can change them."""
    if case.material is None:
        return case
    sections = {name: table for name, table in as_dict(case).items() if name != "material"}
    given = {
        name: {key: value for key, value in table.items() if value is not None}
        for name, table in sections.items()
        if table is not None
    }
    return parse_case(toml(given, []))


def changed(case: Case, *overrides: str) -> Case:
    """The case with ``section.key=value`` entries changed."""
    return parse_case(case.text, overrides)


def ladder(top: float, steps: int, factor: float = 2.0) -> list[float]:
    """top, top/factor, top/factor^2, ..."""
    return [top / factor**k for k in range(steps)]


def as_in_the_paper(case: Case) -> Case:
    """The case, if its H is that of the paper: Rashba coupling and a static potential.

    Raises
    ------
    CaseError
        If it has more, of which the statements of the paper say nothing.
    """
    physics, more = case.physics, []
    if physics.beta:
        more.append("physics.beta")
    for key, formulas in (("zeeman", physics.zeeman), ("field", physics.field)):
        if not all(formula.vanishes for formula in formulas):
            more.append(f"physics.{key}")
    more += ["t in physics.potential"] if physics.potential.varies else []
    more += ["[field]"] if case.field is not None else []
    if more:
        expected = "Rashba coupling and a static potential, as in the paper"
        remedy = "the studies tau, gate and convergence take such a case"
        raise CaseError(Fault(", ".join(more), "a case that has it", expected, remedy))
    return case
