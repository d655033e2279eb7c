#!/bin/bash
# One run, in as many jobs as it needs: it stops before its time is up, and is queued again.
#
#   sbatch slurm.sh case.toml results
#
#SBATCH --job-name=wigner
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=64
#SBATCH --cpus-per-task=1
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=USR1@600          # for a Slurm that does not tell when a job ends
set -u
case=$1 results=$2

source "$HOME/wigner/.venv/bin/activate"   # where the package is installed
export OMP_NUM_THREADS=1
# export SLURM_MPI_TYPE=pmix               # for Open MPI, pmi2 for MPICH, where srun does not choose it

if [[ -d $results/checkpoint ]]; then
    srun wigner resume "$results"
else
    srun wigner run "$case" --output "$results"
fi
status=$?
if ((status == 3)); then                   # stopped with a checkpoint: the rest is for another job
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
