"""``wigner info``: a page that is right, and that runs nothing."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from tests.support import small
from tests.support.case_texts import MATERIAL
from tests.support.small import report, sets
from wigner.__main__ import main
from wigner.case.problem import build, lattice
from wigner.case.spec import parse_case
from wigner.evolution.solver import Solver
from wigner.flows.splitting import LIMIT
from wigner.job import commands, estimate
from wigner.job.memory import memory_per_rank, size
from wigner.maxwellian.windows import window_for

POISON = """\
import sys

class Poison:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "mpi4py":
            raise AssertionError("info needs no MPI")

sys.meta_path.insert(0, Poison())
from wigner.__main__ import main
sys.exit(main({arguments}))
"""


def page(capsys: pytest.CaptureFixture, case: Path, *overrides: str, ranks: object = 1) -> str:
    """What info says; it must not complain."""
    assert main(["info", str(case), *sets(*overrides), "--ranks", str(ranks)]) == 0
    said = capsys.readouterr()
    assert not said.err
    return said.out


def test_the_page(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    overrides = ("output.checkpoint=0.2", "output.checkpoint_wall=600", "grid.p_max=[6, 6.5]")
    text = page(capsys, small.write_case(tmp_path), *overrides, ranks=2)
    lines = [line for line in text.splitlines() if not line.startswith("warning: ")]
    assert lines[:-2] == [
        "parameters     epsilon = 0.4, alpha = 0.5, tau = 0.1",
        "potential      from -0.2 to 0.2",
        "initial state  maxwellian; n0 from 0.8268 to 1.173, eps|n|/n0 up to 0.1605",
        "x lattice      6 x 4 points on a box 6.28319 x 5",
        lines[4],
        "p lattice      16 x 18 points, p_max = 6 x 6.5",
        "               a thermal state is 2e-08 and 7e-10 of its maximum at the edge of the box,",
        "               and 2e-04 and 8e-05 at |eta| = pi/dp = 4.18879 x 4.3499",
        lines[8],
        "phase space    6912 cells; W takes 0.221 MB",
        "steps          4 of scheme sdirk2, dt <= 0.1, to t = 0.4",
        "maxwellians    2 a step, to 1e-06, from 1 step of the splitting",
        "records        3 in moments.h5, together about 0.015 MB",
        "checkpoints    every 0.2, every 600 s, at the end; 0.221 MB each",
    ]
    assert re.match(r" +at most \de-1\d of a given field is lost between the points \(", lines[4])
    window = window_for(lattice(parse_case(small.CASE, overrides)), 0.4, 0.5).n
    assert lines[8].startswith("moment map     windows of up to {} x {} points".format(*window))
    assert re.match(r"memory +about 10\d MB on each of 2 rank\(s\), 2\d\d MB together; ", lines[-2])
    assert re.match(r"time +about [12] s on 2 rank\(s\), each with a core like this", lines[-1])
    assert text.count("warning: grid.n_p: got 1") == 2


def test_the_units_of_a_material(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    case = tmp_path / "case.toml"
    scaled = "epsilon = 0.4\nalpha = 0.5\ntau = 0.1\n"
    case.write_text(small.CASE.replace(scaled, "") + MATERIAL)
    lines = page(capsys, case).splitlines()
    assert lines[:3] == [
        "material       InAs: m = 0.04 electron masses, T0 = 77 K, Rashba constant 7.5e-12 eV m, "
        "relaxation time 100 fs",
        "units          x0 = 50 nm, p0 = 0.05902 ħ nm-1, tE = 292.7 fs, kB T0 = 6.635 meV, "
        "W = 1 is 2 electrons in (2 pi hbar)^2",
        "parameters     epsilon = 0.338879, alpha = 0.196851, tau = 0.341619",
    ]


def test_si_beside_scaled_numbers(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Each number from the constants of nature alone: InAs at 77 K, 0.1 ps, x0 = 50 nm."""
    case = tmp_path / "case.toml"
    scaled = "epsilon = 0.4\nalpha = 0.5\ntau = 0.1\n"
    case.write_text(small.CASE.replace(scaled, "") + MATERIAL)
    found = dict(re.findall(r"^(\w[\w ]*?)  +(.*)$", page(capsys, case), re.MULTILINE))
    hbar, mass, kT, eV = 1.054571817e-34, 0.04 * 9.1093837e-31, 1.380649e-23 * 77, 1.602176634e-19
    speed, rashba, tau, x0 = math.sqrt(kT / mass), 7.5e-12 * eV, 1e-13, 50e-9
    wave = 2 * math.pi * hbar / math.sqrt(2 * math.pi * mass * kT)
    path = math.sqrt(math.pi / 2) * speed * tau
    turn = math.pi * hbar**2 / (mass * rashba)
    rate = 8 * tau * (mass * rashba / hbar**2) ** 2 * speed**2
    density = mass * kT / (2 * math.pi**2 * hbar**2)
    for line, value in (
        ("lengths", rf"thermal wavelength {wave / x0:.4g} \({1e9 * wave:.4g} nm\)"),
        ("lengths", rf"mean free path {path / x0:.4g} \({1e9 * path:.4g} nm\)"),
        ("spin", rf"turns once in {turn / x0:.4g} \({1e9 * turn:.4g} nm\)"),
        ("spin", rf"n3 lives for {speed / x0 / rate:.4g} \({1e12 / rate:.4g} ps\)"),
        ("density", rf"n0 = 1 is {re.escape(f'{1e-4 * density:.4g}')} electrons a cm2"),
        ("density", rf"n lambda\^2 up to {1.173 * density * wave**2:.3g}"),
        ("potential", r"from -0.2 to 0.2 \(-1.327 to 1.327 meV\)"),
        ("x lattice", r"on a box 6.28319 x 5 \(314.2 x 250 nm\)"),
        ("steps", rf"dt <= 0.1 \({1e14 * x0 / speed:.4g} fs\), to t = 0.4 "),
        ("records", r"3 in moments.h5, every 0.2 \(58.54 fs\), together"),
        ("regime", rf"diffusive \(mean free path {path / (5 * x0):.2g} of the box\)"),
    ):
        assert re.search(value, found[line]), (line, found[line], value)


