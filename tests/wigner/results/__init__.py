"""Tests of what reads, draws and compares the results of runs."""
