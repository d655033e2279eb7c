"""Macroscopic models of the spinor Wigner-BGK equation: quantum-spin drift-diffusion.

Read in this order: ``calculus`` (derivatives on the x lattice), ``model`` (what a model is), then
one file for each: ``drift_diffusion``, ``spin_drift_diffusion``, ``two_component``, ``entropic``,
``local``, ``nonlocal_model``; ``imex`` (time), ``run``. The expansions that lead from one to the
other are in ``expansions`` and ``symbol``.
"""
