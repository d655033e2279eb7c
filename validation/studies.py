"""All studies, in the order of the report."""

from __future__ import annotations

from . import convergence
from .study import Study

STUDIES: tuple[Study, ...] = (convergence.STUDY,)
