"""From the text of a case file to the problem that is solved.

``values``: kinds of values in TOML, how they are checked and how they are written back
``shapes``: shapes for formulas: switches in time, and bumps that are periodic in space
``unitless``: what to do about a unit in a formula
``formulas``: formulas, parsed and evaluated without executing code
``quantities``: numbers with units
``units``: physical units, and the scaled numbers that a material stands for
``dimensions``: what scaled quantities are measured in, by name and in SI
``times``: times that depend on each other: the steps, their end and the records between
``plausible``: numbers that no device has, and the slips of unit that they may come from
``sections``: what a case file says, section by section
``material_keys``: the keys of [material]
``keys``: every key of a case file, with its kind, default and meaning
``swept``: the values that keys take in a sweep
``spec``: the case file as one frozen, checked description of a run
``checks``: whether a lattice can hold the fields and states of a case
``external``: V, b and E of a case on the x lattice at any time, and what may be wrong with them
``problem``: the problem: the lattice, and V and N on it
``regime``: lengths and times that decide in which regime a case is
"""
