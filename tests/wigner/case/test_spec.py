"""The case file: what is read of it. What is refused is in ``test_spec_errors``."""

from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from tests.support.case_texts import MATERIAL, SCALED, SMALLEST
from wigner.case.formulas import parse
from wigner.case.spec import Case, as_dict, load_case, parse_case
from wigner.case.units import PRESETS, scale
from wigner.errors import CaseError, Fault

QUICKSTART = Path(__file__).parents[3] / "scripts" / "quickstart.toml"


def same(one: Case, other: Case) -> bool:
    """Whether two cases differ in their texts at most."""
    return replace(one, text="") == replace(other, text="")


def test_defaults() -> None:
    case = parse_case(SMALLEST)
    assert case.grid.n_x == (16, 1)
    assert case.grid.length == (6.283185307179586, 1.0)
    assert case.grid.p_max is None
    assert (case.physics.epsilon, case.physics.alpha, case.physics.tau) == (0.2, -0.5, 0.05)
    assert case.physics.potential == parse("0")
    assert case.initial.n0 == parse(1)
    assert case.initial.n == (parse("0.5*cos(x1)"), parse("0"), parse(0.25))
    assert case.initial.state == "maxwellian"
    assert (case.time.scheme, case.time.splitting) == ("sdirk2", "auto")
    assert case.maxwellian.tolerance == 1e-10
    assert case.maxwellian.richardson is None
    assert case.maxwellian.max_evaluations == 200
    assert case.output.every == 0.5
    assert (case.output.checkpoint, case.output.checkpoint_wall) == (None, 600.0)
    assert case.output.wall_limit is None
    assert case.material is None
    assert case.text == SMALLEST


def test_everything_given() -> None:
    case = parse_case(
        SMALLEST.replace("n_p", "p_max = 7\nn_p").replace("dt", 'scheme = "sdirk3"\ndt')
        + 'splitting = "fourth"\n[maxwellian]\ntolerance = 1e-8\nrichardson = 3\n'
        "max_evaluations = 50\n[output]\nevery = 1\ncheckpoint = 2\ncheckpoint_wall = 600\n"
        "wall_limit = 3600.5\n"
    )
    assert case.grid.p_max == (7.0, 7.0)
    assert (case.time.scheme, case.time.splitting) == ("sdirk3", "fourth")
    assert (case.maxwellian.tolerance, case.maxwellian.richardson) == (1e-8, 3)
    assert case.maxwellian.max_evaluations == 50
    output = case.output
    assert (output.every, output.checkpoint, output.checkpoint_wall) == (1.0, 2.0, 600.0)
    assert output.wall_limit == 3600.5


def test_p_max_of_each_axis() -> None:
    assert parse_case(SMALLEST, ["grid.p_max=[6.5, 7]"]).grid.p_max == (6.5, 7.0)


def test_a_case_is_frozen_and_survives_pickling() -> None:
    case = parse_case(SMALLEST)
    with pytest.raises(FrozenInstanceError):
        case.time.dt = 1.0
    assert pickle.loads(pickle.dumps(case)) == case


def test_the_error_survives_pickling() -> None:
    error = CaseError(Fault("time.dt", "0", "more"), Fault("time", "1", "less"))
    again = pickle.loads(pickle.dumps(error))
    assert again.faults == error.faults
    assert str(again) == "time.dt: got 0, expected more\ntime: got 1, expected less"


def test_a_file_is_read_like_its_text(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALLEST.replace("\n", "\r\n").encode())
    assert same(load_case(path), parse_case(SMALLEST))
    assert load_case(str(path), ["time.dt=0.1"]).time.dt == 0.1


def test_the_quickstart_case_is_a_case() -> None:
    case = load_case(QUICKSTART)
    assert case.physics.alpha != 0
    assert min(case.grid.n_x) > 1


@pytest.mark.parametrize(
    ("override", "section", "key", "value"),
    [
        ("time.dt=0.1", "time", "dt", 0.1),
        (" time.dt = 1e-3 ", "time", "dt", 1e-3),
        ("grid.n_x=[8, 9]", "grid", "n_x", (8, 9)),
        ("time.scheme=strang", "time", "scheme", "strang"),
        ('time.scheme="strang"', "time", "scheme", "strang"),
        ("initial.n0=1 + 0.1*cos(x1)", "initial", "n0", parse("1 + 0.1*cos(x1)")),
        ("physics.potential=x1*(2 - x1)", "physics", "potential", parse("x1*(2 - x1)")),
        ("output.every=0.1", "output", "every", 0.1),
        ("maxwellian.richardson=auto", "maxwellian", "richardson", None),
    ],
)
def test_overrides(override: str, section: str, key: str, value: object) -> None:
    case = parse_case(SMALLEST, [override])
    assert getattr(getattr(case, section), key) == value


def test_the_text_of_an_overridden_case_is_that_case() -> None:
    overrides = ["time.scheme=strang", "initial.n0=1 + 0.1*cos(x1)", "grid.p_max=7", "time.dt=1e-4"]
    case = parse_case(SMALLEST, overrides)
    assert case.text != SMALLEST
    assert same(parse_case(case.text), case)
    assert '# with override "time.scheme=strang"' in case.text


def test_the_last_override_of_a_key_holds() -> None:
    assert parse_case(SMALLEST, ["time.dt=0.1", "time.dt=0.2"]).time.dt == 0.2


def test_a_material_stands_for_the_scaled_numbers() -> None:
    case = parse_case(SMALLEST.replace(SCALED, 'potential = "cos(x1)"\n') + MATERIAL)
    assert case.material.effective_mass == PRESETS["InAs"].effective_mass
    assert case.material.rashba == PRESETS["InAs"].rashba
    scaling = scale(case.material)
    physics = case.physics
    assert (physics.epsilon, physics.alpha, physics.tau) == (
        scaling.epsilon,
        scaling.alpha,
        scaling.tau,
    )
    assert physics.potential == parse("cos(x1)")


def test_a_material_needs_no_section_physics() -> None:
    case = parse_case(SMALLEST.replace("[physics]\n" + SCALED, MATERIAL))
    assert case.physics.potential == parse("0")


def test_numbers_go_before_a_preset() -> None:
    case = parse_case(SMALLEST.replace(SCALED, "") + MATERIAL + "rashba = -1e-12\n")
    assert case.material.rashba == -1e-12
    assert case.material.effective_mass == PRESETS["InAs"].effective_mass
    assert case.physics.alpha < 0


@pytest.mark.parametrize("text", [SMALLEST, SMALLEST.replace(SCALED, "") + MATERIAL])
def test_plain_data_is_json_and_complete(text: str) -> None:
    case = parse_case(text, ["maxwellian.richardson=2", "grid.p_max=7"])
    plain = json.loads(json.dumps(as_dict(case), allow_nan=False))
    assert plain["grid"] == {
        "n_x": [16, 1],
        "length": [6.283185307179586, 1.0],
        "n_p": [24, 20],
        "p_max": [7.0, 7.0],
    }
    assert plain["physics"]["epsilon"] == case.physics.epsilon
    assert plain["initial"]["n"] == ["0.5*cos(x1)", "0", "0.25"]
    assert plain["maxwellian"]["richardson"] == 2
    assert (plain["material"] is None) is (case.material is None)


def test_plain_data_says_auto() -> None:
    plain = as_dict(parse_case(SMALLEST))
    assert (plain["grid"]["p_max"], plain["maxwellian"]["richardson"]) == ("auto", "auto")
