#!/bin/bash
# The runs of a sweep, each as one subjob of an array. First, where the case is:
#
#   wigner sweep case.toml --vary physics.tau=0.01,0.03,0.1 --ranks 16 --lines --output taus > jobs.txt
#   qsub -J 1-"$(wc -l < jobs.txt)" -v JOBS=jobs.txt pbs-array.sh
#
# When all are done, the first command without --lines collects what they have left.
#
#PBS -N wigner-sweep
#PBS -l select=1:ncpus=16:mpiprocs=16
#PBS -l walltime=04:00:00
#PBS -j oe
set -u
cd "$PBS_O_WORKDIR"

source "$HOME/wigner/.venv/bin/activate"   # where the package is installed
export OMP_NUM_THREADS=1
export PBS_WALLTIME=$((4 * 3600))          # as above: a run stops before it is over

eval "$(sed -n "${PBS_ARRAY_INDEX}p" "$JOBS")"
