"""Tests of the macroscopic models."""
