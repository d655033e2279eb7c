"""Exact flows of the kinetic equation, all made of one operation, W -> F(+) W F(-)^dagger.

``factors``: the one-sided factors F, exponentials of K and of fields on x
``diffusion``: exp(-delta K) on both sides, rounded at the edge of the p box, for imaginary time
``kernels_numba``: 2x2 arithmetic at each point, in machine code
``kernels``: the same in numpy, and the choice between the two
``two_sided``: the operation, in Fourier space of x or of p
``splitting``: products of exponentials that approximate the exponential of a sum, as tables
``transport``: the collisionless flow, composed of two exact ones
``operators``: theta[V] and T applied to a given symbol, for verification and initial states
"""
