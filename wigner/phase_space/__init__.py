"""Phase space: the lattice, what a field on it is, and how ranks share it.

``grid``: the lattice, its dual lattices, and the points that two lattices have in common
``pauli``: 2x2 Hermitian fields, how W is stored, and the matrix functions that the solver needs
``fft``: plans of Fourier transforms, and their signs
``communicator``: what the solver asks of an MPI communicator, one rank alone, nodes, shared memory
``rounds``: in which blocks the columns of p come, and how a block lies in memory
``transpose``: the one transpose between the two ways to cut W, within nodes and between them
``layout``: which rank holds which block, and what ranks tell each other of fields
``synthesis``: from few Fourier coefficients in eta to the points of a finer p lattice
``mean_field``: the potential that the electrons make
``moments``: moments of W, and diagnostics of a state
``resampling``: between a lattice of x and a coarser one
``reduced``: W integrated over two of its coordinates, cut, or on a coarse lattice
``moyal``: the Moyal product of two symbols, for verification only
"""
