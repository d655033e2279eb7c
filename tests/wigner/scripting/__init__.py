"""Tests of wigner.scripting."""