@pytest.mark.parametrize(("n0", "warned"), [(3.0, False), (3.2, True)])
def test_boltzmann_statistics_is_doubted(
    tmp_path: Path, capsys: pytest.CaptureFixture, n0: float, warned: bool
) -> None:
    """n lambda^2 = n0/pi, against 1; without a material the unit of n0 is nobody's."""
    case = tmp_path / "case.toml"
    text = small.CASE.replace('"1 + 0.2*sin(x1)"', f'"{n0}"')
    case.write_text(text)
    assert "Boltzmann" not in page(capsys, case)
    case.write_text(text.replace("epsilon = 0.4\nalpha = 0.5\ntau = 0.1\n", "") + MATERIAL)
    said = page(capsys, case)
    assert ("expected at most 1, as M(N) has Boltzmann statistics" in said) == warned


def test_info_needs_no_mpi(tmp_path: Path) -> None:
    case = small.write_case(tmp_path)
    done = small.call("-c", POISON.format(arguments=["info", str(case)]))
    assert done.returncode == 0, done.stderr
    assert "on each of 1 rank(s)" in done.stdout


@pytest.mark.mpi(n=2)
def test_info_on_several_ranks(comm: object, shared_path: Path, capfd) -> None:
    case = shared_path / "case.toml"
    if comm.rank == 0:
        small.write_case(shared_path)
    comm.Barrier()
    assert main(["info", str(case)]) == 0
    assert capfd.readouterr().out.count("on each of 2 rank(s)") == (comm.rank == 0)


