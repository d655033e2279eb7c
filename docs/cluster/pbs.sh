#!/bin/bash
# One run, in as many jobs as it needs: it stops before its time is up, and is submitted again.
#
#   qsub -v CASE=case.toml,RESULTS=results pbs.sh
#
#PBS -N wigner
#PBS -l select=2:ncpus=64:mpiprocs=64
#PBS -l walltime=12:00:00
#PBS -j oe
set -u
cd "$PBS_O_WORKDIR"

source "$HOME/wigner/.venv/bin/activate"   # where the package is installed
export OMP_NUM_THREADS=1
export PBS_WALLTIME=$((12 * 3600))         # as above: the run stops before it is over

if [[ -d $RESULTS/checkpoint ]]; then
    mpiexec wigner resume "$RESULTS"
else
    mpiexec wigner run "$CASE" --output "$RESULTS"
fi
status=$?
if ((status == 3)); then                   # stopped with a checkpoint: the rest is for another job
    qsub -v "CASE=$CASE,RESULTS=$RESULTS" "$PBS_O_WORKDIR/pbs.sh"
fi
exit "$status"
