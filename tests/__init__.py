"""Tests, in the order of what they test: wigner, macro, validation and scripts, room by room.

Setups, small cases and the runner of tests on several ranks are in support.
"""
