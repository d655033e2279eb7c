"""What tests share.

``case_texts``: case texts that several tests start from
``mpi_job``: the process that starts the ranks, and what may go wrong with it
``mpi_runner``: tests on several MPI ranks within one run of pytest
``mpi_child``: the same, on the side of a rank
``mpi_overlap``: how much of the transpose's travel hides behind work
``refused``: system calls that fail, as on a file system without them
``small``: a case that runs in a fraction of a second, and how tests run it
``sweeps``: sweeps whose runs are in this process
``made_runs``: directories of runs that were never run, with known fields
``machines``: a machine whose constants are round numbers
``setups``: small problems on a phase space
``oracle_cases``: cases with known answers from the oracle
``architecture``: the rules of how the packages are built, and their checks
"""
