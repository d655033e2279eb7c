"""Cases with more in H than the paper has: studies take them, or say why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.case_texts import MATERIAL, SCALED, SMALLEST
from validation.__main__ import main
from validation.harness.study import Setting
from validation.solutions.cases import chosen, scaled
from validation.studies import alpha, epsilon, expansions, gate, identities, invariants, tau
from wigner.case.problem import build
from wigner.case.spec import as_dict, parse_case
from wigner.errors import CaseError
from wigner.job.example import HOME

MORE = {
    "physics.beta": "physics.beta=0.2",
    "physics.zeeman": 'physics.zeeman=["0", "0", "0.1"]',
    "physics.field": 'physics.field=["0.1", "0"]',
    "t in physics.potential": "physics.potential=0.1*cos(x1 - t)",
    "[field]": "field.coupling=0.5",
}


@pytest.mark.parametrize("more", MORE)
def test_statements_of_the_paper_are_for_its_hamiltonian(more: str) -> None:
    overrides = [MORE[more], *(["field.kind=2deg"] if more == "[field]" else [])]
    setting = Setting("small", parse_case(SMALLEST, overrides))
    for study in (identities, expansions, epsilon, alpha, invariants):
        with pytest.raises(CaseError) as caught:
            study.plan(setting)
        assert f"{more}: got a case that has it, expected Rashba coupling" in str(caught.value)
    assert tau.plan(setting)


def test_a_gate_has_to_be_switched() -> None:
    with pytest.raises(CaseError, match="no field of the case that varies in time"):
        gate.plan(Setting("small", parse_case(SMALLEST)))
    switched = parse_case(SMALLEST, ["physics.potential=0.3*cos(x1)*step(t - 0.2, 0.05)"])
    names = [task.name for task in gate.plan(Setting("small", switched))]
    assert sum(name.startswith("kinetic/") for name in names) == 3
    assert not any("coarse" in name for name in names)


def test_a_refused_case_leaves_no_directory(tmp_path: Path, capsys) -> None:
    case, output = tmp_path / "case.toml", tmp_path / "report"
    case.write_text(SMALLEST)
    assert main(["gate", str(case), "--output", str(output)]) == 2
    assert "no field of the case that varies in time" in capsys.readouterr().err
    assert not output.exists()


def test_scaled_cases_keep_what_a_material_gives() -> None:
    """Magnetic and electric field and the interaction are those of the material, in numbers."""
    text = SMALLEST.replace("[physics]\n" + SCALED, MATERIAL) + '\n[field]\nkind = "2deg"\n'
    material = parse_case(
        text,
        [
            "material.dresselhaus=2e-12",
            "material.magnetic_field=[0, 0, 1]",
            "material.g_factor=-15",
            "material.electric_field=[1e4, 0]",
            "material.dielectric_constant=14",
        ],
    )
    plain = scaled(material)
    assert plain.material is None
    before, after = build(material).physics, build(plain).physics
    assert (after.beta, after.E) == (before.beta, before.E)
    assert after.b[2, 0, 0] == before.b[2, 0, 0] != 0
    assert plain.field == material.field


@pytest.mark.parametrize(
    "more",
    [
        [],
        ['time.dt="auto"', "time.tolerance=1e-3", "output.checkpoint_wall=60"],
        ['output.checkpoint="1 ps"', 'output.phase_space=["x1 p1"]', 'output.every="0.5 ps"'],
    ],
)
def test_a_case_in_si_is_the_same_in_numbers(more: list[str]) -> None:
    """Lengths and times with units, a potential in meV: nothing is left of [material]."""
    device = [*more, 'material.potential_unit="meV"', 'physics.potential="4*cos(2*pi*x1/6)"']
    case = parse_case((HOME / "device.toml").read_text("utf-8"), device)
    plain = scaled(case)
    assert "nm" not in plain.text
    assert as_dict(plain) == {**as_dict(case), "material": None}
    V = build(plain).physics.V
    np.testing.assert_array_equal(V, build(case).physics.V)
    assert V.max() == pytest.approx(4 / 6.635, rel=1e-3)  # kB times 77 K in meV


def test_the_coupling_goes_with_the_unit_of_density() -> None:
    text = [f"initial.n0={1e3!r}", 'initial.n=["0", "0", "0"]', "field.kind=2deg"]
    case = parse_case(SMALLEST, [*text, "field.coupling=2e-4"])
    taken = chosen(Setting("small", case), tau.SHIPPED, general=True)
    assert taken.field.coupling == pytest.approx(0.2)
    assert build(taken).N[0].max() == 1.0
