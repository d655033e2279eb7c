"""Every bad case is told with its key, its value and a remedy, all problems at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.case_texts import MATERIAL, SCALED, SMALLEST
from wigner.case.spec import load_case, parse_case
from wigner.errors import CaseError


def problems(text: str, overrides: tuple[str, ...] = ()) -> list[str]:
    """All lines of the error that a case gives."""
    with pytest.raises(CaseError) as caught:
        parse_case(text, overrides)
    lines = str(caught.value).split("\n")
    assert len(lines) == len(caught.value.faults)
    return lines


@pytest.mark.parametrize("override", ["dt", "dt=0.1", "time.=1", ".dt=1", "a.b.c=1", ""])
def test_malformed_overrides(override: str) -> None:
    (line,) = problems(SMALLEST, (override,))
    assert line == (
        f"override: got {json.dumps(override)}, expected section.key=value; "
        "use for instance time.dt=0.01"
    )


def test_an_override_cannot_bring_a_second_key() -> None:
    (line,) = problems(SMALLEST, ("time.scheme='strang'\ndt=0.1",))
    assert line.startswith("time.scheme: got \"'strang'\\ndt=0.1\", expected")


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("grid.n_x=[0, 4]", "got [0, 4], expected a list of two integers of at least 1; use for"),
        ("grid.n_x=[8]", "got [8], expected a list of two integers of at least 1"),
        ("grid.n_x=8", "got 8, expected a list of two integers"),
        ("grid.n_x=[8.0, 8]", "got [8.0, 8], expected a list of two integers"),
        ("grid.n_x=[true, 8]", "got [true, 8], expected a list of two integers"),
        ('grid.n_x=["8", 8]', "integers of at least 1; write numbers without quotes"),
        ("grid.length=[1, 0]", "got [1, 0], expected a list of two positive numbers; use for inst"),
        ("grid.length=[1, inf]", "got [1, Infinity], expected a list of two positive numbers"),
        ("grid.n_p=[3, 8]", "got [3, 8], expected a list of two integers of at least 4"),
        ("grid.p_max=-1", 'got -1, expected "auto" or a positive number or a list of two positive'),
        ("grid.p_max=[7]", 'got [7], expected "auto" or'),
        ("grid.p_max=none", 'got "none", expected "auto" or'),
        ("physics.epsilon=0", "got 0, expected a positive number; use for instance epsilon = 0.2"),
        ("physics.epsilon=-0.1", "got -0.1, expected a positive number"),
        ("physics.epsilon=nan", "got NaN, expected a positive number"),
        ("physics.epsilon=true", "got true, expected a positive number"),
        ('physics.epsilon="0.2"', 'got "0.2", expected a positive number; write numbers without'),
        ("physics.epsilon=1979-05-27", 'got "1979-05-27", expected a positive number'),
        ("physics.alpha=inf", "got Infinity, expected a finite number"),
        ("physics.alpha=1" + "0" * 400, ", expected a finite number"),
        ("physics.tau=0.0", "got 0.0, expected a positive number"),
        ("physics.potential=cos(x3)", "'cos(x3)': unknown name 'x3'; did you mean x2?"),
        ("physics.potential=[1]", "got [1], expected a formula; [1]: expected a formula in quotes"),
        ("initial.n0=open('a')", "unknown function 'open'"),
        ("initial.n0=true", "True: expected a formula in quotes or a number"),
        ("initial.n=['1', '2']", 'got ["1", "2"], expected a list of three formulas; use for'),
        ("initial.n=['1', '2', 'y']", "expected a list of three formulas; 'y': unknown name 'y'"),
        (
            "initial.state=hot",
            'got "hot", expected "maxwellian" or "prepared" or "classical" or "equilibrium" or '
            '"steady"; use',
        ),
        ("initial.state=3", 'got 3, expected "maxwellian" or "prepared" or "classical"'),
        ("time.t_end=0", "got 0, expected a positive number"),
        ("time.dt=-1", 'got -1, expected "auto" or a positive number; use for instance dt = 0.05'),
        ("time.dt=0.6", "got 0.6, expected at most t_end = 0.5; use a smaller step"),
        ("time.scheme=rk4", 'got "rk4", expected "sdirk2" or "sdirk3" or "strang"'),
        ("time.splitting=none", 'got "none", expected "auto" or "strang" or "fourth"'),
        ("maxwellian.tolerance=1e-14", "got 1e-14, expected a number from 1e-13 to 1e-2"),
        ("maxwellian.tolerance=0.1", "got 0.1, expected a number from 1e-13 to 1e-2"),
        ("maxwellian.richardson=0", 'got 0, expected "auto" or an integer from 1 to 8'),
        ("maxwellian.richardson=9", 'got 9, expected "auto" or an integer from 1 to 8'),
        ("maxwellian.richardson=2.0", 'got 2.0, expected "auto" or an integer from 1 to 8'),
        ("maxwellian.max_evaluations=0", "got 0, expected an integer of at least 1"),
        ("output.every=0", "got 0, expected a positive number; use for instance every = 0.1"),
        ("output.checkpoint=-1", "got -1, expected a positive number"),
        ("output.checkpoint_wall=0", "got 0, expected a positive number"),
        ("output.wall_limit=0", "got 0, expected a positive number"),
        ("grid.nx=[8, 8]", "got [8, 8], expected a key of [grid]; did you mean n_x?"),
        ("physics.eps=1", "expected a key of [physics]; did you mean epsilon?"),
        ("grid.colour=1", "expected a key of [grid]; known are n_x, length, n_p, p_max"),
    ],
)
def test_bad_values(override: str, line: str) -> None:
    (told,) = problems(SMALLEST, (override,))
    assert told.startswith(override.split("=")[0] + ": got ")
    assert line in told
    assert len(told) < 500


def test_unknown_sections() -> None:
    (line,) = problems(SMALLEST + "[outptu]\nevery = 1\n")
    assert line == 'outptu: got {"every": 1}, expected a known section; did you mean output?'


def test_keys_outside_sections() -> None:
    (line,) = problems("dt = 0.1\n" + SMALLEST)
    assert line.startswith("dt: got 0.1, expected a known section; known are grid, physics")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("n_x", "expected a list of two integers of at least 1; use for instance n_x = [32, 32]"),
        ("length", "expected a list of two positive numbers"),
        ("n_p", "expected a list of two integers of at least 4"),
        ("epsilon", "expected a positive number; use for instance epsilon = 0.2"),
        ("alpha", "expected a finite number"),
        ("tau", "expected a positive number"),
        ("n0", "expected a formula"),
        ("n", "expected a list of three formulas"),
        ("t_end", "expected a positive number"),
        ("dt", 'expected "auto" or a positive number; use for instance dt = 0.05'),
    ],
)
def test_missing_keys(key: str, expected: str) -> None:
    text = "\n".join(line for line in SMALLEST.split("\n") if not line.startswith(f"{key} ="))
    (line,) = problems(text)
    assert f".{key}: got nothing, {expected}" in line


def test_missing_sections() -> None:
    assert problems("") == [
        "grid: got nothing, expected a section [grid] with n_x, length, n_p",
        "physics: got nothing, expected a section [physics] with epsilon, alpha, tau",
        "initial: got nothing, expected a section [initial] with n0, n",
        "time: got nothing, expected a section [time] with t_end, dt",
    ]


def test_a_value_in_place_of_a_section() -> None:
    (line,) = problems("output = 3\n" + SMALLEST)
    assert line == "output: got 3, expected a section; write [output] on a line of its own"
    lines = problems("[[time]]\nt_end = 1\n" + SMALLEST.split("[time]")[0])
    assert lines[0].startswith('time: got [{"t_end": 1}], expected a section')


def test_all_problems_are_told_at_once() -> None:
    lines = problems(
        SMALLEST.replace("n_p = [24, 20]", "n_q = 1"),
        ("physics.tau=0", "initial.n0=cos(", "time.dt=9", "nonsense", "maxwellian.tolerance=1"),
    )
    keys = [line.split(":")[0] for line in lines]
    expected = ["override", "grid.n_q", "grid.n_p", "physics.tau", "initial.n0"]
    assert keys == [*expected, "maxwellian.tolerance", "time.dt"]


def test_long_values_are_cut() -> None:
    (line,) = problems(SMALLEST, (f"grid.n_x={list(range(1000))}",))
    assert len(line) < 250


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[grid\n", "at line 1, column 6"),
        ("[grid]\nn_x = [1, 2\n[time]\n", "at line 3"),
        (SMALLEST + "dt = 1\n", "Cannot overwrite a value"),
        ("a = 1\n\n\nb = \n", "at line 4"),
        ("a = " + "[" * 100000, "recursion"),
        ("a = " + "1" * 5000, "limit"),
    ],
)
def test_syntax_errors(text: str, told: str) -> None:
    (line,) = problems(text)
    assert line.startswith("case: got a syntax error (")
    assert told in line
    assert line.endswith("expected a case file in TOML; correct it there")


def test_unreadable_files(tmp_path: Path) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes("# für Elise".encode("latin-1"))
    broken = tmp_path / "broken.toml"
    broken.write_text("[grid")
    for path, told in [
        (tmp_path / "no.toml", "got no such file"),
        (tmp_path, "got a directory"),
        (latin / "below.toml", "got an error"),
        (latin, "got byte 3 not UTF-8"),
        (broken, "got a syntax error (Expected"),
        (tmp_path / "nul\0", "got an error"),
    ]:
        with pytest.raises(CaseError) as caught:
            load_case(path)
        assert str(caught.value).startswith(f"{path}: {told}")
        assert "expected a case file in TOML; " in str(caught.value)


def test_a_material_and_scaled_numbers_contradict() -> None:
    lines = problems(SMALLEST + MATERIAL)
    assert lines == [
        f"physics.{key}: got {value}, expected nothing, as [material] determines it; "
        "remove one of the two"
        for key, value in [("epsilon", 0.2), ("alpha", -0.5), ("tau", 0.05)]
    ]


def test_what_a_material_needs() -> None:
    lines = problems(SMALLEST.replace(SCALED, "") + "[material]\n")
    assert [line.split(": got nothing, expected a ")[0] for line in lines] == [
        "material.effective_mass",
        "material.temperature",
        "material.rashba",
        "material.relaxation_time",
        "material.reference_length",
    ]


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("material.preset=Unobtainium", 'got "Unobtainium", expected "InAs" or "InGaAs"'),
        ("material.temperature=0", "got 0, expected a positive number; use for instance tempera"),
        ("material.rashba=nan", "got NaN, expected a finite number"),
        ("material.mass=1", "expected a key of [material]; did you mean effective_mass?"),
    ],
)
def test_bad_materials(override: str, told: str) -> None:
    lines = problems(SMALLEST.replace(SCALED, "") + MATERIAL, (override,))
    assert lines[0].startswith(override.split("=")[0] + ": got ")
    assert told in lines[0]


def test_a_material_beyond_all_scales() -> None:
    override = "material.reference_length=1e-320"
    (line,) = problems(SMALLEST.replace(SCALED, "") + MATERIAL, (override,))
    assert line.startswith('material: got {"preset": "InAs"')
    assert "check the units" in line
