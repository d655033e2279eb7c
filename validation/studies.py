"""All studies, in the order of the report."""

from __future__ import annotations

from . import convergence, expansions, identities, invariants
from .study import Study

STUDIES: tuple[Study, ...] = (
    identities.STUDY,
    expansions.STUDY,
    convergence.STUDY,
    invariants.STUDY,
)
