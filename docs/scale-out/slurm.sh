#!/usr/bin/env bash
# A Ray cluster inside one job of SLURM, and a zoo built on it: sbatch slurm.sh build:NAME ...
# Submit it from the zoo's folder. The environment has zoosmith[build,ray,remote] on every node, and the bucket's keys.
#SBATCH --job-name=zoosmith
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=64G
#SBATCH --time=12:00:00
set -euo pipefail

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
address="$head:6379"
export ZOOSMITH_NODE="${TMPDIR:-/tmp}/zoosmith-node-$SLURM_JOB_ID" # on each node's own disk

srun --nodes=1 --ntasks=1 --nodelist="$head" ray start --head --port=6379 --num-cpus="$SLURM_CPUS_PER_TASK" --block &
sleep 15
if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
  srun --nodes=$((SLURM_JOB_NUM_NODES - 1)) --ntasks=$((SLURM_JOB_NUM_NODES - 1)) --exclude="$head" \
    ray start --address="$address" --num-cpus="$SLURM_CPUS_PER_TASK" --block &
  sleep 15
fi

# The driver runs on the head, which is a node of the cluster.
srun --overlap --nodes=1 --ntasks=1 --nodelist="$head" doit run --continue -n 16 --executor "ray:$address" "$@"
