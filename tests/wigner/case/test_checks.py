"""What a lattice misses of a field does not depend on units, or on the zero of a potential."""

from __future__ import annotations

import pytest

from wigner.case.problem import build
from wigner.case.spec import parse_case
from wigner.errors import CaseError

CASE = """\
[grid]
n_x = [16, 1]
length = [6.283185307179586, 1]
n_p = [24, 24]

[physics]
epsilon = 0.2
alpha = 0
tau = 0.1

[initial]
n0 = 1
n = [0, 0, 0]

[time]
t_end = 0.5
dt = 0.1

[maxwellian]
tolerance = 1e-6
"""


def verdict(*overrides: str) -> str:
    """What is said of the case: refused, doubtful or nothing."""
    try:
        warnings = build(parse_case(CASE, overrides)).warnings
    except CaseError as error:
        return "refused" if "of it is lost" in str(error) else str(error)
    return "doubtful" if any("of it is lost" in warning for warning in warnings) else ""


@pytest.mark.parametrize(
    ("shape", "expected"),
    [("0.5*cos(13*x1)", "refused"), ("exp(sin(x1))*3", ""), ("exp(3.5*sin(x1))", "doubtful")],
)
@pytest.mark.parametrize("offset", ["0", "100", "1e4", "-1e4", "1e8"])
def test_a_constant_in_the_potential_changes_nothing(
    shape: str, expected: str, offset: str
) -> None:
    assert verdict(f"physics.potential={offset} + {shape}") == expected


@pytest.mark.parametrize("unit", ["1e-11", "1e-99", "1", "1e11", "1e99"])
@pytest.mark.parametrize(
    ("shape", "expected"), [("1 + 0.5*cos(9*x1)", "refused"), ("1 + 0.5*cos(3*x1)", "")]
)
def test_the_unit_of_the_density_changes_nothing(unit: str, shape: str, expected: str) -> None:
    spin = f'initial.n=["0", "{unit}*({shape})", "0"]'
    assert verdict(f"initial.n0={unit}*({shape})", spin) == expected
    assert verdict(f"initial.n0={unit}", spin) == expected


def test_a_spin_is_one_field_in_whatever_direction() -> None:
    large = '"cos(x1)"'
    assert verdict(f'initial.n=[{large}, "1e-3*cos(9*x1)", "0"]') == "doubtful"
    assert verdict('initial.n=["0", "1e-3*cos(9*x1)", "0"]') == "refused"


@pytest.mark.parametrize("offset", ["0", "1e8"])
def test_roundoff_is_no_field(offset: str) -> None:
    assert verdict(f"physics.potential={offset} + sin(x1)**2 + cos(x1)**2") == ""
    assert verdict('initial.n=["sin(x1)**2 + cos(x1)**2 - 1", "0", "0"]') == ""


def test_three_points_do_not_tell_a_wave_from_others() -> None:
    few = "grid.n_x=[3, 1]"
    assert verdict(few, "physics.potential=0.5*cos(x1)") == "refused"
    assert verdict(few, "physics.potential=0.5") == ""
