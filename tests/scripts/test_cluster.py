"""The job scripts in docs/cluster, with stand-ins for the programs of a cluster."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.test_shown_commands import PARSERS

DOCS = Path(__file__).parents[2] / "docs"
TEMPLATES = sorted(DOCS.glob("cluster/*.sh"))
RECIPES = [DOCS / "cluster" / name for name in ("Containerfile", "wigner.def")]
STAND_INS = {
    "srun": 'echo "srun $*" >> calls; exit $STATUS',
    "mpiexec": 'echo "mpiexec $*" >> calls; exit $STATUS',
    "scontrol": 'echo "scontrol $*" >> calls',
    "qsub": 'echo "qsub $*" >> calls',
}


def submitted(
    template: str, place: Path, status: int, typed: Sequence[str], variables: Mapping[str, str]
) -> list[str]:
    """What a template calls, with stand-ins for the programs of a cluster that end like that."""
    activate = place / "home" / "wigner" / ".venv" / "bin" / "activate"
    programs = place / "programs"
    if not programs.exists():
        programs.mkdir()
        activate.parent.mkdir(parents=True)
        activate.touch()
        for name, text in STAND_INS.items():
            (programs / name).write_text(f"#!/bin/sh\n{text}\n")
            (programs / name).chmod(0o755)
    (place / "calls").unlink(missing_ok=True)
    environment = {
        "HOME": str(place / "home"),
        "PATH": f"{programs}:/usr/bin:/bin",
        "STATUS": str(status),
        **variables,
    }
    command = [shutil.which("bash") or "bash", str(DOCS / "cluster" / template), *typed]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == status
    return (place / "calls").read_text().splitlines()


@pytest.mark.parametrize("status", [0, 1, 3, 4])
def test_a_run_goes_on_in_the_next_job(status: int, tmp_path: Path) -> None:
    again = [] if status != 3 else ["scontrol requeue 7"]
    arguments = ("slurm.sh", tmp_path, status, ["case.toml", "results"], {"SLURM_JOB_ID": "7"})
    assert submitted(*arguments) == [
        "srun wigner run case.toml --output results",
        *again,
    ]
    (tmp_path / "results" / "checkpoint").mkdir(parents=True)
    assert submitted(*arguments) == ["srun wigner resume results", *again]
    variables = {"CASE": "case.toml", "RESULTS": "results", "PBS_O_WORKDIR": str(tmp_path)}
    again = [] if status != 3 else [f"qsub -v CASE=case.toml,RESULTS=results {tmp_path}/pbs.sh"]
    assert submitted("pbs.sh", tmp_path, status, [], variables) == [
        "mpiexec wigner resume results",
        *again,
    ]


def test_an_array_job_runs_the_lines_of_a_sweep(tmp_path: Path) -> None:
    (tmp_path / "jobs.txt").write_text("mpiexec first\nmpiexec second --set 'a=\"b c\"'\n")
    expected = ['mpiexec second --set a="b c"']
    found = submitted("slurm-array.sh", tmp_path, 0, ["jobs.txt"], {"SLURM_ARRAY_TASK_ID": "2"})
    assert found == expected
    variables = {"JOBS": "jobs.txt", "PBS_ARRAY_INDEX": "2", "PBS_O_WORKDIR": str(tmp_path)}
    assert submitted("pbs-array.sh", tmp_path, 0, [], variables) == expected


def test_templates_are_on_the_page() -> None:
    page = (DOCS / "cluster.md").read_text(encoding="utf-8")
    assert len(TEMPLATES) == 4
    for path in [*TEMPLATES, *RECIPES]:
        assert f"(cluster/{path.name})" in page


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_container_is_made_as_the_page_says(recipe: Path) -> None:
    page = (DOCS / "cluster.md").read_text(encoding="utf-8")
    typed = re.findall(r"^#   (.+)$", recipe.read_text(), re.MULTILINE)
    assert len(typed) == 3
    assert "\n".join(typed) in page
    assert f"docs/cluster/{recipe.name}" in typed[1]
    start = re.search(r"(?:wigner|wigner\.sif) (run .+)$", typed[2])
    assert PARSERS["wigner"].parse_args(start[1].split()).command == "run"


def test_containers_install_the_same_from_the_wheel_that_is_built() -> None:
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["project"]
    installs = []
    for recipe in RECIPES:
        text = re.sub(r"\s*\\\n\s*", " ", recipe.read_text())
        (install,) = re.findall(r"pip install .+", text)
        installs.append(install)
        assert "python:3.13-slim" in text
        assert "wigner_bgk-*.whl /opt/wigner/" in text
    assert len(set(installs)) == 1
    wheel, extras = re.search(r"/opt/wigner/(\w+)-\*\.whl\)\[(.+)\]", installs[0]).groups()
    assert wheel == project["name"].replace("-", "_")
    assert set(extras.split(",")) <= project["optional-dependencies"].keys()
    (compiled,) = re.findall(r'python -c "import ([\w.]+)"', installs[0])
    assert importlib.util.find_spec(compiled)
