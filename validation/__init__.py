"""Validation: what is claimed of the equations, the models and the solver, checked by numbers.

Read in this order: `claims` (what a study says), `orders` (how orders are measured), `tasks`
(what is computed, kept, and shared out over ranks), `studies` (the table of studies), `report`.
What is exact comes from `oracle`, dense operators that share no code with the rest; `exact` and
`phase` bring it to the fields of a case.
"""
