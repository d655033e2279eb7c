"""Tests of case files: what is read, and what is refused."""
