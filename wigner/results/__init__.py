"""What a run has left: reading it, figures of it, and comparisons of runs.

What draws needs matplotlib, the extra "plot"; it is imported when a figure is made.

``run``: a run as it lies in its directory, and its fields record by record
``labels``: symbols, and units that suit the numbers, scaled or in SI
``scales``: what numbers are small beside, and which are rounding noise
``view``: what is asked of a figure: units, a place, and times among those there are
``totals``: integrals over x of what is recorded there
``smooth``: periodic fields between the points of their lattice
``planes``: W on planes of phase space, from checkpoints
``differences``: how far runs are from a reference, as numbers and tables
``kinds``: the kinds of figure by name, and which times they show
``style``: one look for all figures
``abscissa``: what panels of lines are drawn over: places, or times
``landscape``: the potential, to be seen beside the densities
``fields``: the densities: n0 with the in-plane spin, n3, and the polarisation
``components``: every field of a record, component by component
``currents``: the currents of the charge and of the spin
``cut``: the densities along lines through a place, at several times
``series``: every number that is recorded over time
``budget``: what becomes of the energy, and what changes the charge and the spin
``phase_space``: cuts of W through phase space
``compare``: figures of runs beside each other
``render``: from a kind of figure to files: pictures, and animations
"""
