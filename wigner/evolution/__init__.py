"""Evolution in time, from an initial state.

``balance``: what changes energy and spin of a state, summed up along a run
``relaxation``: time steps with collisions, by SDIRK schemes or by Strang's splitting
``evolve``: the time loop, a generator
``adaptive``: steps as long as a tolerance allows
``initial``: initial states with given moments
``extrapolation``: where moments go that come to rest, from some of them
``steady``: the steady state of fields that stand still
``quality``: what the lattices lost in a run, when, and what that means for the densities
``state``: what a run needs, besides W, to go on as if it had never stopped
``solver``: all that one problem needs to be advanced in time
"""
