"""How the C library keeps the memory that arrays give back."""

from __future__ import annotations

import numpy as np


def keep_freed() -> None:
    """From now on the process keeps what arrays up to 24 MB give back.

    Otherwise glibc returns it to the system at once, and temporaries in a loop pay a page fault
    for every 4 kB: 40 % of a step of the local model on 64 x 64 points. Freeing one great array
    raises the thresholds; other C libraries lose nothing by it.
    """
    np.empty(3_000_000)
