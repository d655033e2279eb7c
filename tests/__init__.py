"""Tests, in the order of what they test: wigner, macro, validation and scripts, room by room.

Setups, small cases and the runner of tests on several ranks are in support.
"""

import os

# As commands do, before numpy is loaded: runs in this process have the bits of others.
os.environ.setdefault("OMP_NUM_THREADS", "1")
