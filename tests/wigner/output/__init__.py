"""Tests of the files of a run, and of faults that they must survive."""
