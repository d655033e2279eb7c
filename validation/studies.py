"""All studies, in the order of the report."""

from __future__ import annotations

from . import convergence, expansions
from .study import Study

STUDIES: tuple[Study, ...] = (expansions.STUDY, convergence.STUDY)
