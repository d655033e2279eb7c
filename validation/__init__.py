"""Validation: what is claimed of the equations, the models and the solver, checked by numbers.

``oracle``: independent evidence, dense operators that share no code with the rest
``harness``: what a study is, how it is computed, and the report of what it found
``formulas``: the paper's formulas beside exact values
``solutions``: solutions of the kinetic equation and of the models, and their errors
``studies``: the studies, one file each
"""
