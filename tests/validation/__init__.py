"""Tests of the oracle, of the harness, and of each study in its small size."""
