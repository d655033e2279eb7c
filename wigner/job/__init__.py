"""A job: a command and its processes, from the arguments to the exit status.

``directories``: whether a new run may use a directory, and what that would delete
``supervise``: input is checked before anything is done, and a failure on one rank ends all
``launch``: the processes of a job, their communicator, and the arguments that commands share
``agenda``: when a run writes a checkpoint, and when it stops
``guards``: what every state must satisfy to be recorded
``foresight``: what will become of the quality of a run
``estimate``: how long a case will take
``likely``: by which numbers of splitting steps M(N) will be made
``memory``: what a case needs in memory, counted before anything is done
``constants``: the constants of a machine, and the file that has them
``scaling``: how long a step takes on many ranks, by a model with these constants
``scaling_tables``: that of many numbers of ranks, for people
``measure``: the command machine, which measures them
``observed``: what a state is known by: all that a record has of it
``kept``: the state of a run, in memory and in checkpoints
``retry``: a step whose constraint cannot be solved, done again in shorter parts
``run``: a run from a checked problem to a directory of results
``info``: a page on what a case is and needs
``commands``: the commands run, resume and info
``figures``: the commands plot and compare
``example``: the command example
``completion``: what a shell reads to complete a command
"""
