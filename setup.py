"""Writes the git revision into what is built from a checkout; all else is in pyproject.toml."""

from __future__ import annotations

import runpy
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent
machine = runpy.run_path(str(ROOT / "wigner" / "machine.py"))


def note_revision(tree: Path) -> None:
    """Write the revision of this source into a copy of it, where ``wigner.machine`` looks."""
    path = tree / "wigner" / machine["REVISION"]
    path.unlink(missing_ok=True)  # it may be a link to that of the source
    path.write_text(machine["revision"]() + "\n", encoding="utf-8")


class BuildPy(build_py):
    """What goes into a wheel."""

    def run(self) -> None:
        """Copy the packages, and add the revision; an editable installation asks git itself."""
        super().run()
        if not self.editable_mode:
            note_revision(Path(self.build_lib))


class Sdist(sdist):
    """What goes into an archive of the source, from which a wheel may be built elsewhere."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Copy the source, and add the revision."""
        super().make_release_tree(base_dir, files)
        note_revision(Path(base_dir))


setup(cmdclass={"build_py": BuildPy, "sdist": Sdist})
