"""All studies, in the order of the report."""

from __future__ import annotations

from . import alpha, convergence, epsilon, expansions, identities, invariants, tau
from .study import Study

STUDIES: tuple[Study, ...] = (
    identities.STUDY,
    expansions.STUDY,
    tau.STUDY,
    epsilon.STUDY,
    alpha.STUDY,
    convergence.STUDY,
    invariants.STUDY,
)
