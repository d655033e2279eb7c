"""The quantum Maxwellian M(N): the quantum exponential whose moments are the given densities.

``anderson``: Anderson's method for fixed points, and what it remembers between solves
``steps``: which numbers of splitting steps are combined, the cheapest that meet the tolerance
``response``: how the density of a homogeneous state responds to a wave of A, exactly and as split
``memory``: what a solver of the constraint remembers from one solve to the next
``chebyshev``: the exponential as a Chebyshev series, without splitting
``chebyshev_symbol``: its symbol in phase space
``exponential``: the quantum exponential Exp(-K + A) on the phase-space lattice
``windows``: small windows around the points of the x lattice, some lines of it at a time
``columns``: columns of its square root on these windows
``chebyshev_columns``: the same columns without splitting
``moment_map``: A -> <Exp(-K + A)> from these columns, its first moments and its derivative
``constraint``: the moment constraint <Exp(-K + A)> = N, solved for the multipliers A
``preconditioner``: the moment map of one splitting step, a convolution that is easy to invert
``sample``: which numbers of steps to combine, seen on a few columns instead of all
``multiplier_solver``: N -> A to a tolerance on the constraint and on the splitting
``equilibrium_state``: the density of the global Maxwellian Exp(-H + c)
``lattices``: on how few points of x M(N) can be made
``on_lattice``: M(N) as made on some lattice of x
``equilibrium``: M(N) itself, on the lattice with the fewest points that hold it
"""
