"""What a run writes into its directory, and what it says.

``files``: files that are whole at every moment
``logs``: lines on the terminal and in run.log, and one line of progress
``variables``: what the files of a run hold, with axes, meanings and units
``netcdf``: variables and axes of netCDF-4
``records``: moments.h5, the moments record by record
``run_json``: run.json, the state of a run, its origin and its cost
``sealed``: the file of a checkpoint, sealed against damage
``checkpoint``: checkpoints, which any number of ranks can read
``progress``: the line of progress, how far a run is
``alarm``: warnings of a number that should stay small
``observer``: all of these during one run
"""
