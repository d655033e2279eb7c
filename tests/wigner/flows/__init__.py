"""Tests of the flows against closed forms and independent solvers."""
