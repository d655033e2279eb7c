"""A machine whose constants are round numbers."""

from __future__ import annotations

from wigner.job.constants import ON_LATTICE, Constants, Network

# Nanoseconds of each kind of work, whatever the lattice, by a core whose memory is no limit.
COSTS = dict(zip(ON_LATTICE, (10.0, 20.0, 30.0, 8.0, 1000.0), strict=True))
MACHINE = Constants(
    "a machine",
    4,
    1e20,
    1e-5,
    Network(2e-6, 1e9, 1e-6),
    {
        "points": (16.0, 64.0),
        **{kind: (cost, cost) for kind, cost in COSTS.items()},
        "windows": (4.0, 16.0),
        "moment_map": (5.0, 5.0),
        "tables": 40.0,
        "relaxation": 2.0,
    },
)
