"""The studies, in the order of the report.

``identities``: the identities of sections 2 and 3
``expansions``: the expansions of section 4, their orders and factors
``pictures``: pictures of densities, kinetic and macroscopic
``off``: how far models are from a kinetic solution, in words
``tau``: kinetic solutions against the models as tau falls
``gate``: a gate that is switched, kinetic solutions and the models
``epsilon``: the local model against the nonlocal one as epsilon falls
``alpha``: the local model over the Rashba constant
``budget``: the error of a user's run as it is, by parameter
``convergence``: orders and errors of the kinetic solver
``invariants``: what a solution keeps, and what it may only lose
``literature_relaxation``: a density wave, and a uniform spin, beside their Volterra equations
``literature_helix``: helices of the spin with Rashba and Dresselhaus coupling
``literature_fields``: the spin in a uniform electric field, and in a magnetic one
``literature_plasmon``: electrons that repel each other, plasmons and screening
``literature_ballistic``: spins that turn along a path, at a barrier and in a wire
``literature``: all rows of the field: closed forms and dispersion relations
``catalogue``: all of them
"""
