"""Tests of lattices, fields, transforms, moments, and of how ranks share them."""
