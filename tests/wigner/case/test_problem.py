"""Cases that cannot be solved are refused, doubtful ones are warned of, before anything is done."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support import small
from tests.support.small import sets
from wigner.__main__ import main
from wigner.case.checks import missed
from wigner.case.formulas import parse
from wigner.case.problem import Problem, build, lattice
from wigner.case.spec import parse_case
from wigner.errors import CaseError
from wigner.job.memory import check_memory
from wigner.job.supervise import BAD_INPUT
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import check_ranks

# A case that leaves nothing to be desired.
GOOD = small.CASE.replace("[6, 4]", "[12, 12]").replace("[16, 18]", "[24, 26]")
TWO_PI = 2 * np.pi


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The good case as a file; mpi4py is not there."""
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    path = tmp_path / "good.toml"
    path.write_text(GOOD)
    return path


def problem(*overrides: str) -> Problem:
    """The problem of the good case with changes."""
    return build(parse_case(GOOD, overrides))


BAD = [
    (
        ["initial.n=['3', '0', '0']"],
        "initial.n: got n0 = 0.8 and eps|n| = 1.2 at x1 = 4.71239, x2 = 0, expected n0 > eps|n|; "
        "reduce n or epsilon, or raise n0",
    ),
    (
        ["initial.n0=1 + cos(x1)", "initial.n=['0', '0', '0']"],
        "initial.n0: got 0 at x1 = 3.14159, x2 = 0, expected a positive density; raise n0 there",
    ),
    (["initial.n0=-1"], "initial.n0: got -1 at x1 = 0, x2 = 0, expected a positive density"),
    (
        ["physics.potential=0.1*x1"],
        'physics.potential: got "0.1*x1", expected a function of period 6.283185307 in x1, but it '
        "jumps by 0.628 across the box; change the formula or grid.length",
    ),
    (["physics.potential=cos(0.7*x2)"], "of period 5 in x2, but it jumps by 1.94 across the box"),
    (["physics.potential=sin(x1/2)"], "period 6.283185307 in x1, but its slope jumps by 1 across"),
    (["physics.potential=0.5*(x2 - 2.5)**2"], "of period 5 in x2, but its slope jumps by 5 across"),
    (["initial.n=['0', '0.1*x1', '0']"], 'initial.n[1]: got "0.1*x1", expected a function of per'),
    (
        ["physics.potential=cos(5*x1)"],
        'physics.potential: got "cos(5*x1)", expected a field that n_x = [12, 12] resolves, but '
        "50 % of it is lost; use n_x = [24, 12], or smooth it",
    ),
    (["physics.potential=cos(13*x1)"], "resolves, but all of it is lost; use n_x = [48, 12]"),
    (["initial.n0=1 + exp(-500*(x1 - 3)**2)"], "resolves, but 94 % of it is lost; use many mo"),
    (
        ["grid.p_max=3"],
        "grid.p_max: got 3, expected a p box that holds a thermal state, but axis 1 cuts it at "
        "2.0e-02 of its maximum; use p_max of at least 6.2",
    ),
    (
        ["grid.p_max=8", "grid.n_p=[16, 64]"],
        "grid.n_p: got 16, expected a p lattice that holds a thermal state, but axis 1 cuts it at "
        "7.2e-03 of its maximum; use n_p of at least 32, or a smaller p_max",
    ),
    (["grid.n_p=[8, 26]"], "grid.n_p: got 8, expected a p lattice that holds a thermal state, but"),
    (
        ["physics.potential=1/sin(x1)"],
        "physics.potential: got inf at x1 = 0, x2 = 0 (12 of 144 points), expected finite values; ",
    ),
    (
        ["initial.n0=log(x1 - 7)"],
        "initial.n0: got nan at x1 = 0, x2 = 0 (144 of 144 points), expected finite values; change",
    ),
    (
        ["grid.n_x=[12, 1]", "physics.potential=cos(2*pi*x2/5)"],
        'physics.potential: got "cos(2*pi*x2/5)", expected no dependence on x2, as grid.n_x gives '
        "that axis one point; use more points, or remove x2",
    ),
    (["grid.n_x=[1, 12]", "initial.n=['0', '0', '0']"], 'initial.n0: got "1 + 0.2*sin(x1)", expec'),
    (["time.dt=1e-9"], "time.dt: got 1e-09, that is 4.0e+08 of them, expected at most 1e+07 up to"),
    (["output.every=1e-9"], "output.every: got 1e-09, that is 4.0e+08 of them, expected at most"),
]


