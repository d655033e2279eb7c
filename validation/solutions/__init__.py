"""Solutions that studies compare, and their errors.

``cases``: the cases that are shipped with the studies
``kinetic``: W at the record times of a case
``small_waves``: small waves in kinetic solutions, beside their Volterra equation
``macroscopic``: densities of a macroscopic model, by an integrator of another kind
``truncation``: the local model against the nonlocal one, over epsilon and alpha
``errors``: errors of the kinetic solver, each of one cause
``density_operator``: the density operator of a Wigner function, as dense matrices
``conservation``: what is conserved, or may only fall, along solutions
"""
