"""The command line: arguments, help, and the processes that a job consists of."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from macro.__main__ import main as macro
from tests.support import small
from tests.support.small import call, report, sets
from validation.__main__ import main as validation
from wigner.__main__ import main


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "case.toml"],
        ["walk"],
        [],
        ["info", "case.toml", "--ranks", "0"],
    ],
)
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: wigner" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("program", "typed", "usage"),
    [
        (main, ["plot", "results", "--kinds", "fields"], "wigner plot"),
        (main, ["info", "case.toml", "--rank=2", "--what"], "wigner info"),
        (macro, ["run", "a.toml", "--model", "local", "--output", "b", "-x"], "wigner-macro run"),
        (validation, ["identities", "--output", "a", "--what"], "wigner-validate"),
    ],
)
def test_an_unknown_option_is_told_with_the_usage_of_its_command(
    program: Callable[[list[str]], int],
    typed: list[str],
    usage: str,
    capsys: pytest.CaptureFixture,
) -> None:
    with pytest.raises(SystemExit) as caught:
        program(typed)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"usage: {usage} [-h]")
    assert f"{usage}: error: unrecognized arguments: " in said


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ([], ["run", "resume", "info", "exit status: 0 finished, 1 failed"]),
        (["run"], ["mpiexec -n 4 wigner run", "moments.h5", "--set section.key=value"]),
        (["resume"], ["--t-end", "any number of ranks"]),
        (["info"], ["--ranks", "Nothing is run"]),
    ],
)
def test_help(command: list[str], expected: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert all(text in said for text in expected)


@pytest.mark.mpiexec
def test_help_and_errors_are_told_once(tmp_path: Path) -> None:
    case = small.write_case(tmp_path)
    done = call("-m", "wigner", "run", case, ranks=3)
    assert done.returncode == 2
    assert done.stderr.count("the following arguments are required: --output") == 1
    bad = [case, "--output", tmp_path / "output", *sets("physics.epsilon=9")]
    done = call("-m", "wigner", "run", *bad, ranks=2)
    assert done.returncode == 2
    assert done.stderr.count("error: initial.n: got ") == 1
    assert not (tmp_path / "output").exists()


@pytest.mark.mpiexec
def test_mpiexec_from_the_shell(tmp_path: Path) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "output"
    done = call("-m", "wigner", "run", case, "--output", output, ranks=2)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("finished at t = 0.4") == 1
    assert report(output)["ranks"] == 2


def test_processes_that_cannot_find_each_other(tmp_path: Path) -> None:
    case, output = small.write_case(tmp_path), tmp_path / "output"
    hidden = "import sys; sys.modules['mpi4py'] = None; from wigner.__main__ import main; "
    code = f"{hidden} sys.exit(main(['run', {str(case)!r}, '--output', {str(output)!r}]))"
    for rank, told in (("0", 1), ("1", 0)):
        done = call("-c", code, OMPI_COMM_WORLD_SIZE="2", OMPI_COMM_WORLD_RANK=rank)
        assert done.returncode == 2
        assert done.stderr.count("error: ranks: got no mpi4py") == told
    assert not output.exists()


@pytest.mark.parametrize("module", ["wigner", "macro"])
def test_an_mpi_that_the_launcher_cannot_start(tmp_path: Path, module: str) -> None:
    """MPICH without PMIx ends the process in such an environment, with words of its own."""
    wheel = ["-c", "from mpi4py import MPI; print(MPI.Get_library_version())"]
    if "MPICH" not in (library := call(*wheel).stdout) or "pmix" in library.lower():
        pytest.skip("needs an MPI without PMIx")
    case, output = small.write_case(tmp_path), tmp_path / "output"
    arguments = ["-m", module, "run", case, "--output", output]
    arguments += ["--model", "local"] if module == "macro" else []
    for rank, told in (("0", 1), ("1", 0)):
        done = call(*arguments, PMIX_NAMESPACE="1", PMIX_RANK=rank)
        assert done.returncode == 2
        assert done.stderr.count("error: ranks: got an mpi4py for MPICH") == told
        assert len(done.stderr.splitlines()) == told
    assert not output.exists()


@pytest.mark.mpiexec
def test_one_process_in_a_shell_of_srun_needs_no_mpi() -> None:
    """Open MPI would end it if srun speaks no PMIx; ranks that mpiexec starts there have theirs."""
    code = "import sys; from wigner.job.launch import world; size = world().size; "
    code += "sys.stdout.write(f'{size} of MPI;' if 'mpi4py.MPI' in sys.modules else f'{size};')"
    assert call("-c", code, SLURM_STEP_NUM_TASKS="1").stdout == "1;"
    assert call("-c", code, ranks=2, SLURM_STEP_NUM_TASKS="1").stdout == "2 of MPI;" * 2


def test_an_mpi4py_that_finds_no_mpi_is_none(
    case: str, output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mpi4py").mkdir()
    (tmp_path / "mpi4py" / "__init__.py").touch()
    broken = tmp_path / "mpi4py" / "MPI.py"
    broken.write_text("raise RuntimeError('cannot load MPI library')")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "mpi4py"]:
        monkeypatch.delitem(sys.modules, name)
    assert main(["run", case, "--output", str(output)]) == 0
    assert report(output)["ranks"] == 1
