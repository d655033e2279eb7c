"""Tests of the time steps, alone and on several ranks."""