@pytest.mark.parametrize(("overrides", "told"), BAD, ids=[entry[0][0] for entry in BAD])
def test_bad_cases(
    case: Path, overrides: list[str], told: str, capsys: pytest.CaptureFixture
) -> None:
    output = case.parent / "output"
    for command in (["run", str(case), "--output", str(output)], ["info", str(case)]):
        assert main([*command, *sets(*overrides)]) == BAD_INPUT == 2
        said = capsys.readouterr()
        assert not said.out
        assert said.err.startswith("error: ")
        assert told in said.err
    assert not output.exists()


def test_all_that_is_wrong_is_told_at_once(case: Path, capsys: pytest.CaptureFixture) -> None:
    overrides = (
        "physics.potential=x1",
        "initial.n0=-1",
        "initial.n=['1/0', '0', 'x2']",
        "grid.p_max=[3, 6]",
        "grid.n_p=[24, 12]",
    )
    assert main(["run", str(case), "--output", str(case.parent / "new"), *sets(*overrides)]) == 2
    keys = [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()]
    assert keys == ["physics.potential", "initial.n[0]", "initial.n[2]", "grid.p_max", "grid.n_p"]


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["initial.n=['3', '0', '0']"], "error: initial.n: got n0 = 0.8 and eps|n| = 1.2 at"),
        (["physics.potential=x1", "grid.n_p=[8, 8]"], "error: physics.potential: got"),
    ],
)
def test_exit_status_of_the_real_command(case: Path, overrides: list[str], told: str) -> None:
    output = case.parent / "output"
    done = small.call("-m", "wigner", "run", case, "--output", output, *sets(*overrides))
    assert done.returncode == 2
    assert done.stderr.startswith(told)
    assert "Traceback" not in done.stderr
    assert not output.exists()


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (
            ["physics.potential=exp(cos(2*pi*x2/5))"],
            'physics.potential: got "exp(cos(2*pi*x2/5))", expected a field that n_x = ',
        ),
        (["grid.n_p=[16, 26]"], "grid.n_p: got 16, expected a p lattice that holds a thermal st"),
        (["grid.p_max=[5, 6.3]"], "grid.p_max: got 5, expected a p box that holds a thermal sta"),
        (["initial.n=['1.95', '0', '0']"], "initial.n: got eps|n|/n0 = 0.975 at x1 = 4.71239"),
        (
            ["initial.n0=exp(8*cos(x1))", "initial.n=['0', '0', '0']", "grid.n_x=[48, 1]"],
            "initial.n0: got 0.000335 at x1 = 3.14159, x2 = 0, expected at least 0.001 of the max",
        ),
        (["output.every=0.05"], "output.every: got 0.05, expected at least time.dt = 0.1"),
        (
            ["time.scheme=strang", "physics.tau=0.01"],
            'time.scheme: got "strang", expected a scheme',
        ),
    ],
)
def test_doubtful_cases(
    case: Path, overrides: list[str], told: str, capsys: pytest.CaptureFixture
) -> None:
    (warning,) = problem(*overrides).warnings
    assert warning.startswith(told)
    assert main(["info", str(case), *sets(*overrides)]) == 0
    assert f"warning: {warning}\n" in capsys.readouterr().out


