"""From the text of a case file to the problem that is solved.

``values``: kinds of values in TOML, how they are checked and how they are written back
``formulas``: formulas, parsed and evaluated without executing code
``quantities``: numbers with units
``units``: physical units, and the scaled numbers that a material stands for
``dimensions``: what scaled quantities are measured in, by name and in SI
``times``: times that depend on each other: the steps, their end and the records between
``plausible``: numbers that no device has, and the slips of unit that they may come from
``spec``: the case file as one frozen, checked description of a run
``checks``: whether a lattice can hold the fields and states of a case
``problem``: the problem: the lattice, and V and N on it
"""
