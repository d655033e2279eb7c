"""A sweep: one run for each combination of values of some keys, and all of their records together.

``varied``: a key and its values, as they are typed
``program``: what solves the cases of a sweep
``plan``: the runs of a sweep, and what is left of each to do
``process``: a run in a process of its own, which signals reach
``states``: how far the runs of a sweep are
``table``: sweep.csv: a row for each run
``gather``: sweep.nc: the records of all runs on common axes
``commands``: the command sweep
"""