def test_what_a_run_is_likely_to_need(
    case: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its method, its memory and its work are those of the numbers that were found likely."""
    worked = []
    monkeypatch.setattr(commands, "likely_numbers", lambda *_: (LIMIT,))
    monkeypatch.setattr(estimate, "seconds", lambda case, problem, todo: worked.append(todo) or 7.0)
    told = page(capsys, Path(case), "maxwellian.richardson=auto", "grid.n_x=[24, 24]")
    assert "by a Chebyshev series of some 50 products" in told
    parsed = parse_case(small.CASE, ["maxwellian.richardson=auto", "grid.n_x=[24, 24]"])
    need = {size(memory_per_rank(parsed, lattice(parsed), 1, m)) for m in ((LIMIT,), (1, 2))}
    assert len(need) == 2
    assert f"about {size(memory_per_rank(parsed, lattice(parsed), 1, (LIMIT,)))} on each" in told
    assert [todo.numbers for todo in worked] == [(LIMIT,)]


@pytest.mark.parametrize(
    ("changes", "points"),
    [([], "12 x 8"), (["physics.epsilon=0.5"], "18 x 8"), (["grid.n_x=[13, 7]"], "")],
)
def test_on_how_many_points_of_x_the_maxwellians_are_made(
    case: str,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    changes: list[str],
    points: str,
) -> None:
    """As a run makes the first, which its estimate counts on."""
    entries = ["grid.n_x=[18, 16]", "maxwellian.richardson=2", "physics.epsilon=0.2", *changes]
    worked = []
    monkeypatch.setattr(estimate, "seconds", lambda case, problem, todo: worked.append(todo) or 7.0)
    told = page(capsys, Path(case), *entries)
    parsed = parse_case(small.CASE, entries)
    solver = Solver(parsed, build(parsed))
    solver.initial_state()
    assert [todo.n_x for todo in worked] == [solver.maxwellian.memory.n_x]
    assert (f", at first on {points} points of x\n" in told) == bool(points)
    assert ("points of x\n" in told) == bool(points)


def test_a_state_at_rest_has_the_densities_of_its_fields(
    case: str, capsys: pytest.CaptureFixture
) -> None:
    """n0 = exp(-V) for V = 0.5*cos(x1), with the mean of 1: from 0.57 to 1.55."""
    fields = ("physics.potential=0.5*cos(x1)", "initial.n0=1", "initial.state=equilibrium")
    flat = ('initial.n=["0","0","0"]', "physics.alpha=0")
    told = page(capsys, Path(case), *fields, *flat, "grid.n_x=[16, 1]")
    assert "equilibrium; n0 from about 0.5703 to 1.55, eps|n|/n0 up to about 0" in told
    assert "steady" not in told
    told = page(capsys, Path(case), *fields[:2], *flat, "grid.n_x=[16, 1]", "initial.state=steady")
    assert "a core like this one, besides the way to the steady state" in told


def test_several_numbers_of_ranks(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    lines = page(capsys, small.write_case(tmp_path), ranks="4, 2,4").splitlines()
    for name in ("memory", "time"):
        told = [line for line in lines if line.startswith(f"{name} ")]
        assert [re.findall(r"(\d+) rank\(s\)", line) for line in told] == [["2"], ["4"]]


@pytest.mark.parametrize("ranks", ["", "2,", "2;4", "0,1", "-1", "2.5"])
def test_numbers_of_ranks_that_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture, ranks: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["info", str(small.write_case(tmp_path)), f"--ranks={ranks}"])
    assert "expected a positive integer" in capsys.readouterr().err


def test_more_ranks_than_points(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["info", str(small.write_case(tmp_path)), "--ranks", "25"]) == 2
    assert "error: ranks: got 25, expected at most 24" in capsys.readouterr().err


def test_memory_is_divided_and_tables_are_counted() -> None:
    case = parse_case(small.MEDIUM)
    one, four = (memory_per_rank(case, lattice(case), ranks, (1,)) for ranks in (1, 4))
    assert four < one
    odd = parse_case(small.MEDIUM, ["grid.n_x=[23, 21]", "grid.n_p=[26, 22]", "grid.p_max=6.1"])
    assert memory_per_rank(odd, lattice(odd), 1, (1,)) > 1.2 * one  # nothing commensurate
    prepared = parse_case(small.MEDIUM, ["initial.state=prepared"])
    assert memory_per_rank(prepared, lattice(prepared), 1, (1,)) > one


@pytest.mark.parametrize(
    ("n", "text"), [(5e5, "0.5 MB"), (2.53e10, "25.3 GB"), (9.999e12, "10 TB"), (2e18, "2e+03 PB")]
)
def test_sizes(n: float, text: str) -> None:
    assert size(n) == text


def test_a_real_run_takes_the_memory_that_was_estimated(tmp_path: Path) -> None:
    case, output = tmp_path / "case.toml", tmp_path / "output"
    case.write_text(small.MEDIUM)
    done = small.call("-m", "wigner", "run", case, "--output", output)
    assert done.returncode == 0, done.stderr
    parsed = parse_case(small.MEDIUM)
    memory = memory_per_rank(parsed, lattice(parsed), 1, (1,))
    assert 1 / 1.5 < memory / report(output)["peak_memory_bytes_per_rank"] < 1.5


def test_nothing_is_left_behind(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    case = small.write_case(tmp_path)
    page(capsys, case)
    assert list(tmp_path.iterdir()) == [case]
