"""What scripts and notebooks use besides the solver itself: cases, solutions, Maxwellians, results.

``cases``: a case from a file or a text, with changes
``solution``: the solution of a case, record by record
``maxwellians``: the quantum Maxwellian of given densities
``datasets``: what a run has left, as arrays of xarray
"""
