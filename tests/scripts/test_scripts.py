"""scripts/quickstart and scripts/test, with stand-ins for pip, venv and mpiexec."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
# A python that writes down pip, ruff, mypy, pytest and script calls, and is this python otherwise.
PYTHON = f"""#!/bin/bash
case "$1 $2" in
    "-m venv") mkdir -p "${{@: -1}}/bin" "${{@: -1}}/lib/python3/site-packages"
        touch "${{@: -1}}/pyvenv.cfg"; cp "$0" "${{@: -1}}/bin/python"
        cp "${{0%/*}}/mpiexec" "${{@: -1}}/bin/" ;;
    "-m "* | scripts/*) if [[ $* == *--no-binary* ]]; then rm -rf "${{BROKEN:-no}}"; fi ;;
    *) exec "{sys.executable}" "$@" ;;
esac
printf '%s\\n' "$*" >> calls
"""
MPIEXEC = """#!/bin/bash
printf 'mpiexec %s\\n' "$*" >> calls
mkdir quickstart-output && touch quickstart-output/run.json
"""
# The mpiexec and mpicc of an Open MPI, an apt-get that reaches nothing, and a sudo that refuses.
OTHERS = {
    "mpiexec.openmpi": "echo 'mpiexec (OpenRTE) 4.1.4'",
    "mpicc.openmpi": "true",
    "apt-get": "echo 'apt-get: no network' >&2; exit 100",
    "sudo": "exit 1",
}
INSTALL = "-m pip install --quiet --disable-pip-version-check --prefer-binary -e"
RUN = (
    "mpiexec -n 2 .venv/bin/python -m wigner run scripts/quickstart.toml --output quickstart-output"
)
PLOT = "-m wigner plot quickstart-output"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the repository, its path with a space, and stand-ins in ``bin``."""
    copy = tmp_path / "a copy"
    shutil.copytree(REPOSITORY / "scripts", copy / "scripts")
    shutil.copytree(REPOSITORY / ".ci", copy / ".ci")
    shutil.copy(REPOSITORY / "pyproject.toml", copy)
    (tmp_path / "bin").mkdir()
    others = {name: f"#!/bin/bash\n{text}\n" for name, text in OTHERS.items()}
    for name, text in {"python": PYTHON, "mpiexec": MPIEXEC, **others}.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    return copy


def call(copy: Path, script: str, *arguments: str, status: int = 0, **variables: str) -> str:
    """Run a script from another directory; its error output."""
    done = subprocess.run(
        [str(copy / script), *arguments],
        cwd=copy.parent,
        env=os.environ | {"PYTHON": str(copy.parent / "bin" / "python")} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stderr


def calls(copy: Path) -> list[str]:
    """What has been called since the last look."""
    path = copy / "calls"
    lines = path.read_text().splitlines()
    path.unlink()
    return lines


def test_the_second_quickstart_installs_nothing_and_replaces_the_output(copy: Path) -> None:
    call(copy, "scripts/quickstart")
    assert calls(copy) == [
        "-m venv --clear .venv",
        f"{INSTALL} .[mpi,plot,report,python]",
        RUN,
        PLOT,
    ]
    (copy / "quickstart-output" / "old").touch()
    call(copy, "scripts/quickstart", "--set", "time.dt=0.1")
    assert calls(copy) == [f"{RUN} --set time.dt=0.1", PLOT]
    assert not (copy / "quickstart-output" / "old").exists()


def test_the_tests_install_more_once_and_pass_arguments_on(copy: Path) -> None:
    call(copy, "scripts/quickstart")
    calls(copy)
    call(copy, "scripts/test", "-k", "a b")
    assert calls(copy) == [
        f"{INSTALL} .[mpi,plot,report,python,test]",
        "-m ruff check .",
        "-m ruff format --check .",
        "-m mypy",
        "-m pytest -n 2 --dist loadfile -k a b",
    ]
    call(copy, "scripts/quickstart")
    assert calls(copy) == [RUN, PLOT]


def test_continuous_integration_tries_another_mpi(copy: Path) -> None:
    """It has an environment of its own, which is made once."""
    path = f"{copy.parent / 'bin'}:{os.environ['PATH']}"
    call(copy, ".ci/run", "-q", PATH=path)
    *_, lint, layout, types, tests, reference, site, links, venv, build, ranks = calls(copy)
    assert (lint, layout, types) == ("-m ruff check .", "-m ruff format --check .", "-m mypy")
    assert tests == "-m pytest -n 2 --dist loadfile -q"
    assert (reference, links) == ("scripts/reference.py", "scripts/site_links.py build/docs")
    assert site.startswith("-m sphinx -q -W ")
    assert venv == "-m venv --without-pip build/mpi/openmpi"
    assert build.startswith("-m pip --python build/mpi/openmpi/bin/python install ")
    assert build.endswith("--no-binary mpi4py mpi4py>=4.1")
    assert ranks.startswith("-m pytest -n 2 --dist loadfile -m (mpi or mpiexec) and not slow ")
    place = copy / "build" / "mpi" / "openmpi"
    assert f'"{copy.parent}/bin/mpiexec.openmpi" "$@"' in (place / "bin" / "mpiexec").read_text()
    (pth,) = place.glob("lib/*/site-packages/*.pth")
    assert "site.addsitedir" in pth.read_text()
    call(copy, "scripts/test-mpi", "openmpi", "--", "-k", "x", PATH=path)
    (ranks,) = calls(copy)
    assert ranks.endswith("not slow -k x")


def test_an_mpi_that_cannot_be_installed_is_left_out(copy: Path) -> None:
    bin_ = copy.parent / "bin"
    for name in ("mpiexec.openmpi", "mpicc.openmpi"):
        (bin_ / name).write_text("#!/bin/bash\nexit 1\n")
    path = f"{bin_}:{os.environ['PATH']}"
    for script, status in ((".ci/run", 0), ("scripts/test-mpi", 77)):
        arguments = [] if script == ".ci/run" else ["openmpi"]
        message = call(copy, script, *arguments, status=status, PATH=path)
        assert "openmpi: skipped: it is not here, and " in message
        assert "gcc openmpi-bin libopenmpi-dev" in message
    assert not (copy / "build").exists()


def test_a_changed_project_is_installed_again(copy: Path) -> None:
    call(copy, "scripts/test")
    calls(copy)
    with (copy / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    call(copy, "scripts/test")
    assert calls(copy)[0] == f"{INSTALL} .[mpi,plot,report,python,test]"


def test_an_mpi_of_the_system_can_be_chosen(copy: Path) -> None:
    path = f"{copy.parent / 'bin'}:{os.environ['PATH']}"
    call(copy, "scripts/quickstart", WIGNER_MPI="system", PATH=path)
    assert calls(copy)[1] == f"{INSTALL} .[plot,report,python] mpi4py"


@pytest.mark.parametrize("compiler", [True, False])
def test_mpi4py_is_built_where_its_wheel_finds_no_mpi(copy: Path, compiler: bool) -> None:
    """An mpi4py that cannot be imported, until it is built from source."""
    broken, bin_ = copy.parent / "broken", copy.parent / "bin"
    (broken / "mpi4py").mkdir(parents=True)
    (broken / "mpi4py" / "__init__.py").write_text("raise ImportError('libmpi.so.12')")
    if compiler:
        (bin_ / "mpicc").symlink_to("/bin/true")
    variables = {"PATH": f"{bin_}:/usr/bin:/bin", "PYTHONPATH": str(broken)}
    variables["MPICC"] = "mpicc" if compiler else "an-mpicc-that-is-not-here"
    status = 0 if compiler else 1
    system = {"WIGNER_MPI": "system", "BROKEN": str(broken)}
    message = call(copy, "scripts/quickstart", status=status, **variables, **system)
    *_, built = (line for line in calls(copy) if " pip " in line)
    if compiler:
        assert built.endswith("--force-reinstall --no-deps --no-binary mpi4py mpi4py>=4.1")
    else:
        assert "no mpicc is in PATH; install it (Debian: apt install libmpich-dev" in message
        assert "--no-binary" not in built


@pytest.mark.parametrize("directory", [True, False])
def test_an_output_that_is_not_of_a_run_is_kept(copy: Path, directory: bool) -> None:
    output = copy / "quickstart-output"
    if directory:
        output.mkdir()
        (output / "thesis.tex").touch()
    else:
        output.touch()
    message = call(copy, "scripts/quickstart", status=1)
    assert "quickstart-output exists and is not the output of a run; move it away" in message
    assert output.exists()


def test_an_empty_output_directory_is_no_obstacle(copy: Path) -> None:
    (copy / "quickstart-output").mkdir()
    call(copy, "scripts/quickstart")
    assert calls(copy)[-1] == PLOT


def test_no_python_is_told(copy: Path) -> None:
    message = call(copy, "scripts/test", status=1, PYTHON="/no/such/python")
    assert "no Python >= 3.11 found at /no/such/python; install one, or name it" in message


def test_something_else_in_place_of_the_environment_is_kept(copy: Path) -> None:
    (copy / ".venv").mkdir()
    (copy / ".venv" / "diary").touch()
    message = call(copy, "scripts/test", status=1)
    assert ".venv is not a virtual environment; move it away" in message
    assert (copy / ".venv" / "diary").exists()
