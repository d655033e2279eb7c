#!/bin/bash
# The runs of a sweep, each as one task of an array job. First, where the case is:
#
#   wigner sweep case.toml --vary physics.tau=0.01,0.03,0.1 --ranks 16 --lines --output taus > jobs.txt
#   sbatch --array=1-"$(wc -l < jobs.txt)" slurm-array.sh jobs.txt
#
# When all are done, the first command without --lines collects what they have left.
#
#SBATCH --job-name=wigner-sweep
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=16
#SBATCH --cpus-per-task=1
#SBATCH --time=04:00:00
set -u

source "$HOME/wigner/.venv/bin/activate"   # where the package is installed
export OMP_NUM_THREADS=1

eval "$(sed -n "${SLURM_ARRAY_TASK_ID}p" "$1")"
