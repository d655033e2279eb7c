"""The job scripts in docs/cluster, with stand-ins for the programs of a cluster."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
TEMPLATES = sorted(DOCS.glob("cluster/*.sh"))
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
    for path in TEMPLATES:
        assert f"(cluster/{path.name})" in page