def test_a_run_says_what_is_doubtful(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    case, output = small.write_case(tmp_path), tmp_path / "output"
    arguments = sets("time.t_end=0.1")
    assert main(["run", str(case), "--output", str(output), *arguments]) == 0
    warnings = build(parse_case(small.CASE)).warnings
    said, log = capsys.readouterr().err, (output / "run.log").read_text()
    assert warnings
    assert all(f"warning: {warning}\n" in said for warning in warnings)
    assert all(f"WARNING {warning}\n" in log for warning in warnings)


@pytest.mark.parametrize(
    "potential",
    [
        "exp(-4*((x1 - pi)**2 + (x2 - 2.5)**2))",  # a bump well inside the box
        "0.3*cos(x1)*sin(2*pi*x2/5 + 1)",
        "tanh(sin(x1))/4",
        "1e-13*x1 + 2",
        "0",
        "5",
        "1e6*cos(x1)",
        "cos(x1) - cos(x1 + 2*pi)",
    ],
)
def test_legal_potentials(potential: str) -> None:
    found = problem(f"physics.potential={potential}", "grid.n_x=[32, 32]")
    assert not found.warnings


def test_the_problem_of_a_case() -> None:
    found = problem()
    assert not found.warnings
    x1 = np.arange(12)[:, None] * TWO_PI / 12
    np.testing.assert_allclose(found.physics.V, 0.2 * np.cos(x1) + np.zeros(12), rtol=0, atol=1e-15)
    np.testing.assert_allclose(found.N[0], 1 + 0.2 * np.sin(x1) + np.zeros(12), rtol=1e-15)
    np.testing.assert_allclose(found.N[1], np.full((12, 12), 0.4 * 0.3), rtol=1e-15)
    np.testing.assert_allclose(found.N[2], 0.4 * 0.2 * np.cos(x1) + np.zeros(12), atol=1e-16)
    physics = found.physics
    assert (physics.epsilon, physics.alpha, physics.tau) == (0.4, 0.5, 0.1)
    assert found.grid == lattice(parse_case(GOOD))
    assert found.identity["physics.potential"] == '"0.2*cos(x1)"'
    assert found.identity != problem("physics.tau=0.2").identity
    assert found.identity == problem("time.dt=0.05", "output.every=0.1").identity


@pytest.mark.parametrize(
    ("formula", "n_x", "expected"),
    [
        ("cos(5*x1)", (16, 1), 0.0),  # |k| = 5 of 8 is within two thirds
        ("cos(6*x1)", (16, 1), 0.5),
        ("cos(15*x1)", (16, 1), 1.961570560806461),  # looks like cos(x1)
        ("1 + 0.01*cos(6*x1)", (16, 1), 0.005 / 1.01),
        ("cos(3*x1)*sin(2*pi*x2/5)", (9, 5), 0.0),
    ],
)
def test_what_a_lattice_misses(formula: str, n_x: tuple[int, int], expected: float) -> None:
    grid = PhaseGrid(n_x, (TWO_PI, 5.0), (24, 24), (6.0, 6.0))
    f = parse(formula)
    values = f(grid.x[0][:, None], grid.x[1][None, :])
    assert missed(f, values, grid) == pytest.approx(expected, abs=1e-12)


def hosts(*ranks: tuple[str, float]) -> list[tuple[str, int]]:
    """Ranks on machines with so many GB."""
    return [(name, int(1e9 * memory)) for name, memory in ranks]


def test_too_many_ranks() -> None:
    case = parse_case(GOOD, ["grid.n_x=[3, 1]"])
    with pytest.raises(CaseError) as caught:
        check_ranks(lattice(case), 4)
    assert str(caught.value) == (
        "ranks: got 4, expected at most 3 (the points of the smaller of the x lattice (3, 1) and "
        "the p lattice (24, 26)); start fewer ranks"
    )
    check_ranks(lattice(case), 3)


def test_too_little_memory() -> None:
    case = parse_case(GOOD, ["grid.n_x=[64, 64]", "grid.n_p=[64, 64]"])
    grid = lattice(case)
    with pytest.raises(CaseError) as caught:
        check_memory(case, grid, numbers=(1, 2), hosts=hosts(("a", 1.2)))
    told = (
        r"grid: got n_x = \[64, 64\], n_p = \[64, 64\], expected a lattice for the 1\.2 GB of a, "
        r"but its 1 rank\(s\) need about [23]\.\d+ GB; use fewer points or more machines"
    )
    assert re.fullmatch(told, str(caught.value))
    check_memory(case, grid, numbers=(1, 2), hosts=hosts(("a", 4)))
    check_memory(case, grid, numbers=(1, 2), hosts=hosts(("a", 2.5), ("b", 2.5)))
    with pytest.raises(CaseError, match="of b, but its 2 rank"):
        check_memory(case, grid, numbers=(1, 2), hosts=hosts(("a", 2.0), ("b", 2.0), ("b", 2.0)))


def test_a_lattice_beyond_all_memory(case: Path, capsys: pytest.CaptureFixture) -> None:
    output = case.parent / "output"
    huge = sets("grid.n_x=[1000000, 1000000]")
    assert main(["run", str(case), "--output", str(output), *huge]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: grid: got n_x = [1000000, 1000000], n_p = [24, 26], expected")
    assert "need about 20 PB" in said
    assert main(["info", str(case), *huge]) == 2
    assert "error: grid.n_x: got [1000000, 1000000]" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.mpi(n=3)
def test_too_many_ranks_on_the_command_line(comm: object, shared_path: Path, capfd) -> None:
    case, output = shared_path / "good.toml", shared_path / "output"
    if comm.rank == 0:
        case.write_text(GOOD)
    comm.Barrier()
    flat = sets("grid.n_x=[2, 1]", "initial.n0=1", "initial.n=['0','0','0']", "physics.potential=0")
    assert main(["run", str(case), "--output", str(output), *flat]) == 2
    said = capfd.readouterr().err
    assert said.count("error: ranks: got 3, expected at most 2") == (comm.rank == 0)
    assert not output.exists()
