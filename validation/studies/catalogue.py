"""All studies, in the order of the report."""

from __future__ import annotations

from ..harness.study import Study
from . import (
    alpha,
    convergence,
    epsilon,
    expansions,
    gate,
    identities,
    invariants,
    literature,
    tau,
)

STUDIES: tuple[Study, ...] = (
    identities.STUDY,
    expansions.STUDY,
    tau.STUDY,
    gate.STUDY,
    epsilon.STUDY,
    alpha.STUDY,
    convergence.STUDY,
    invariants.STUDY,
    literature.STUDY,
)
