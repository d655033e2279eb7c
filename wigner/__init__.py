"""Spinor Wigner-BGK kinetic solver with Rashba coupling and quantum Maxwellians.

Read in this order: ``grid`` (the lattices), ``pauli`` (what a field is), ``layout`` (who holds
which block), ``twosided`` (the one operation all flows are made of), ``transport``,
``exponential``, ``moment_map``, ``constraint``, ``relaxation``, ``evolve``, ``run``. What
``kernels`` computes in numpy, ``compiled`` computes in machine code.
"""

__version__ = "0.1.0"
