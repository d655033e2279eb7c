"""Tests of the scripts, each at a tiny size."""
