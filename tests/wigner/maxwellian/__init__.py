"""Tests of the quantum exponential, the moment map and the constraint."""
